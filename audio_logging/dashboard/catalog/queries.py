"""Query: which clips, and in what order; read from parameters as they stand in addresses and on the command line."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import parse_qsl

from audio_logging.errors import AudioValueError

__all__ = ["Condition", "Operator", "Query", "QueryError"]

Operator: TypeAlias = Literal["lt", "le", "gt", "ge", "eq", "ne"]

MAX_VALUE = 20_000
"""Characters of one value; a key may have 10,000."""

MAX_VALUES = 5000
"""Of one name: ids of starred clips, mostly."""

OPERATORS: Final = ("lt", "le", "gt", "ge", "eq", "ne")
MEASURES: Final = (
    "duration", "level", "peak", "score", "size", "sample_rate", "channels", "clipped_samples", "step", "index",
)  # fmt: skip
"""What a condition may compare, beside ``metric.NAME``."""

ORDERS: Final = (
    "logged", "step", "key", "index", "label", "prediction", "correct", "score", "duration", "level", "size",
    "caption", "time",
)  # fmt: skip
"""What clips may be sorted by, beside ``metric.NAME``."""

_BOOLEANS: Final = MappingProxyType({"true": True, "false": False})


class QueryError(AudioValueError):
    """A parameter of a query is unknown, too long or not what it should be."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison; clips in which the measure is unknown fail it.

    Attributes
    ----------
    name : str
        One of MEASURES, or ``metric.NAME``.
    operator : {"lt", "le", "gt", "ge", "eq", "ne"}
    value : float

    Examples
    --------
    >>> Condition.parse("metric.loss:gt:1.5")
    Condition(name='metric.loss', operator='gt', value=1.5)
    """

    name: str
    operator: Operator
    value: float

    @classmethod
    def parse(cls, told: str) -> Condition:
        """Read ``NAME:OPERATOR:VALUE``; the name may have colons in it.

        Raises
        ------
        QueryError
            It is something else.
        """
        name, operator, value = _cut(told)
        if operator not in OPERATORS:
            raise QueryError(f"got where={_short(told)}, wanted NAME:OPERATOR:NUMBER, one of {', '.join(OPERATORS)}")
        if name not in MEASURES and not name.startswith("metric."):
            raise QueryError(f"got where={_short(told)}, wanted one of {', '.join(MEASURES)} or metric.NAME")
        return cls(name, operator, _number("where", value))  # type: ignore[arg-type]

    def __str__(self) -> str:
        return f"{self.name}:{self.operator}:{self.value!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Several values of one name: any of them. Different names: all of them.

    Attributes
    ----------
    run, key, label, prediction : tuple of str
        Empty: all. The empty text among labels means clips without one.
    step : float, "latest" or None
        ``"latest"``: for each run and key its own latest.
    q : str
        Words that are all looked for in caption, label, prediction, clip_id, key and role.
    correct : bool or None
    where : tuple of Condition
    id : tuple of str or None
        None: all; an empty tuple: none.
    starred : bool
        Whoever knows the stars puts them in with `only`.
    sort : str
        One of ORDERS, or ``metric.NAME``; with ``-`` before it the other way round.

    Examples
    --------
    >>> Query.of("key=val&where=score:lt:0.5&sort=-metric.loss&label=a&label=b")
    ... # doctest: +NORMALIZE_WHITESPACE
    Query(run=(), key=('val',), step=None, q='', label=('a', 'b'), prediction=(), correct=None,
        where=(Condition(name='score', operator='lt', value=0.5),), id=None, starred=False, sort='-metric.loss')
    """

    run: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    step: float | Literal["latest"] | None = None
    q: str = ""
    label: tuple[str, ...] = ()
    prediction: tuple[str, ...] = ()
    correct: bool | None = None
    where: tuple[Condition, ...] = ()
    id: tuple[str, ...] | None = None
    starred: bool = False
    sort: str = "logged"

    @classmethod
    def of(cls, parameters: str) -> Query:
        """Read a query as it stands in an address or after ``--filter``, percent-encoded: ``label=dog&correct=false``.

        Raises
        ------
        QueryError
            As for `from_pairs`.
        """
        try:
            pairs = parse_qsl(parameters, keep_blank_values=True, strict_parsing=bool(parameters), errors="replace")
        except ValueError:
            raise QueryError(f"got {_short(parameters)}, wanted NAME=VALUE&NAME=VALUE") from None
        return cls.from_pairs(pairs)

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[str, str]]) -> Query:
        """Read a query from names and values, each as often as it is there.

        Parameters
        ----------
        pairs : iterable of (str, str)

        Returns
        -------
        Query

        Raises
        ------
        QueryError
            A name is unknown, or a value is too long or not what its name wants.
        """
        told: dict[str, list[str]] = {}
        for name, value in pairs:
            if name not in _READERS:
                raise QueryError(f"got the parameter {_short(name)}, wanted one of {', '.join(_READERS)}")
            if len(value) > MAX_VALUE:
                raise QueryError(f"got {name} of {len(value)} characters, wanted at most {MAX_VALUE}")
            told.setdefault(name, []).append(value)
        for name, values in told.items():
            if len(values) > (MAX_VALUES if name in _REPEATED else 1):
                most = f"at most {MAX_VALUES}" if name in _REPEATED else "one"
                raise QueryError(f"got {name} {len(values)} times, wanted {most}")
        return cls(**{name: _READERS[name](values) for name, values in told.items()})

    def only(self, ids: Iterable[str]) -> Query:
        """Return the query for those of its clips that are among these ids, with `starred` settled."""
        wanted = tuple(dict.fromkeys(ids))
        if self.id is not None:
            known = set(self.id)
            wanted = tuple(clip for clip in wanted if clip in known)
        return dataclasses.replace(self, id=wanted, starred=False)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of `q`, case folded."""
        return tuple(dict.fromkeys(self.q.casefold().replace("\0", " ").split()))

    @property
    def order(self) -> tuple[str, bool]:
        """What to sort by, and whether the largest comes first."""
        return self.sort.removeprefix("-"), self.sort.startswith("-")


def _cut(told: str) -> tuple[str, str, str]:
    name, _, value = told.rpartition(":")
    name, _, operator = name.rpartition(":")
    return name, operator, value


def _texts(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise QueryError(f"got {name}={_short(value)}, wanted a finite number")
    return number


def _step(values: list[str]) -> float | Literal["latest"]:
    if values[0] == "latest":
        return "latest"
    try:
        return _number("step", values[0])
    except QueryError:
        raise QueryError(f"got step={_short(values[0])}, wanted a number or 'latest'") from None


def _boolean(name: str) -> Callable[[list[str]], bool]:
    def read(values: list[str]) -> bool:
        if values[0] not in _BOOLEANS:
            raise QueryError(f"got {name}={_short(values[0])}, wanted true or false")
        return _BOOLEANS[values[0]]

    return read


def _sort(values: list[str]) -> str:
    name = values[0].removeprefix("-")
    if name not in ORDERS and not name.startswith("metric."):
        known = ", ".join(ORDERS)
        raise QueryError(
            f"got sort={_short(values[0])}, wanted one of {known} or metric.NAME, with - the other way round"
        )
    return values[0]


def _short(told: str) -> str:
    return repr(told if len(told) <= 80 else f"{told[:80]}...")


_READERS: Final[Mapping[str, Callable[[list[str]], Any]]] = MappingProxyType(
    {
        "run": _texts,
        "key": _texts,
        "step": _step,
        "q": lambda values: values[0],
        "label": _texts,
        "prediction": _texts,
        "correct": _boolean("correct"),
        "where": lambda values: tuple(Condition.parse(value) for value in values),
        "id": _texts,
        "starred": _boolean("starred"),
        "sort": _sort,
    }
)
_REPEATED: Final = frozenset({"run", "key", "label", "prediction", "where", "id"})

"""Parameters of an address: each has a range, and what lies outside is answered with advice, never bent into it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from starlette.datastructures import QueryParams

from audio_logging.errors import AudioValueError

__all__ = ["at_most", "flag", "number", "only", "whole"]

_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_NUMBER = re.compile(r"[-+]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})(e[-+]?[0-9]{1,3})?", re.ASCII | re.IGNORECASE)

FLAGS = {"true": True, "false": False, "1": True, "0": False}


def whole(given: QueryParams, name: str, default: int, *, lowest: int, highest: int) -> int:
    """Return a whole number.

    Parameters
    ----------
    given : QueryParams
    name : str
    default : int
    lowest, highest : int

    Returns
    -------
    int

    Raises
    ------
    AudioValueError
        It is none, or out of range.
    """
    text = given.get(name)
    if text is None:
        return default
    if not _WHOLE.fullmatch(text) or not lowest <= int(text) <= highest:
        raise AudioValueError(f"got {name}={text[:40]!r}, wanted a whole number from {lowest} to {highest}")
    return int(text)


def number(given: QueryParams, name: str) -> float | None:
    """Return a finite number; None when it is not given.

    Raises
    ------
    AudioValueError
        It is none.
    """
    text = given.get(name)
    if text is None:
        return None
    value = float(text) if _NUMBER.fullmatch(text) else math.inf
    if not math.isfinite(value):
        raise AudioValueError(f"got {name}={text[:40]!r}, wanted a number such as 1.5")
    return value


def flag(given: QueryParams, name: str) -> bool:
    """Return whether it is ``true``; False when it is not given.

    Raises
    ------
    AudioValueError
        It is neither true nor false.
    """
    text = given.get(name, "false")
    if text not in FLAGS:
        raise AudioValueError(f"got {name}={text[:40]!r}, wanted true or false")
    return FLAGS[text]


def at_most(given: Sequence[str], name: str, most: int) -> list[str]:
    """Return values given several times, without doubles.

    Raises
    ------
    AudioValueError
        There are more than `most`.
    """
    values = list(dict.fromkeys(given))
    if len(values) > most:
        raise AudioValueError(f"got {len(values)} values of {name}, wanted at most {most}; ask in parts")
    return values


def only(given: QueryParams, names: Iterable[str]) -> None:
    """Refuse parameters of other names: a misspelt one would be left out without a word.

    Raises
    ------
    AudioValueError
        There is one.
    """
    known = sorted(names)
    for name in given:
        if name not in known:
            raise AudioValueError(f"there is no parameter {name[:40]!r}, wanted {', '.join(known) or 'none'}")

"""Selecting: from a query to the positions of its clips in the columns, in order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from audio_logging.dashboard.catalog.queries import Condition, Operator, Query
from audio_logging.dashboard.indexing.columns import Columns

__all__ = ["Known", "Mask", "Masks", "chosen", "in_order", "masks"]

Mask: TypeAlias = npt.NDArray[np.bool_]
Masks: TypeAlias = dict[str, Mask]
"""By the name of the parameter that makes it; conditions stand under ``where NAME``."""

_COMPARE: Final[Mapping[Operator, Callable[..., Mask]]] = MappingProxyType(
    {
        "lt": np.less,
        "le": np.less_equal,
        "gt": np.greater,
        "ge": np.greater_equal,
        "eq": np.equal,
        "ne": np.not_equal,
    }
)


class Known:
    """What a selection needs to know beside the columns.

    Parameters
    ----------
    runs : sequence of (str, int)
        Ids and numbers, in the order in which the runs began.
    find : callable
        From ids to the numbers of the clips that have them, ascending.
    containing : callable
        From words to the numbers of the clips that have all of them, ascending.
    """

    def __init__(
        self,
        runs: Sequence[tuple[str, int]],
        find: Callable[[Collection[str]], npt.NDArray[np.int64]],
        containing: Callable[[Sequence[str]], npt.NDArray[np.int64]],
    ) -> None:
        self.runs = runs
        self.find = find
        self.containing = containing


def masks(query: Query, columns: Columns, known: Known) -> Masks:
    """Return which clips each parameter of a query lets pass.

    Parameters
    ----------
    query : Query
    columns : Columns
        Whoever calls holds its lock.
    known : Known

    Returns
    -------
    dict of str to ndarray of bool [shape=(clips,)]
        Only of parameters that are given; and under "there", which are clips at all.
    """
    numbers = [number for name, number in known.runs if not query.run or name in query.run]
    found: Masks = {"there": columns.there & np.isin(columns.runs, numbers)}
    for name, wanted in (("key", query.key), ("label", query.label), ("prediction", query.prediction)):
        if wanted:
            found[name] = _with_text(columns, name, wanted)
    if query.step == "latest":
        found["step"] = _latest(columns, found["there"])
    elif query.step is not None:
        found["step"] = columns.numbers["step"].values == query.step
    if query.words:
        found["q"] = _among(columns.clips, known.containing(query.words))
    if query.correct is not None:
        found["correct"] = columns.correct == int(query.correct)
    if query.id is not None:
        found["id"] = _among(columns.clips, known.find(query.id))
    if query.starred:
        found["starred"] = np.zeros(len(columns), np.bool_)
    for condition in query.where:
        name = f"where {condition.name}"
        passed = _passing(columns, condition)
        found[name] = found[name] & passed if name in found else passed
    return found


def chosen(found: Masks, *, without: Collection[str] = ()) -> Mask:
    """Return which clips pass every parameter but those of the names given."""
    wanted = [mask for name, mask in found.items() if name not in without]
    result = wanted[0].copy()
    for mask in wanted[1:]:
        result &= mask
    return result


def in_order(query: Query, columns: Columns, known: Known, mask: Mask) -> npt.NDArray[np.int32]:
    """Return the positions of the chosen clips, in the query's order.

    Parameters
    ----------
    query : Query
    columns : Columns
        Whoever calls holds its lock.
    known : Known
    mask : ndarray of bool [shape=(clips,)]

    Returns
    -------
    ndarray of int32
    """
    positions = np.flatnonzero(mask).astype(np.int32)
    if len(known.runs) > 1:
        ranks = np.zeros(max(number for _, number in known.runs) + 1, np.int32)
        ranks[[number for _, number in known.runs]] = np.arange(len(known.runs))
        positions = positions[np.argsort(ranks[columns.runs[positions]], kind="stable")]
    name, is_descending = query.order
    if name == "logged":
        return positions[::-1] if is_descending else positions
    values = measure(columns, name)[positions]
    return positions[np.argsort(-values if is_descending else values, kind="stable")]  # NaN comes last in both


def measure(columns: Columns, name: str) -> npt.NDArray[np.float64]:
    """Return numbers that compare as the clips do by a field or metric, NaN where it is unknown."""
    if name.startswith("metric."):
        metric = columns.metrics.get(name.removeprefix("metric."))
        return metric.of(len(columns)) if metric else np.full(len(columns), np.nan)
    if name in columns.texts:
        return columns.texts[name].sort_values()
    if name == "correct":
        return np.where(columns.correct < 0, np.nan, columns.correct)
    if name == "level":
        peak = columns.numbers["peak"].values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.round(20 * np.log10(peak), 3)  # minus infinity for silence
    return columns.numbers["ordinal" if name == "index" else name].values


def _passing(columns: Columns, condition: Condition) -> Mask:
    values = measure(columns, condition.name)
    passed = _COMPARE[condition.operator](values, condition.value)
    return passed & ~np.isnan(values) if condition.operator == "ne" else passed


def _with_text(columns: Columns, name: str, wanted: Sequence[str]) -> Mask:
    names = columns.texts[name]
    codes = names.numbers(wanted)
    return np.isin(names.codes, [*codes, -1] if "" in wanted else codes)


def _latest(columns: Columns, there: Mask) -> Mask:
    """For each run and key, whether a clip is of its latest step; where no clip has a step, all are."""
    steps = np.where(there, columns.numbers["step"].values, np.nan)
    keys = columns.texts["key"]
    groups = columns.runs.astype(np.int64) * (len(keys.texts) + 1) + keys.codes
    _, group = np.unique(groups, return_inverse=True)
    known = np.where(np.isnan(steps), -np.inf, steps)
    last = np.full(int(group.max(initial=-1)) + 1, -np.inf)
    np.maximum.at(last, group, known)
    return np.asarray(known == last[group])


def _among(clips: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]) -> Mask:
    """Whether each number is among the wanted ones; both ascend."""
    if not len(wanted):
        return np.zeros(len(clips), np.bool_)
    places = np.minimum(np.searchsorted(wanted, clips), len(wanted) - 1)
    return np.asarray(wanted[places] == clips)

"""What a table's row tells of the clips in it, by the names of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["row_fields"]

_NUMBER = (int, float)
_USABLE: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "label": (str, int, float, bool),
        "prediction": (str, int, float, bool),
        "clip_id": (str, int),
        "x": _NUMBER,
        "y": _NUMBER,
    }
)

NO_METRICS = frozenset(
    {
        *_USABLE,
        "id",
        "step",
        "epoch",
        "index",
        "duration",
        "full_duration",
        "frames",
        "size",
        "peak",
        "sample_rate",
        "channels",
        "clipped_samples",
        "generated_duration",
        "generated_peak",
        "generated_clipped_samples",
    }
)
"""Columns of numbers that measure nothing of a prediction: they say which clip it is, or describe its file."""


def row_fields(cells: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return what the columns of a row tell, by the names of StoredClip's fields.

    Parameters
    ----------
    cells : iterable of (str, object)
        Column and value.

    Returns
    -------
    dict
        ``metrics`` has every number and boolean that is not another field.

    Examples
    --------
    >>> row_fields([("clip_id", 7), ("label", "dog"), ("loss", 0.5), ("epoch", 3), ("embedding", [0.5, 1])])
    {'clip_id': '7', 'label': 'dog', 'embedding': [0.5, 1], 'metrics': {'loss': 0.5}}
    """
    told: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    for column, cell in cells:
        kind = type(cell)
        if column in _USABLE:
            if kind in _USABLE[column]:
                told[column] = str(cell) if column == "clip_id" else cell
        elif kind in (int, float, bool) and column not in NO_METRICS:
            metrics[column] = cell
        elif column == "embedding" and _is_vector(cell):
            told[column] = cell
    if metrics:
        told["metrics"] = metrics
    return told


def _is_vector(cell: Any) -> bool:
    return isinstance(cell, list) and bool(cell) and {int, float}.issuperset(map(type, cell))

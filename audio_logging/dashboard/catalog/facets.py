"""Facets: what there is to filter by, and how many clips of each; what a filter offers does not depend on itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from audio_logging.dashboard.catalog.selecting import Mask, Masks, chosen
from audio_logging.dashboard.indexing.columns import Columns, Names
from audio_logging.dashboard.indexing.json_values import number

__all__ = ["facets"]

MAX_LABELS = 500
MAX_PAIRS = 10_000
MAX_METRICS = 500
MAX_KEYS = 2000


def facets(found: Masks, columns: Columns) -> dict[str, Any]:
    """Return the contract's FacetsJson.

    Parameters
    ----------
    found : dict of str to ndarray of bool [shape=(clips,)]
        What each parameter of the query lets pass.
    columns : Columns
        Whoever calls holds its lock.

    Returns
    -------
    dict
    """
    everything = chosen(found)
    return {
        "total": int(everything.sum()),
        "keys": _keys(columns, _without(found, everything, ("key",))),
        "steps": _steps(columns, _without(found, everything, ("step",))),
        "labels": _labels(columns.texts["label"], _without(found, everything, ("label",))),
        "predictions": _labels(columns.texts["prediction"], _without(found, everything, ("prediction",))),
        "confusion": _confusion(columns, _without(found, everything, ("label", "prediction", "correct"))),
        "metrics": _metrics(columns, found, everything),
        "embeddings": int((columns.placed[everything] == 2).sum()),
    }


def _without(found: Masks, everything: Mask, names: Collection[str]) -> Mask:
    return chosen(found, without=names) if found.keys() & names else everything


def _keys(columns: Columns, mask: Mask) -> list[dict[str, Any]]:
    keys, roles = columns.texts["key"], columns.texts["role"]
    counts = _counts(keys, mask)
    pairs = np.unique(keys.codes[mask].astype(np.int64) * (len(roles.texts) + 1) + roles.codes[mask] + 1)
    of_key: dict[int, list[str]] = {}
    for pair in pairs.tolist():
        key, role = divmod(pair, len(roles.texts) + 1)
        if role:
            of_key.setdefault(key, []).append(roles.texts[role - 1])
    named = sorted((keys.texts[code], code) for code in np.flatnonzero(counts).tolist())
    return [
        {"key": name, "count": int(counts[code]), "roles": sorted(of_key.get(code, []))}
        for name, code in named[:MAX_KEYS]
    ]


def _steps(columns: Columns, mask: Mask) -> list[float | None]:
    steps = columns.numbers["step"].values[mask]
    return [_whole(step) for step in np.unique(steps[~np.isnan(steps)]).tolist()]


def _labels(names: Names, mask: Mask) -> list[dict[str, Any]]:
    counts = _counts(names, mask)
    order = np.argsort(-counts, kind="stable")[:MAX_LABELS].tolist()
    return [{"value": names.texts[code], "count": int(counts[code])} for code in order if counts[code]]


def _confusion(columns: Columns, mask: Mask) -> list[dict[str, Any]]:
    labels, predictions = columns.texts["label"], columns.texts["prediction"]
    both = mask & (labels.codes >= 0) & (predictions.codes >= 0)
    pairs = labels.codes[both].astype(np.int64) * max(len(predictions.texts), 1) + predictions.codes[both]
    found, counts = np.unique(pairs, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:MAX_PAIRS]
    return [
        {
            "label": labels.texts[pair // len(predictions.texts)],
            "prediction": predictions.texts[pair % len(predictions.texts)],
            "count": count,
        }
        for pair, count in zip(found[order].tolist(), counts[order].tolist(), strict=True)
    ]


def _metrics(columns: Columns, found: Masks, everything: Mask) -> list[dict[str, Any]]:
    told = []
    for name, metric in sorted(columns.metrics.items())[:MAX_METRICS]:
        mask = _without(found, everything, (f"where metric.{name}",))
        values = metric.of(len(columns))[mask]
        values = values[~np.isnan(values)]
        if len(values):
            least, most = _whole(float(values.min())), _whole(float(values.max()))
            told.append({"name": name, "min": least, "max": most, "count": len(values)})
    return told


def _counts(names: Names, mask: Mask) -> npt.NDArray[np.int64]:
    return np.bincount(names.codes[mask] + 1, minlength=len(names.texts) + 1)[1:]


def _whole(value: float) -> float | None:
    return number(int(value)) if value.is_integer() else number(value)

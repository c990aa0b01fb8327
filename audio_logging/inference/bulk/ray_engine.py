"""predict_with_ray: the same on Ray Data, for sets that outgrow one machine. The only file that knows ray.

Actors hold the model; blocks of inputs go to them and outcomes come back as JSON and bytes. Files must be readable, and
ONNX models lie under the same path, on every machine of the cluster.
"""

from __future__ import annotations

import heapq
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from audio_logging.errors import AudioValueError
from audio_logging.inference.bulk.outcome import Outcome
from audio_logging.inference.bulk.predictor import Predictor
from audio_logging.inference.optional import optional_import

__all__ = ["predict_with_ray"]

INPUTS_AT_ONCE = 16
"""Inputs that an actor gets at a time."""


class _Actor:
    """Holds a model in a process of Ray's."""

    def __init__(self, predictor: Predictor) -> None:
        self._predictor = predictor

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        items = zip(*(batch[name].tolist() for name in ("index", "name", "value")), strict=True)
        return {"outcome": np.array([_packed(self._predictor(*item)) for item in items], object)}


def predict_with_ray(
    predictor: Predictor, inputs: Iterable[tuple[int, str, Any]], *, workers: int, address: str | None
) -> Iterator[Outcome]:
    """Predict files.

    Parameters
    ----------
    predictor : Predictor
    inputs : iterable of (int, str, str)
        Index, name and path.
    workers : int
        How many actors.
    address : str, optional
        Of a running cluster; default: one on this machine, which ends with this process.

    Yields
    ------
    Outcome
        In order.

    Raises
    ------
    MissingDependencyError
        Ray is not installed.
    AudioValueError
        An input that is no path.
    """
    ray = optional_import("ray", package="ray", extra="ray")
    data = optional_import("ray.data", package="ray", extra="ray")
    items: list[dict[str, Any]] = [
        {"index": index, "name": name, "value": _absolute(value)} for index, name, value in inputs
    ]
    if not items:
        return
    if not ray.is_initialized():
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody unless the user says so
        ray.init(address=address, log_to_driver=False, include_dashboard=False if address is None else None)
    context = data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    predicted = data.from_items(items).map_batches(
        _Actor,
        fn_constructor_args=(predictor,),
        batch_size=INPUTS_AT_ONCE,
        compute=data.ActorPoolStrategy(size=workers),
    )
    yield from _in_order((_unpacked(row["outcome"]) for row in predicted.iter_rows()), items[0]["index"])


def _in_order(outcomes: Iterable[Outcome], first: int) -> Iterator[Outcome]:
    waiting: list[tuple[int, Outcome]] = []
    for outcome in outcomes:
        heapq.heappush(waiting, (outcome.index, outcome))
        while waiting and waiting[0][0] == first:
            yield heapq.heappop(waiting)[1]
            first += 1


def _absolute(value: Any) -> str:
    """Return a path that means the same in every process."""
    if not isinstance(value, str):
        raise AudioValueError("got an input that is no path; Ray's processes can only be handed paths")
    return value if "://" in value else str(Path(value).absolute())


def _packed(outcome: Outcome) -> bytes:
    vectors = outcome.vectors
    head = {"index": outcome.index, "path": outcome.path, "rows": list(outcome.rows), "error": outcome.error}
    shape = None if vectors is None else list(vectors.shape)
    body = b"" if vectors is None else vectors.astype("<f4").tobytes()
    return json.dumps({**head, "shape": shape}).encode("ascii") + b"\n" + body


def _unpacked(packed: bytes) -> Outcome:
    line, _, body = packed.partition(b"\n")
    head = json.loads(line)
    shape = head.pop("shape")
    vectors = None if shape is None else np.frombuffer(body, "<f4").reshape(shape)
    return Outcome(vectors=vectors, **head)

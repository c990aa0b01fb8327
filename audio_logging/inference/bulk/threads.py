"""predict_with_threads: many inputs at once in this process, outcomes in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from audio_logging.inference.bulk.outcome import Outcome
from audio_logging.inference.bulk.predictor import Predictor

__all__ = ["predict_with_threads"]

AHEAD = 4
"""Inputs a worker that may be under way or waiting: enough to even out long and short clips, few enough for memory."""


def predict_with_threads(
    predictor: Predictor, inputs: Iterable[tuple[int, str, Any]], *, workers: int
) -> Iterator[Outcome]:
    """Predict inputs.

    Parameters
    ----------
    predictor : Predictor
    inputs : iterable of (int, str, object)
        Index, name and input.
    workers : int > 0
        Decoding, resampling and the models' runtimes let other threads work meanwhile.

    Yields
    ------
    Outcome
        In order.
    """
    if workers == 1:
        yield from (predictor(*item) for item in inputs)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="predict")
    waiting: deque[Future[Outcome]] = deque()
    try:
        for item in inputs:
            waiting.append(pool.submit(predictor, *item))
            if len(waiting) >= AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)

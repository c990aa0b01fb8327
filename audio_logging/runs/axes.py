"""Axes: on which step a key stands, as ``define_metric`` said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from audio_logging.runs.records import MetricFacts
from audio_logging.schema import STEP_KEY

__all__ = ["Axes"]

MAX_GLOBS = 1000
"""More of them would make looking up a key slow; training scripts define a handful."""


class Axes:
    """Which keys stand on the logger's own step; all others stand on wandb's ``_step``.

    Parameters
    ----------
    metrics : iterable of MetricFacts
        What the run defined.

    Examples
    --------
    >>> axes = Axes([MetricFacts("audio/*", is_glob=True, step_metric="audio/step")])
    >>> row = {"audio/clip": {}, "loss": 0.5, "audio/step": 7, "_step": 3}
    >>> axes.step_of("audio/clip", row), axes.step_of("loss", row)
    (7, 3)
    """

    def __init__(self, metrics: Iterable[MetricFacts]) -> None:
        ours = [metric for metric in metrics if metric.step_metric == STEP_KEY]
        self._names = frozenset(metric.name for metric in ours if not metric.is_glob)
        # A name is a glob when it ends with an asterisk (wandb/sdk/wandb_metric.py); nothing else in it is special.
        self._beginnings = tuple({metric.name.removesuffix("*") for metric in ours if metric.is_glob})[:MAX_GLOBS]

    def step_of(self, key: str, row: dict[str, Any]) -> Any:
        """Return the step of a key in a row; None when the row does not tell."""
        step = row.get(STEP_KEY)
        if _is_number(step) and (key in self._names or key.startswith(self._beginnings)):
            return step
        step = row.get("_step")
        return step if _is_number(step) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

"""Clips of one length at a time, so that no padding changes what a model says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from audio_logging.clip import AudioClip

__all__ = ["predict_by_length"]


def predict_by_length(clips: Sequence[AudioClip], predict: Callable[[list[AudioClip]], Sequence[Any]]) -> list[Any]:
    """Call a function with clips of one length, rate and number of channels at a time.

    Parameters
    ----------
    clips : sequence of AudioClip
    predict : callable
        Returns a row for each of the clips that it gets.

    Returns
    -------
    list
        The rows, in the order of the clips.
    """

    def kind(number: int) -> tuple[int, int, int]:
        return clips[number].frames, clips[number].channels, clips[number].sample_rate

    rows: dict[int, Any] = {}
    for _, group in groupby(sorted(range(len(clips)), key=kind), key=kind):
        numbers = list(group)
        rows.update(zip(numbers, predict([clips[number] for number in numbers]), strict=True))
    return [rows[number] for number in range(len(clips))]

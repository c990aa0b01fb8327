"""Which part of a file becomes the clip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from audio_logging.errors import AudioDurationError, AudioValueError

__all__ = ["Offset", "Window"]

Offset: TypeAlias = float | Literal["random"]


@dataclass(frozen=True)
class Window:
    """A stretch of a file, fixed or at a random place.

    Parameters
    ----------
    offset : float >= 0 or "random"
        [s] Where it begins.
    duration : float > 0, optional
        [s] How long it is; default: to the end, and for a random place `output_sequence_length`.
    output_sequence_length : int, optional
        [frames] What is needed at most, counted at the sample rate that leaves the reader.
    sampling_rate : int, optional
        [Hz] The rate that leaves the reader; default: the file's own.

    Raises
    ------
    AudioValueError
        A number is negative or not finite, or a random window has no length.

    Examples
    --------
    >>> Window(offset=0.5, duration=0.25).span(frames=8000, sample_rate=8000)
    (4000, 2000)
    >>> Window(offset="random", duration=0.25).span(frames=8000, sample_rate=8000, place=0.5)
    (3000, 2000)
    """

    offset: Offset = 0.0
    duration: float | None = None
    output_sequence_length: int | None = None
    sampling_rate: int | None = None

    def __post_init__(self) -> None:
        if self.offset != "random" and not _is_time(self.offset):
            raise AudioValueError(f"got offset={self.offset!r}, wanted seconds from 0 on, or offset='random'")
        if self.duration is not None and not (_is_time(self.duration) and self.duration > 0):
            raise AudioValueError(f"got duration={self.duration!r}, wanted seconds above 0, for example duration=1.0")
        if self.is_random and self.duration is None and self.output_sequence_length is None:
            raise AudioValueError(
                "got offset='random' without a length. Type for example duration=1.0, or output_sequence_length=16000"
            )

    @property
    def is_random(self) -> bool:
        """Whether the window lies somewhere else in every epoch."""
        return self.offset == "random"

    @property
    def is_whole(self) -> bool:
        """Whether it takes all of every file."""
        return self.offset == 0 and self.duration is None and self.output_sequence_length is None

    def span(self, frames: int, sample_rate: int, place: float = 0.0) -> tuple[int, int]:
        """Return the first frame to read from a file, and how many.

        Parameters
        ----------
        frames : int
            Length of the file.
        sample_rate : int
            [Hz] Of the file.
        place : float in [0, 1)
            Where a random window goes, from the earliest place possible to the latest.

        Returns
        -------
        tuple of (int, int)
            Less than `duration` where the file ends before.

        Raises
        ------
        AudioDurationError
            The file ends before the window begins.
        """
        length = self._length(frames, sample_rate)
        if self.offset == "random":
            return int(place * (max(frames - length, 0) + 1)), min(length, frames)
        first = round(self.offset * sample_rate)
        if first and first >= frames:
            raise AudioDurationError(
                f"the clip lasts {frames / sample_rate:.3f} s and ends before offset={self.offset} s"
            )
        return first, min(length, frames - first)

    def _length(self, frames: int, sample_rate: int) -> int:
        """Return how many frames of the file are needed at most."""
        length = frames if self.duration is None else round(self.duration * sample_rate)
        if self.output_sequence_length is None:
            return length
        if self.sampling_rate in (None, sample_rate):
            return min(length, self.output_sequence_length)
        if self.is_random and self.duration is None:
            return math.ceil(self.output_sequence_length * sample_rate / (self.sampling_rate or sample_rate))
        return length


def _is_time(value: Any) -> bool:
    is_number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and bool(value >= 0)

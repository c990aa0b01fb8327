"""Windows: how a clip of any length becomes pieces that a model takes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from audio_logging._types import Samples
from audio_logging.errors import AudioValueError

__all__ = ["PadPolicy", "Piece", "WindowPlan", "WindowPolicy", "plan_windows"]

PadPolicy: TypeAlias = Literal["zero", "shift", "drop", "short"]

FIRST = np.zeros(1, np.int64)
FIRST.flags.writeable = False

PAD_POLICIES = ("zero", "shift", "drop", "short")


@dataclass(frozen=True)
class WindowPolicy:
    """How to cut clips.

    Parameters
    ----------
    window : float > 0, optional
        [s] Length of a window. Default: what the model takes; all of the clip where it takes any length.
    hop : float > 0, optional
        [s] From the start of one window to the next. Default: `window`, so that windows meet without overlap.
        More than `window` leaves gaps that the model does not hear.
    pad : {"zero", "shift", "drop", "short"}, optional
        What becomes of the end of the clip, where no whole window is left: filled up with silence, heard in a window
        that is moved back to end with the clip, left out, or handed over shorter than the others (only to models that
        take any length). A clip shorter than one window is filled up with silence by all but "short". Default:
        "zero", but "short" where the model's own feature extractor fills up.

    Raises
    ------
    AudioValueError
        A length that is not a positive number, or an unknown word for `pad`.
    """

    window: float | None = None
    hop: float | None = None
    pad: PadPolicy | None = None

    def __post_init__(self) -> None:
        for name, value in (("window", self.window), ("hop", self.hop)):
            if value is not None and not (_is_number(value) and 0 < value < math.inf):
                raise AudioValueError(f"got {name}={value!r}, wanted seconds above 0, for example {name}=1.0")
        if self.pad is not None and self.pad not in PAD_POLICIES:
            raise AudioValueError(f"got pad={self.pad!r}, wanted one of {', '.join(map(repr, PAD_POLICIES))}")

    def changed(self, window: float | None, hop: float | None, pad: PadPolicy | None) -> WindowPolicy:
        """Return this policy with everything replaced that is not None."""
        if window is None and hop is None and pad is None:
            return self
        return WindowPolicy(
            self.window if window is None else window,
            self.hop if hop is None else hop,
            self.pad if pad is None else pad,
        )


@dataclass(frozen=True)
class Piece:
    """Windows of one length, ready for the model.

    Attributes
    ----------
    samples : ndarray [shape=(windows, frames, channels)], float32
    lengths : ndarray [shape=(windows,)], int64
        [frames] How much of each is the clip, and not silence added at its end.
    sample_rate : int
        [Hz]
    """

    samples: Samples
    lengths: npt.NDArray[np.int64]
    sample_rate: int


@dataclass(frozen=True, eq=False)
class WindowPlan:
    """Where the windows of one clip lie.

    Attributes
    ----------
    starts : ndarray [shape=(windows,)], int64
        [frames]
    lengths : ndarray [shape=(windows,)], int64
        [frames] How much of the clip is in each.
    size : int
        [frames] What the model gets for each.
    sample_rate : int
        [Hz]
    short : bool
        Whether the last one is handed over at its own length where it is shorter.
    """

    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    size: int
    sample_rate: int
    short: bool = False

    def times(self, duration: float) -> npt.NDArray[np.float64]:
        """Return start and end [s] of each window's part of the clip [shape=(windows, 2)].

        Parameters
        ----------
        duration : float
            [s] Of the clip before it was resampled; no window ends later.
        """
        times = np.empty((len(self.starts), 2))
        times[:, 0] = self.starts
        times[:, 1] = self.starts + self.lengths
        times /= self.sample_rate
        return np.minimum(times, duration, out=times)

    @property
    def coverage(self) -> float:
        """How much of the last window is the clip, in (0, 1]."""
        return float(self.lengths[-1]) / self.size

    def pieces(self, samples: Samples, most: int) -> Iterator[Piece]:
        """Cut a clip.

        Parameters
        ----------
        samples : ndarray [shape=(frames, channels)], float32
        most : int
            Windows in a piece.

        Yields
        ------
        Piece
            In order. Never views of each other where windows overlap.
        """
        whole = len(self.starts) - (self.short and int(self.lengths[-1]) < self.size)
        for first in range(0, whole, most):
            starts = self.starts[first : min(first + most, whole)]
            lengths = self.lengths[first : min(first + most, whole)]
            yield Piece(self._cut(samples, starts, lengths), lengths, self.sample_rate)
        if whole < len(self.starts):
            yield Piece(samples[np.newaxis, int(self.starts[-1]) :], self.lengths[-1:], self.sample_rate)

    def _cut(self, samples: Samples, starts: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> Samples:
        first, end = int(starts[0]), int(starts[-1] + self.size)
        meeting = len(starts) == 1 or (int(starts[1]) - first == self.size and end - first == self.size * len(starts))
        if meeting and end <= len(samples):
            return samples[first:end].reshape(len(starts), self.size, -1)
        windows = np.zeros((len(starts), self.size, samples.shape[1]), np.float32)
        for window, start, length in zip(windows, starts, lengths, strict=True):
            window[:length] = samples[start : start + length]
        return windows


def plan_windows(frames: int, *, size: int, hop: int, pad: PadPolicy, sample_rate: int) -> WindowPlan:
    """Decide where windows lie.

    Parameters
    ----------
    frames : int > 0
        Length of the clip.
    size, hop : int > 0
        [frames] Length of a window, and from one start to the next.
    pad : {"zero", "shift", "drop", "short"}
        As in :class:`WindowPolicy`.
    sample_rate : int
        [Hz]

    Returns
    -------
    WindowPlan
        At least one window, the last one no later than the first that reaches the end of the clip.

    Examples
    --------
    >>> plan_windows(25, size=10, hop=5, pad="zero", sample_rate=10).starts
    array([ 0,  5, 10, 15])
    >>> plan_windows(23, size=10, hop=10, pad="shift", sample_rate=10).starts
    array([ 0, 10, 13])
    """
    if frames <= size:
        return WindowPlan(FIRST, np.array([frames]), size, sample_rate, short=pad == "short")
    count = 1 - (size - frames) // hop
    starts = np.arange(min(count, -(-frames // hop)), dtype=np.int64) * hop
    overhangs = int(starts[-1]) + size > frames
    if overhangs and len(starts) > 1 and pad == "drop":
        starts = starts[:-1]
    elif overhangs and pad == "shift":
        starts[-1] = frames - size
    return WindowPlan(starts, np.minimum(frames - starts, size), size, sample_rate, short=pad == "short")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

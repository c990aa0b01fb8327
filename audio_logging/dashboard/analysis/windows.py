"""Power over time and frequency: windows over a part of a clip, transformed, and the loudest of each column kept."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from audio_logging._types import Samples

__all__ = ["Grid", "Mono", "column_powers"]

AT_ONCE = 2**15
"""[samples] In windows, transformed together. From four times as many on, what comes and goes is new memory each time,
and a picture of ten minutes takes 0.9 s instead of 0.6."""

Mono = npt.NDArray[np.float32]
"""Samples of one channel [shape=(frames,)]."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the windows stand: evenly, the same number in each column, at most half a window apart.

    Attributes
    ----------
    first, last : int
        The part of the clip [frames].
    width : int
        Columns.
    window : int
        [frames] Length of a window.
    """

    first: int
    last: int
    width: int
    window: int

    @property
    def per_column(self) -> int:
        """Windows in each column."""
        return max(1, math.ceil(2 * (self.last - self.first) / (self.width * self.window)))

    @property
    def count(self) -> int:
        """Windows in all."""
        return self.per_column * self.width

    def start(self, number: int) -> int:
        """Return the first frame of a window."""
        return int(self.starts(number, number + 1)[0])

    def starts(self, begin: int, end: int) -> npt.NDArray[np.int64]:
        """Return the first frame of windows `begin` to `end`."""
        middles = (np.arange(begin, end) + 0.5) * ((self.last - self.first) / self.count)
        return np.asarray(self.first + middles.astype(np.int64) - self.window // 2)


def column_powers(blocks: Iterator[Mono], at: int, grid: Grid) -> Iterator[tuple[int, Samples]]:
    """Yield the power of some columns after the other.

    Parameters
    ----------
    blocks : iterator of ndarray [shape=(frames,)]
        From frame `at` on, which is half a window before the part of interest, or 0; up to half a window behind it, or
        to the end. Beyond the ends of the clip there is silence.
    at : int
    grid : Grid

    Yields
    ------
    column : int
        The number of the first one.
    power : ndarray of float32 [shape=(columns, window // 2 + 1)]
        The loudest moment of each frequency; 1 is a sine of full scale.
    """
    return _columns(_powers(blocks, at, grid), grid.per_column)


def _powers(blocks: Iterator[Mono], at: int, grid: Grid) -> Iterator[Samples]:
    """Yield the power [shape=(windows, frequencies)] of some windows after the other."""
    shape = _window_shape(grid.window)
    held = np.zeros(grid.window, np.float32)
    at -= grid.window
    step = max(1, AT_ONCE // grid.window)
    done = 0
    for block in _and_silence(blocks, 2 * grid.window):
        held = np.concatenate([held, block])
        ready = _windows_before(grid, at + len(held), done)
        for begin in range(done, ready, step):
            starts = grid.starts(begin, min(begin + step, ready)) - at
            yield _power(sliding_window_view(held, grid.window)[starts] * shape)
        done = ready
        if done == grid.count:
            return
        drop = min(grid.start(done) - at, len(held))
        held, at = held[drop:], at + drop


def _and_silence(blocks: Iterator[Mono], frames: int) -> Iterator[Mono]:
    yield from blocks
    yield np.zeros(frames, np.float32)


def _windows_before(grid: Grid, end: int, done: int) -> int:
    """Return how many windows end at or before a frame."""
    low, high = done, grid.count
    while low < high:
        middle = (low + high) // 2
        if grid.start(middle) + grid.window <= end:
            low = middle + 1
        else:
            high = middle
    return low


def _window_shape(size: int) -> Mono:
    """Return a periodic Hann window under which a sine of amplitude 1 has power 1."""
    shape = np.hanning(size + 1)[:-1]
    return np.asarray(shape * (2 / shape.sum()), np.float32)


def _power(windows: Samples) -> Samples:
    spectra = np.fft.rfft(windows, axis=1)
    power = np.asarray(spectra.real**2 + spectra.imag**2, np.float32)
    power[:, [0, -1]] /= 4  # these two have no mirrored twin
    return power


def _columns(powers: Iterator[Samples], per_column: int) -> Iterator[tuple[int, Samples]]:
    """Yield the power [shape=(columns, frequencies)] of some columns after the other, with the number of the first."""
    done = 0
    begun: Samples | None = None
    for power in powers:
        column = done // per_column
        borders = np.maximum(np.arange(column, -(-(done + len(power)) // per_column)) * per_column - done, 0)
        loudest = np.maximum.reduceat(power, borders, axis=0) if per_column > 1 else power
        if begun is not None:
            np.maximum(loudest[0], begun, out=loudest[0])
        done += len(power)
        whole = done // per_column - column
        begun = loudest[whole].copy() if whole < len(loudest) else None
        yield column, loudest[:whole]

"""The clips of the design's table, made up: partials of a tone that swell and fade, and a little noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["CLIPS", "INT16_CLIP", "Array", "ClipKind", "fresh_clips"]

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class ClipKind:
    """A kind of clip.

    Attributes
    ----------
    seconds : float
        [s]
    sample_rate : int
        [Hz]
    channels : int
    dtype : str
        "float32" or "int16".
    """

    seconds: float
    sample_rate: int
    channels: int = 1
    dtype: str = "float32"

    def __str__(self) -> str:
        channels = {1: "mono", 2: "stereo"}[self.channels]
        return f"{self.seconds:g} s {self.sample_rate / 1000:g} kHz {channels} {self.dtype}"

    def frames(self, scale: float = 1.0) -> int:
        """Return its length, or that of its beginning."""
        return max(1024, round(self.seconds * self.sample_rate * scale))

    def samples(self, scale: float = 1.0) -> Array:
        """Return samples [shape=(frames,) or (frames, channels)], the same in every run, peak below 0.9."""
        frames = self.frames(scale)
        rng = np.random.default_rng(frames)
        time = np.arange(frames, dtype=np.float32)[:, np.newaxis] / np.float32(self.sample_rate)
        pitch = 220 + np.arange(self.channels)
        tone = sum(np.sin(2 * np.pi * pitch * n * time) * np.sin(n * time) ** 2 / n for n in (1, 2, 3, 5))
        noise = rng.normal(0, 0.003, (frames, self.channels)).clip(-0.05, 0.05)
        samples = np.asarray(0.4 * tone + noise, np.float32)
        samples = samples[:, 0].copy() if self.channels == 1 else samples
        return samples if self.dtype == "float32" else np.rint(samples * 2**15).astype(np.int16)


CLIPS = (ClipKind(1, 16_000), ClipKind(10, 44_100), ClipKind(30, 44_100, channels=2))
INT16_CLIP = ClipKind(10, 44_100, dtype="int16")


def fresh_clips(kind: ClipKind, number: int, scale: float) -> Callable[[], list[Array]]:
    """Return a function that makes new clips at each call, as a model would: no two alike, none seen before.

    Parameters
    ----------
    kind : ClipKind
    number : int
        Of clips a call.
    scale : float
        Of their length.

    Returns
    -------
    callable
    """
    base = kind.samples(scale)
    made = 0

    def make() -> list[Array]:
        nonlocal made
        made += number
        return [_another(base, made + index) for index in range(number)]

    return make


def _another(base: Array, number: int) -> Array:
    if base.dtype == np.int16:
        return base + np.int16(number % 1000)
    return base * np.float32(1 - number % 1000 / 10_000)

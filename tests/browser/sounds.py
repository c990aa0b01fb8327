"""Sounds that say what they are: tones of known pitch, level and length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["RATE", "Samples", "beside", "noise", "silence", "tone"]

RATE = 16_000

Samples = npt.NDArray[np.float32]


def tone(pitch: float, seconds: float, *, peak: float = 0.5, rate: int = RATE) -> Samples:
    """Return a sine [shape=(frames,)].

    Parameters
    ----------
    pitch : float
        [Hz]
    seconds : float
        [s]
    peak : float
    rate : int
        [Hz]
    """
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(peak * np.sin(2 * np.pi * pitch * time), np.float32)


def silence(seconds: float) -> Samples:
    """Return zeros [shape=(frames,)]."""
    return np.zeros(round(seconds * RATE), np.float32)


def noise(seconds: float, *, peak: float = 0.5, seed: int = 0, rate: int = RATE) -> Samples:
    """Return noise of exactly this peak [shape=(frames,)], the same for a seed."""
    samples = np.random.default_rng(seed).uniform(-1, 1, round(seconds * rate))
    return np.asarray(samples * (peak / np.abs(samples).max()), np.float32)


def beside(left: Samples, right: Samples) -> Samples:
    """Return both as one stereo clip [shape=(frames, 2)]."""
    return np.stack((left, right), axis=1)

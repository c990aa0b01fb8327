"""Noise at a known level."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["add_noise"]

FloatArray: TypeAlias = npt.NDArray[np.float32]


def add_noise(samples: FloatArray, *, snr_db: float, generator: np.random.Generator) -> FloatArray:
    """Add steady noise, of a colour between white and pink, at a given ratio of signal to noise.

    Parameters
    ----------
    samples : ndarray [shape=(frames,) or (frames, channels)], float32
        Stays as it is. Silence stays silence, since no noise has a ratio to it.
    snr_db : float
        [dB] Mean power of the samples to mean power of the noise, over all channels.
    generator : numpy.random.Generator
        Draws the noise and its colour.

    Returns
    -------
    ndarray [shape as `samples`], float32
        May exceed 1 where the samples come near it.
    """
    noise = _coloured(samples.shape, generator)
    gain = np.sqrt(np.mean(np.square(samples, dtype=np.float64)) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
    return np.asarray(samples + gain * noise, np.float32)


def _coloured(shape: tuple[int, ...], generator: np.random.Generator) -> npt.NDArray[np.float64]:
    """Draw noise whose power falls by 0 (white) to 3 dB (pink) per octave above 1/160 of the sample rate."""
    slope = generator.uniform(0, 0.5)
    spectrum = np.fft.rfft(generator.standard_normal(shape), axis=0)
    frequency = np.maximum(np.fft.rfftfreq(shape[0]), 1 / 160)
    colour = (frequency**-slope).reshape(-1, *[1] * (len(shape) - 1))
    return np.fft.irfft(spectrum * colour, shape[0], axis=0)

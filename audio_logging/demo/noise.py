"""Noise at a known level, and two measures of how much of it is left."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from audio_logging.errors import AudioShapeError, AudioValueError

__all__ = ["add_noise", "si_sdr", "snr"]

FloatArray: TypeAlias = npt.NDArray[np.float32]
_Wide: TypeAlias = npt.NDArray[np.float64]


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


def si_sdr(estimate: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Return the scale-invariant signal-to-distortion ratio [dB], the higher the better.

    ``10 log10(|a s|^2 / |a s - e|^2)`` with ``a = <e, s> / |s|^2`` for the estimate e and the reference s (Le Roux,
    Wisdom, Erdogan and Hershey, SDR: half-baked or well done?, ICASSP 2019, equation 4). A gain on the estimate
    changes nothing.

    Parameters
    ----------
    estimate : array_like [shape=(frames,) or (frames, channels)]
    reference : array_like [shape as `estimate`]
        What the estimate should be.

    Returns
    -------
    float
        [dB] ``inf`` for a perfect estimate, ``-inf`` for one that has nothing of the reference.

    Raises
    ------
    AudioShapeError
        The shapes differ.
    AudioValueError
        The reference is silent.
    """
    guess, truth = _pair(estimate, reference)
    target = truth * (guess @ truth / (truth @ truth))
    return _decibels(target, guess - target)


def snr(estimate: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Return the signal-to-noise ratio ``10 log10(|s|^2 / |s - e|^2)`` [dB], the higher the better.

    Unlike :func:`si_sdr` it also counts a wrong gain as noise.

    Parameters
    ----------
    estimate : array_like [shape=(frames,) or (frames, channels)]
    reference : array_like [shape as `estimate`]
        What the estimate should be.

    Returns
    -------
    float
        [dB] ``inf`` for a perfect estimate.

    Raises
    ------
    AudioShapeError
        The shapes differ.
    AudioValueError
        The reference is silent.
    """
    guess, truth = _pair(estimate, reference)
    return _decibels(truth, guess - truth)


def _coloured(shape: tuple[int, ...], generator: np.random.Generator) -> _Wide:
    """Draw noise whose power falls by 0 (white) to 3 dB (pink) per octave above 1/160 of the sample rate."""
    slope = generator.uniform(0, 0.5)
    spectrum = np.fft.rfft(generator.standard_normal(shape), axis=0)
    frequency = np.maximum(np.fft.rfftfreq(shape[0]), 1 / 160)
    colour = (frequency**-slope).reshape(-1, *[1] * (len(shape) - 1))
    return np.fft.irfft(spectrum * colour, shape[0], axis=0)


def _pair(estimate: npt.ArrayLike, reference: npt.ArrayLike) -> tuple[_Wide, _Wide]:
    guess, truth = np.asarray(estimate, np.float64), np.asarray(reference, np.float64)
    if guess.shape != truth.shape:
        raise AudioShapeError(f"got shapes {guess.shape} and {truth.shape}, wanted the same for both")
    if not truth.any():
        raise AudioValueError("got a silent reference, to which no estimate has a ratio; leave such clips out")
    return guess.ravel(), truth.ravel()


def _decibels(signal: _Wide, rest: _Wide) -> float:
    powers = float(signal @ signal), float(rest @ rest)
    if not powers[0]:
        return -np.inf
    return 10 * float(np.log10(powers[0] / powers[1])) if powers[1] else np.inf

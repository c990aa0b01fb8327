"""Short-time Fourier transform and its inverse, which together give back exactly what came in.

Frames overlap by three quarters and carry a periodic Hann window twice, before the transform and after its inverse.
Squared Hann windows a quarter of their length apart add up to 3/2 everywhere, so overlap-adding and dividing by 3/2
inverts the transform; of an altered one it gives the signal whose transform is nearest (Griffin and Lim, Signal
estimation from modified short-time Fourier transform, IEEE Transactions ASSP 32, 1984, equation 6).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["OVERLAP", "Spectra", "istft", "stft"]

Spectra: TypeAlias = npt.NDArray[np.complex64]
"""Short-time spectra [shape=(frames, fft_size // 2 + 1)]."""

FloatArray: TypeAlias = npt.NDArray[np.float32]

OVERLAP = 4
"""Frames that cover each sample."""

_WINDOW_POWER = 1.5
"""What the four squared windows over each sample add up to: 3/8 is the mean of a squared Hann window."""


def stft(samples: FloatArray, *, fft_size: int) -> Spectra:
    """Return the short-time spectra of one channel.

    Parameters
    ----------
    samples : ndarray [shape=(frames,)], float32
        Zeros are thought before and after them, so that four frames cover the first and the last sample too.
    fft_size : int > 0
        Length of a frame in samples, a multiple of 4.

    Returns
    -------
    ndarray [shape=(ceil(len(samples) / (fft_size / 4)) + 3, fft_size // 2 + 1)], complex64
    """
    hop = fft_size // OVERLAP
    padded = np.pad(samples, (fft_size - hop, fft_size - hop + -len(samples) % hop))
    frames = np.lib.stride_tricks.sliding_window_view(padded, fft_size)[::hop]
    return np.asarray(np.fft.rfft(frames * _window(fft_size)), np.complex64)


def istft(spectra: Spectra, *, length: int) -> FloatArray:
    """Return the samples of one channel from its short-time spectra.

    Parameters
    ----------
    spectra : ndarray [shape=(frames, fft_size // 2 + 1)], complex64
        From :func:`stft`, altered or not.
    length : int >= 0
        How many samples went into :func:`stft`.

    Returns
    -------
    ndarray [shape=(length,)], float32
    """
    fft_size = 2 * (spectra.shape[1] - 1)
    hop = fft_size // OVERLAP
    frames = np.fft.irfft(spectra, fft_size).astype(np.float32) * (_window(fft_size) / np.float32(_WINDOW_POWER))
    quarters = frames.reshape(len(frames), OVERLAP, hop)
    added = np.zeros((len(frames) + OVERLAP - 1, hop), np.float32)
    for place in range(OVERLAP):
        added[place : place + len(frames)] += quarters[:, place]
    return np.asarray(added.reshape(-1)[fft_size - hop :][:length])


def _window(fft_size: int) -> FloatArray:
    return np.hanning(fft_size + 1)[:-1].astype(np.float32)

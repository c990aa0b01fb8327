"""Log-mel features: what the classifier sees of a clip.

A clip becomes a log-mel spectrogram (:func:`log_mel`), of any length; the spectrogram becomes one row of fixed size
(:func:`summarise`). Between the two a spectrogram can be altered a little (:func:`augment`), so that each epoch sees
other examples at next to no cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import soxr

from audio_logging.clip import AudioClip

__all__ = ["BANDS", "FEATURES", "SEGMENTS", "Spectrogram", "augment", "log_mel", "mel_filters", "mono", "summarise"]

FloatArray: TypeAlias = npt.NDArray[np.float32]

Spectrogram: TypeAlias = FloatArray
"""Log power [shape=(frames, bands)], natural logarithm."""

FRAME_SECONDS = 0.025
"""[s] Length of an analysis frame, the usual one for speech (The HTK Book 3.4, section 3.1.5)."""

HOP_SECONDS = 0.010
"""[s] From one frame to the next (as above)."""

BANDS = 40
"""Mel bands, twice the 20 of Davis and Mermelstein (IEEE Transactions ASSP 28, 1980), as is usual for networks."""

SEGMENTS = 20
"""Equal parts of a clip, each described by its mean spectrum."""

FEATURES = SEGMENTS * BANDS + (SEGMENTS // 2 + 1) * (BANDS // 2)
"""Length of the row that :func:`summarise` returns."""

LOWEST_FREQUENCY = 20.0
"""[Hz] Lower edge of the first band: where hearing begins."""

RANGE = 80.0
"""[dB] Power further than this below a clip's loudest band counts as silence, as in librosa's ``power_to_db``."""

_DECIBELS = 10 / np.log(10)
"""[dB] of a natural logarithm of power."""

_SMALLEST = 1e-20
"""Power that stands for the loudest band of a clip of zeros."""

_BLOCK = 4096
"""Frames transformed at once, which bounds the memory that a long clip takes."""

_EVEN = 1e-3
"""Standard deviation below which a row is flat, that is silent, and stays near 0 rather than become rounding noise."""


def mono(clip: AudioClip, sample_rate: int) -> FloatArray:
    """Return the mean of the channels at a sample rate [shape=(frames,)].

    Parameters
    ----------
    clip : AudioClip
    sample_rate : int > 0
        [Hz] A clip of another rate is resampled with soxr.

    Returns
    -------
    ndarray [shape=(frames,)], float32
    """
    samples: FloatArray = clip.samples.mean(axis=1, dtype=np.float32)
    if clip.sample_rate == sample_rate:
        return samples
    return np.asarray(soxr.resample(samples, clip.sample_rate, sample_rate), np.float32)


def log_mel(clip: AudioClip, sample_rate: int) -> Spectrogram:
    """Return the log-mel spectrogram of a clip: the logarithm of power in bands as wide as hearing has them.

    Parameters
    ----------
    clip : AudioClip
        Of any level, channels and length.
    sample_rate : int > 0
        [Hz] Rate that all clips are compared at; a clip of another rate is resampled first.

    Returns
    -------
    ndarray [shape=(frames, 40)], float32
        Natural logarithm of the power in 40 mel bands, every 10 ms; at least one frame.
    """
    length, hop = round(FRAME_SECONDS * sample_rate), max(round(HOP_SECONDS * sample_rate), 1)
    samples = mono(clip, sample_rate)
    samples = np.pad(samples, (0, max(length - len(samples), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[::hop]
    blocks = [_band_powers(frames[start : start + _BLOCK], sample_rate) for start in range(0, len(frames), _BLOCK)]
    bands = np.concatenate(blocks)
    floor = max(float(bands.max()), _SMALLEST) * 10 ** (-RANGE / 10)
    return np.log(np.maximum(bands, np.float32(floor)))


def augment(spectrogram: Spectrogram, generator: np.random.Generator) -> Spectrogram:
    """Return another example of the same sound: cut otherwise, from another throat, in noise, on another microphone.

    Up to 8 % is cut off at either end. The bands move up or down by at most 1.5, as they do from speaker to speaker
    (vocal tract length perturbation: Jaitly and Hinton, ICML workshop on deep learning for audio, 2013). Noise is
    added as expected power, 20 to 60 dB below the mean power. The microphone is a straight line of at most 3 dB up
    or down at the ends of the spectrum. Gain needs no place here: :func:`summarise` removes it.

    Parameters
    ----------
    spectrogram : ndarray [shape=(frames, bands)], float32
        From :func:`log_mel`; stays as it is.
    generator : numpy.random.Generator

    Returns
    -------
    ndarray [shape=(frames, bands)], float32
    """
    frames, bands = spectrogram.shape
    start, stop = (generator.uniform(0, 0.08, 2) * frames).astype(int)
    moved = _moved(spectrogram[start : frames - stop], generator.uniform(-1.5, 1.5))
    noise = np.log(np.exp(moved).mean()) - generator.uniform(20, 60) / _DECIBELS
    tilt = generator.uniform(-3, 3) / _DECIBELS * np.linspace(-1, 1, bands)
    return np.asarray(np.logaddexp(moved, noise) + tilt, np.float32)


def summarise(spectrograms: Iterable[Spectrogram]) -> FloatArray:
    """Return one row of features per spectrogram, whatever their lengths.

    A clip is cut into 20 equal parts, each described by its mean log power in every band. The first part of a row is
    this picture itself: what sounds when, at which pitch. The second part is the magnitude of its two-dimensional
    Fourier transform, which hardly changes when the sound moves in time or in pitch and so tells its kind
    (Bertin-Mahieux and Ellis, Large-scale cover song recognition using the 2D Fourier transform magnitude, ISMIR
    2012). Each part is brought to mean 0 and variance 1, which removes the clip's level (cepstral mean and variance
    normalisation: Viikki and Laurila, Speech Communication 25, 1998).

    Parameters
    ----------
    spectrograms : iterable of ndarray [shape=(frames, bands)], float32
        From :func:`log_mel`; at least one.

    Returns
    -------
    ndarray [shape=(len(spectrograms), 1020)], float32
    """
    pictures = np.stack([_segment_means(spectrogram) for spectrogram in spectrograms])
    pictures -= pictures.mean(axis=(1, 2), keepdims=True)
    patterns = np.log1p(np.abs(np.fft.fft2(pictures))[:, : SEGMENTS // 2 + 1, : BANDS // 2])
    return np.concatenate([_normalised(pictures), _normalised(patterns)], axis=1)


@lru_cache(maxsize=8)
def mel_filters(sample_rate: int, fft_size: int) -> FloatArray:
    """Return triangular filters, equally wide on the mel scale of the HTK book.

    ``mel(f) = 2595 log10(1 + f / 700)`` (O'Shaughnessy, Speech Communication, 1987; The HTK Book 3.4, section 5.4),
    from 20 Hz to half the sample rate; each filter rises from its lower neighbour's centre to its own and falls to
    its upper neighbour's, linearly in mel, with height 1.

    Parameters
    ----------
    sample_rate : int > 0
        [Hz]
    fft_size : int > 0
        Length of the Fourier transform.

    Returns
    -------
    ndarray [shape=(40, fft_size // 2 + 1)], float32 in [0, 1], read-only
    """
    lowest, highest = _mel(np.array([LOWEST_FREQUENCY, sample_rate / 2]))
    edges = np.linspace(lowest, highest, BANDS + 2)
    bins = _mel(np.fft.rfftfreq(fft_size, 1 / sample_rate))
    distance = np.abs(bins - edges[1:-1, None]) / (edges[1] - edges[0])
    filters: FloatArray = np.maximum(1 - distance, 0).astype(np.float32)
    filters.flags.writeable = False
    return filters


def _mel(frequency: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    return np.asarray(2595 * np.log10(1 + frequency / 700), np.float64)


def _band_powers(frames: FloatArray, sample_rate: int) -> FloatArray:
    length = frames.shape[1]
    size = 1 << (length - 1).bit_length()
    spectra = np.fft.rfft(frames * np.hanning(length).astype(np.float32), size)
    return np.asarray(np.square(np.abs(spectra)).astype(np.float32) @ mel_filters(sample_rate, size).T)


def _normalised(pictures: FloatArray) -> FloatArray:
    """Flatten each picture to a row of mean 0 and variance 1."""
    rows = pictures.reshape(len(pictures), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(rows.std(axis=1, keepdims=True), _EVEN), np.float32)


def _moved(spectrogram: Spectrogram, distance: float) -> Spectrogram:
    """Move the bands by a distance in bands, between two of them linearly; the edges keep the outermost value."""
    places = np.clip(np.arange(BANDS) - distance, 0, BANDS - 1)
    lower = np.minimum(places.astype(int), BANDS - 2)
    share = (places - lower).astype(np.float32)
    return np.asarray(spectrogram[:, lower] * (1 - share) + spectrogram[:, lower + 1] * share, np.float32)


def _segment_means(spectrogram: Spectrogram) -> FloatArray:
    """Average over equal parts of the time axis, parts of a frame counted in part [shape=(20, bands)]."""
    frames = len(spectrogram)
    sums = np.concatenate([np.zeros_like(spectrogram[:1]), np.cumsum(spectrogram, axis=0)])
    places = np.linspace(0, frames, SEGMENTS + 1)
    whole = np.minimum(places.astype(int), frames - 1)
    edges = sums[whole] + (places - whole)[:, None] * spectrogram[whole]
    return np.asarray(np.diff(edges, axis=0) * (SEGMENTS / frames), np.float32)

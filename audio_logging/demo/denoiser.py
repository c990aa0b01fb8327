"""A small denoiser, trained epoch by epoch: a network that says how much of each frequency to keep, frame by frame.

It learns a spectral mask by signal approximation: the masked noisy spectrum is to be near the clean one (Weninger,
Hershey, Le Roux and Schuller, Discriminatively trained recurrent neural networks for single-channel speech
separation, GlobalSIP 2014; with the clean spectrum seen along the noisy one's phase: Erdogan, Hershey, Watanabe and
Le Roux, Phase-sensitive and recognition-boosted speech separation using deep recurrent neural networks, ICASSP 2015).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from audio_logging.clip import AudioClip
from audio_logging.demo.features import FloatArray, mono
from audio_logging.demo.network import MaskNetwork
from audio_logging.demo.noise import add_noise
from audio_logging.demo.stft import Spectra, istft, stft
from audio_logging.errors import AudioShapeError, AudioValueError

__all__ = ["EPOCHS", "SNR_DB", "Denoiser"]

EPOCHS = 8
"""How often the demo shows noisy clips to the denoiser."""

SNR_DB = 5.0
"""[dB] How loud the demo's clips are above the noise added to them."""

FRAME_SECONDS = 0.032
"""[s] Length of a frame, rounded to a power of two of samples."""

CONTEXT = 2
"""Frames that the network sees before and after the one it judges, each a quarter of a frame further."""

RANGE = 9.0
"""[neper] Magnitudes further than this (78 dB) below a clip's largest count as silence."""

FLOOR_QUANTILE = 0.15
"""The magnitude that this share of frames stays below stands for the noise of a frequency."""

MAX_CELLS = 4_000_000
"""Frames times frequencies drawn for an epoch, so that a large folder takes no longer than a small one."""

EXCERPT_SECONDS = 10.0
"""[s] A longer clip takes part in an epoch with an excerpt of this length, drawn anew."""

BATCH = 128
"""Frames per training step."""

_BLOCK = 4096
"""Frames masked at once, which bounds the memory that a long sound takes."""

_TINY = np.float32(1e-12)


@dataclass(frozen=True, eq=False)
class _Examples:
    """Frames of several clips one after another; those of each clip stand between `CONTEXT` copies of its edges."""

    levels: FloatArray
    floors: FloatArray
    noisy: FloatArray
    clean: FloatArray
    centres: npt.NDArray[np.int64]

    def inputs(self, chosen: npt.NDArray[np.int64]) -> FloatArray:
        """Return what the network sees of the chosen frames [shape=(chosen, frequencies * (2 * CONTEXT + 2))]."""
        return _inputs(self.levels, self.centres[chosen], self.floors[chosen])


class Denoiser:
    """A mask network for steady noise.

    Parameters
    ----------
    sample_rate : int > 0
        [Hz] Rate that the network works at; sounds of another rate are resampled there and back.
    snr_db : float
        [dB] Ratio of the training clips to the noise added to them.
    seed : int >= 0
        Same seed and same calls, same denoiser; NumPy's global random state is left alone.

    Attributes
    ----------
    sample_rate : int
        [Hz]
    snr_db : float
        [dB]
    epochs : int
        Epochs trained so far. Before the first one nearly everything is kept.
    """

    def __init__(self, sample_rate: int, *, snr_db: float = SNR_DB, seed: int = 0) -> None:
        self.sample_rate = sample_rate
        self.snr_db = snr_db
        self.epochs = 0
        self._fft_size = _fft_size(sample_rate)
        self._generator = np.random.default_rng(seed)
        frequencies = self._fft_size // 2 + 1
        self._network = MaskNetwork(frequencies * (2 * CONTEXT + 2), frequencies, generator=self._generator)

    def fit_epoch(self, clips: Sequence[AudioClip]) -> float:
        """Train on the clips once, or on as many of them as `MAX_CELLS` allows, with noise drawn anew.

        Parameters
        ----------
        clips : sequence of AudioClip
            Clean sounds; those that are silent all through are left out.

        Returns
        -------
        float
            Energy of the error over energy of the clean spectra, each mini-batch judged before the step it caused:
            1 is what a mask of zeros gets.

        Raises
        ------
        AudioValueError
            No clips, or only silent ones.
        """
        examples = self._examples(clips)
        error = 0.0
        order = self._generator.permutation(len(examples.centres))
        for chosen in np.split(order, range(BATCH, len(order), BATCH)):
            error += self._network.step(examples.inputs(chosen), examples.noisy[chosen], examples.clean[chosen])
        self.epochs += 1
        return error / float(np.square(examples.clean, dtype=np.float64).sum())

    def denoise(self, samples: FloatArray, sample_rate: int) -> FloatArray:
        """Take the noise out of a sound, each channel by itself.

        Parameters
        ----------
        samples : ndarray [shape=(frames,) or (frames, channels)], float32
            Stays as it is.
        sample_rate : int > 0
            [Hz]

        Returns
        -------
        ndarray [shape as `samples`], float32

        Raises
        ------
        AudioShapeError
            Neither one nor two dimensions.
        """
        if samples.ndim not in (1, 2):
            raise AudioShapeError(f"got shape {samples.shape}, wanted (frames,) or (frames, channels)")
        if samples.ndim == 1:
            return self._denoised(samples, sample_rate)
        return np.stack([self._denoised(channel, sample_rate) for channel in samples.T], axis=1)

    def _denoised(self, samples: FloatArray, sample_rate: int) -> FloatArray:
        if sample_rate == self.sample_rate:
            return self._masked(samples)
        there = np.asarray(soxr.resample(samples, sample_rate, self.sample_rate), np.float32)
        back = soxr.resample(self._masked(there), self.sample_rate, sample_rate)[: len(samples)]
        return np.pad(np.asarray(back, np.float32), (0, len(samples) - len(back)))

    def _masked(self, samples: FloatArray) -> FloatArray:
        spectra = stft(samples, fft_size=self._fft_size)
        levels, floors = _levels(spectra)
        for start in range(0, len(spectra), _BLOCK):
            block = np.arange(start, min(start + _BLOCK, len(spectra)))
            spectra[block] *= self._network.mask(_inputs(levels, block + CONTEXT, floors[block]))
        return istft(spectra, length=len(samples))

    def _examples(self, clips: Sequence[AudioClip]) -> _Examples:
        parts: list[_Examples] = []
        cells = 0
        for clean in self._shuffled(clips):
            parts.append(self._one_example(clean))
            cells += parts[-1].noisy.size
            if cells >= MAX_CELLS:
                break
        if not parts:
            raise AudioValueError("got no clips with sound in them, wanted at least one to learn from")
        return _joined(parts)

    def _shuffled(self, clips: Sequence[AudioClip]) -> Iterator[FloatArray]:
        for place in self._generator.permutation(len(clips)):
            samples = self._excerpt(mono(clips[place], self.sample_rate))
            if samples.any():
                yield samples

    def _excerpt(self, samples: FloatArray) -> FloatArray:
        length = round(EXCERPT_SECONDS * self.sample_rate)
        start = int(self._generator.integers(max(len(samples) - length, 0) + 1))
        return samples[start : start + length]

    def _one_example(self, clean: FloatArray) -> _Examples:
        noisy = add_noise(clean, snr_db=self.snr_db, generator=self._generator)
        spectra, wanted = stft(noisy, fft_size=self._fft_size), stft(clean, fft_size=self._fft_size)
        magnitude = np.abs(spectra)
        scale = 1 / np.sqrt(np.mean(magnitude**2) + _TINY)
        along = np.real(wanted * spectra.conj()) / (magnitude + _TINY)
        levels, floors = _levels(spectra)
        return _Examples(levels, floors, magnitude * scale, along * scale, np.arange(len(spectra)) + CONTEXT)


def _joined(parts: Sequence[_Examples]) -> _Examples:
    starts = np.cumsum([0] + [len(part.levels) for part in parts[:-1]])
    return _Examples(
        levels=np.concatenate([part.levels for part in parts]),
        floors=np.concatenate([part.floors for part in parts]),
        noisy=np.concatenate([part.noisy for part in parts]),
        clean=np.concatenate([part.clean for part in parts]),
        centres=np.concatenate([part.centres + start for part, start in zip(parts, starts, strict=True)]),
    )


def _levels(spectra: Spectra) -> tuple[FloatArray, FloatArray]:
    """Return log magnitudes without the clip's level, padded by `CONTEXT` frames, and the noise floor per frame."""
    levels = np.log(np.abs(spectra) + _TINY)
    levels = np.maximum(levels - levels.max(), np.float32(-RANGE))
    levels = (levels - levels.mean()) / max(float(levels.std()), 1e-3)
    floors = np.quantile(levels, FLOOR_QUANTILE, axis=0, keepdims=True).astype(np.float32)
    return np.pad(levels, ((CONTEXT, CONTEXT), (0, 0)), mode="edge"), np.repeat(floors, len(levels), axis=0)


def _inputs(levels: FloatArray, centres: npt.NDArray[np.int64], floors: FloatArray) -> FloatArray:
    around = levels[centres[:, None] + np.arange(-CONTEXT, CONTEXT + 1)]
    return np.concatenate([around.reshape(len(centres), -1), floors], axis=1)


def _fft_size(sample_rate: int) -> int:
    return max(1 << round(math.log2(FRAME_SECONDS * sample_rate)), 16)

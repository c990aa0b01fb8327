"""LogMel: Kaldi's log-mel filter bank in numpy, as Transformers' AST extractor has it without torchaudio.

Kaldi: feat/feature-window.cc, feat/mel-computations.cc. Transformers: ASTFeatureExtractor._extract_fbank_features and
audio_utils.spectrogram, mel_filter_bank(mel_scale="kaldi", triangularize_in_mel_space=True) (5.23).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from audio_logging._types import Samples
from audio_logging.inference.errors import ModelError

__all__ = ["LogMel"]

FRAME, HOP, FFT = 400, 160, 512
"""[samples] 25 ms and 10 ms at 16 kHz; Transformers takes these numbers at every rate."""

PREEMPHASIS = 0.97
LOWEST = 20
"""[Hz]"""

FLOOR = 1.192092955078125e-07
"""2^-23, the machine epsilon of float32, as torchaudio.compliance.kaldi has it."""


class LogMel:
    """Turns samples into a log-mel spectrogram.

    Parameters
    ----------
    sample_rate : int
        [Hz]
    bands : int
        Mel bands, from 20 Hz to half the rate.

    Raises
    ------
    ModelError
        A rate or number of bands that makes no filters.
    """

    def __init__(self, sample_rate: int, bands: int) -> None:
        if sample_rate // 2 <= LOWEST or not 0 < bands <= 10 * FFT:
            raise ModelError(f"got {bands} mel bands at {sample_rate} Hz, wanted at least one, and more than 40 Hz")
        self.sample_rate, self.bands = sample_rate, bands

    @staticmethod
    def samples_for(frames: int) -> int:
        """Return how many samples make so many frames."""
        return FRAME + (frames - 1) * HOP

    def __call__(self, samples: Samples) -> Samples:
        """Return the spectrogram.

        Parameters
        ----------
        samples : ndarray [shape=(samples,)], float32

        Returns
        -------
        ndarray [shape=(frames, bands)], float32
            Natural logarithm of the power. No frames for fewer than 400 samples.
        """
        if len(samples) < FRAME:
            return np.zeros((0, self.bands), np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP].astype(np.float64)
        frames -= frames.mean(axis=1, keepdims=True)
        emphasised = frames.copy()
        emphasised[:, 1:] -= PREEMPHASIS * frames[:, :-1]
        emphasised[:, 0] *= 1 - PREEMPHASIS
        spectrum = np.fft.rfft(emphasised * self._window, FFT)
        power = spectrum.real**2 + spectrum.imag**2
        return np.log(np.maximum(power @ self._filters, FLOOR)).astype(np.float32)

    @cached_property
    def _window(self) -> npt.NDArray[np.float64]:
        return np.hanning(FRAME)

    @cached_property
    def _filters(self) -> npt.NDArray[np.float64]:
        """Triangles on the mel scale [shape=(bins, bands)]."""
        edges = np.linspace(_mel(LOWEST), _mel(self.sample_rate // 2), self.bands + 2)
        bins = _mel(self.sample_rate / FFT * np.arange(FFT // 2 + 1))[:, np.newaxis]
        rising = (bins - edges[:-2]) / np.diff(edges)[:-1]
        falling = (edges[2:] - bins) / np.diff(edges)[1:]
        return np.maximum(0, np.minimum(rising, falling))


def _mel(frequency: float | npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Kaldi's mel scale: 1127 ln(1 + f / 700 Hz)."""
    return np.asarray(1127.0 * np.log(1.0 + np.asarray(frequency) / 700.0))

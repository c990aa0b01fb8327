"""True peak: how high the wave rises between the samples (ITU-R BS.1770-4, annex 2)."""

from __future__ import annotations

import numpy as np
import soxr

from audio_logging._types import Samples

__all__ = ["TruePeak"]

TIMES = 4
"""How many values are looked at for each sample: annex 2 wants four times 48 kHz ..."""

HIGH_RATE = 192_000
"""[Hz] ... and less where the rate is higher already, up to none in between from here on."""


class TruePeak:
    """The largest absolute value of the wave through samples that come in blocks.

    Parameters
    ----------
    sample_rate : int
        [Hz] Four times as many values are looked at; from 96 kHz on twice, from 192 kHz on just the samples.
    channels : int
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        times = TIMES if sample_rate < HIGH_RATE / 2 else TIMES // 2
        self._resampler = None
        if sample_rate < HIGH_RATE:
            self._resampler = soxr.ResampleStream(sample_rate, times * sample_rate, channels, dtype="float32")
        self._channels = channels
        self._peak = 0.0

    def add(self, block: Samples) -> None:
        """Take the next samples [shape=(frames, channels)]."""
        self._look_at(block, last=False)

    def value(self) -> float:
        """Return the peak; 1.0 is full scale. After this no more can be taken."""
        self._look_at(np.zeros((0, self._channels), np.float32), last=True)
        return self._peak

    def _look_at(self, block: Samples, *, last: bool) -> None:
        for samples in (block, self._between(block, last)):
            if samples.size:
                self._peak = max(self._peak, float(samples.max()), -float(samples.min()))

    def _between(self, block: Samples, last: bool) -> Samples:
        if self._resampler is None:
            return block
        return np.asarray(self._resampler.resample_chunk(block, last=last))

"""Levels of a clip: peaks, loudness, clipping, offset, in one pass."""

from __future__ import annotations

import math
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from audio_logging._types import Samples
from audio_logging.dashboard.analysis.blocks import BlockReader, Cancel, open_blocks
from audio_logging.dashboard.analysis.loudness import MOST_CHANNELS, RATES, Loudness
from audio_logging.dashboard.analysis.true_peak import TruePeak
from audio_logging.dashboard.stored_file import StoredFile

__all__ = ["Levels", "levels", "levels_of"]

CLIPPED_RUN = 3
"""[frames] So many samples in a row at the end of an integer's range are clipped; one or two may just be the highest of
a clip that was normalised. Audacity's "Find Clipping" has the same default."""


class Levels(TypedDict):
    """What is known of a clip's level; None where there is none, as of silence in decibel.

    Attributes
    ----------
    peak : float
        Largest absolute sample, 1.0 is full scale.
    peak_db, true_peak_db : float or None
        [dBFS] Of the samples, and of the wave through them.
    rms_db : float or None
        [dBFS] Root of the mean square of all channels; a sine of full scale has -3.01.
    lufs : float or None
        Integrated loudness (ITU-R BS.1770-4); None below -70, too, for rates below 4 kHz or above 768, and for more
        than 32 channels.
    clipped_samples : int
        Floating point: beyond full scale. Integers: at the end of their range, three in a row at least.
    dc : float
        Mean of the channel where it is farthest from 0.
    invalid_samples : int
        NaN and infinity, taken for 0.
    frames, sample_rate, channels : int
    """

    peak: float
    peak_db: float | None
    rms_db: float | None
    lufs: float | None
    true_peak_db: float | None
    clipped_samples: int
    dc: float
    invalid_samples: int
    frames: int
    sample_rate: int
    channels: int


def levels(file: StoredFile, *, cancelled: Cancel = None) -> Levels:
    """Return the levels of a stored file.

    Parameters
    ----------
    file : StoredFile
    cancelled : callable, optional
        Asked between blocks.

    Returns
    -------
    Levels
        A dict.

    Raises
    ------
    NotFoundError, AudioValueError, AudioDecodeError
        The file is gone, no regular file any more, no audio, or damaged.
    Cancelled
        `cancelled` said so.
    """
    with open_blocks(file, cancelled) as reader:
        return levels_of(reader)


def levels_of(reader: BlockReader) -> Levels:
    """Return the levels of an open file.

    Parameters
    ----------
    reader : BlockReader
        Not read yet.

    Returns
    -------
    Levels

    Raises
    ------
    AudioDecodeError, Cancelled
        As `levels`.
    """
    sums = _Sums(reader.channels)
    clipping = _Clipping(reader)
    true_peak = TruePeak(reader.sample_rate, reader.channels)
    loudness = None
    if reader.sample_rate in RATES and reader.channels <= MOST_CHANNELS:
        loudness = Loudness(reader.sample_rate, reader.channels)
    for block in reader.blocks():
        sums.add(block)
        clipping.add(block)
        true_peak.add(block)
        if loudness is not None:
            loudness.add(block)
    return Levels(
        peak=sums.peak,
        peak_db=_decibel(sums.peak),
        rms_db=_decibel(sums.rms),
        lufs=loudness.integrated() if loudness is not None else None,
        true_peak_db=_decibel(true_peak.value()),
        clipped_samples=clipping.count,
        dc=sums.dc,
        invalid_samples=reader.invalid_samples,
        frames=sums.frames,
        sample_rate=reader.sample_rate,
        channels=reader.channels,
    )


class _Sums:
    """Peak, mean and mean square."""

    def __init__(self, channels: int) -> None:
        self.peak = 0.0
        self.frames = 0
        self._total = np.zeros(channels)
        self._squares = 0.0

    def add(self, block: Samples) -> None:
        self.peak = max(self.peak, float(block.max()), -float(block.min()))
        self.frames += len(block)
        # Each channel by itself: a matrix product of this shape goes to BLAS's threads, which cost more than they do.
        self._total += [channel.sum(dtype=np.float64) for channel in block.T]
        self._squares += float(np.einsum("ij,ij->", block, block, dtype=np.float64))

    @property
    def rms(self) -> float:
        return math.sqrt(self._squares / max(self.frames * len(self._total), 1))

    @property
    def dc(self) -> float:
        means = self._total / max(self.frames, 1)
        return float(means[np.argmax(np.abs(means))])


class _Clipping:
    """Counts clipped samples."""

    def __init__(self, reader: BlockReader) -> None:
        self.count = 0
        self._largest = reader.largest
        self._runs = np.zeros(reader.channels, np.int64)

    def add(self, block: Samples) -> None:
        if self._largest is None:
            self.count += int(np.count_nonzero(np.abs(block) > 1))
        elif self._runs.any() or block.max() >= self._largest or block.min() <= -1:
            at_end = (block >= self._largest) | (block <= -1)
            for channel, flags in enumerate(at_end.T):
                self._add_runs(channel, flags)

    def _add_runs(self, channel: int, flags: npt.NDArray[np.bool_]) -> None:
        borders = np.flatnonzero(np.diff(flags, prepend=False, append=False))
        lengths = borders[1::2] - borders[::2]
        begun = int(self._runs[channel])
        if len(borders) and not borders[0]:
            lengths[0] += begun
            self.count -= begun if begun >= CLIPPED_RUN else 0
        self.count += int(lengths[lengths >= CLIPPED_RUN].sum())
        self._runs[channel] = lengths[-1] if len(borders) and borders[-1] == len(flags) else 0


def _decibel(amplitude: float) -> float | None:
    return 20 * math.log10(amplitude) if amplitude > 0 else None

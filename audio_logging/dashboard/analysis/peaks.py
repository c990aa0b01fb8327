"""Peaks: the smallest and the largest sample of each stretch of a clip, which is what a waveform draws.

A long clip is decoded once. What remains is the range of every 256 frames or more (`Overview`), which answers for any
stretch that is long enough; a shorter one is decoded, and nothing but it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audio_logging._types import Samples
from audio_logging.dashboard.analysis.blocks import BlockReader, Cancel, of_known_length
from audio_logging.dashboard.analysis.views import view_of
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.errors import AudioValueError

__all__ = ["MAX_BUCKETS", "Overview", "Peaks", "bucket_peaks", "overview", "peaks"]

MAX_BUCKETS = 4096

MOST_CHANNELS = 32
"""Drawn; more are not."""

FULL_SCALE = 32767

STRETCH = 256
"""[frames] Of an overview, at least: what a block is a multiple of."""

MOST_RANGES = 2**19
"""Of an overview, 2 MB: stretches times channels. 25 minutes of stereo at 44.1 kHz in the finest steps."""

FINE_ENOUGH = 16
"""[stretches] The shortest bucket that is put together of them."""

HEADER = struct.Struct("<qqq")

Ranges = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Peaks:
    """Smallest and largest samples of a clip, or of a part of it.

    Attributes
    ----------
    channels : int
        At most 32; of a clip with more, the first 32.
    n : int
        Buckets.
    data : bytes
        int16, little endian [shape=(channels, n, 2)]: smallest and largest sample of each bucket, full scale 32767.
    """

    channels: int
    n: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Overview:
    """The range of every stretch of a clip.

    Attributes
    ----------
    frames : int
        Of the whole clip.
    stretch : int
        [frames] A power of two.
    ranges : ndarray of int16 [shape=(stretches, 2, channels)]
        Smallest and largest.
    """

    frames: int
    stretch: int
    ranges: Ranges

    def to_bytes(self) -> bytes:
        """Return it as bytes."""
        return HEADER.pack(self.frames, self.stretch, self.ranges.shape[2]) + self.ranges.astype("<i2").tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Overview:
        """Make it of what `to_bytes` returned."""
        frames, stretch, channels = HEADER.unpack_from(data)
        ranges = np.frombuffer(data, "<i2", offset=HEADER.size).reshape(-1, 2, channels)
        return cls(frames, stretch, ranges)


def peaks(
    file: StoredFile, n: int, *, start: float | None = None, end: float | None = None, cancelled: Cancel = None
) -> Peaks:
    """Return the peaks of a stored file, decoding what is needed.

    Parameters
    ----------
    file : StoredFile
    n : int
        Buckets, 1 to 4096. They split the frames evenly, each frame is in exactly one; with fewer frames than buckets,
        frames are repeated. Buckets of 4096 frames or more begin at a multiple of 256 frames (of clips beyond half an
        hour a little more), so that all zoom levels of a long clip are made of the same stretches.
    start, end : float, optional
        [s] The part of interest; default: all. Cut to the clip.
    cancelled : callable, optional
        Asked between blocks.

    Returns
    -------
    Peaks
        NaN and infinity count as 0.

    Raises
    ------
    AudioValueError
        `n`, `start` or `end` make no sense.
    NotFoundError, AudioDecodeError
        The file is gone, no audio, or damaged.
    Cancelled
        `cancelled` said so.
    """
    return of_known_length(
        file,
        lambda reader, frames: bucket_peaks(reader, frames, n, start, end, lambda: overview(reader, frames)),
        cancelled=cancelled,
    )


def bucket_peaks(
    reader: BlockReader,
    frames: int,
    n: int,
    start: float | None,
    end: float | None,
    get_overview: Callable[[], Overview],
) -> Peaks:
    """Return the peaks of an open file.

    Parameters
    ----------
    reader : BlockReader
        Not read yet.
    frames : int
        How many there are.
    n : int
        Buckets.
    start, end : float or None
        [s]
    get_overview : callable
        Called where the buckets are long.

    Returns
    -------
    Peaks

    Raises
    ------
    AudioValueError, AudioDecodeError, Cancelled
        As `peaks`.
    """
    if not 1 <= n <= MAX_BUCKETS:
        raise AudioValueError(f"got n={n}, wanted 1 to {MAX_BUCKETS} buckets")
    first, last = view_of(start, end, frames, reader.sample_rate)
    if first == last:
        return _packed(np.zeros((n, 2, min(reader.channels, MOST_CHANNELS)), np.int16))
    if last - first >= n * FINE_ENOUGH * _stretch_for(frames, reader.channels):
        return _packed(_from_overview(get_overview(), n, first, last))
    edges = np.arange(n) * (last - first) // n
    frames_wanted, bucket_of = np.unique(edges, return_inverse=True)  # fewer than n where frames are repeated
    return _packed(_reduced(reader.blocks(first, last), frames_wanted, reader.channels)[bucket_of])


def overview(reader: BlockReader, frames: int) -> Overview:
    """Return the range of every stretch of an open file.

    Parameters
    ----------
    reader : BlockReader
        Not read yet.
    frames : int
        How many there are.

    Returns
    -------
    Overview

    Raises
    ------
    AudioDecodeError, Cancelled
        As `peaks`.
    """
    stretch = _stretch_for(frames, reader.channels)
    edges = np.arange(0, frames, stretch)
    return Overview(frames, stretch, _reduced(reader.blocks(0, frames), edges, reader.channels))


def _reduced(blocks: Iterable[Samples], edges: npt.NDArray[np.int64], channels: int) -> Ranges:
    """Return the ranges [shape=(len(edges), 2, channels)] of the frames from each edge up to the next one."""
    channels = min(channels, MOST_CHANNELS)
    low = np.full((len(edges), channels), np.inf, np.float32)
    high = np.full((len(edges), channels), -np.inf, np.float32)
    at = 0
    for samples in blocks:
        block = samples[:, :channels]
        first = int(np.searchsorted(edges, at, side="right")) - 1
        last = int(np.searchsorted(edges, at + len(block), side="left"))
        local = np.maximum(edges[first:last] - at, 0)
        np.minimum(low[first:last], np.minimum.reduceat(block, local, axis=0), out=low[first:last])
        np.maximum(high[first:last], np.maximum.reduceat(block, local, axis=0), out=high[first:last])
        at += len(block)
    return np.stack([_to_int16(low), _to_int16(high)], axis=1)


def _to_int16(samples: Samples) -> Ranges:
    return np.rint(np.clip(samples, -1, 1) * FULL_SCALE).astype(np.int16)


def _from_overview(view: Overview, n: int, first: int, last: int) -> Ranges:
    start = first // view.stretch
    stop = -(-last // view.stretch)
    edges = start + np.arange(n) * (stop - start) // n
    ranges = view.ranges[:stop]
    low = np.minimum.reduceat(ranges[:, 0], edges, axis=0)
    high = np.maximum.reduceat(ranges[:, 1], edges, axis=0)
    return np.stack([low, high], axis=1)


def _stretch_for(frames: int, channels: int) -> int:
    stretch = STRETCH
    while frames * min(channels, MOST_CHANNELS) > stretch * MOST_RANGES:
        stretch *= 2
    return stretch


def _packed(ranges: Ranges) -> Peaks:
    """Pack ranges [shape=(n, 2, channels)]."""
    n, _, channels = ranges.shape
    return Peaks(channels, n, np.ascontiguousarray(ranges.transpose(2, 0, 1), "<i2").tobytes())

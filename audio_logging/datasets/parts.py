"""Clips on their way into a batch: they know their size, and write themselves into a row when there is one."""

from __future__ import annotations

from contextlib import closing
from typing import NamedTuple, TypeAlias

import numpy as np

from audio_logging._types import Samples
from audio_logging.datasets.encodings import Row
from audio_logging.datasets.soundfile_source import SoundFileSource
from audio_logging.datasets.wav_source import WavSource

__all__ = ["ArrayPart", "FilePart", "Part", "SilentPart", "WavPart", "samples_of"]


class WavPart(NamedTuple):
    """A stretch of a WAV file that goes into the batch as it is: it is decoded in its row, and nowhere else."""

    source: WavSource
    first: int
    frames: int
    channels: int

    def write(self, row: Row) -> None:
        """Fill `row` [shape=(frames * channels,)]; errors as :meth:`WavSource.read_into`."""
        self.source.read_into(row, self.first)


class FilePart(NamedTuple):
    """A stretch of a file of another format that is as long as its header says; it is opened again to be decoded."""

    path: str
    first: int
    frames: int
    channels: int

    def write(self, row: Row) -> None:
        """Fill `row` [shape=(frames * channels,)]; errors as :class:`SoundFileSource`."""
        with closing(SoundFileSource(self.path)) as source:
            source.read_into(row, self.first)


class ArrayPart(NamedTuple):
    """Samples that had to be decoded or converted before their length was known."""

    samples: Samples
    frames: int
    channels: int

    def write(self, row: Row) -> None:
        """Fill `row` [shape=(frames * channels,)]."""
        row[...] = self.samples.reshape(-1)[: row.size]


class SilentPart(NamedTuple):
    """Zeros in place of a file that cannot be read."""

    frames: int
    channels: int

    def write(self, row: Row) -> None:
        """Fill `row` [shape=(frames * channels,)] with zeros."""
        row[...] = 0


Part: TypeAlias = WavSource | WavPart | FilePart | ArrayPart | SilentPart
"""A whole WAV file is a part as it is."""


def samples_of(part: Part, frames: int | None = None) -> Samples:
    """Return a clip of its own, padded with zeros at the end.

    Parameters
    ----------
    part : Part
        The clip.
    frames : int, optional
        Length wanted; default: its own.

    Returns
    -------
    ndarray [shape=(frames, channels)], float32
        Nobody else holds it.

    Raises
    ------
    AudioDecodeError, AudioReadError, NonFiniteAudioError
        As :meth:`WavSource.read_into`.
    """
    samples = np.empty((part.frames if frames is None else frames, part.channels), np.float32)
    row = samples.reshape(-1)
    filled = part.frames * part.channels
    part.write(row[:filled])
    row[filled:] = 0
    return samples

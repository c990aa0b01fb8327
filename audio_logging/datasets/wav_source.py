"""A WAV file that waits, and then decodes straight into a row of the batch."""

from __future__ import annotations

import os
from typing import NamedTuple

import numpy as np

from audio_logging._types import Samples
from audio_logging.datasets.encodings import Encoding, Row
from audio_logging.datasets.files import CHUNK_BYTES, fill, kept_chunk, open_regular, raise_unreadable, shown
from audio_logging.datasets.finite import check_finite
from audio_logging.errors import AudioDecodeError

__all__ = ["WavSource"]


class WavSource(NamedTuple):
    """A WAV file whose header is known and whose samples wait.

    Parameters
    ----------
    path : str
        The file.
    head : bytes
        Its first bytes, often all of them.
    encoding : Encoding
        How one sample is written.
    channels : int
    sample_rate : int
        [Hz]
    start : int
        The byte where the samples begin.
    frames : int
        How many samples each channel has.
    """

    path: str
    head: bytes
    encoding: Encoding
    channels: int
    sample_rate: int
    start: int
    frames: int

    def write(self, row: Row) -> None:
        """Fill `row` [shape=(frames * channels,)] with the whole file; errors as `read_into`."""
        self.read_into(row, 0)

    def read_into(self, row: Row, first: int) -> None:
        """Fill a row with interleaved samples.

        Parameters
        ----------
        row : ndarray [shape=(frames * channels,)], float32, contiguous
            Filled.
        first : int
            The frame to begin with.

        Raises
        ------
        AudioDecodeError
            The file became shorter since it was opened.
        NonFiniteAudioError
            NaN or infinity among the samples.
        AudioFileNotFoundError, AudioReadError
            The file is gone, or cannot be read.
        """
        encoding = self.encoding
        offset = self.start + first * self.channels * encoding.width
        if offset + row.size * encoding.width <= len(self.head):
            encoding.decode(self.head, offset, row)
        else:
            _stream(self.path, encoding, offset, row)
        if not encoding.finite:
            check_finite(self.path, row)

    def read(self, first: int, frames: int) -> Samples:
        """Return samples [shape=(frames, channels)], float32; errors as `read_into`."""
        samples = np.empty((frames, self.channels), np.float32)
        self.read_into(samples.reshape(-1), first)
        return samples

    def close(self) -> None:
        """Do nothing: the file is open only while it is read."""


def _stream(path: str, encoding: Encoding, offset: int, row: Row) -> None:
    """Decode a long stretch of a file chunk by chunk, through the buffer that the thread keeps."""
    chunk, step = kept_chunk(), CHUNK_BYTES // encoding.width
    descriptor = open_regular(path)
    try:
        os.lseek(descriptor, offset, os.SEEK_SET)
        for start in range(0, row.size, step):
            part = row[start : start + step]
            _fill_whole(path, descriptor, chunk[: part.size * encoding.width])
            encoding.decode(chunk, 0, part)
    except OSError as error:
        raise_unreadable(path, error)
    finally:
        os.close(descriptor)


def _fill_whole(path: str, descriptor: int, view: memoryview) -> None:
    while view:
        count = fill(descriptor, view)
        if not count:
            raise AudioDecodeError(f"{shown(path)}: the file became shorter while it was read")
        view = view[count:]

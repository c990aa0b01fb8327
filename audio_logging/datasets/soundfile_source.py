"""A file of any other format, through libsndfile."""

from __future__ import annotations

import os

import numpy as np
import soundfile

from audio_logging._types import Samples
from audio_logging.datasets.encodings import Row
from audio_logging.datasets.files import open_regular, shown
from audio_logging.datasets.finite import check_finite
from audio_logging.errors import AudioDecodeError

__all__ = ["SoundFileSource"]

_BLOCK_SAMPLES = 1 << 22
"""How much is decoded at once, so that a false length in a header costs no memory."""

_MOST_SAMPLES_A_BYTE = 64
"""Beyond this a file is silence, or its header lies."""

_FLOATING = {"FLOAT", "DOUBLE"}
"""Subtypes that can hold NaN."""

_MAY_BE_SHORT = {"MP3", "OGG"}
"""Formats whose length libsndfile estimates."""


class SoundFileSource:
    """A file of any other format, held open by libsndfile.

    Parameters
    ----------
    path : str
        The file.

    Raises
    ------
    AudioDecodeError
        libsndfile cannot make sense of it.
    AudioFileNotFoundError, AudioReadError
        It is gone, or cannot be read.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = open_regular(path)
        try:
            self._file = soundfile.SoundFile(self._descriptor, closefd=False)
        except (soundfile.SoundFileError, TypeError, ValueError) as error:
            os.close(self._descriptor)
            raise AudioDecodeError(
                f"{shown(path)}: is no audio file that libsndfile reads ({_reason(error)}). Remove it, or pass "
                "on_error='skip'"
            ) from error
        self.frames = int(self._file.frames)
        self.channels = int(self._file.channels)
        self.sample_rate = int(self._file.samplerate)

    @property
    def length_is_sure(self) -> bool:
        """Whether the file can well hold what its header promises, so that a batch may be made for it."""
        plausible = self.frames * self.channels <= _MOST_SAMPLES_A_BYTE * os.fstat(self._descriptor).st_size
        return plausible and self._file.format not in _MAY_BE_SHORT

    def read(self, first: int, frames: int) -> Samples:
        """Return samples [shape=(frames, channels)], float32.

        Parameters
        ----------
        first, frames : int
            Where to begin, and how many; fewer come back when an MP3 or OGG file was longer in its header.

        Returns
        -------
        ndarray [shape=(frames, channels)], float32

        Raises
        ------
        AudioDecodeError
            It is damaged or cut short.
        NonFiniteAudioError
            NaN or infinity among the samples.
        """
        blocks = self._blocks(first, frames)
        samples = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
        self._check(first, frames, samples)
        return samples

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
        AudioDecodeError, NonFiniteAudioError
            As `read`.
        """
        out = row.reshape(-1, self.channels)
        self._check(first, len(out), self._decode(first, len(out), out))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        os.close(self._descriptor)

    def _blocks(self, first: int, frames: int) -> list[Samples]:
        """Decode a block at a time, so that no memory is taken for frames that are not there."""
        step = max(1, _BLOCK_SAMPLES // self.channels)
        blocks = [self._decode(first, min(step, frames))]
        for start in range(step, frames, step):
            if len(blocks[-1]) < step:
                break
            blocks.append(self._decode(None, min(step, frames - start)))
        return blocks

    def _decode(self, first: int | None, frames: int, out: Samples | None = None) -> Samples:
        try:
            if first:
                self._file.seek(first)
            samples: Samples = self._file.read(frames, dtype="float32", always_2d=True, out=out)
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise AudioDecodeError(f"{shown(self.path)}: cannot be decoded ({_reason(error)})") from error
        return samples

    def _check(self, first: int, frames: int, samples: Samples) -> None:
        if len(samples) < frames and self._file.format not in _MAY_BE_SHORT:
            raise AudioDecodeError(
                f"{shown(self.path)}: the header promises {first + frames} frames, the file holds "
                f"{first + len(samples)}; it was cut short. Copy it again, or pass on_error='skip'"
            )
        if self._file.subtype in _FLOATING:
            check_finite(self.path, samples)


def _reason(error: Exception) -> str:
    return str(error).rstrip(".").rpartition(": ")[2]

"""Reading a stored file in blocks: whatever its length, no more than a few of them are in memory.

What its header says of its length is a promise. Where the file ends earlier, what is there counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO, TypeAlias, TypeVar

import numpy as np
import soundfile

from audio_logging._types import AnyArray, Samples
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.encoding.decode import BITS
from audio_logging.encoding.header import info_of, open_sound, refuse_truncated
from audio_logging.errors import AudioDecodeError, AudioLoggingError
from audio_logging.runs.paths import open_regular

__all__ = ["BLOCK", "LOUDEST", "BlockReader", "Cancel", "Cancelled", "EndsEarlyError", "of_known_length", "open_blocks"]

BLOCK = 2**17
"""[samples] Half a megabyte: it and what is made of it stay in the processor's cache."""

MULTIPLE = 256
"""[frames] Blocks hold a multiple of these, so that coarser steps fall on their borders."""

LOUDEST = 1e9
"""Louder samples become this, 180 dB above full scale: squares of larger ones do not fit into 32-bit floats."""

MOST_FRAMES_A_BYTE = 2**16
"""FLAC packs most: a block of 65535 equal frames takes 10 bytes or so."""

SEEKS_EXACTLY = (*BITS, "FLOAT", "DOUBLE", "ULAW", "ALAW", "OPUS")
"""Subtypes in which libsndfile finds a frame by its number. Measured with 1.2.2, it does not in Vorbis near the end of
a file, nor in MP3 of variable bit rate. There, and where nobody knows, everything before is decoded."""

Cancel: TypeAlias = Callable[[], bool] | None
"""Asked between blocks whether anybody still wants the answer."""

T = TypeVar("T")


class Cancelled(AudioLoggingError, RuntimeError):  # noqa: N818 - nothing is wrong
    """Nobody wants the answer any more."""


class EndsEarlyError(AudioDecodeError):
    """The file ends before its header says.

    Attributes
    ----------
    frames : int
        How many it holds.
    """

    def __init__(self, name: str, frames: int) -> None:
        super().__init__(f"{name} is truncated: it ends after {frames} frames")
        self.frames = frames


class BlockReader:
    """An open file, read forwards, once; one that was read whole in a single block is held, and can be read again.

    Parameters
    ----------
    file : binary file
        At its beginning.
    name : str
        What to call it in errors.
    size : int
        [bytes] Of the file.
    cancelled : callable, optional
        Asked between blocks.

    Attributes
    ----------
    sample_rate, channels : int
    frames : int or None
        What the header promises; None where it does not say, or cannot be true.
    largest : float or None
        The largest sample, where the file holds integers, as it reads here; None where there is no limit.
    invalid_samples : int
        How many NaN and infinite samples became 0 so far.

    Raises
    ------
    AudioDecodeError
        No audio file, or one that was cut off before its first frame.
    """

    def __init__(self, file: BinaryIO, name: str, size: int, cancelled: Cancel = None) -> None:
        self._name = name
        self._cancelled = cancelled
        self._file = file
        self._sound = open_sound(file, name)
        info = info_of(self._sound)
        self._seekable = self._sound.seekable() and info.subtype in SEEKS_EXACTLY
        self._read_on()
        self.sample_rate = info.sample_rate
        self.channels = info.channels
        self.frames = info.frames if info.frames <= size * MOST_FRAMES_A_BYTE else None
        if self.frames == 0:
            refuse_truncated(file, name)  # Nothing is left of it: that is not silence.
        bits = BITS.get(info.subtype)
        self.largest = None if bits is None else float(np.float32(1 - 2.0 ** (1 - bits)))
        self.invalid_samples = 0
        self._whole: Samples | None = None

    @property
    def is_held(self) -> bool:
        """Whether it can be read again."""
        return self._whole is not None

    def close(self) -> None:
        """Close it; the binary file stays open."""
        self._sound.close()

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[Samples]:
        """Yield the samples from frame `start` on.

        Parameters
        ----------
        start : int
        stop : int, optional
            The frame to stop before; default: the end, wherever it is.

        Yields
        ------
        ndarray of float32 [shape=(frames, channels)]
            Finite. All blocks but the last have the same number of frames, a multiple of 256.

        Raises
        ------
        EndsEarlyError
            The file has fewer than `stop` frames.
        AudioDecodeError
            It is damaged.
        Cancelled
            `cancelled` said so.
        """
        if self._whole is not None:
            yield from self._held(self._whole, start, stop)
            return
        at = self._go_to(start)
        at_once = max(MULTIPLE, BLOCK // self.channels // MULTIPLE * MULTIPLE)
        while stop is None or at < stop:
            wanted = at_once if stop is None else min(at_once, stop - at)
            block = self._read(wanted)
            at += len(block)
            if len(block):
                yield block
            if len(block) < wanted:
                if stop is not None:
                    raise EndsEarlyError(self._name, at)
                if at == len(block):
                    self._whole = block
                return

    def _held(self, whole: Samples, start: int, stop: int | None) -> Iterator[Samples]:
        block = whole[start:stop]
        if len(block):
            yield block
        if stop is not None and stop > len(whole):
            raise EndsEarlyError(self._name, len(whole))

    def _go_to(self, start: int) -> int:
        """Stand before frame `start`; return it."""
        if start and not (self._seekable and self._seek(start)):
            for skipped in self.blocks(0, start):
                del skipped
            self.invalid_samples = 0
        return start

    def _seek(self, start: int) -> bool:
        """Whether that worked; it does not where the file ends early or is damaged, and reading tells which."""
        try:
            if self._sound.seek(start) == start:
                return True
        except (soundfile.SoundFileError, RuntimeError):
            pass  # after which the decoder of FLAC cannot even go back
        self._sound.close()
        self._file.seek(0)
        self._sound = open_sound(self._file, self._name)
        self._read_on()
        return False

    def _read_on(self) -> None:
        """Keep soundfile from seeking after every read, to where it is: MP3 and Opus decode some of it again then."""
        self._sound.seekable = lambda: False

    def _read(self, frames: int) -> Samples:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled(f"reading {self._name} was cancelled")
        try:
            block = self._sound.read(frames, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, RuntimeError, MemoryError, OSError, ValueError) as error:
            raise AudioDecodeError(f"{self._name} is damaged: {str(error).strip()}") from error
        self.invalid_samples += _make_usable(block)
        return np.asarray(block)


@contextmanager
def open_blocks(file: StoredFile, cancelled: Cancel = None) -> Iterator[BlockReader]:
    """Open a stored file for reading in blocks.

    Parameters
    ----------
    file : StoredFile
    cancelled : callable, optional
        Asked between blocks.

    Yields
    ------
    BlockReader

    Raises
    ------
    NotFoundError
        It is gone.
    AudioValueError
        It is no regular file any more.
    AudioDecodeError
        It is empty or no audio.
    """
    name = repr(file.name)
    with open_regular(file.path) as opened:
        size = os.fstat(opened.fileno()).st_size
        if not size:
            raise AudioDecodeError(f"{name} is empty (0 bytes), wanted an audio file")
        with closing(BlockReader(opened, name, size, cancelled)) as reader:
            yield reader


def of_known_length(
    file: StoredFile, compute: Callable[[BlockReader, int], T], *, frames: int | None = None, cancelled: Cancel = None
) -> T:
    """Compute something that needs to know beforehand how many frames there are.

    Parameters
    ----------
    file : StoredFile
    compute : callable
        Called with an open file and its frames; again with fewer, when the file ends before its header says.
    frames : int, optional
        How many there are, where that is known; default: what the header promises, or counted.
    cancelled : callable, optional
        Asked between blocks.

    Returns
    -------
    object
        What `compute` returns.

    Raises
    ------
    NotFoundError, AudioValueError, AudioDecodeError, Cancelled
        As `open_blocks` and `BlockReader.blocks`.
    """
    for _ in range(3):
        with open_blocks(file, cancelled) as reader:
            frames = reader.frames if frames is None else frames
            try:
                if frames is not None:
                    return compute(reader, frames)
                frames = sum(len(block) for block in reader.blocks())
            except EndsEarlyError as error:
                frames = error.frames
    raise AudioDecodeError(f"{file.name!r} changes while it is read; try again")


def _make_usable(block: AnyArray) -> int:
    """Set NaN and infinity to 0 and the absurdly loud to `LOUDEST`, in place; return how many were invalid."""
    if not block.size or (block.min() >= -LOUDEST and block.max() <= LOUDEST):  # both are False for NaN
        return 0
    invalid = ~np.isfinite(block)
    block[invalid] = 0
    np.clip(block, -LOUDEST, LOUDEST, out=block)
    return int(np.count_nonzero(invalid))

"""Format, sample rate, frames and channels from a file's header, for clips whose run does not tell them.

Plain ``wandb.Audio`` records neither of them for a clip alone, and no channels for a list. The WAV files that it writes
are read here, in some 10 us; every other format is left to :func:`audio_logging.encoding.probe`.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO, NamedTuple

from audio_logging._types import StrPath
from audio_logging.errors import AudioLoggingError
from audio_logging.runs.paths import open_regular

__all__ = ["Header", "read_header"]

_MAX_CHUNKS = 64
"""A WAV file's samples come within the first few chunks; a file of ten million empty ones is a trick."""


class Header(NamedTuple):
    """What a file says of itself."""

    format: str
    sample_rate: int
    frames: int
    channels: int


def read_header(path: StrPath) -> Header | None:
    """Return what the file's header says, or None when it is no audio file that can be read.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Header or None
    """
    try:
        with open_regular(path) as file:
            if file.read(4) == b"RIFF":
                return _read_wav(file)
        return _probe(path)
    except (AudioLoggingError, OSError, struct.error):
        return None


def _read_wav(file: BinaryIO) -> Header | None:
    file.seek(12)
    channels = rate = align = 0
    for _ in range(_MAX_CHUNKS):
        name, size = struct.unpack("<4sI", file.read(8))
        body = file.tell()
        if name == b"fmt ":
            _, channels, rate, _, align = struct.unpack("<HHIIH", file.read(14))
        elif name == b"data":
            left = os.fstat(file.fileno()).st_size - body
            return Header("wav", rate, min(size, left) // align, channels) if align and rate and channels else None
        file.seek(body + size + size % 2)
    return None


def _probe(path: StrPath) -> Header:
    from audio_logging.encoding import probe

    info = probe(path)
    return Header(info.format, info.sample_rate, info.frames, info.channels)

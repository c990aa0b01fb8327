"""What stands in the header of a WAV file, read and not trusted.

Understands RIFF and RF64 with any chunks in any order, odd chunks with their pad byte, extensible headers and the
length that streaming writers leave open. What it does not know (ADPCM, big-endian files, odd widths) it leaves to
libsndfile. A length is never believed beyond the size of the file, so no header can make anyone allocate memory.

References
----------
Microsoft, "Multiple channel audio data and WAVE files"; EBU Tech 3306 (RF64).
"""

from __future__ import annotations

import struct
from typing import NamedTuple, TypeAlias

from audio_logging.clip import MAX_CHANNELS
from audio_logging.datasets.encodings import ENCODINGS, Encoding
from audio_logging.datasets.files import read_at, shown
from audio_logging.errors import AudioDecodeError

__all__ = ["WavHeader", "parse_header"]

_PLAIN = struct.Struct("<HHIIHH4xI")
_FORMAT = struct.Struct("<HHIIHH")
_CHUNK = struct.Struct("<4sI")
_DS64 = struct.Struct("<QQ")
_EXTENSIBLE = 0xFFFE
_OPEN_LENGTH = 0xFFFFFFFF
_Format: TypeAlias = tuple[int, int, int, int, int]  # tag, channels, sample rate, bytes a frame, bits a sample
_COPY_AGAIN = "Copy it again, or pass on_error='skip'"
_MOST_CHUNKS = 1000
"""A file with more chunks than this is no recording; without a bound a file of zeros would be walked 8 bytes a step."""


class WavHeader(NamedTuple):
    """Where the samples of a WAV file are, and how they are written.

    Parameters
    ----------
    encoding : Encoding
        How one sample is written.
    channels : int in [1, 1024]
    sample_rate : int > 0
        [Hz]
    start : int
        The byte where the samples begin.
    frames : int >= 0
        How many samples each channel has; so many are in the file.
    """

    encoding: Encoding
    channels: int
    sample_rate: int
    start: int
    frames: int


def parse_header(path: str, head: bytes, size: int) -> WavHeader | None:
    """Return the header of a WAV file, or None for what libsndfile should look at.

    Parameters
    ----------
    path : str
        The file, for what lies beyond `head` and for error messages.
    head : bytes
        The first bytes of the file.
    size : int
        Size of the file [bytes].

    Returns
    -------
    WavHeader or None

    Raises
    ------
    AudioDecodeError
        It begins as a WAV file, but has no format or samples, promises more than it holds, or has 0 Hz, no channel or
        more than 1024.
    AudioFileNotFoundError, AudioReadError
        It went away while its header was read.
    """
    if head[:4] == b"RIFF" and head[8:20] == b"WAVEfmt \x10\0\0\0" and head[36:40] == b"data" and len(head) >= 44:
        tag, channels, rate, _, block, bits, length = _PLAIN.unpack_from(head, 20)
        return _settle(path, (tag, channels, rate, block, bits), 44, length, size)
    if head[:4] in {b"RIFF", b"RF64", b"BW64"} and head[8:12] == b"WAVE":
        return _walk(path, head, size)
    return None


def _walk(path: str, head: bytes, size: int) -> WavHeader | None:
    """Go from chunk to chunk until both the format and the samples are known."""
    form, samples, long_length, position = None, None, None, 12
    for _ in range(_MOST_CHUNKS):
        if position + 8 > size or (form and samples):
            break
        name, length = _CHUNK.unpack(read_at(path, head, position, 8))
        position += 8
        if name == b"fmt ":
            form = _format(path, read_at(path, head, position, min(length, 40)))
        elif name == b"ds64":
            long_length = _ds64_length(path, read_at(path, head, position, 16))
        elif name == b"data" and not samples:
            length = _OPEN_LENGTH if long_length == 2**64 - 1 else length
            length = long_length if long_length is not None and length == _OPEN_LENGTH else length
            samples = (position, length)
        position += length + (length & 1)
    if form is None or samples is None:
        missing = "format ('fmt ')" if form is None else "samples ('data')"
        raise AudioDecodeError(
            f"{shown(path)}: this WAV file has no {missing} chunk; it was cut short or is damaged. {_COPY_AGAIN}"
        )
    return _settle(path, form, *samples, size)


def _format(path: str, content: bytes) -> _Format:
    if len(content) < _FORMAT.size:
        raise AudioDecodeError(f"{shown(path)}: the format chunk of this WAV file was cut short. {_COPY_AGAIN}")
    tag, channels, rate, _, block, bits = _FORMAT.unpack_from(content)
    if tag == _EXTENSIBLE and len(content) >= 26:
        (tag,) = struct.unpack_from("<H", content, 24)
    return tag, channels, rate, block, bits


def _ds64_length(path: str, content: bytes) -> int:
    if len(content) < _DS64.size:
        raise AudioDecodeError(f"{shown(path)}: the 'ds64' chunk of this RF64 file was cut short. {_COPY_AGAIN}")
    return int(_DS64.unpack(content)[1])


def _settle(path: str, form: _Format, start: int, length: int, size: int) -> WavHeader | None:
    """Check the numbers against each other and against the size of the file."""
    tag, channels, rate, block, bits = form
    encoding = ENCODINGS.get((tag, bits))
    if not rate or not 1 <= channels <= MAX_CHANNELS:
        raise AudioDecodeError(
            f"{shown(path)}: the header says {rate} Hz and {channels} channels; wanted a sample rate above 0 and "
            f"1 to {MAX_CHANNELS} channels. The file is damaged. {_COPY_AGAIN}"
        )
    if encoding is None or block != encoding.width * channels:
        return None
    held = (size - start) // block
    frames = held if length == _OPEN_LENGTH else length // block
    if frames > held:
        raise AudioDecodeError(
            f"{shown(path)}: the header promises {frames} frames, the file holds {held}; it was cut short. "
            f"{_COPY_AGAIN}"
        )
    return WavHeader(encoding, channels, rate, start, frames)

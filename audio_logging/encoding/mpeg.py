"""MP3 streams that do not say how long they are, read up to their end.

An MP3 file has no header. Encoders put a first frame ("Xing" or "Info") that counts the others, unless they write into
a pipe, as ffmpeg and speech services do. Without it libsndfile guesses from the size of the file and the first bit
rate, and never reads beyond its guess: measured with 1.2.2, a minute of variable bit rate is cut to 22 s, and one of
constant bit rate seems to end early. A file that seems to be much longer is read up to where it really ends.
"""

from __future__ import annotations

import io
import os
import re
import struct
from typing import Any, BinaryIO

__all__ = ["ENDLESS", "XING", "XING_AT_MOST", "EndlessFile", "after_id3", "end_of_stream", "leaves_length_open"]

XING = re.compile(rb"\xff[\xe0-\xff].{2}(?:.{9}|.{17}|.{32})(?:Xing|Info)", re.DOTALL)
"""A frame header of 4 bytes, side information (9, 17 or 32 bytes by version and channels), the tag."""

XING_AT_MOST = 4 + 32 + 4

XING_HAS_FRAMES = 0b1

LAYER_3 = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][\x10-\xef]", re.DOTALL)
"""A frame header (ISO/IEC 11172-3, 2.4.1.3) with a bit rate that is not free."""

SEEMING_SIZE = 2**50
"""[bytes] A thousand terabytes."""

APE_HEADER = 2**29
"""Says that this is an APEv2 tag's header, which its size does not count, rather than its footer."""

SEARCHED_AT_END = 2**16
"""[bytes] At a time."""

LOOKED_AT_BEHIND = 4096
"""[bytes] Decoders look for tags so near to the end, or nearer."""

ENDLESS = 2**48
"""[frames] libsndfile's guess for such a file is more: no frame has more than 1441 bytes for 576 samples, or 2881 for
1152."""


def after_id3(head: bytes) -> int:
    """Return where an MPEG stream begins: behind an ID3v2 tag, if there is one.

    Parameters
    ----------
    head : bytes
        The first 10 bytes of a file, at least.

    Returns
    -------
    int
    """
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    return 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))


def leaves_length_open(file: BinaryIO) -> bool:
    """Return whether this is an MP3 stream without a frame that counts the others.

    Parameters
    ----------
    file : binary file
        Read from its beginning and put back there.

    Returns
    -------
    bool
    """
    start = after_id3(file.read(10))
    file.seek(start)
    frame = file.read(XING_AT_MOST + 4).ljust(XING_AT_MOST + 4, b"\0")
    file.seek(0)
    if not LAYER_3.match(frame):
        return False
    found = XING.match(frame)
    return found is None or not struct.unpack_from(">I", frame, found.end())[0] & XING_HAS_FRAMES


def end_of_stream(file: BinaryIO) -> int:
    """Return where an MPEG stream ends: before the tags and zeros that programs add, which decoders stumble over.

    Parameters
    ----------
    file : binary file
        Read from its beginning and put back there.

    Returns
    -------
    int
    """
    end, before = file.seek(0, os.SEEK_END), -1
    while end != before:
        before = end
        file.seek(max(0, end - SEARCHED_AT_END))
        tail = file.read(min(end, SEARCHED_AT_END))
        if tail[-128:-125] == b"TAG":
            end -= 128
        elif tail[-32:-24] == b"APETAGEX":
            size, _, flags = struct.unpack_from("<III", tail, len(tail) - 20)
            end -= 32 if flags & APE_HEADER else size
        else:
            end -= len(tail) - len(tail.rstrip(b"\0"))
        end = max(0, end)
    file.seek(0)
    return end


class EndlessFile(io.RawIOBase):
    """An MP3 file that seems to be very long, with zeros at its end, until somebody reads up to where it really ends.

    Parameters
    ----------
    file : binary file
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._end = end_of_stream(file)
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position, and return it."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: SEEMING_SIZE}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read from the file, or zeros near the seeming end."""
        view = memoryview(buffer).cast("B")
        if self._at >= SEEMING_SIZE - LOOKED_AT_BEHIND:
            data = bytes(min(len(view), SEEMING_SIZE - self._at))
        else:
            self._file.seek(self._at)
            data = self._file.read(max(0, min(len(view), self._end - self._at)))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

"""Seek tables for short FLAC files, without which Chromium plays them but cannot go to a place in them.

libsndfile writes no seek table (https://xiph.org/flac/format.html#metadata_block_seektable). FFmpeg's demuxer, as
Chromium has it, then searches for the place, and fails in files of a few frames: "demuxer seek failed" ends the
playback. One point at the beginning is enough for it. Long files are searched well, and would only be slower with it.
"""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["LONG_ENOUGH", "with_seek_table"]

LONG_ENOUGH: Final = 500_000
"""[bytes] Files of this size and more need no table."""

MARK: Final = b"fLaC"
SEEK_TABLE: Final = 3
"""Type of the metadata block."""

LAST: Final = 0x80
"""Bit of a metadata block's first byte: no other follows."""

POINT: Final = struct.pack(">QQH", 0, 0, 4096)
"""The first sample lies at offset 0 behind the metadata, in a frame of 4096 samples."""


def with_seek_table(data: bytes | bytearray | memoryview) -> bytes | bytearray | memoryview:
    """Return a short FLAC file with a seek table, 22 bytes longer; anything else as it is.

    Parameters
    ----------
    data : bytes
        A whole file.

    Returns
    -------
    bytes
        The same audio, bit for bit. What is no FLAC, is long, has a table already or is damaged stays as it is.

    Examples
    --------
    >>> with_seek_table(b"RIFF")
    b'RIFF'
    """
    if len(data) >= LONG_ENOUGH or bytes(data[:4]) != MARK or _has_table(data):
        return data
    end = 8 + _size(data, 4)
    if end > len(data):
        return data
    last = data[4] & LAST
    header = bytes([SEEK_TABLE | last]) + len(POINT).to_bytes(3, "big")
    return b"".join((MARK, bytes([data[4] & ~LAST]), data[5:end], header, POINT, data[end:]))


def _has_table(data: bytes | bytearray | memoryview) -> bool:
    at = 4
    while at + 4 <= len(data):
        if data[at] & ~LAST == SEEK_TABLE:
            return True
        if data[at] & LAST:
            return False
        at += 4 + _size(data, at)
    return False


def _size(data: bytes | bytearray | memoryview, block: int) -> int:
    return int.from_bytes(data[block + 1 : block + 4], "big")

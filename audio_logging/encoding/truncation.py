"""Does a file end before its container says so? Libraries read what is there and say nothing."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

__all__ = ["missing_bytes"]

STREAMED_SIZE = 0x7FFFFFFF - 0xFFF
"""Sizes from here on are what programs write that cannot seek back (ffmpeg 0xFFFFFFFF, sox 0x7FFFF000 and more)."""

MAX_CHUNKS = 1000

LARGEST_OGG_PAGE = 27 + 255 + 255 * 255
"""[bytes] RFC 3533, section 6: header, segment table, segments."""


def missing_bytes(file: BinaryIO) -> int:
    """Return how many bytes a file promises beyond its end, at least.

    Parameters
    ----------
    file : binary file
        Read from its beginning and put back there.

    Returns
    -------
    int
        0 for a whole file, for a streamed one that leaves its length open, and for containers other than WAV, AIFF
        and Ogg.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        head = file.read(12)
        if len(head) < 12:
            return 0
        if head[:4] == b"RIFF" and head[8:] == b"WAVE":
            return _missing_from_wav(file, end)
        if head[:4] == b"FORM" and head[8:11] == b"AIF":
            return max(0, int.from_bytes(head[4:8], "big") + 8 - end)
        if head[:4] == b"OggS":
            return _missing_from_last_page(file, end)
        return 0
    finally:
        file.seek(0)


def _missing_from_wav(file: BinaryIO, end: int) -> int:
    at = 12
    for _ in range(MAX_CHUNKS):
        file.seek(at)
        chunk = file.read(8)
        if len(chunk) < 8:
            return 0
        name, size = struct.unpack("<4sI", chunk)
        at += 8
        if name == b"data":
            return 0 if size >= STREAMED_SIZE else max(0, size - (end - at))
        at += size + size % 2
    return 0


def _missing_from_last_page(file: BinaryIO, end: int) -> int:
    file.seek(max(0, end - LARGEST_OGG_PAGE))
    tail = file.read()
    start = tail.rfind(b"OggS")
    if start < 0:
        return 0
    page = tail[start:]
    if len(page) < 27 or len(page) < 27 + page[26]:
        return 1
    return max(0, 27 + page[26] + sum(page[27 : 27 + page[26]]) - len(page))

"""Does a file end before its container says so? Libraries read what is there and say nothing."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO

from audio_logging.encoding.mpeg import XING, XING_AT_MOST, after_id3

__all__ = ["missing_bytes"]

STREAMED_SIZE = 0x7EFFF000
"""Sizes from here on are what programs write that cannot seek back (ffmpeg 0xFFFFFFFF, sox about 0x7FFFF000 for WAV
and 0x7F000000 for AIFF)."""

MAX_CHUNKS = 1000

XING_HAS_FRAMES_AND_BYTES = 0b11

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
        0 for a whole file, for a streamed one that leaves its length open, and for containers other than WAV, RF64,
        Wave64, AIFF, CAF, AU, Ogg and MP3. (FLAC says how many frames it has, not how many bytes.)
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        head = file.read(12)
        if len(head) < 12:
            return 0
        if head[:4] == b"RIFF" and head[8:] == b"WAVE":
            return _missing_from_wav(file, end)
        if head[:4] in (b"RF64", b"BW64") and head[8:] == b"WAVE":
            return max(0, _long_size(file, 20) + 8 - end)  # in a first chunk "ds64" (EBU Tech 3306, section 3.4)
        if head[:4] == b"riff":
            return max(0, _long_size(file, 16) - end)
        if head[:4] == b"FORM" and head[8:11] == b"AIF":
            return _beyond(end, 8, int.from_bytes(head[4:8], "big"))
        if head[:4] == b"caff":
            return _missing_from_caf(file, end)
        if head[:4] == b".snd":
            return _beyond(end, int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:], "big"))
        if head[:4] == b"OggS":
            return _missing_from_last_page(file, end)
        return _missing_from_mp3(file, end, head)
    finally:
        file.seek(0)


def _beyond(end: int, start: int, size: int) -> int:
    return 0 if size >= STREAMED_SIZE else max(0, start + size - end)


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
            return _beyond(end, at, size)
        at += size + size % 2
    return 0


def _missing_from_caf(file: BinaryIO, end: int) -> int:
    """Go through the chunks, whose sizes have 64 bits; the samples' may be -1, for "up to the end" (Apple's CAF)."""
    at = 8
    for _ in range(MAX_CHUNKS):
        file.seek(at)
        chunk = file.read(12)
        if len(chunk) < 12:
            return 0
        at += 12 + max(0, int.from_bytes(chunk[4:], "big", signed=True))
        if chunk[:4] == b"data":
            return max(0, at - end)
    return 0


def _long_size(file: BinaryIO, at: int) -> int:
    file.seek(at)
    size = int.from_bytes(file.read(8), "little", signed=True)
    return max(0, size)  # -1 when the program could not seek back


def _missing_from_mp3(file: BinaryIO, end: int, head: bytes) -> int:
    """Look for the frame ("Xing" or "Info") that encoders put first, and that says how long the stream is."""
    start = after_id3(head)
    file.seek(start)
    frame = file.read(XING_AT_MOST + 16)
    found = XING.match(frame)
    if found is None:
        return 0
    flags, _, size = struct.unpack_from(">III", frame.ljust(XING_AT_MOST + 16, b"\0"), found.end())
    return max(0, start + size - end) if flags & XING_HAS_FRAMES_AND_BYTES == XING_HAS_FRAMES_AND_BYTES else 0


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

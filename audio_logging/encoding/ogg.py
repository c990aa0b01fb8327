"""Ogg pages with a serial number of our own choice, so that the same clip gives the same bytes.

libsndfile draws a random serial number for every Ogg file. The page layout and checksum are those of RFC 3533,
"The Ogg Encapsulation Format Version 0", section 6.
"""

from __future__ import annotations

import struct
import zlib

__all__ = ["with_fixed_serial"]

SERIAL = b"aulg"
"""Any four bytes will do; a file of ours holds one stream."""

HEADER_SIZE = 27
SERIAL_AT = 14
CHECKSUM_AT = 22
BIT_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def with_fixed_serial(ogg: bytes) -> bytes:
    """Return the same Ogg file with a fixed stream serial number in every page.

    Parameters
    ----------
    ogg : bytes
        A whole Ogg file with one logical stream.

    Returns
    -------
    bytes
        Of the same length.
    """
    pages = bytearray(ogg)
    start = 0
    while pages[start : start + 4] == b"OggS":
        segments = pages[start + HEADER_SIZE - 1]
        table_end = start + HEADER_SIZE + segments
        end = table_end + sum(pages[start + HEADER_SIZE : table_end])
        pages[start + SERIAL_AT : start + SERIAL_AT + 4] = SERIAL
        pages[start + CHECKSUM_AT : start + CHECKSUM_AT + 4] = bytes(4)
        checksum = struct.pack("<I", _checksum(bytes(pages[start:end])))
        pages[start + CHECKSUM_AT : start + CHECKSUM_AT + 4] = checksum
        start = end
    return bytes(pages)


def _checksum(page: bytes) -> int:
    """CRC-32 of the same polynomial as zlib's, but most significant bit first, and from 0 without final inversion."""
    mirrored = zlib.crc32(page.translate(BIT_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{mirrored:032b}"[::-1], 2)

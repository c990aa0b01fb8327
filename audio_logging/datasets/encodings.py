"""How WAV files write samples down, as a table: a new encoding is one function and one row.

Every function decodes straight into a row of the batch: one pass to convert, one to scale, no array in between. Scaling
by a power of two is exact, so 16-bit samples are int16 / 32768 to the bit, as in Keras and libsndfile.

References
----------
ITU-T G.711 (µ-law and A-law); RFC 2361 (format tags).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["ENCODINGS", "Encoding", "Row"]

Row: TypeAlias = npt.NDArray[np.float32]
"""float32 samples [shape=(frames * channels,)], interleaved, contiguous."""

Buffer: TypeAlias = bytes | memoryview

_INT16, _INT32 = np.dtype("<i2"), np.dtype("<i4")
_FLOAT32, _FLOAT64 = np.dtype("<f4"), np.dtype("<f8")
_UINT8 = np.dtype("u1")
_STEP8, _STEP16, _STEP32 = np.float32(2**-7), np.float32(2**-15), np.float32(2**-31)
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Encoding:
    """One way to write a sample down.

    Parameters
    ----------
    name : str
        libsndfile's name for it.
    width : int
        Bytes of one sample of one channel.
    decode : callable
        ``decode(buffer, offset, row)`` fills `row` with samples from byte `offset` of `buffer` on.
    finite : bool
        Whether every pattern of bits is a finite number.
    """

    name: str
    width: int
    decode: Callable[[Buffer, int, Row], None]
    finite: bool = True


def _decode_u8(buffer: Buffer, offset: int, row: Row) -> None:
    row[...] = np.frombuffer(buffer, _UINT8, row.size, offset)
    row -= np.float32(128)
    row *= _STEP8


def _decode_16(buffer: Buffer, offset: int, row: Row) -> None:
    row[...] = np.frombuffer(buffer, _INT16, row.size, offset)
    row *= _STEP16


def _decode_24(buffer: Buffer, offset: int, row: Row) -> None:
    triples = np.frombuffer(buffer, _UINT8, 3 * row.size, offset).reshape(-1, 3)
    wide = np.zeros((min(_BLOCK, row.size), 4), np.uint8)
    for start in range(0, row.size, _BLOCK):
        part = row[start : start + _BLOCK]
        wide[: part.size, 1:] = triples[start : start + _BLOCK]
        part[...] = wide[: part.size].reshape(-1).view(_INT32)
    row *= _STEP32


def _decode_32(buffer: Buffer, offset: int, row: Row) -> None:
    row[...] = np.frombuffer(buffer, _INT32, row.size, offset)
    row *= _STEP32


def _decode_float(buffer: Buffer, offset: int, row: Row) -> None:
    row[...] = np.frombuffer(buffer, _FLOAT32, row.size, offset)


def _decode_double(buffer: Buffer, offset: int, row: Row) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        row[...] = np.frombuffer(buffer, _FLOAT64, row.size, offset)


def _decode_mu_law(buffer: Buffer, offset: int, row: Row) -> None:
    np.take(_MU_LAW, np.frombuffer(buffer, _UINT8, row.size, offset), out=row, mode="clip")


def _decode_a_law(buffer: Buffer, offset: int, row: Row) -> None:
    np.take(_A_LAW, np.frombuffer(buffer, _UINT8, row.size, offset), out=row, mode="clip")


def _mu_law_table() -> Row:
    """Return the 256 µ-law values: 14 bits, the top of 16."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    magnitude = (((mantissa << 3) + 132) << exponent) - 132
    return (np.where(code & 128, -magnitude, magnitude) * _STEP16).astype(np.float32)


def _a_law_table() -> Row:
    """Return the 256 A-law values: 13 bits, the top of 16."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    magnitude = np.where(exponent, ((mantissa << 4) + 264) << np.maximum(exponent - 1, 0), (mantissa << 4) + 8)
    return (np.where(code & 128, magnitude, -magnitude) * _STEP16).astype(np.float32)


_MU_LAW, _A_LAW = _mu_law_table(), _a_law_table()
_PCM, _FLOAT, _ALAW, _MULAW = 1, 3, 6, 7

ENCODINGS: Final[dict[tuple[int, int], Encoding]] = {
    (_PCM, 8): Encoding("PCM_U8", 1, _decode_u8),
    (_PCM, 16): Encoding("PCM_16", 2, _decode_16),
    (_PCM, 24): Encoding("PCM_24", 3, _decode_24),
    (_PCM, 32): Encoding("PCM_32", 4, _decode_32),
    (_FLOAT, 32): Encoding("FLOAT", 4, _decode_float, finite=False),
    (_FLOAT, 64): Encoding("DOUBLE", 8, _decode_double, finite=False),
    (_ALAW, 8): Encoding("ALAW", 1, _decode_a_law),
    (_MULAW, 8): Encoding("ULAW", 1, _decode_mu_law),
}
"""Encodings by format tag and bits a sample."""

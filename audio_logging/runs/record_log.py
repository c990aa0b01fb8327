"""The framing of a ``.wandb`` record file: LevelDB's log format, as wandb-core's ``transactionlog`` writes it.

A 7-byte header (``:W&B``, 0xBEE1 little endian, version 0), then blocks of 32 KiB counted from the start of the file.
A record is one or more chunks, each with a 7-byte header: CRC-32 (IEEE, not masked as in LevelDB) of type and data,
length, type (full, first, middle, last). No chunk crosses the end of a block; fewer than 7 bytes there are filler.

Damage costs the records that it touches. Reading goes on at the next chunk when the damaged one's length holds, else at
the next block. A file that ends inside a record is not damaged: it is still being written, or its writer was killed.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from audio_logging.runs.problems import Problems

__all__ = ["BLOCK_SIZE", "HEADER", "MAX_RECORD_SIZE", "RecordLog"]

HEADER = b":W&B\xe1\xbe\x00"
BLOCK_SIZE = 32 * 1024
MAX_RECORD_SIZE = 32 * 1024 * 1024
"""The most bytes gathered for one record. The largest real ones are artifacts of up to 100,000 entries, some 25 MB."""

_CHUNK_HEADER = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_DAMAGED, _TORN = -1, -2


class _Chunk(NamedTuple):
    kind: int
    data: bytes
    end: int


class RecordLog:
    """Records of an open file, from `position` on.

    Parameters
    ----------
    file : binary file
        Seekable.
    problems : Problems
        Gets a text for each damaged stretch.
    name : str
        How the texts call the file.
    position : int
        Offset to begin at: 0, or the `position` of an earlier reader of the same file.
    end : int, optional
        Where to stop as if the file ended there.

    Attributes
    ----------
    position : int
        Offset behind the last whole record, where a later reader resumes.
    torn : bool
        Whether the file ended inside a record when it was last read.

    Examples
    --------
    >>> import io, struct, zlib
    >>> chunk = struct.pack("<IHB", zlib.crc32(bytes([1]) + b"hello"), 5, 1) + b"hello"
    >>> list(RecordLog(io.BytesIO(HEADER + chunk), Problems(), "run-x.wandb"))
    [b'hello']
    """

    def __init__(
        self, file: BinaryIO, problems: Problems, name: str, *, position: int = 0, end: int | None = None
    ) -> None:
        self._file = file
        self._problems = problems
        self._name = name
        self._end = end
        self._damaged_from: int | None = None
        self.position = position
        self.torn = False

    def __iter__(self) -> Iterator[bytes]:
        if self.position < len(HEADER) and not self._read_header():
            self.torn = True
            return
        parts: list[bytes] = []
        size = 0
        for kind, data, end in _chunks(self._file, self.position, self._end):
            if kind == _FULL:
                self._drop(parts)
                self._settle(end)
                yield data
            elif kind == _FIRST:
                self._drop(parts)
                self._end_of_damage()
                parts, size = [data], len(data)
            elif kind == _TORN:
                self.torn = True
            elif kind == _DAMAGED or not parts or size + len(data) > MAX_RECORD_SIZE:
                self._begin_damage()
                parts = []
                self.position = end
            else:
                parts.append(data)
                size += len(data)
                if kind == _LAST:
                    self._settle(end)
                    yield b"".join(parts)
                    parts = []
        self.torn |= bool(parts)
        self._end_of_damage()

    def _read_header(self) -> bool:
        self._file.seek(0)
        header = self._file.read(len(HEADER) if self._end is None else min(len(HEADER), self._end))
        if len(header) < len(HEADER):
            return False
        if header != HEADER:
            self._problems.add(f"{self._name}: begins with {header!r}, wanted {HEADER!r}; reading on all the same")
        self.position = len(HEADER)
        return True

    def _settle(self, end: int) -> None:
        self._end_of_damage()
        self.position = end

    def _drop(self, parts: list[bytes]) -> None:
        if parts:
            self._begin_damage()
            parts.clear()

    def _begin_damage(self) -> None:
        if self._damaged_from is None:
            self._damaged_from = self.position

    def _end_of_damage(self) -> None:
        if self._damaged_from is not None:
            self._problems.add(f"{self._name}: damaged after byte {self._damaged_from}; the records there are lost")
            self._damaged_from = None


def _chunks(file: BinaryIO, start: int, end: int | None) -> Iterator[_Chunk]:
    for offset, block in _blocks(file, start, end):
        is_whole = (offset + len(block)) % BLOCK_SIZE == 0
        at = 0
        while at + _CHUNK_HEADER.size <= len(block):
            checksum, length, kind = _CHUNK_HEADER.unpack_from(block, at)
            stop = at + _CHUNK_HEADER.size + length
            if stop > len(block) or (kind == 0 and length == 0):
                # In the last block this is what has not been written yet; NFS may show it as zeros.
                yield _Chunk(_DAMAGED if is_whole else _TORN, b"", offset + len(block))
                break
            if kind not in (_FULL, _FIRST, _MIDDLE, _LAST) or zlib.crc32(block[at + 6 : stop]) != checksum:
                yield _Chunk(_DAMAGED, b"", offset + stop)
            else:
                yield _Chunk(kind, block[at + _CHUNK_HEADER.size : stop], offset + stop)
            at = stop
        else:
            if at < len(block) and not is_whole:
                yield _Chunk(_TORN, b"", offset + len(block))


def _blocks(file: BinaryIO, start: int, end: int | None) -> Iterator[tuple[int, bytes]]:
    file.seek(start)
    offset = start
    while end is None or offset < end:
        stop = offset - offset % BLOCK_SIZE + BLOCK_SIZE
        block = file.read((stop if end is None else min(stop, end)) - offset)
        if block:
            yield offset, block
        if offset + len(block) < stop:
            return
        offset = stop

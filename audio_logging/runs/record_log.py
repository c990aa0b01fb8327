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
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Protocol, TypeAlias

from audio_logging.runs.problems import Problems

__all__ = ["BLOCK_SIZE", "HEADER", "MAX_RECORD_SIZE", "RecordLog", "Writable", "write_log"]

HEADER = b":W&B\xe1\xbe\x00"
BLOCK_SIZE = 32 * 1024
MAX_RECORD_SIZE = 32 * 1024 * 1024
"""The most bytes gathered for one record. The largest real ones are artifacts of up to 100,000 entries, some 25 MB."""

_CHUNK_HEADER = struct.Struct("<IHB")
_HEADER_SIZE = _CHUNK_HEADER.size
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_DAMAGED, _TORN = -1, -2


_Chunk: TypeAlias = tuple[int, bytes, int]
"""Kind, data, and the offset behind it; a plain tuple, since there is one for each record."""


class Writable(Protocol):
    """What bytes can be written to."""

    def write(self, chunk: bytes, /) -> Any:
        """Write some."""


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
                if parts or self._damaged_from is not None:
                    self._drop(parts)
                    self._end_of_damage()
                self.position = end
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
                    self._end_of_damage()
                    self.position = end
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


def write_log(file: Writable, records: Iterable[bytes]) -> None:
    """Write records to an empty file, framed as wandb-core does.

    Parameters
    ----------
    file : object with a write method
    records : iterable of bytes

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> write_log(file, [b"a", b"b" * 100_000])
    >>> [len(record) for record in RecordLog(file, Problems(), "run-x.wandb")]
    [1, 100000]
    """
    file.write(HEADER)
    at = len(HEADER)
    for record in records:
        for chunk in _framed(record, at):
            file.write(chunk)
            at += len(chunk)


def _framed(record: bytes, at: int) -> Iterator[bytes]:
    left, is_first, is_last = record, True, False
    while not is_last:
        room = BLOCK_SIZE - at % BLOCK_SIZE
        if room < _HEADER_SIZE:
            yield bytes(room)
            at += room
            continue
        part, left = left[: room - _HEADER_SIZE], left[room - _HEADER_SIZE :]
        is_last = not left
        kind = bytes([_KINDS[is_first, is_last]])
        yield _CHUNK_HEADER.pack(zlib.crc32(kind + part), len(part), kind[0]) + part
        at += _HEADER_SIZE + len(part)
        is_first = False


_KINDS = {(True, True): _FULL, (True, False): _FIRST, (False, False): _MIDDLE, (False, True): _LAST}


def _chunks(file: BinaryIO, start: int, end: int | None) -> Iterator[_Chunk]:
    for offset, block in _blocks(file, start, end):
        is_whole = (offset + len(block)) % BLOCK_SIZE == 0
        at = 0
        while at + _HEADER_SIZE <= len(block):
            checksum, length, kind = _CHUNK_HEADER.unpack_from(block, at)
            stop = at + _HEADER_SIZE + length
            if stop > len(block) or (kind == 0 and length == 0):
                # In the last block this is what has not been written yet; NFS may show it as zeros.
                yield _DAMAGED if is_whole else _TORN, b"", offset + len(block)
                break
            if kind not in (_FULL, _FIRST, _MIDDLE, _LAST) or zlib.crc32(block[at + 6 : stop]) != checksum:
                yield _DAMAGED, b"", offset + stop
            else:
                yield kind, block[at + _HEADER_SIZE : stop], offset + stop
            at = stop
        else:
            if at < len(block) and not is_whole:
                yield _TORN, b"", offset + len(block)


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

"""Table: reads FlatBuffers of unknown origin, field by field, and never beyond their end.

The format: https://flatbuffers.dev/internals/. A table starts with the distance back to its vtable, which lists where
each field lies; everything larger than a number lies further on, at a distance that stands in its place.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from audio_logging.inference.errors import MetadataError

__all__ = ["Table", "root_table"]

MAX_ITEMS = 100
"""Tables in one list, unless the caller expects more. With MAX_TEXT it keeps a hostile file from costing time."""

MAX_TEXT = 2**16
"""[bytes] One string."""


@dataclass(frozen=True)
class Table:
    """A table inside a FlatBuffer; fields are numbered as in the schema, from 0.

    Parameters
    ----------
    data : bytes
        All of the buffer.
    position : int
        Where the table starts.
    """

    data: bytes | memoryview
    position: int

    def integer(self, field: int, code: str, default: int = 0) -> int:
        """Return a whole number; `code` is that of :mod:`struct`."""
        place = self._place(field)
        return default if place is None else int(_unpack(self.data, code, place))

    def real(self, field: int, default: float = 0.0) -> float:
        """Return a 32-bit float."""
        place = self._place(field)
        return default if place is None else float(_unpack(self.data, "f", place))

    def text(self, field: int) -> str:
        """Return a string; "" where there is none."""
        blob = self.blob(field)
        if blob is None:
            return ""
        if len(blob) > MAX_TEXT:
            raise MetadataError(f"a string of {len(blob)} bytes, wanted at most {MAX_TEXT}")
        return bytes(blob).decode("utf-8", "replace")

    def blob(self, field: int) -> memoryview | None:
        """Return a vector of bytes, not copied."""
        start = self._follow(field)
        if start is None:
            return None
        length = int(_unpack(self.data, "I", start))
        if start + 4 + length > len(self.data):
            raise MetadataError(f"a vector of {length} bytes at {start} runs beyond the end of {len(self.data)}")
        return memoryview(self.data)[start + 4 : start + 4 + length]

    def table(self, field: int) -> Table | None:
        """Return the table that a field refers to."""
        start = self._follow(field)
        return None if start is None else Table(self.data, start)

    def tables(self, field: int, most: int = MAX_ITEMS) -> list[Table]:
        """Return a vector of tables; empty where there is none."""
        start = self._follow(field)
        if start is None:
            return []
        count = int(_unpack(self.data, "I", start))
        if count > most or start + 4 + 4 * count > len(self.data):
            raise MetadataError(
                f"a vector of {count} tables at {start}, wanted at most {most} within {len(self.data)} bytes"
            )
        return [Table(self.data, place + int(_unpack(self.data, "I", place))) for place in _places(start, count)]

    def _place(self, field: int) -> int | None:
        vtable = self.position - int(_unpack(self.data, "i", self.position))
        if 4 + 2 * field >= int(_unpack(self.data, "H", vtable)):
            return None
        offset = int(_unpack(self.data, "H", vtable + 4 + 2 * field))
        return self.position + offset if offset else None

    def _follow(self, field: int) -> int | None:
        place = self._place(field)
        return None if place is None else place + int(_unpack(self.data, "I", place))


def root_table(data: bytes | memoryview, identifier: bytes) -> Table:
    """Return the table that a FlatBuffer begins with.

    Parameters
    ----------
    data : bytes
    identifier : bytes
        The four bytes that tell files of this kind.

    Returns
    -------
    Table

    Raises
    ------
    MetadataError
        Another identifier, or too short.
    """
    if bytes(data[4:8]) != identifier:
        raise MetadataError(f"got {bytes(data[4:8])!r} at byte 4, wanted {identifier!r}")
    return Table(data, int(_unpack(data, "I", 0)))


def _places(start: int, count: int) -> range:
    return range(start + 4, start + 4 + 4 * count, 4)


def _unpack(data: bytes | memoryview, code: str, place: int) -> float:
    if place < 0 or place + struct.calcsize(f"<{code}") > len(data):
        raise MetadataError(f"an offset points to {place}, outside of the {len(data)} bytes")
    value: float = struct.unpack_from(f"<{code}", data, place)[0]
    return value

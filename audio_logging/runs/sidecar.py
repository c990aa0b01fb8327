"""The sidecar: one JSON line a stored clip, there as soon as the clip is, whatever happens to the run.

A torn last line (the writer was killed, or is at it) and lines of garbage cost themselves only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO, Final

from audio_logging.runs.problems import Problems

__all__ = ["MAX_LINE_SIZE", "Sidecar"]

MAX_LINE_SIZE = 16 * 1024 * 1024
"""A longer line is skipped without being held; a caption of 10 MB still fits."""

_DECODER = json.JSONDecoder()

_READ_SIZE = 1024 * 1024

_TEXT = (str,)
_WHOLE = (int,)
_NUMBER = (int, float)
_ANYTHING = (str, int, float, bool, list, dict)
_TYPES: Final[Mapping[str, tuple[type, ...]]] = MappingProxyType(
    {
        "key": _TEXT,
        "step": _NUMBER,
        "index": _WHOLE,
        "path": _TEXT,
        "sha256": _TEXT,
        "size": _WHOLE,
        "format": _TEXT,
        "sample_rate": _WHOLE,
        "frames": _WHOLE,
        "channels": _WHOLE,
        "duration": _NUMBER,
        "peak": _NUMBER,
        "clipped_samples": _WHOLE,
        "caption": _TEXT,
        "role": _TEXT,
        "clip_id": _TEXT,
        "label": _ANYTHING,
        "prediction": _ANYTHING,
        "scores": (list, dict),
        "metrics": (dict,),
        "time": _NUMBER,
    }
)
"""Of the fields in schema.SIDECAR_FIELDS; what is of another type is left out of its line."""

_USABLE = frozenset((name, kind) for name, kinds in _TYPES.items() for kind in kinds)


class Sidecar:
    r"""Lines of an open sidecar, from `position` on.

    Parameters
    ----------
    file : binary file
        Seekable.
    problems : Problems
        Gets a text for each line that cannot be used.
    name : str
        How the texts call the file.
    position, line : int
        Where to begin: the first byte of a line and that line's number less one, such as an earlier reader's.
    end : int, optional
        Where to stop as if the file ended there.

    Attributes
    ----------
    position, line : int
        Where a later reader resumes: behind the last line that was ended, and how many those were.

    Examples
    --------
    >>> import io
    >>> list(Sidecar(io.BytesIO(b'{"key": "val", "step": 3, "index": 0}\n{"key": "va'), Problems(), "index.jsonl"))
    [{'key': 'val', 'step': 3, 'index': 0}]
    """

    def __init__(
        self,
        file: BinaryIO,
        problems: Problems,
        name: str,
        *,
        position: int = 0,
        line: int = 0,
        end: int | None = None,
    ) -> None:
        self._file = file
        self._problems = problems
        self._name = name
        self._end = end
        self._rest = b""
        self.position = position
        self.line = line

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for raw in self._lines():
            row = self._decode(raw)
            if row is not None:
                yield row

    def skip(self) -> None:
        """Go to the end without looking into the lines."""
        for _ in self._lines():
            pass

    def take_last(self) -> dict[str, Any] | None:
        """Return what stands behind the last line break, or None (and a problem) when that is torn."""
        if not self._rest:
            return None
        self.line += 1
        row = self._decode(self._rest, "torn: not whole")
        if row is None:
            self.line -= 1
        else:
            self.position += len(self._rest)
        self._rest = b""
        return row

    def _lines(self) -> Iterator[bytes]:
        """Yield each line that was ended; `position` is behind it by then."""
        pending: list[bytes] = []
        size = 0
        for chunk in self._chunks():
            first, *rest = chunk.split(b"\n")
            size += len(first)
            pending = [*pending, first] if size <= MAX_LINE_SIZE else []
            for following in rest:
                self.position += size + 1
                self.line += 1
                if size <= MAX_LINE_SIZE:
                    yield b"".join(pending)
                else:
                    self._complain(f"longer than {MAX_LINE_SIZE} bytes")
                pending, size = [following], len(following)
        self._rest = b"".join(pending)

    def _chunks(self) -> Iterator[bytes]:
        self._file.seek(self.position)
        left = None if self._end is None else self._end - self.position
        while left is None or left > 0:
            chunk = self._file.read(_READ_SIZE if left is None else min(_READ_SIZE, left))
            if not chunk:
                return
            yield chunk
            left = None if left is None else left - len(chunk)

    def _decode(self, raw: bytes, otherwise: str = "not JSON") -> dict[str, Any] | None:
        raw = raw.strip()
        if not raw:
            return None
        try:
            text = raw.decode()
            row, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            self._complain(otherwise)
            return None
        if end != len(text):
            self._complain(otherwise)
            return None
        if not isinstance(row, dict) or type(row.get("key")) is not str:
            self._complain("no clip: it has no key")
            return None
        if not _USABLE.issuperset(zip(row, map(type, row.values()), strict=True)):
            self._drop_unusable(row)
        return row

    def _drop_unusable(self, row: dict[str, Any]) -> None:
        for name, value in list(row.items()):
            if (name, type(value)) not in _USABLE:
                del row[name]
                if name in _TYPES and value is not None:
                    self._complain(f"{name} is a {type(value).__name__}")

    def _complain(self, what: str) -> None:
        self._problems.add(f"{self._name}, line {self.line}: {what}; left out")

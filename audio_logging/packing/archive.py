"""Writing a pack: a tar file that holds each content once and ends with the hashes of all."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from audio_logging.errors import AudioValueError
from audio_logging.packing.sums import SUMS, sums_line
from audio_logging.runs.paths import open_regular

__all__ = ["ArchiveWriter", "Part"]

CHUNK = 2**20
BLOCK = tarfile.BLOCKSIZE


class Part:
    """The content of one member, as it is written.

    Parameters
    ----------
    file : binary file

    Attributes
    ----------
    size : int
        [bytes] So far.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest: Any = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Hexadecimal, of what was written so far."""
        return str(self._digest.hexdigest())

    def write(self, chunk: bytes) -> None:
        """Write the next bytes."""
        self._file.write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)


class ArchiveWriter:
    """Writes members one after the other.

    Parameters
    ----------
    file : binary file
        Empty and seekable: sizes are filled in later, and a content that is there already is taken back.

    Attributes
    ----------
    members : int
    saved : int
        [bytes] What repeated contents would have taken.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sums: dict[str, str] = {}
        self._first: dict[str, tuple[str, float]] = {}
        self.saved = 0

    @property
    def members(self) -> int:
        """How many files were added."""
        return len(self._sums)

    def add_file(self, name: str, path: Path, *, once: bool = False, end: int | None = None) -> None:
        """Add a file as it is now: what is written to it meanwhile is left out.

        Parameters
        ----------
        name : str
        path : Path
        once : bool
            Whether it may become a hard link to an equal one that was added so too.
        end : int, optional
            Where to stop as if the file ended there.

        Raises
        ------
        NotFoundError
            It cannot be opened.
        AudioValueError
            It became shorter while it was read.
        OSError
            The disk is full.
        """
        with open_regular(path) as source:
            status = os.fstat(source.fileno())
            size = status.st_size if end is None else min(status.st_size, end)
            self.add(name, lambda part: _copy(source, part, size, path), mtime=status.st_mtime, once=once)

    def add(self, name: str, write: Callable[[Part], None], *, mtime: float = 0.0, once: bool = False) -> None:
        """Add a member whose content a function writes; when that fails, nothing is added."""
        start = self._file.tell()
        try:
            self._write_header(name, 0, mtime)
            part = Part(self._file)
            write(part)
        except BaseException:
            self._take_back(start)
            raise
        self._sums[name] = part.sha256
        first, its_mtime = self._first.setdefault(part.sha256, (name, mtime)) if once and part.size else (name, mtime)
        if first != name:
            self._take_back(start)
            self._write_header(name, 0, its_mtime, link=first)  # As it will be: linked files share their time.
            self.saved += part.size
            return
        self._file.write(bytes(-part.size % BLOCK))
        end = self._file.tell()
        self._file.seek(start)
        self._write_header(name, part.size, mtime)
        self._file.seek(end)

    def finish(self) -> None:
        """Write the hashes and the end; without them a pack is not whole."""
        lines = [sums_line(sha256, name) for name, sha256 in self._sums.items()]
        self.add(SUMS, lambda part: part.write("".join(lines).encode(errors="surrogateescape")))
        self._file.write(bytes(2 * BLOCK))

    def _write_header(self, name: str, size: int, mtime: float, *, link: str = "") -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, int(mtime), 0o644
        if link:
            info.type, info.linkname = tarfile.LNKTYPE, link
        self._file.write(info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))

    def _take_back(self, start: int) -> None:
        self._file.seek(start)
        self._file.truncate()


def _copy(source: BinaryIO, part: Part, size: int, path: Path) -> None:
    while part.size < size:
        chunk = source.read(min(CHUNK, size - part.size))
        if not chunk:
            raise AudioValueError(f"{str(path)!r} became shorter while it was read")
        part.write(chunk)

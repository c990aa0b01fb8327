"""Answers kept on disk: any bytes by key, the least used ones dropped when they are too many.

Entries are written aside and renamed, so that several processes may share a folder; each has a checksum, and a damaged
one is as good as none. Whatever goes wrong with the folder, the answers are computed again.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

from audio_logging.errors import AudioLoggingError
from audio_logging.runs.paths import open_regular

__all__ = ["DiskCache"]

MAGIC = b"al\x00cache"
HEADER = len(MAGIC) + 4

PARTIAL = "new-"
"""Begins the names of files that are being written."""

STALE = 3600
"""[s] An entry's time of use is noted so often at most, and a file still being written after it is forgotten."""

CLEANED = "cleaned"
"""The file whose time is that of the last cleaning, by any process."""

CLEANED_AFTER = 24 * 3600
"""[s]"""

DISK_BLOCK = 4096
"""[bytes] What the smallest entry takes."""


class DiskCache:
    """A folder of answers.

    Parameters
    ----------
    folder : Path
        Made when something is kept.
    max_bytes : int
        How much may lie there; a quarter of it is too large for one entry.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._added = 0
        self._cleaning = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return what was kept under a key, or None.

        Parameters
        ----------
        key : str
            Hexadecimal digits.

        Returns
        -------
        bytes or None
        """
        path = self._path(key)
        try:
            with open_regular(path) as file:
                old = os.fstat(file.fileno()).st_mtime < time.time() - STALE
                entry = file.read(HEADER + self._max_bytes // 4)
        except (OSError, AudioLoggingError):
            return None
        value = entry[HEADER:]
        if entry[:HEADER] != _header(key, value):
            _remove(path)
            return None
        if old:
            with contextlib.suppress(OSError):
                os.utime(path)
        return value

    def put(self, key: str, value: bytes) -> None:
        """Keep something under a key, if the folder lets us.

        Parameters
        ----------
        key : str
            Hexadecimal digits.
        value : bytes
        """
        if len(value) > self._max_bytes // 4:
            return
        path = self._path(key)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(path, _header(key, value) + value)
        except OSError:
            return
        self._added += DISK_BLOCK + len(value)
        if self._is_cleaning_due() and self._cleaning.acquire(blocking=False):
            try:
                self.clean()
            finally:
                self._cleaning.release()

    def clean(self) -> None:
        """Drop the least used entries when there are too many, down to four fifths of what is allowed."""
        self._added = 0
        entries = sorted(self._entries())
        total = sum(size for _, size, _ in entries)
        wanted = self._max_bytes if total <= self._max_bytes else self._max_bytes * 4 // 5
        for _, size, path in entries:
            if total <= wanted:
                break
            _remove(path)
            total -= size
        with contextlib.suppress(OSError):
            (self._folder / CLEANED).touch()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def _is_cleaning_due(self) -> bool:
        if self._added > self._max_bytes // 32:
            return True
        try:
            return (self._folder / CLEANED).stat().st_mtime < time.time() - CLEANED_AFTER
        except OSError:
            return True

    def _entries(self) -> Iterator[tuple[float, int, Path]]:
        """Yield time of use, size and path of each entry; forgotten partial ones go."""
        for folder in _listing(self._folder):
            for entry in _listing(folder.path) if folder.is_dir(follow_symlinks=False) else ():
                with contextlib.suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    if not entry.name.startswith(PARTIAL):
                        yield status.st_mtime, -(-status.st_size // DISK_BLOCK) * DISK_BLOCK, Path(entry.path)
                    elif status.st_mtime < time.time() - STALE:
                        _remove(Path(entry.path))


def _header(key: str, value: bytes) -> bytes:
    return MAGIC + zlib.crc32(value, zlib.crc32(key.encode())).to_bytes(4, "big")


def _write(path: Path, entry: bytes) -> None:
    number, partial = tempfile.mkstemp(prefix=PARTIAL, dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(entry)
        Path(partial).replace(path)
    except OSError:
        _remove(Path(partial))
        raise


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _listing(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []

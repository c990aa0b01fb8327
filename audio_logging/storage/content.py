"""Where the bytes of an Audio object are: in memory, in a file, or behind an address."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from audio_logging.encoding import EncodedAudio
from audio_logging.storage.files import copy_file, hash_file, write_file

__all__ = ["Content", "FileContent", "MemoryContent", "ReferenceContent"]

MEMORY_LIMIT = 2**28
"""[bytes] What clips may hold in memory together before they are logged; beyond it they wait in temporary files."""


class Content(Protocol):
    """What wandb wants to know about the bytes of a clip.

    What is stored has two methods more: ``read()`` returns what a decoder takes, ``place(folder, name_for)`` puts a
    copy there, whole or not at all, under the name that ``name_for(sha256)`` gives, and returns its content.
    """

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the bytes."""

    @property
    def size(self) -> int | None:
        """Their number; None behind an address."""

    @property
    def is_temporary(self) -> bool:
        """Whether the file at `path` is ours to move."""

    def path(self) -> str:
        """Return where they can be read: a file (written if need be) or the address."""


class MemoryContent:
    """An encoded clip that has not been logged yet.

    Parameters
    ----------
    audio : EncodedAudio
    folder : Path
        Where to put it when a path is asked for or too many clips are waiting in memory.
    """

    _held = 0
    # Reentrant: the garbage collector may run __del__ of one clip while another one is being counted.
    _lock = threading.RLock()
    is_temporary: bool = True

    def __init__(self, audio: EncodedAudio, folder: Path) -> None:
        self.sha256 = audio.sha256
        self.size = audio.size
        self._audio = audio
        self._file = folder / f"{audio.sha256[:20]}-{os.urandom(4).hex()}{audio.extension}"
        self._is_on_disk = False
        self._is_in_memory = True
        self._process = os.getpid()
        if self._count(self.size) > MEMORY_LIMIT:
            self._move_to_disk()

    def path(self) -> str:
        if not self._is_on_disk:
            write_file(self._file, self._audio.data)
            self._is_on_disk = True
        return str(self._file)

    def read(self) -> memoryview | Path:
        return self._audio.data if self._is_in_memory else self._file

    def encoded(self) -> EncodedAudio:
        """Return the encoded clip, read back if it waits in a temporary file."""
        return self._audio if self._is_in_memory else replace(self._audio, data=memoryview(self._file.read_bytes()))

    def write_to(self, target: Path) -> None:
        """Put a copy of the file there, whole or not at all."""
        write_file(target, self.encoded().data)

    def place(self, folder: Path, name_for: Callable[[str], str]) -> FileContent:
        target = folder / name_for(self.sha256)
        self.write_to(target)
        return FileContent(target, self.sha256)

    @classmethod
    def _count(cls, change: int) -> int:
        with cls._lock:
            cls._held += change
            return cls._held

    def _move_to_disk(self) -> None:
        try:
            self.path()
        except OSError:  # then it stays in memory, which is no worse than having no limit
            return
        self._audio = replace(self._audio, data=memoryview(b""))
        self._is_in_memory = False
        self._count(-self.size)

    def __del__(self) -> None:
        if getattr(self, "_is_in_memory", False):
            self._count(-self.size)
        # A forked child has this object too, but the file is its parent's.
        if getattr(self, "_is_on_disk", False) and self._process == os.getpid():
            self._file.unlink(missing_ok=True)


class FileContent:
    """A file on disk: the user's own, one in a run's folder, or one of a downloaded artifact.

    Parameters
    ----------
    file : Path
    sha256 : str, optional
        Where it is known already; otherwise the file is hashed when it is asked for.
    """

    is_temporary: bool = False

    def __init__(self, file: Path, sha256: str | None = None) -> None:
        self._file = file
        self._stamp = self._stamp_now()
        if sha256 is not None:
            self.sha256 = sha256

    def refresh(self) -> bool:
        """Forget what was known if the file was changed meanwhile.

        Returns
        -------
        bool
            Whether it was.
        """
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        for known in ("sha256", "size"):
            self.__dict__.pop(known, None)
        return True

    @cached_property
    def sha256(self) -> str:
        return hash_file(self._file)[0]

    @cached_property
    def size(self) -> int:
        return self._file.stat().st_size

    def path(self) -> str:
        return str(self._file)

    def read(self) -> Path:
        return self._file

    def place(self, folder: Path, name_for: Callable[[str], str]) -> FileContent:
        target, sha256, _ = copy_file(self._file, folder, name_for)
        return FileContent(target, sha256)

    def _stamp_now(self) -> tuple[int, int] | None:
        try:
            status = self._file.stat()
        except OSError:
            return None
        return status.st_size, status.st_mtime_ns


class ReferenceContent:
    """An address: nothing is known of what is behind it, and nothing is fetched unless asked."""

    is_temporary: bool = False
    size: int | None = None

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def sha256(self) -> str:
        """Of the address, as in wandb: it tells references apart."""
        return hashlib.sha256(self._url.encode()).hexdigest()

    def path(self) -> str:
        return self._url

"""Where the bytes of an Audio object are: in memory, in a file, or behind an address."""

from __future__ import annotations

import hashlib
import os
import threading
from functools import cached_property
from pathlib import Path
from typing import Protocol

from audio_logging.encoding import EncodedAudio
from audio_logging.storage import copy_file, hash_file, write_file

__all__ = ["Content", "FileContent", "MemoryContent", "ReferenceContent"]

MEMORY_LIMIT = 2**28
"""[bytes] What clips may hold in memory together before they are logged; beyond it they wait in temporary files."""


class Content(Protocol):
    """What wandb wants to know about the bytes of a clip.

    What is stored has two methods more: ``read()`` returns what a decoder takes, ``write_to(target)`` puts a copy
    there, whole or not at all.
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
    _lock = threading.Lock()
    is_temporary: bool = True

    def __init__(self, audio: EncodedAudio, folder: Path) -> None:
        self._audio: EncodedAudio | None = audio
        self._file = folder / f"{audio.sha256[:20]}-{os.urandom(4).hex()}{audio.extension}"
        self._on_disk = False
        self.sha256 = audio.sha256
        self.size = audio.size
        if self._count(self.size) > MEMORY_LIMIT:
            self.path()
            self._release()

    def path(self) -> str:
        if self._audio is not None and not self._on_disk:
            write_file(self._file, self._audio.data)
            self._on_disk = True
        return str(self._file)

    def read(self) -> memoryview | Path:
        return self._file if self._audio is None else self._audio.data

    @property
    def audio(self) -> EncodedAudio | None:
        """The encoded clip; None when it waits in a temporary file."""
        return self._audio

    def write_to(self, target: Path) -> None:
        if self._audio is None:
            copy_file(self._file, target)
        else:
            write_file(target, self._audio.data)

    @classmethod
    def _count(cls, change: int) -> int:
        with cls._lock:
            cls._held += change
            return cls._held

    def _release(self) -> None:
        if self._audio is not None:
            self._audio = None
            self._count(-self.size)

    def __del__(self) -> None:
        if hasattr(self, "size"):
            self._release()
            if self._on_disk:
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
        if sha256 is not None:
            self.sha256 = sha256

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

    def write_to(self, target: Path) -> None:
        self.sha256, self.size = copy_file(self._file, target)


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

"""The file that notes are kept in: read whole, replaced whole, never overwritten when it is not what it should be."""

from __future__ import annotations

import json
import math
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from audio_logging._types import StrPath
from audio_logging.errors import AudioLoggingError, NotFoundError
from audio_logging.runs.json_files import read_json_file

__all__ = ["Entries", "NotesFile", "NotesFileError", "Update", "changed", "starred_in"]

Entries: TypeAlias = dict[str, dict[str, Any]]
"""``{"star": bool, "text": str, "time": seconds, ...}`` by the clip's id."""

Update: TypeAlias = Callable[[dict[str, Any]], "dict[str, Any] | None"]

MOST_BYTES = 64 * 2**20
LOCK_TIMEOUT = 5.0
"""[s]"""

TITLE = "Stars and notes of clips, kept by audio-logging view"


class NotesFileError(AudioLoggingError, OSError):
    """The file of notes cannot be read or written; `errno` says why, where the system does."""

    def __str__(self) -> str:
        return str(self.strerror or self.args[0])


class NotesFile:
    """A JSON file of notes.

    Several programs may share it: each change reads it again, under a lock on its folder, and puts a new file in its
    place. Entries and fields that nobody here knows are kept.

    Parameters
    ----------
    path : Path
        It need not be there, its folder must. A file of 0 bytes, as ``touch`` makes it, is one without notes.

    Raises
    ------
    NotesFileError
        There is no such folder, or the file holds something else than notes.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        if not self.path.parent.is_dir():
            raise NotesFileError(f"there is no folder {str(self.path.parent)!r} for the notes; make it first")
        self.read()

    def read(self) -> Entries:
        """Return all entries.

        Raises
        ------
        NotesFileError
            It is damaged, or cannot be read.
        """
        return _entries(self._document(), self.path)

    def stamp(self) -> tuple[int, int, int] | None:
        """Return what changes whenever the file does; None when there is none."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def change(self, name: str, update: Update) -> Entries:
        """Change one entry.

        Parameters
        ----------
        name : str
            Of the clip.
        update : callable
            Given the entry as it is in the file by now, ``{}`` for none, returns what to keep, None for nothing.

        Returns
        -------
        dict
            All entries, as they are now.

        Raises
        ------
        NotesFileError
            It is damaged, or cannot be written; then it is as it was.
        """
        try:
            with _locked(self.path.parent):
                document = self._document()
                entries = changed(_entries(document, self.path), name, update)
                _replace(self.path, {"about": TITLE, **document, "notes": _ordered(entries)})
        except NotesFileError:
            raise
        except OSError as error:
            reason = error.strerror or str(error)
            raise NotesFileError(error.errno, f"the notes cannot be written to {str(self.path)!r}: {reason}") from error
        except ValueError as error:  # NaN or half a surrogate pair in a field that somebody else put there
            raise NotesFileError(_refusal(self.path, str(error))) from error
        return entries

    def _document(self) -> dict[str, Any]:
        if self.stamp() is None or _is_empty(self.path):
            return {}
        try:
            document = read_json_file(self.path, most=MOST_BYTES)
        except (NotFoundError, ValueError) as error:
            raise NotesFileError(_refusal(self.path, str(error))) from error
        if not isinstance(document, dict):
            raise NotesFileError(_refusal(self.path, "it holds no JSON object"))
        return document


def starred_in(path: StrPath) -> list[str]:
    """Return the ids of the clips with a star in a file of notes.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    list of str

    Raises
    ------
    NotFoundError
        There is no such file.
    NotesFileError
        It holds something else than notes, or cannot be read.
    """
    if not Path(path).exists():
        raise NotFoundError(f"there is no {str(path)!r}, wanted the file that audio-logging view --notes FILE keeps")
    return [name for name, entry in NotesFile(Path(path)).read().items() if entry.get("star") is True]


def changed(entries: Entries, name: str, update: Update) -> Entries:
    """Return the entries with one changed."""
    entry = update(entries.get(name, {}))
    others = {other: held for other, held in entries.items() if other != name}
    return others if entry is None else {**others, name: entry}


def _is_empty(path: Path) -> bool:
    """Return whether it is a file of 0 bytes; pipes and devices have that size, too."""
    try:
        status = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == 0


def _entries(document: dict[str, Any], path: Path) -> Entries:
    notes = document.get("notes", {} if document == {} else None)
    if not isinstance(notes, dict) or not all(isinstance(entry, dict) for entry in notes.values()):
        raise NotesFileError(_refusal(path, "it has no 'notes' of clips in it"))
    return notes


def _refusal(path: Path, reason: str) -> str:
    advice = "Move it away, or name another with --notes"
    return f"{str(path)!r} is no file of notes, and is left as it is: {reason}. {advice}"


def _ordered(entries: Entries) -> Entries:
    """Sort by run, key and step: what a person looks for, and what makes small differences between versions."""

    def place(item: tuple[str, dict[str, Any]]) -> tuple[str, str, float, str]:
        name, entry = item
        step = entry.get("step")
        number = float(step) if isinstance(step, int | float) and math.isfinite(step) else -1.0
        return str(entry.get("run", "")), str(entry.get("key", "")), number, name

    return dict(sorted(entries.items(), key=place))


def _replace(path: Path, document: dict[str, Any]) -> None:
    """Write a file beside it, and rename that: whoever reads sees the old or the new one, also after a crash."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    beside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        with suppress(OSError):
            beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    with suppress(OSError):
        _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's advisory lock, where there are such locks: a lock file would lie about for ever.

    Raises
    ------
    NotesFileError
        Somebody else holds it for long.
    """
    try:
        import fcntl
    except ImportError:  # Windows: the last of two who write within the same millisecond wins
        yield
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        _wait_for_lock(number, folder, fcntl.flock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(number)


def _wait_for_lock(number: int, folder: Path, lock: Any, how: int) -> None:
    end = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            lock(number, how)
            return
        except BlockingIOError:
            if time.monotonic() > end:
                raise NotesFileError(f"another program keeps {str(folder)!r} locked; try again") from None
            time.sleep(0.02)
        except OSError:  # a file system without locks
            return

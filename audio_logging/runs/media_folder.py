"""MediaFolder: the files in a run's media folder, and those that it gets.

A clip that was logged with plain ``wandb.Audio`` is there at once; its row comes up to 32 KiB of records later.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from audio_logging.errors import AudioLoggingError
from audio_logging.runs.paths import Folder
from audio_logging.schema import MEDIA_FOLDER

__all__ = ["MediaFolder"]

SETTLED = 2.0
"""[s] A folder that changed more recently is listed again: another file may come in the same tick of its clock."""

LONG = 0.05
"""[s] A listing that takes longer is made again only after twenty times as long."""


class _Listing(NamedTuple):
    """A folder as it was: when it had changed [ns], or -1 to look again, and the folders in it."""

    changed: int
    folders: list[str]


class MediaFolder:
    """Lists files by their paths from the run's ``files`` folder, as sidecar and history call them.

    Parameters
    ----------
    files : Folder
        The run's ``files`` folder.
    is_told : callable
        Whether somebody told of the file of this path; such files are left out.
    """

    def __init__(self, files: Folder, is_told: Callable[[str], bool]) -> None:
        self._files = files
        self._is_told = is_told
        self._listings: dict[str, _Listing] = {}
        self._next = 0.0

    def read(self, *, age: float = 0.0) -> Iterator[str]:
        """Yield the files that nobody told of, in the folders that changed since the last call.

        Parameters
        ----------
        age : float >= 0
            [s] Files that were written to more recently are left for later: whoever writes them tells of them soon.

        Yields
        ------
        str
        """
        if age and time.monotonic() < self._next:
            return
        try:
            home = str(self._files.folder(MEDIA_FOLDER).root)
        except AudioLoggingError:
            return
        pending = [home]
        took = 0.0
        while pending:
            folder = pending.pop()
            begin = time.monotonic()
            found = self._look(folder, MEDIA_FOLDER + folder[len(home) :].replace(os.sep, "/"), age)
            took += time.monotonic() - begin
            yield from found
            inner = self._listings[folder].folders
            pending += [f"{folder}{os.sep}{name}" for name in reversed(inner)]
        self._next = time.monotonic() + 20 * took if took > LONG else 0.0

    def _look(self, folder: str, within: str, age: float) -> list[str]:
        known, changed, now = self._listings.get(folder), _changed(folder), time.time()
        if known is not None and known.changed == changed:
            return []
        found: list[str] = []
        folders: list[str] = []
        is_settled = not 0 <= now - changed / 1e9 < SETTLED
        for entry in _entries(folder):
            path = f"{within}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif not entry.name.startswith(".") and not self._is_told(path):
                if age and 0 <= now - _changed(entry.path) / 1e9 < age:
                    is_settled = False
                else:
                    found.append(path)
        self._listings[folder] = _Listing(changed if is_settled else -1, sorted(folders))
        return sorted(found)


def _changed(path: str) -> int:
    try:
        return os.lstat(path).st_mtime_ns
    except OSError:
        return 0


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except OSError:
        return

"""Watching: which run directories there are, and whether their files changed, by looking at sizes and times alone."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from audio_logging.errors import NotFoundError
from audio_logging.runs.locate import find_record_file, find_run_folders, resolve_run_folder
from audio_logging.schema import MEDIA_FOLDER, SIDECAR_PATH

__all__ = ["FileState", "Folders", "RunFiles", "RunState", "find_folders"]


SETTLED = 3.0
"""[s] A folder that changed more recently is listed again: what came is still being filled, or shares its time."""

LIST_ANYHOW = 20.0
"""[s] Not every network drive tells of changes by the times of folders."""


SIGNS_OF_LIFE = ("files/output.log", "logs/debug-internal.log")
"""What wandb writes to while a run only trains: its record file grows by 32 KiB at a time, minutes apart."""


class FileState(NamedTuple):
    """A file or folder as it is: size [bytes], when it changed [ns], and which it is; zeros when it is not there."""

    size: int = 0
    changed: int = 0
    number: int = 0

    @classmethod
    def of(cls, path: str | None) -> FileState:
        """Look at a file; its path is text, since thousands are looked at every few seconds."""
        try:
            found = os.stat(path) if path is not None else None  # noqa: PTH116
        except (OSError, ValueError):
            found = None
        return cls(found.st_size, found.st_mtime_ns, found.st_ino) if found else cls()


class RunState(NamedTuple):
    """A run's files as they are."""

    record: FileState
    sidecar: FileState
    media: FileState

    @property
    def changed(self) -> float:
        """When the run was last written to, in seconds since 1970."""
        return max(self.record.changed, self.sidecar.changed, self.media.changed) / 1e9

    def follows(self, before: RunState) -> bool:
        """Whether the files only grew since: then what was read of them still holds."""
        pairs = ((before.record, self.record), (before.sidecar, self.sidecar))
        return all(not old.number or (new.number == old.number and new.size >= old.size) for old, new in pairs)

    @property
    def is_there(self) -> bool:
        """Whether there is any of the files."""
        return any(file.number for file in self)

    def dump(self) -> str:
        """Return the state as text, equal for equal states."""
        return json.dumps(self)


class RunFiles:
    """The files of one run that tell whether it changed.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._record: str | None = None
        self._sidecar = str(folder / "files" / SIDECAR_PATH)
        self._media = str(folder / "files" / MEDIA_FOLDER)
        self._signs = [str(folder / name) for name in SIGNS_OF_LIFE]

    def look(self) -> RunState:
        """Return the state of the files now."""
        if self._record is None:
            record = find_record_file(self.folder)
            self._record = None if record is None else str(record)
        return RunState(*map(FileState.of, (self._record, self._sidecar, self._media)))

    def last_sign(self) -> float:
        """Return when the run last did something that tells nothing of clips, in seconds since 1970."""
        return max(FileState.of(sign).changed for sign in self._signs) / 1e9


class Folders:
    """The run directories that some paths mean, listed again only when there may be others.

    Parameters
    ----------
    paths : iterable of Path
        As for `find_folders`.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = list(paths)
        self._homes = [str(path / name) for path in self._paths for name in ("", "wandb", ".wandb")]
        self._state: list[FileState] = []
        self._found: list[Path] = []
        self._next = 0.0

    def find(self, *, anew: bool = False) -> list[Path]:
        """Return the run directories in the order in which the runs began.

        Parameters
        ----------
        anew : bool
            Whether to list them even if nothing tells of a change.
        """
        state = list(map(FileState.of, self._homes))
        youngest = max((home.changed for home in state), default=0) / 1e9
        is_settled = not 0 <= time.time() - youngest < SETTLED
        if anew or state != self._state or not is_settled or time.monotonic() >= self._next:
            self._found = find_folders(self._paths)
            self._state = state
            self._next = time.monotonic() + LIST_ANYHOW
        return self._found


def find_folders(paths: Iterable[Path]) -> list[Path]:
    """Return the run directories that paths mean, in the order in which the runs began.

    Parameters
    ----------
    paths : iterable of Path
        Each a folder of runs, a run directory, its record file or its ``files`` folder; one that is gone means none.

    Returns
    -------
    list of Path
        Absolute, without links, each once.
    """
    found: dict[Path, None] = {}
    for path in paths:
        try:
            folders = [resolve_run_folder(path)]
        except NotFoundError:
            folders = find_run_folders(path)
        homes = {home: Path(os.path.realpath(home)) for home in {folder.parent for folder in folders}}
        found.update(dict.fromkeys(homes[folder.parent] / folder.name for folder in folders))
    return list(found)

"""Watching: which run directories there are, and whether their files changed, by looking at sizes and times alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from audio_logging.errors import NotFoundError
from audio_logging.runs.locate import find_record_file, find_run_folders, resolve_run_folder
from audio_logging.schema import MEDIA_FOLDER, SIDECAR_PATH

__all__ = ["FileState", "RunFiles", "RunState", "find_folders"]


class FileState(NamedTuple):
    """A file or folder as it is: size [bytes], when it changed [ns], and which it is; zeros when it is not there."""

    size: int = 0
    changed: int = 0
    number: int = 0

    @classmethod
    def of(cls, path: Path | None) -> FileState:
        """Look at a file."""
        try:
            found = path.stat() if path is not None else None
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
        self._record: Path | None = None
        self._sidecar = folder / "files" / SIDECAR_PATH
        self._media = folder / "files" / MEDIA_FOLDER

    def look(self) -> RunState:
        """Return the state of the files now."""
        if self._record is None:
            self._record = find_record_file(self.folder)
        return RunState(*map(FileState.of, (self._record, self._sidecar, self._media)))


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

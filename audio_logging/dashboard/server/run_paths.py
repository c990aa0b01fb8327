"""The paths that a user gives: what is wrong with them is said before a page opens that would stay empty."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from audio_logging.dashboard.indexing.watching import find_folders
from audio_logging.errors import AudioFileNotFoundError, AudioValueError
from audio_logging.runs.locate import has_run_name

__all__ = ["USUAL", "checked_paths", "empty_folder_notes"]

USUAL = "wandb"
"""Where wandb puts its runs, in the folder that training was started in."""

HOMES = (USUAL, f".{USUAL}")
"""wandb takes the other name where it may not use the first."""

ADVICE = "type: audio-logging view FOLDER, the one that wandb wrote its runs into"

LEVELS = 2
"""Below a folder without runs, in which projects are looked for."""

MOST_FOLDERS = 200
MOST_ENTRIES = 1000
"""How many folders are looked into for them, and how far into each."""

NAMED = 5


def checked_paths(given: Sequence[str]) -> list[Path]:
    """Return the paths that a user means.

    Parameters
    ----------
    given : sequence of str
        None for the usual one.

    Returns
    -------
    list of Path

    Raises
    ------
    AudioFileNotFoundError
        There is nothing.
    AudioValueError
        It is empty, or a file that is no run.
    """
    return [_checked(path) for path in given or [USUAL]]


def empty_folder_notes(paths: Sequence[Path]) -> Iterator[str]:
    """Yield a line for each folder that holds no run yet, and where there are some instead.

    Parameters
    ----------
    paths : sequence of Path
    """
    for path in paths:
        if not find_folders([path]):
            yield f"there is no run in {str(path)!r} yet; those that are logged there will appear{_elsewhere(path)}"


def _checked(given: str) -> Path:
    if not given:
        raise AudioValueError(f"got an empty path; {ADVICE}")
    path = Path(given)
    if not path.exists():
        raise AudioFileNotFoundError(f"there is no {given!r} in {str(Path.cwd())!r}; {ADVICE}")
    if not path.is_dir() and not find_folders([path]):
        raise AudioValueError(f"{given!r} is no run: got a file that does not end in .wandb; {ADVICE}")
    return path


def _elsewhere(path: Path) -> str:
    found = list(_homes_below(path))
    if not found:
        return ""
    named = " ".join(shlex.quote(home.as_posix()) for home in found[:NAMED])
    more = f" (and {len(found) - NAMED} more)" if len(found) > NAMED else ""
    return f"; for those further down, type: audio-logging view {named}{more}"


def _homes_below(root: Path) -> Iterator[Path]:
    """Yield the folders of runs of projects below, the nearest first; not all where there are very many folders."""
    level, looked = [root], 0
    for _ in range(LEVELS + 1):
        below: list[Path] = []
        for folder in level[: MOST_FOLDERS - looked]:
            looked += 1
            entries = _folders_in(folder)
            yield from (entry for entry in entries if entry.name in HOMES and _holds_runs(entry))
            below += [entry for entry in entries if not entry.name.startswith(".") and entry.name not in HOMES]
        level = below


def _holds_runs(home: Path) -> bool:
    return any(map(has_run_name, _folders_in(home)))


def _folders_in(folder: Path) -> list[Path]:
    """Return some of the folders in one, by name; links are not followed, since they may lead round in a circle."""
    try:
        with os.scandir(folder) as entries:
            found = [Path(entry.path) for entry in islice(entries, MOST_ENTRIES) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return sorted(found)

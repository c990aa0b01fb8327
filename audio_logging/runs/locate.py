"""Where runs lie: run directories under a root, and the files in one."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from audio_logging._types import StrPath
from audio_logging.errors import AudioLoggingError, NotFoundError
from audio_logging.runs.paths import Folder
from audio_logging.schema import SIDECAR_PATH

__all__ = [
    "find_record_file",
    "find_run_folders",
    "find_sidecar",
    "has_run_name",
    "id_in_name",
    "resolve_run_folder",
]

_RUN_FOLDER = re.compile(r"(?:offline-)?run-(\d{8}_\d{6})-(.+)")
"""What wandb calls a run directory: ``offline-run-20261120_083536-0pz8k5o9``."""


def find_run_folders(root: StrPath) -> list[Path]:
    """Return the run directories in a folder, in the order in which the runs began.

    Parameters
    ----------
    root : str or Path
        The folder that wandb calls ``wandb``, or the one that holds it.

    Returns
    -------
    list of Path
        Without links such as ``latest-run``.
    """
    found: list[Path] = []
    for folder in (Path(root), Path(root, "wandb"), Path(root, ".wandb")):
        found += [entry for entry in _folders_in(folder) if _is_run_folder(entry)]
    return sorted(found, key=_begin)


def resolve_run_folder(path: StrPath) -> Path:
    """Return the run directory that a user means: itself, its record file, or its ``files`` folder.

    Raises
    ------
    NotFoundError
        There is none.
    """
    given = Path(os.path.realpath(path))
    if given.suffix == ".wandb" and _is_regular(given):
        return given.parent
    if _is_run_folder(given):
        return given
    if given.name == "files" and _is_run_folder(given.parent):
        return given.parent
    raise NotFoundError(f"got {os.fspath(path)!r}, wanted a wandb run directory; {_advice(given)}")


def find_record_file(folder: Path) -> Path | None:
    """Return the run's ``run-ID.wandb``, or None when it has none."""
    names = sorted(name for name in _names_in(folder) if name.endswith(".wandb"))
    wanted = f"run-{id_in_name(folder)}.wandb"
    names.sort(key=lambda name: name != wanted)
    return next((folder / name for name in names if _is_regular(folder / name)), None)


def find_sidecar(folder: Path) -> Path | None:
    """Return the run's sidecar, or None when it has none."""
    try:
        return Path(Folder(folder).find(f"files/{SIDECAR_PATH}"))
    except AudioLoggingError:
        return None


def id_in_name(folder: Path) -> str:
    """Return the run's id as the name of its directory tells it.

    Examples
    --------
    >>> id_in_name(Path("wandb/offline-run-20261120_083536-0pz8k5o9"))
    '0pz8k5o9'
    """
    match = _RUN_FOLDER.fullmatch(folder.name)
    return match[2] if match else folder.name


def has_run_name(folder: Path) -> bool:
    """Whether the folder is called as wandb calls a run's, which no other folder is."""
    return _RUN_FOLDER.fullmatch(folder.name) is not None


def _begin(folder: Path) -> tuple[str, str]:
    match = _RUN_FOLDER.fullmatch(folder.name)
    return (match[1] if match else "", folder.name)


def _is_run_folder(folder: Path) -> bool:
    if not _is_folder(folder):
        return False
    if _RUN_FOLDER.fullmatch(folder.name):
        return True
    return find_record_file(folder) is not None or _is_folder(folder / "files" / "media")


def _is_folder(path: Path) -> bool:
    """Whether it is one that may be looked into; `Path.is_dir` raises in a folder that may not."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (OSError, ValueError):
        return False


def _folders_in(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            yield from [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return


def _names_in(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except OSError:
        return []


def _advice(given: Path) -> str:
    runs = find_run_folders(given)
    if runs:
        return f"it holds {len(runs)} runs, open one of them: {', '.join(str(run) for run in runs[-3:])}"
    return "there is no run in it" if _is_folder(given) else "there is no such folder"

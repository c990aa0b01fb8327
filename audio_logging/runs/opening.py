"""Opening runs: one by its path, or all under a folder."""

from __future__ import annotations

import os
import time
from pathlib import Path

from audio_logging._types import StrPath
from audio_logging.errors import NotFoundError
from audio_logging.runs.locate import find_run_folders, resolve_run_folder
from audio_logging.runs.run import Run

__all__ = ["list_runs", "open_run"]


def open_run(path: StrPath, *, wait: float = 0.0) -> Run:
    """Open a wandb run directory: offline or online, finished, running or killed.

    Parameters
    ----------
    path : str or Path
        The run directory (``wandb/latest-run`` will do), its ``run-ID.wandb``, or its ``files`` folder.
    wait : float >= 0
        [s] How long to wait for a run that is just being finished: ``run.finish()`` returns shortly before the last
        records are written.

    Returns
    -------
    Run
        As it is now; later changes are not seen by it.

    Raises
    ------
    NotFoundError
        There is no run directory.
    """
    folder = resolve_run_folder(path)
    deadline = time.monotonic() + wait
    run = Run.at(folder)
    while not run.finished and time.monotonic() < deadline:
        time.sleep(0.01)
        run = Run.at(folder)
    return run


def list_runs(root: StrPath = "wandb") -> list[Run]:
    """Open every run under a folder.

    Parameters
    ----------
    root : str or Path
        The folder in which wandb keeps its run directories, or the one that holds it.

    Returns
    -------
    list of Run
        In the order in which they began.

    Raises
    ------
    NotFoundError
        There is no such folder.
    """
    if not Path(root).is_dir():
        raise NotFoundError(
            f"got root={os.fspath(root)!r}, wanted the folder that wandb writes to, for example 'wandb'"
        )
    return [Run.at(folder) for folder in find_run_folders(root)]

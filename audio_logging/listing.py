"""Runs and their clips as lines of text, for ``audio-logging ls``."""

from __future__ import annotations

import json as standard_json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from audio_logging._types import StrPath
from audio_logging.errors import AudioLoggingError, NotFoundError
from audio_logging.runs import Run, StoredClip, list_runs, open_run

__all__ = ["list_clips", "list_runs_table"]

WIDEST = 40
"""[characters] of one column."""


def list_clips(path: StrPath, *, key: str | None = None, json: bool = False) -> Iterator[str] | None:
    """Return the clips of a run, a line each.

    Parameters
    ----------
    path : str or Path
        A run's folder.
    key : str, optional
        Only clips logged under it.
    json : bool
        Whether each line is a JSON object.

    Returns
    -------
    iterator of str, or None
        None when there is no run at `path`, but perhaps a folder of runs.
    """
    try:
        run = open_run(path)
    except (AudioLoggingError, OSError):
        return None
    clips = [clip for clip in run.clips() if key is None or clip.key == key]
    records = [_clip_record(run, clip) for clip in clips]
    return _json_lines(records) if json else _table(records, f"{_title(run)}: {len(clips)} clips")


def list_runs_table(root: StrPath, *, json: bool = False) -> Iterator[str]:
    """Return the runs of a folder, a line each, the oldest first.

    Parameters
    ----------
    root : str or Path
        Such as ``wandb``.
    json : bool
        Whether each line is a JSON object.

    Returns
    -------
    iterator of str

    Raises
    ------
    NotFoundError
        There is no such folder, or no run in it.
    """
    if not Path(root).is_dir():
        raise NotFoundError(f"there is no folder {str(root)!r}. Go to where training was started, or name the folder")
    runs = list_runs(root)
    if not runs:
        raise NotFoundError(f"there is no run in {str(root)!r}, wanted a folder such as 'wandb' with run folders in it")
    records = [_run_record(run) for run in runs]
    return _json_lines(records) if json else _table(records, f"{len(runs)} runs in {root}")


def _run_record(run: Run) -> dict[str, Any]:
    return {
        "run": run.folder.name,
        "name": run.name,
        "group": run.group,
        "project": run.project,
        "started": _when(run.started),
        "state": "finished" if run.finished else "running or killed",
        "clips": len(run.clips(headers=False)),
    }


def _clip_record(run: Run, clip: StoredClip) -> dict[str, Any]:
    return {
        "key": clip.key,
        "step": clip.step,
        "index": clip.index,
        "role": clip.role,
        "clip_id": clip.clip_id,
        "label": clip.label,
        "prediction": clip.prediction,
        "seconds": None if clip.duration is None else round(clip.duration, 3),
        "sample_rate": clip.sample_rate,
        "channels": clip.channels,
        "peak": None if clip.peak is None else round(clip.peak, 3),
        "caption": clip.caption,
        "file": _file(run, clip),
    }


def _file(run: Run, clip: StoredClip) -> str | None:
    if clip.path is None:
        return None
    return str(clip.path.relative_to(run.folder)) if clip.path.is_relative_to(run.folder) else str(clip.path)


def _title(run: Run) -> str:
    return run.folder.name if run.name in (None, run.id) else f"{run.name} ({run.folder.name})"


def _when(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds).astimezone().isoformat(sep=" ", timespec="seconds")


def _json_lines(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    for record in records:
        yield standard_json.dumps({name: value for name, value in record.items() if value is not None})


def _table(records: Sequence[dict[str, Any]], title: str) -> Iterator[str]:
    yield title
    columns = [name for name in (records[0] if records else ()) if any(row[name] is not None for row in records)]
    cells = [[_cell(row[name], whole=name in ("run", "file")) for name in columns] for row in records]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for line in [columns, *cells] if records else []:
        yield "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()


def _cell(value: Any, *, whole: bool) -> str:
    if value is None:
        return "-"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown if whole or len(shown) <= WIDEST else shown[: WIDEST - 1] + "…"

"""What there is to say of runs, of their keys and of their clips."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from audio_logging.errors import AudioLoggingError, NotFoundError
from audio_logging.listing.lines import Record
from audio_logging.runs import Run, StoredClip

__all__ = ["clip_records", "key_records", "level_of", "matching_clips", "run_record", "when"]

MOST_NAMED = 10


def run_record(run: Run) -> Record:
    """Return what a list of runs says of one.

    Returns
    -------
    dict
        ``run`` (its folder), ``name``, ``group``, ``project``, ``started``, ``state``, ``keys``, ``clips``, ``seconds``
        of audio, ``size`` [bytes] of the folder, ``last_step``.
    """
    clips = run.clips()
    return {
        "run": run.folder.name,
        "name": run.name,
        "group": run.group,
        "project": run.project,
        "started": when(run.started),
        "state": _state(run),
        "keys": list(dict.fromkeys(clip.key for clip in clips)),
        "clips": len(clips),
        "seconds": _seconds(clips),
        "size": _folder_size(run.folder),
        "last_step": _last_step(run, clips),
    }


def key_records(clips: Sequence[StoredClip]) -> list[Record]:
    """Return what a list of keys says of each.

    Returns
    -------
    list of dict
        ``key``, ``clips``, ``steps`` (how many), ``first_step``, ``last_step``, ``seconds`` of audio, ``sample_rate``
        [Hz], ``channels``, ``formats``, ``peak`` (the largest), ``clipped_samples`` (of all).
    """
    by_key: dict[str, list[StoredClip]] = {}
    for clip in clips:
        by_key.setdefault(clip.key, []).append(clip)
    return [_key_record(key, of_key) for key, of_key in by_key.items()]


def clip_records(clips: Iterable[tuple[Run, StoredClip]], *, with_run: bool = False) -> Iterator[Record]:
    """Yield what a list of clips says of each; a level that the run does not tell is measured.

    Parameters
    ----------
    clips : iterable of (Run, StoredClip)
    with_run : bool
        Whether to say which run.

    Yields
    ------
    dict
        ``key``, ``step``, ``index``, ``level_db`` (of the peak, 0 is full scale), ``peak``, ``clipped_samples``,
        ``seconds``, ``sample_rate`` [Hz], ``channels``, ``format``, ``label``, ``prediction``, ``role``, ``clip_id``,
        ``column`` (of a table), ``caption``, ``file`` (from the working folder, if it is below).
    """
    here = f"{Path.cwd()}{os.sep}"
    for run, clip in clips:
        peak = level_of(clip)
        yield {
            **({"run": run.folder.name} if with_run else {}),
            "key": clip.key,
            "step": clip.step,
            "index": clip.index,
            "level_db": _decibels(peak),
            "peak": None if peak is None else round(peak, 4),
            "clipped_samples": clip.clipped_samples or None,
            "seconds": None if clip.duration is None else round(clip.duration, 3),
            "sample_rate": clip.sample_rate,
            "channels": clip.channels,
            "format": clip.format,
            "label": clip.label,
            "prediction": clip.prediction,
            "role": clip.role,
            "clip_id": clip.clip_id,
            "column": clip.column,
            "caption": clip.caption,
            "file": None if clip.file is None else clip.file.removeprefix(here),
        }


def matching_clips(runs: Sequence[Run], key: str, *, step: float | None = None) -> list[tuple[Run, StoredClip]]:
    """Return the clips of a key, or of all that match when it has ``*``, ``?`` or ``[`` in it.

    Parameters
    ----------
    runs : sequence of Run
    key : str
    step : float, optional
        Only clips of this step.

    Raises
    ------
    NotFoundError
        There is none; the message says which keys and steps there are.
    """
    clips = [(run, clip) for run in runs for clip in run.clips()]
    of_key = [(run, clip) for run, clip in clips if clip.key == key or fnmatchcase(clip.key, key)]
    if not of_key:
        keys = list(dict.fromkeys(clip.key for _, clip in clips))
        raise NotFoundError(f"there is no clip under {key!r}; there are {_listed(keys) or 'none'}")
    found = [(run, clip) for run, clip in of_key if step is None or clip.step == step]
    if not found:
        steps = sorted({clip.step for _, clip in of_key if clip.step is not None})
        raise NotFoundError(f"{key!r} has no step {step:g}; it has {_listed([f'{known:g}' for known in steps])}")
    return found


def level_of(clip: StoredClip) -> float | None:
    """Return a clip's peak: as it was logged, or else measured; None when its file cannot be read."""
    if clip.peak is not None or clip.file is None:
        return clip.peak
    from audio_logging.encoding import decode  # brings soundfile, which a list of our own clips does without

    try:
        return float(decode(clip.file, on_invalid="zero", allow_empty=True).peak)
    except (AudioLoggingError, OSError):
        return None


def when(seconds: float | None) -> str | None:
    """Return a time as people read it, in this machine's time zone."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds).astimezone().isoformat(sep=" ", timespec="seconds")


def _key_record(key: str, clips: Sequence[StoredClip]) -> Record:
    steps = {clip.step for clip in clips if clip.step is not None}
    peaks = [clip.peak for clip in clips if clip.peak is not None]
    return {
        "key": key,
        "clips": len(clips),
        "steps": len(steps),
        "first_step": min(steps, default=None),
        "last_step": max(steps, default=None),
        "seconds": _seconds(clips),
        "sample_rate": _distinct(clip.sample_rate for clip in clips),
        "channels": _distinct(clip.channels for clip in clips),
        "formats": _distinct(clip.format for clip in clips),
        "peak": round(max(peaks), 4) if peaks else None,
        "clipped_samples": sum(clip.clipped_samples or 0 for clip in clips) or None,
    }


def _state(run: Run) -> str:
    if not run.finished:
        return "running or killed"
    return "finished" if run.exit_code == 0 else f"failed ({run.exit_code})"


def _seconds(clips: Iterable[StoredClip]) -> float:
    return round(sum(clip.duration or 0.0 for clip in clips), 3)


def _last_step(run: Run, clips: Iterable[StoredClip]) -> Any:
    steps = [clip.step for clip in clips if clip.step is not None]
    return max(steps) if steps else run.summary.get("_step")


def _folder_size(folder: Path) -> int:
    total = 0
    for home, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(home, name).lstat().st_size
            except OSError:  # gone meanwhile
                continue
    return total


def _distinct(values: Iterable[Any]) -> list[Any] | None:
    return sorted({value for value in values if value is not None}) or None


def _decibels(peak: float | None) -> float | None:
    if peak is None:
        return None
    return round(20 * math.log10(peak), 1) if peak > 0 else -math.inf


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:MOST_NAMED])
    return shown if len(names) <= MOST_NAMED else f"{shown} and {len(names) - MOST_NAMED} more"

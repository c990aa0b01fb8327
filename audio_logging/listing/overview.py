"""From a folder, a group or a key to the lines that list what is there."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from audio_logging._types import StrPath
from audio_logging.errors import NotFoundError
from audio_logging.listing.lines import Record, counted, json_lines, table_lines
from audio_logging.listing.records import clip_records, key_records, matching_clips, run_record
from audio_logging.runs import Run, list_runs, open_run

__all__ = ["clip_lines", "find_runs", "key_lines", "run_lines"]


def find_runs(path: StrPath, *, group: str | None = None) -> tuple[list[Run], bool]:
    """Return the run at a path, or the runs in a folder.

    Parameters
    ----------
    path : str or Path
    group : str, optional
        Only runs of this group.

    Returns
    -------
    runs : list of Run
        At least one.
    is_folder : bool
        Whether the path is a folder of runs, rather than one.

    Raises
    ------
    NotFoundError
        There is none; the message says what is there.
    """
    try:
        runs, is_folder = [open_run(path)], False
    except NotFoundError:
        if not Path(path).is_dir():
            raise NotFoundError(
                f"there is no folder {os.fspath(path)!r}. Go to where training was started, or name the folder"
            ) from None
        runs, is_folder = list_runs(path), True
    if not runs:
        raise NotFoundError(f"there is no run in {os.fspath(path)!r}, wanted a folder such as 'wandb' with runs in it")
    chosen = [run for run in runs if group is None or run.group == group]
    if not chosen:
        groups = sorted({run.group for run in runs if run.group})
        raise NotFoundError(f"there is no group {group!r}; there are {', '.join(map(repr, groups)) or 'none'}")
    return chosen, is_folder


def run_lines(runs: Sequence[Run], *, json: bool = False) -> Iterator[str]:
    """Yield a line for each run, those of one group together.

    Parameters
    ----------
    runs : sequence of Run
    json : bool
        Whether each line is a JSON object.
    """
    records = [run_record(run) for run in _by_group(runs)]
    if json:
        yield from json_lines(records)
        return
    for group, members in itertools.groupby(records, lambda record: record["group"]):
        together = [{name: value for name, value in record.items() if name != "group"} for record in members]
        yield from table_lines(together, _total(together) if group is None else f"group {group}: {_total(together)}")
        yield ""


def key_lines(runs: Sequence[Run], *, json: bool = False) -> Iterator[str]:
    """Yield a line for each key of a run, or of several together; the parameters are those of `run_lines`."""
    clips = [clip for run in runs for clip in run.clips()]
    records = key_records(clips)
    yield from json_lines(records) if json else table_lines(records, f"{_title(runs)}: {counted(len(clips), 'clip')}")
    if not json:
        yield from _problems(runs)


def clip_lines(runs: Sequence[Run], key: str, *, step: float | None = None, json: bool = False) -> Iterator[str]:
    """Yield a line for each clip of a key.

    Parameters
    ----------
    runs : sequence of Run
    key : str
        Or a pattern with ``*``, ``?`` and ``[...]``.
    step : float, optional
        Only clips of this step.
    json : bool
        Whether each line is a JSON object.

    Raises
    ------
    NotFoundError
        There is none; the message says what is there.
    """
    found = matching_clips(runs, key, step=step)
    records = clip_records(found, with_run=len(runs) > 1)
    yield from (
        json_lines(records) if json else table_lines(records, f"{_title(runs)}, {key}: {counted(len(found), 'clip')}")
    )


def _by_group(runs: Sequence[Run]) -> list[Run]:
    """Return the runs in their order, but each group's together, where its first is; those without one first."""
    places: dict[str | None, int] = {None: -1}
    for place, run in enumerate(runs):
        places.setdefault(run.group, place)
    return sorted(runs, key=lambda run: places[run.group])


def _title(runs: Sequence[Run]) -> str:
    if len(runs) > 1:
        return f"{len(runs)} runs"
    [run] = runs
    return run.folder.name if run.name == run.id else f"{run.name} ({run.folder.name})"


def _total(records: Sequence[Record]) -> str:
    clips, seconds = sum(record["clips"] for record in records), sum(record["seconds"] for record in records)
    return f"{counted(len(records), 'run')}, {counted(clips, 'clip')}, {seconds:g} s of audio"


def _problems(runs: Sequence[Run]) -> Iterator[str]:
    problems = [f"{run.folder.name}: {problem}" for run in runs for problem in run.problems]
    if problems:
        yield ""
        yield f"{counted(len(problems), 'problem')}, such as:"
        yield from problems[:5]

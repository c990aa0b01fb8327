"""Asking: from the index to rows, details and files of clips."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from audio_logging.dashboard.catalog.facets import facets
from audio_logging.dashboard.catalog.points import coordinates, thinned
from audio_logging.dashboard.catalog.queries import Query
from audio_logging.dashboard.catalog.selecting import Known, chosen, in_order, masks
from audio_logging.dashboard.indexing.answers import Answers
from audio_logging.dashboard.indexing.clip_ids import public_id
from audio_logging.dashboard.indexing.followed_run import FollowedRun
from audio_logging.dashboard.indexing.index import Index
from audio_logging.dashboard.indexing.rows import ClipRow
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.errors import NotFoundError

__all__ = [
    "FoundClip",
    "details",
    "find_clip",
    "map_of",
    "read",
    "related_clips",
    "select",
    "select_facets",
    "stored_file",
]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_UNSAFE = re.compile(r"[^\w.+-]+")

MAX_NAME = 100
"""Characters of the name of a download."""


class FoundClip(NamedTuple):
    """One clip: its number, its run, its row."""

    number: int
    run: FollowedRun
    row: ClipRow

    @property
    def id(self) -> str:
        """What it is called in addresses."""
        return public_id(self.row.uid ^ self.run.salt)

    def to_json(self) -> dict[str, Any]:
        """Return the contract's RowJson."""
        return self.row.to_json(self.run.id, self.id)


def select(index: Index, query: Query) -> npt.NDArray[np.int64]:
    """Return the numbers of the clips of a query, in its order."""
    known = _known(index)
    with index.columns.lock:
        mask = chosen(masks(query, index.columns, known))
        return index.columns.clips[in_order(query, index.columns, known, mask)]


def select_facets(index: Index, query: Query) -> dict[str, Any]:
    """Return what there is to filter by, as FacetsJson."""
    known = _known(index)
    with index.columns.lock:
        return facets(masks(query, index.columns, known), index.columns)


def read(index: Index, numbers: npt.NDArray[np.int64]) -> list[FoundClip]:
    """Return clips by their numbers, in the same order; those that are gone by now are left out."""
    rows = index.database.rows(numbers.tolist())
    runs = {run.number: run for run in index.runs}
    with index.columns.lock:
        of = index.columns.runs[np.searchsorted(index.columns.clips, numbers)].tolist()
    pairs = zip(numbers.tolist(), of, strict=True)
    return [FoundClip(number, runs[run], rows[number]) for number, run in pairs if run in runs and number in rows]


def find_clip(index: Index, clip: str) -> FoundClip:
    """Return the clip of an id.

    Raises
    ------
    NotFoundError
        There is none.
    """
    found = read(index, index.find([clip])[:1])
    if not found:
        raise NotFoundError(f"there is no clip {clip[:40]!r} in these runs; it may have been one of a run that is gone")
    return found[0]


def details(index: Index, found: Sequence[FoundClip]) -> list[dict[str, Any]]:
    """Return everything that is known of clips, as DetailJson."""
    captions = index.database.captions([clip.number for clip in found if clip.row.caption_cut])
    return [
        clip.row.to_detail(clip.run.id, clip.id, clip.run.facts["name"], captions.get(clip.number)) for clip in found
    ]


def related_clips(index: Index, clip: FoundClip, runs: Sequence[str], most: int) -> tuple[int, list[FoundClip]]:
    """Return the same clip under all keys and steps of some runs, or of all: by step, then as logged.

    Parameters
    ----------
    index : Index
    clip : FoundClip
    runs : sequence of str
        Empty: all.
    most : int
        Clips to return.

    Returns
    -------
    total : int
    clips : list of FoundClip
    """
    numbers = [run.number for run in index.runs if not runs or run.id in runs]
    columns = index.columns
    with columns.lock:
        same = columns.same[columns.position(clip.number)]
        mask = columns.there & (columns.same == same) & np.isin(columns.runs, numbers)
        found = columns.clips[in_order(Query(sort="step"), columns, _known(index), mask)]
    shown = read(index, found[:most])
    others = [other for other in shown if _is_same(other.row, clip.row)]
    return len(found) - len(shown) + len(others), others


def map_of(index: Index, numbers: npt.NDArray[np.int64], answers: Answers) -> dict[str, Any]:
    """Return where clips stand on a map: how many have a place, and points of at most 5,000 of them.

    Parameters
    ----------
    index : Index
    numbers : ndarray of int64 [shape=(clips,)]
    answers : Answers
        Keeps the places of the same clips: a projection takes seconds, and a run that is written changes often.

    Returns
    -------
    dict
        ``total`` and ``points``.
    """
    columns = index.columns
    with columns.lock:
        placed = columns.placed[np.searchsorted(columns.clips, numbers)]
    # Embeddings and own places do not go on one map: they have no axes in common.
    numbers = numbers[placed == placed.max(initial=1)]
    shown = thinned(numbers, _size(index, numbers))
    state = (id(index), shown.tobytes())
    places = answers.get(("places", state), state, lambda: _places(index, shown))
    points = [{**_point(clip), **places[clip.number]} for clip in read(index, shown) if clip.number in places]
    return {"total": len(numbers), "points": points}


def stored_file(clip: FoundClip) -> StoredFile:
    """Return the file of a clip.

    Raises
    ------
    NotFoundError
        It is missing or was refused.
    """
    row = clip.row
    try:
        found = os.lstat(row.file) if row.file is not None else None
    except (OSError, ValueError):
        found = None
    if row.file is None or found is None or not stat.S_ISREG(found.st_mode):
        raise NotFoundError(f"the file of this clip, {row.recorded_path[-200:]!r}, is missing or was refused")
    is_known = row.sha256 is not None and _SHA256.fullmatch(row.sha256) and found.st_size == row.size
    of_file = f"{row.file}\n{found.st_size}\n{found.st_mtime_ns}"
    return StoredFile(
        path=row.file,
        content=_digest(of_file),
        sha256=row.sha256 if is_known else None,
        format=row.format,
        sample_rate=_whole(row.sample_rate),
        channels=_whole(row.channels),
        frames=_whole(row.frames),
        name=_download_name(row),
    )


def _known(index: Index) -> Known:
    runs = [(run.id, run.number) for run in index.runs]
    return Known(runs, index.find, index.database.containing)


def _is_same(row: ClipRow, wanted: ClipRow) -> bool:
    if wanted.clip_id is not None:
        return row.clip_id == wanted.clip_id
    place = (row.key, row.ordinal, row.column)
    return row.clip_id is None and place == (wanted.key, wanted.ordinal, wanted.column)


def _size(index: Index, numbers: npt.NDArray[np.int64]) -> int:
    """Return how many values an embedding has, going by the first few."""
    places = index.database.places(numbers[:10].tolist())
    return max((len(place.embedding or b"") // 4 for place in places.values()), default=1)


def _places(index: Index, numbers: npt.NDArray[np.int64]) -> dict[int, dict[str, float]]:
    told = numbers.tolist()
    places = index.database.places(told)
    found = zip(told, coordinates([places.get(number) for number in told]), strict=True)
    return {number: {"x": place[0], "y": place[1]} for number, place in found if place is not None}


def _point(clip: FoundClip) -> dict[str, Any]:
    row = clip.row
    told = {"id": clip.id, "label": row.label, "prediction": row.prediction, "correct": row.correct}
    return {name: value for name, value in told.items() if value is not None}


def _digest(told: str) -> str:
    return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


def _whole(told: float | None) -> int | None:
    return None if told is None else int(told)


def _download_name(row: ClipRow) -> str:
    """Return a name from key, step and index that any file system takes."""
    step = "" if row.step is None else f"_step{row.step:g}"
    stem = _UNSAFE.sub("-", row.key).strip(".-")[:MAX_NAME] or "clip"
    return f"{stem}{step}_{row.ordinal:g}.{_UNSAFE.sub('', row.format or '')[:10] or 'bin'}"

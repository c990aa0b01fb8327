"""FollowedRun: one run while it is indexed, and how far that is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from audio_logging.dashboard.indexing.clip_ids import uid_of
from audio_logging.dashboard.indexing.database import KeptClip, MapPlace
from audio_logging.dashboard.indexing.json_values import number, text
from audio_logging.dashboard.indexing.rows import ClipRow
from audio_logging.dashboard.indexing.run_facts import State, address_id, facts_of, problem_facts, state_of
from audio_logging.dashboard.indexing.watching import RunFiles, RunState
from audio_logging.runs import Run, StoredClip
from audio_logging.runs.record_file import RecordTotals
from audio_logging.runs.tail import ClipTail

__all__ = ["Batch", "FollowedRun"]

BATCH_TIME = 0.1
"""[s] No longer are clips held back that were read."""

TRUSTED_AFTER = 3600.0
"""[s] A run without an end that was quiet for so long was killed."""

FIRST_BATCH = 100
LARGEST_BATCH = 500


class Batch(NamedTuple):
    """What came of a run: clips to add, clips that are there already, repeats of clips, and clips to remove."""

    new: list[KeptClip]
    known: list[KeptClip]
    repeats: list[KeptClip]
    gone: list[int]


class FollowedRun:
    """Reads a run, and gives each clip its number.

    Parameters
    ----------
    folder : Path
    number : int
        In the database.

    Attributes
    ----------
    salt : int
        What this run's clips' ids are mixed with, so that runs of the same id in two folders are told apart; else 0.
    facts : dict
        Part of its RunJson.
    state : {"running", "finished", "failed", "stopped"}
    is_indexed : bool
        Whether everything was read that was there when it was begun.
    is_queued : bool
        Whether the indexer is about to read some of it.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder
        self.number = number
        self.salt = 0
        self.facts: dict[str, Any] = facts_of(_NOTHING, folder, ())
        self.is_indexed = False
        self.is_queued = False
        self._files = RunFiles(folder)
        self._now = self._files.look()
        self._last_sign = self._files.last_sign()
        self._read: RunState | None = None
        self._read_time = 0.0
        self._run: Run | None = None
        self._opening: list[str] = []
        self._tail: ClipTail | None = None
        self._reading: Iterator[StoredClip] | None = None
        self._batch = FIRST_BATCH
        self._clips: dict[int, int] = {}
        self._left: set[int] = set()
        self._again: dict[int, int] = {}
        self._media: dict[str, tuple[int, int]] = {}
        self.state: State = self._state()

    @property
    def id(self) -> str:
        """What the run is called in addresses, on every machine: 12 hexadecimal digits."""
        return address_id(self.run_id, self.salt)

    @property
    def run_id(self) -> str:
        """The run's id as the records or the folder's name tell it."""
        return str(self.facts["run_id"])

    @property
    def is_reading(self) -> bool:
        """Whether there may be more to take."""
        return self._reading is not None

    @property
    def is_followed(self) -> bool:
        """Whether what comes is read from where the last reading ended."""
        return self._tail is not None

    @property
    def is_finished(self) -> bool:
        """Whether the run said that it ended."""
        return self.facts["exit_code"] is not None

    @property
    def last_change(self) -> float:
        """When it was last written to, in seconds since 1970."""
        return max(self._now.changed, self._last_sign)

    @property
    def kept(self) -> tuple[str, dict[str, Any]] | None:
        """What `remember` wants: the state of the files before they were read to their end, and the facts."""
        if self._read is None or self._reading is not None or not self.is_indexed:
            return None
        return self._read.dump(), self.facts

    def remember(self, state: str, facts: dict[str, Any]) -> None:
        """Take over what an earlier indexing kept, if it holds still.

        A run without an end that was written to lately is read again: files may have come to its media folder.
        """
        is_settled = facts["exit_code"] is not None or time.time() - self.last_change > TRUSTED_AFTER
        self.facts = facts
        self.state = self._state()
        if is_settled and state == self._now.dump():
            self._read, self.is_indexed = self._now, True

    def needs(self, media_poll: float) -> bool:
        """Look at the files; whether there is something to read, from the beginning or from where reading ended.

        Parameters
        ----------
        media_poll : float
            [s] How long after the last reading a run is read whose files did not grow; ten times as long when it is
            quiet.
        """
        now, read = self._files.look(), self._read
        if not now.is_there and read is not None and read.is_there:
            return False  # its folder is gone, or away for a moment
        self._now = now
        if not self.is_finished:
            self._last_sign = self._files.last_sign()
        self.state = self._state()
        if read is None or not now.follows(read):
            self._tail = None
            return True
        if self._tail is None:
            return now != read
        pause = media_poll if self.state == "running" else 10 * media_poll
        if now != read or time.monotonic() - self._read_time >= pause:
            self._read = now
            self._reading = self._tail.read()
            return True
        return False

    def begin(self, known: Callable[[int], dict[int, int]]) -> None:
        """Read the run from its beginning.

        Parameters
        ----------
        known : callable
            From its number to its clips so far: their numbers by their uids. Those that do not come again are gone.
        """
        self._read = self._now = self._files.look()
        self._run = Run.at(self.folder)
        self._tail = self._run.tail_clips(repeats=True)
        self._run_id = self._run.id
        self._opening = self._run.problems
        self._learn()
        self._clips = known(self.number)
        self._left = set(self._clips)
        self._again, self._media = {}, {}
        self._batch = FIRST_BATCH
        self._reading = self._tail.read()

    def restart(self) -> None:
        """Forget how far the reading was; the run is read from its beginning."""
        self.is_queued = False
        self._reading = self._read = None
        self._release()

    def abandon(self, problem: str) -> None:
        """Stop reading because of an error; what was read so far stays."""
        self._reading = self._tail = self._run = None
        self._clips, self._left = {}, set()
        self.is_indexed = True
        self.facts = {**self.facts, **problem_facts([*self.facts["problems"], problem])}

    def release_after(self, quiet: float) -> None:
        """Let go of what it takes to go on reading, when the run was quiet for so long [s]."""
        if self._tail is not None and time.time() - self.last_change > quiet:
            self._release()

    def _release(self) -> None:
        self._tail = self._run = None
        self._clips, self._left, self._again, self._media = {}, set(), {}, {}

    def take(self, next_number: int) -> Batch:
        """Return some of what came; at the end `is_reading` is False.

        Parameters
        ----------
        next_number : int
            Of the first new clip.
        """
        batch = Batch([], [], [], [])
        deadline = time.monotonic() + BATCH_TIME
        for _ in range(self._batch):
            clip = next(self._reading, None) if self._reading is not None else None
            if clip is None:
                self._end(batch)
                break
            self._add(clip, batch, next_number + len(batch.new))
            if time.monotonic() > deadline:
                break
        self._batch = min(2 * self._batch, LARGEST_BATCH)
        return batch

    def to_json(self, clips: int) -> dict[str, Any]:
        """Return the contract's RunJson."""
        told = {"id": self.id, **self.facts, "state": self.state, "clips": clips, "indexed": self.is_indexed}
        return {name: value for name, value in told.items() if value is not None}

    def _add(self, clip: StoredClip, batch: Batch, number: int) -> None:
        if clip.source == "sidecar" and clip.table is not None:
            known = self._clips.get(uid_of(self._run_id, clip, column=None))
            if known is not None:
                batch.repeats.append(self._kept(clip, known, 0))
            return
        if clip.source != "media" and clip.recorded_path in self._media:
            uid, there = self._media.pop(clip.recorded_path)
            if clip.source == "record":  # The file stood for it so far: now more is known of the same clip.
                batch.known.append(self._kept(clip, there, uid))
                return
            del self._clips[uid]
            batch.gone.append(there)
        uid = self._uid(clip)
        if uid in self._left:
            self._left.discard(uid)
            number = self._clips[uid]
            batch.known.append(self._kept(clip, number, uid))
        else:
            self._clips[uid] = number
            batch.new.append(self._kept(clip, number, uid))
        if clip.source == "media":
            self._media[clip.recorded_path] = uid, number

    def _uid(self, clip: StoredClip) -> int:
        uid = first = uid_of(self._run_id, clip, column=clip.column)
        while uid in self._clips and uid not in self._left:
            again = self._again[first] = self._again.get(first, 0) + 1
            uid = uid_of(self._run_id, clip, column=clip.column, again=again)
        return uid

    def _kept(self, clip: StoredClip, number: int, uid: int) -> KeptClip:
        row = ClipRow.of(clip, uid)
        caption = text(clip.caption) if row.caption_cut and clip.caption is not None else row.caption
        return KeptClip(number, self.number, row, caption, _place(clip))

    def _end(self, batch: Batch) -> None:
        batch.gone.extend(self._clips.pop(uid) for uid in self._left)
        self._left = set()
        self._reading = None
        self.is_indexed = True
        self._read_time = time.monotonic()
        is_finished = self._tail is not None and self._tail.finished
        self._learn(is_finished=is_finished)
        if is_finished:
            self._release()

    def _state(self) -> State:
        return state_of(self.facts["exit_code"], self.last_change, time.time())

    def _learn(self, *, is_finished: bool = False) -> None:
        if self._tail is not None and self._run is not None:
            problems = self._run.problems
            if is_finished and self._opening:
                # Some it only had because it was not finished when it was opened.
                lasting = [problem for problem in problems if problem not in self._opening]
                problems = [*Run.at(self.folder).problems, *lasting]
            self.facts = facts_of(self._tail.totals, self.folder, problems)
            self.state = self._state()


_NOTHING = RecordTotals()


def _place(clip: StoredClip) -> MapPlace | None:
    x, y = number(clip.x), number(clip.y)
    embedding = None if clip.embedding is None else _embedding(clip.embedding)
    return MapPlace(embedding, x, y) if embedding is not None or (x is not None and y is not None) else None


def _embedding(told: Any) -> bytes | None:
    try:
        with np.errstate(over="ignore"):
            values = np.array(told, np.float32)
    except (OverflowError, TypeError, ValueError):
        return None
    return values.tobytes() if np.isfinite(values).all() else None

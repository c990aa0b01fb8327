"""Index: the clips of some runs, in the database and in columns, which are kept alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audio_logging.dashboard.indexing.clip_ids import uid_of_id
from audio_logging.dashboard.indexing.columns import Columns
from audio_logging.dashboard.indexing.database import Database, KeptClip, KeptRun
from audio_logging.dashboard.indexing.followed_run import Batch, FollowedRun
from audio_logging.dashboard.indexing.rows import ClipRow

__all__ = ["Index"]

LOADED_AT_ONCE = 1000


class Index:
    """What one thread writes and any number read.

    Parameters
    ----------
    database : Database

    Attributes
    ----------
    columns : Columns
    runs : tuple of FollowedRun
        In the order in which they began; replaced as a whole.
    next_number : int
        Of the next new clip.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.columns = Columns()
        self.runs: tuple[FollowedRun, ...] = ()
        self.next_number = 1

    def load(self) -> bool:
        """Take some of what the database kept into the columns; False when that was all."""
        found = self.database.clips(after=self.next_number - 1, most=LOADED_AT_ONCE)
        if not found:
            return False
        known = {run.number for run in self.runs}
        self.columns.add([clip for clip in found if clip.run in known])
        self.next_number = found[-1].clip + 1
        return True

    def put(self, run: FollowedRun, batch: Batch) -> bool:
        """Write what came of a run; True when there was anything new in it."""
        changed = self._merge(batch.known, replace=True)
        with self.database.writing():
            self.database.remove(batch.gone)
            self.database.put([*batch.new, *(clip for clip, _ in changed)])
        self.columns.remove(batch.gone)
        self.columns.add(batch.new)
        self.columns.change(changed)
        self.next_number += len(batch.new)
        repeated = self._merge(batch.repeats, replace=False)
        if repeated or run.kept is not None:
            with self.database.writing():
                self.database.put([clip for clip, _ in repeated])
                if run.kept is not None:
                    self.database.keep_run(run.number, *run.kept)
            self.columns.change(repeated)
        return bool(batch.new or batch.gone or changed or repeated)

    def add_run(self, folder: Path, kept: KeptRun | None) -> FollowedRun:
        """Return a run, as the database kept it if it did; it is not among `runs` yet."""
        with self.database.writing():
            run = FollowedRun(folder, kept.run if kept else self.database.add_run(str(folder)))
        if kept and kept.signature is not None and kept.facts is not None:
            run.remember(kept.signature, kept.facts)
        return run

    def forget(self, kept: Iterable[KeptRun]) -> None:
        """Remove what the database kept of runs that are gone."""
        with self.database.writing():
            self.database.remove_runs([run.run for run in kept])

    def remove_run(self, run: FollowedRun) -> None:
        """Forget a run and its clips."""
        self.runs = tuple(other for other in self.runs if other is not run)
        with self.database.writing():
            self.database.remove_runs([run.number])
        self.columns.remove_run(run.number)

    def find(self, ids: Iterable[str]) -> npt.NDArray[np.int64]:
        """Return the numbers of the clips with these ids, ascending; unknown ids are left out."""
        uids = np.array([uid for uid in map(uid_of_id, ids) if uid is not None], np.int64)
        columns = self.columns
        of_salt: dict[int, list[int]] = {}
        for run in self.runs:
            of_salt.setdefault(run.salt, []).append(run.number)
        with columns.lock:
            mask = np.zeros(len(columns), np.bool_)
            for salt, numbers in of_salt.items():
                # One id is looked for often, and np.isin would sort the columns for it.
                found = columns.uids == uids[0] ^ salt if len(uids) == 1 else np.isin(columns.uids, uids ^ salt)
                if found.any():
                    mask |= found & np.isin(columns.runs, numbers)
            return columns.clips[mask & columns.there]

    def _merge(self, clips: Sequence[KeptClip], *, replace: bool) -> list[tuple[KeptClip, ClipRow]]:
        """Return the clips whose rows are to be written, each with its row as it was."""
        numbers = [clip.clip for clip in clips]
        known = self.database.rows(numbers)
        captions = self.database.captions(numbers)
        changed: dict[int, tuple[KeptClip, ClipRow]] = {}
        for clip in clips:
            before = known.get(clip.clip)
            if before is None:
                continue
            row = clip.row.merged(before) if replace else before.merged(clip.row)
            if row != before or clip.place is not None:
                is_own = row.caption == clip.row.caption
                caption = clip.caption if is_own else captions.get(clip.clip, row.caption)
                known[clip.clip] = row
                changed[clip.clip] = (clip._replace(row=row, caption=caption), before)
        return list(changed.values())

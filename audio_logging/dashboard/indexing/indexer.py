"""Indexer: a thread that brings runs into the index, and keeps up with those that are being written.

Runs that were read to their end are remembered; unfinished ones are looked at by the sizes of their files, and only
what is new is read. Whatever a run or the database does, the thread goes on: an error becomes a problem of the run, and
a database that fails is left for a temporary one.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from audio_logging.dashboard.indexing.database import Database, KeptRun
from audio_logging.dashboard.indexing.followed_run import FollowedRun
from audio_logging.dashboard.indexing.index import Index
from audio_logging.dashboard.indexing.salts import salts
from audio_logging.dashboard.indexing.version import Version
from audio_logging.dashboard.indexing.watching import Folders

__all__ = ["Indexer"]

POLL = 0.2
"""[s] Between looks at runs that are being written."""

DISCOVER = 1.5
"""[s] Between looks for new runs."""

TURNS = 8
"""Into so many parts are all runs divided, and one is looked at each time."""

MOST_POLLED = 100
"""Runs that are looked at more often: the last that were written to."""

MEDIA_POLL = 1.0
"""[s] How often a run is read whose files did not grow: plain clips come as files in its media folder alone."""

PATIENCE = 600.0
"""[s] What it takes to go on reading a run is held for so long after its last change; later it is read anew."""

REPLACING = 50
"""Times POLL that a reader waits for another index."""

RETRY = 5.0
"""[s] After an error that is nobody's in particular."""


class Indexer:
    """Holds the index, and the thread that writes it.

    Parameters
    ----------
    paths : sequence of Path
    open_database : callable
        Called again when the database fails.

    Attributes
    ----------
    index : Index
        Replaced as a whole when the database fails.
    version : Version
    """

    def __init__(self, paths: Sequence[Path], open_database: Callable[[], Database]) -> None:
        self.index = Index(open_database())
        self.version = Version()
        self._folders = Folders(paths)
        self._turn = 0
        self._queue: deque[FollowedRun] = deque()
        self._failed: Index | None = None
        self._missed: set[Path] = set()
        self._awaited: set[Path] | None = None
        self._is_through = threading.Event()
        self._closing = threading.Event()
        self._next_look = self._next_discovery = 0.0
        self._thread = threading.Thread(target=self._run, name="audio-logging-indexer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop, wait for the thread, close the database."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.index.database.close()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until everything is indexed that was there at the start; False when that takes too long."""
        return self._is_through.wait(timeout)

    def replace(self, failed: Index) -> Index:
        """Have an index replaced whose database fails, and return the one in its place; the same if that takes long."""
        self._failed = failed
        for _ in range(REPLACING):
            if self.index is not failed or self._closing.wait(POLL):
                break
        return self.index

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._begin()
                while not self._closing.is_set():
                    self._step()
            except Exception as error:  # without the thread, the page would never change again
                self._recover(error)

    def _recover(self, error: Exception) -> None:
        self._queue.clear()
        self._missed.clear()
        try:
            if isinstance(error, sqlite3.Error):
                self._start_over(error)
                return
            for run in self.index.runs:
                run.restart()
        except Exception:
            self._failed = self.index
        self._closing.wait(RETRY)

    def _start_over(self, error: sqlite3.Error) -> None:
        """Leave a database that fails: for a temporary file, and if that fails too, for one in memory."""
        failed = self.index
        self.index = Index(Database.temporary() if failed.database.is_kept else Database.in_memory())
        # What is damaged says so; other errors are of the disk, and the file may be good the next time.
        failed.database.close(is_damaged=not isinstance(error, (sqlite3.OperationalError, sqlite3.ProgrammingError)))
        self.version.grow()
        if not failed.database.is_kept:
            self._closing.wait(RETRY)

    def _begin(self) -> None:
        """Take in what the database kept, and put first what was written to last."""
        kept = {Path(run.folder): run for run in self.index.database.runs()}
        self._discover(kept)
        known = {run.folder for run in self.index.runs}
        self.index.forget(run for folder, run in kept.items() if folder not in known)
        if self._awaited is None:
            self._awaited = {run.folder for run in self.index.runs}
        while self.index.load() and not self._closing.is_set():
            self.version.grow()
        self.version.grow()
        self._look(self.index.runs)
        self._next_discovery = time.monotonic() + DISCOVER

    def _step(self) -> None:
        if self._failed is self.index:
            raise sqlite3.DatabaseError("a reader found it damaged")
        now = time.monotonic()
        if now >= self._next_discovery:
            self._discover({})
            self._look(self.index.runs[self._turn :: TURNS])
            self._turn = (self._turn + 1) % TURNS
            self._next_discovery = time.monotonic() + DISCOVER
        elif now >= self._next_look:
            self._look(self._polled())
        if now >= self._next_look:
            self._next_look = time.monotonic() + POLL
        if self._queue:
            self._advance(self._queue.popleft())
        if not self._queue:
            self._release_waiting()
            self._closing.wait(max(self._next_look - time.monotonic(), 0.001))

    def _release_waiting(self) -> None:
        if not self._is_through.is_set():
            awaited = self._awaited or set()
            if all(run.is_indexed for run in self.index.runs if run.folder in awaited):
                self._is_through.set()

    def _discover(self, kept: dict[Path, KeptRun]) -> None:
        folders = self._folders.find(anew=bool(self._missed))
        known = {run.folder: run for run in self.index.runs}
        gone = known.keys() - set(folders)
        for folder in gone & self._missed:  # twice in a row: a network drive may be away for a moment
            self.index.remove_run(known.pop(folder))
        self._missed = gone - self._missed
        new = [folder for folder in folders if folder not in known]
        for folder in new:
            known[folder] = self.index.add_run(folder, kept.get(folder))
        if new or gone:
            order = [*folders, *self._missed]
            self.index.runs = tuple(known[folder] for folder in dict.fromkeys(order) if folder in known)
            self._set_apart()
            self.version.grow()

    def _set_apart(self) -> None:
        runs = self.index.runs
        for run, salt in zip(runs, salts([(run.run_id, run.folder) for run in runs]), strict=True):
            run.salt = salt

    def _polled(self) -> list[FollowedRun]:
        unfinished = [run for run in self.index.runs if not run.is_finished or run.is_followed]
        return sorted(unfinished, key=lambda run: run.last_change, reverse=True)[:MOST_POLLED]

    def _look(self, runs: Sequence[FollowedRun]) -> None:
        before = [run.state for run in runs]
        for run in sorted(runs, key=lambda run: run.last_change, reverse=True):
            if run.is_queued:
                continue
            if run.needs(MEDIA_POLL):
                run.is_queued = True
                if run.is_reading:  # a few new clips go before a run that is read from its beginning
                    self._queue.appendleft(run)
                else:
                    self._queue.append(run)
            else:
                run.release_after(PATIENCE)
        if before != [run.state for run in runs]:
            self.version.grow()

    def _advance(self, run: FollowedRun) -> None:
        index = self.index
        was_indexed, run_id = run.is_indexed, run.run_id
        try:
            if not run.is_reading:
                run.begin(index.columns.of_run)
            batch = run.take(index.next_number)
        except Exception as error:  # one run that cannot be read does not take the others with it
            run.abandon(f"could not be read to its end: {type(error).__name__}: {error}")
            run.is_queued = False
            self.version.grow()
            return
        is_changed = index.put(run, batch)
        if run.run_id != run_id:
            self._set_apart()
        run.is_queued = run.is_reading
        if run.is_queued:
            self._queue.append(run)
        if is_changed or run.is_indexed != was_indexed:
            self.version.grow()

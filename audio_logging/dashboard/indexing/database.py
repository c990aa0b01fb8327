"""Database: what was read of the runs, kept in the user's cache folder, so that it need not be read again.

SQLite in WAL mode: one thread writes, any number read. The file belongs to one process at a time; a second process on
the same runs has a temporary one. It only repeats what the runs tell, so whatever is wrong with it, it is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import shutil
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from audio_logging.dashboard.indexing.answers import Answers
from audio_logging.dashboard.indexing.clip_ids import NAMING
from audio_logging.dashboard.indexing.database_files import OWNER, own, remove_file, remove_old
from audio_logging.dashboard.indexing.rows import VALUES, ClipRow

__all__ = ["Database", "KeptClip", "KeptRun", "MapPlace"]

T = TypeVar("T")

_FIELDS = ", ".join(f'"{name}"' for name in VALUES)
_SCHEMA = f"""
CREATE TABLE runs (run INTEGER PRIMARY KEY, folder TEXT UNIQUE NOT NULL, signature TEXT, facts TEXT);
CREATE TABLE clips (clip INTEGER PRIMARY KEY, run INTEGER NOT NULL, {_FIELDS});
CREATE TABLE texts (clip INTEGER PRIMARY KEY, searched TEXT NOT NULL);
CREATE TABLE captions (clip INTEGER PRIMARY KEY, caption TEXT NOT NULL);
CREATE TABLE places (clip INTEGER PRIMARY KEY, embedding BLOB, x REAL, y REAL);
"""
_TABLES = ("clips", "texts", "captions", "places")
_FORM = zlib.crc32(f"{_SCHEMA}{NAMING}".encode()) & 0x7FFFFFFF
"""Stands in the file; another one's file is made anew."""

_PUT = f"INSERT OR REPLACE INTO clips VALUES (?, ?{', ?' * len(VALUES)})"  # noqa: S608 - as many question marks as fields
_SELECT = f"SELECT clip, run, {_FIELDS} FROM clips"  # noqa: S608 - names of our own

BUSY = 5.0
"""[s] How long to wait for another connection."""

READERS = 4
"""Connections that are kept for reading; each may hold a megabyte of pages."""

CHECKPOINT = 4000
"""Pages that are written before they are moved into place, which waits for the disk."""

MAX_SEARCHED = 50_000
"""Characters of a clip in which words are looked for."""

MAX_CAPTION = 1_000_000


class MapPlace(NamedTuple):
    """Where a clip stands on a map: an embedding [float32], or x and y, or both."""

    embedding: bytes | None
    x: float | None
    y: float | None


class KeptClip(NamedTuple):
    """One clip for the database: its number, its run's, its row, its whole caption, its place."""

    clip: int
    run: int
    row: ClipRow
    caption: str | None
    place: MapPlace | None


class KeptRun(NamedTuple):
    """One run: its number, its folder, and, once it was read to the end, the state of its files and its facts."""

    run: int
    folder: str
    signature: str | None
    facts: dict[str, Any] | None


class Database:
    """The file, its connections, and every statement that is made.

    Parameters
    ----------
    address : str
        Path or ``file:`` address.
    is_kept : bool
        Whether it is there the next time.
    owner : sqlite3.Connection, optional
        Keeps other processes away.
    folder : str, optional
        Removed at the end.
    """

    def __init__(
        self, address: str, *, is_kept: bool, owner: sqlite3.Connection | None = None, folder: str | None = None
    ) -> None:
        self.is_kept = is_kept
        self._address = address
        self._owner = owner
        self._folder = folder
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue(READERS)
        self._written = 0
        self._found = Answers()
        self._writer = self._connect(cache_pages=-2000)
        self._prepare()

    @classmethod
    def open(cls, cache: Path | None, name: str) -> Database:
        """Open the database of some runs: in the cache folder if that works, else a temporary one.

        Parameters
        ----------
        cache : Path or None
            Made when it is not there; None: a temporary one.
        name : str
            What it is of.
        """
        if cache is not None:
            for _ in range(2):
                with contextlib.suppress(OSError, sqlite3.Error, ValueError):
                    return cls._open_kept(cache, name)
        return cls.temporary()

    @classmethod
    def temporary(cls) -> Database:
        """Open a database that is gone at the end: a file, or in memory where no file can be written."""
        try:
            folder = tempfile.mkdtemp(prefix="audio-logging-")
            return cls(str(Path(folder, "index.sqlite3")), is_kept=False, folder=folder)
        except (OSError, sqlite3.Error):
            return cls.in_memory()

    @classmethod
    def in_memory(cls) -> Database:
        """Open a database that needs no file."""
        name = f"audio-logging-{os.getpid()}-{time.monotonic_ns()}"
        return cls(f"file:{name}?mode=memory&cache=shared", is_kept=False)

    @classmethod
    def _open_kept(cls, cache: Path, name: str) -> Database:
        cache.mkdir(parents=True, exist_ok=True)
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        path = cache / f"index-{digest}.sqlite3"
        owner = own(path.with_suffix(OWNER))
        try:
            remove_old(cache)
            path.touch()
            return cls(str(path), is_kept=True, owner=owner)
        except sqlite3.DatabaseError:
            remove_file(path)  # whatever is wrong with it: the runs tell it all again
            owner.close()
            raise
        except BaseException:
            owner.close()
            raise

    def close(self, *, is_damaged: bool = False) -> None:
        """Close every connection; a temporary file is removed, and a kept one that is damaged."""
        if is_damaged and self.is_kept:
            remove_file(Path(self._address))
        connections = [self._writer]
        with contextlib.suppress(queue.Empty):
            while True:
                connections.append(self._readers.get_nowait())
        if self._owner is not None:
            connections.append(self._owner)
        for connection in connections:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    # Writing: one thread only.

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Everything that is written in here is there at once, or not at all."""
        with self._writer:
            self._writer.execute("BEGIN IMMEDIATE")
            yield
        self._written += 1

    def add_run(self, folder: str) -> int:
        """Return the number of a run, a new one unless it is known."""
        self._writer.execute("INSERT OR IGNORE INTO runs (folder) VALUES (?)", (_ascii(folder),))
        [[run]] = self._writer.execute("SELECT run FROM runs WHERE folder = ?", (_ascii(folder),))
        return int(run)

    def keep_run(self, run: int, signature: str, facts: dict[str, Any]) -> None:
        """Note that a run was read to the end of its files as they were."""
        self._writer.execute(
            "UPDATE runs SET signature = ?, facts = ? WHERE run = ?", (signature, json.dumps(facts), run)
        )

    def put(self, clips: Sequence[KeptClip]) -> None:
        """Add clips, or write them anew."""
        execute = self._writer.executemany
        execute(_PUT, [(clip.clip, clip.run, *clip.row.to_values()) for clip in clips])
        execute(
            "INSERT OR REPLACE INTO texts VALUES (?, ?)",
            [(clip.clip, clip.row.searched(clip.caption)[:MAX_SEARCHED]) for clip in clips],
        )
        long = [(clip.clip, clip.caption[:MAX_CAPTION]) for clip in clips if clip.caption and clip.row.caption_cut]
        if long:
            execute("INSERT OR REPLACE INTO captions VALUES (?, ?)", long)
        places = [(clip.clip, *clip.place) for clip in clips if clip.place is not None]
        if places:
            execute("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)", places)

    def remove(self, clips: Sequence[int]) -> None:
        """Remove clips."""
        numbers = [(clip,) for clip in clips]
        for table in _TABLES if clips else ():
            self._writer.executemany(f"DELETE FROM {table} WHERE clip = ?", numbers)  # noqa: S608 - names from above

    def remove_runs(self, runs: Sequence[int]) -> None:
        """Remove runs and their clips."""
        for part in _parts(runs):
            some = f"({_marks(part)})"
            for table in _TABLES[1:]:
                of_runs = f"(SELECT clip FROM clips WHERE run IN {some})"  # noqa: S608 - question marks
                self._writer.execute(f"DELETE FROM {table} WHERE clip IN {of_runs}", part)  # noqa: S608
            for table in ("clips", "runs"):
                self._writer.execute(f"DELETE FROM {table} WHERE run IN {some}", part)  # noqa: S608

    # Reading: any thread.

    def runs(self) -> list[KeptRun]:
        """Return the runs that are known."""
        with self._reading() as connection:
            found = connection.execute("SELECT run, folder, signature, facts FROM runs ORDER BY run").fetchall()
        return [KeptRun(run, json.loads(folder), signature, _loads(facts)) for run, folder, signature, facts in found]

    def clips(self, *, after: int, most: int) -> list[KeptClip]:
        """Return clips in the order of their numbers, with short captions, and of their places only what is there."""
        with self._reading() as connection:
            found = connection.execute(
                f"{_SELECT} WHERE clip > ? ORDER BY clip LIMIT ?",
                (after, most),
            ).fetchall()
            placed = connection.execute(
                "SELECT clip, embedding IS NOT NULL, x, y FROM places WHERE clip BETWEEN ? AND ?",
                (after + 1, found[-1][0] if found else after),
            ).fetchall()
        places = {clip: MapPlace(b"" if embedded else None, x, y) for clip, embedded, x, y in placed}
        rows = [(clip, run, ClipRow.of_values(values)) for clip, run, *values in found]
        return [KeptClip(clip, run, row, row.caption, places.get(clip)) for clip, run, row in rows]

    def rows(self, clips: Sequence[int]) -> dict[int, ClipRow]:
        """Return rows by the numbers of their clips."""
        return {clip: ClipRow.of_values(values) for clip, _, *values in self._by_number(_SELECT, clips)}

    def captions(self, clips: Sequence[int]) -> dict[int, str]:
        """Return whole captions, of those that are longer than a row's."""
        return dict(self._by_number("SELECT clip, caption FROM captions", clips))

    def places(self, clips: Sequence[int]) -> dict[int, MapPlace]:
        """Return places on maps, where there are any."""
        found = self._by_number("SELECT clip, embedding, x, y FROM places", clips)
        return {clip: MapPlace(*place) for clip, *place in found}

    def containing(self, words: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return the numbers of the clips whose texts have every word, ascending; the words are case folded."""
        asked = tuple(words)
        found: npt.NDArray[np.int64] = self._found.get(asked, self._written, lambda: self._search(asked))
        return found

    def _search(self, words: tuple[str, ...]) -> npt.NDArray[np.int64]:
        # In groups: SQLite takes no expression that is more than 1000 deep.
        groups = [" AND ".join(["instr(searched, ?) > 0"] * len(part)) for part in _parts(words)]
        tests = " AND ".join(f"({group})" for group in groups)
        with self._reading() as connection:
            found = connection.execute(f"SELECT clip FROM texts WHERE {tests} ORDER BY clip", words)  # noqa: S608
            return np.fromiter(chain.from_iterable(found), np.int64)

    def _by_number(self, select: str, clips: Sequence[int]) -> list[Any]:
        found: list[Any] = []
        with self._reading() as connection:
            for part in _parts(clips):
                found += connection.execute(f"{select} WHERE clip IN ({_marks(part)})", part)
        return found

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._readers.get_nowait()
        except queue.Empty:
            connection = self._connect(cache_pages=-1000)
        try:
            yield connection
        finally:
            try:
                self._readers.put_nowait(connection)
            except queue.Full:
                connection.close()

    def _connect(self, *, cache_pages: int) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._address,
            timeout=BUSY,
            isolation_level=None,
            check_same_thread=False,
            uri=self._address.startswith("file:"),
        )
        connection.execute(f"PRAGMA cache_size = {cache_pages}")
        connection.execute("PRAGMA read_uncommitted = 1")  # of use in memory only, where readers would be locked out
        return connection

    def _prepare(self) -> None:
        writer = self._writer
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute(f"PRAGMA synchronous = {'NORMAL' if self.is_kept else 'OFF'}")
        writer.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
        [[form]] = writer.execute("PRAGMA user_version")
        if form != _FORM:
            if form != 0 or writer.execute("SELECT 1 FROM sqlite_master").fetchone():
                raise sqlite3.DatabaseError("the file is of another version")
            writer.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_FORM}; COMMIT")
        for table in ("runs", *_TABLES):
            writer.execute(f"SELECT * FROM {table} LIMIT 1").fetchall()  # noqa: S608 - names from above


def _parts(values: Sequence[T]) -> Iterator[list[T]]:
    """Cut values into parts that one statement takes."""
    for begin in range(0, len(values), 500):
        yield list(values[begin : begin + 500])


def _marks(part: Sequence[int]) -> str:
    return ",".join("?" * len(part))


def _ascii(path: str) -> str:
    """Return a path as SQLite can keep and compare it, whatever bytes are in it."""
    return json.dumps(path)


def _loads(told: str | None) -> dict[str, Any] | None:
    return None if told is None else json.loads(told)

"""The database is only a memory: whatever is wrong with it, there is one."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio_logging.dashboard.indexing.database import READERS, Database, KeptClip, MapPlace
from audio_logging.dashboard.indexing.database_files import MAX_AGE
from audio_logging.dashboard.indexing.rows import ClipRow
from audio_logging.runs import StoredClip

Open = Callable[[Path | None], Database]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def clip(number: int, run: int = 1, place: MapPlace | None = None, **fields: object) -> KeptClip:
    row = ClipRow.of(StoredClip(**{"key": "val", **fields}), number)  # type: ignore[arg-type]
    caption = fields.get("caption")
    return KeptClip(number, run, row, caption if isinstance(caption, str) else None, place)


def put(database: Database, *clips: KeptClip) -> None:
    with database.writing():
        database.put(clips)


def the_file(cache: Path) -> Path:
    [path] = cache.glob("*.sqlite3")
    return path


def test_what_was_kept_is_there_the_next_time(cache: Path) -> None:
    database = Database.open(cache, "runs")
    long = "x" * 400 + " end"
    with database.writing():
        run = database.add_run("/runs/\udcff")
        assert database.add_run("/runs/\udcff") == run
        database.keep_run(run, "as it is", {"name": "n"})
    put(
        database,
        clip(1, run, caption=long),
        clip(2, run, MapPlace(np.array([1, 2], np.float32).tobytes(), None, None), label="Äh"),
        clip(3, run, MapPlace(None, 0.5, 1.5)),
    )
    database.close()
    database = Database.open(cache, "runs")
    assert database.is_kept
    assert [tuple(kept) for kept in database.runs()] == [(run, "/runs/\udcff", "as it is", {"name": "n"})]
    loaded = database.clips(after=0, most=2) + database.clips(after=2, most=2)
    assert [(kept.clip, kept.run, kept.row.label) for kept in loaded] == [
        (1, run, None),
        (2, run, "Äh"),
        (3, run, None),
    ]
    assert [kept.place for kept in loaded] == [None, MapPlace(b"", None, None), MapPlace(None, 0.5, 1.5)]
    assert database.captions([1, 2, 3]) == {1: long}
    assert database.rows([3, 1, 99])[1].caption_cut
    assert database.places([1, 2, 3])[2].embedding == np.array([1, 2], np.float32).tobytes()
    assert database.containing(["äh"]).tolist() == [2]
    assert database.containing(["end"]).tolist() == [1]
    assert database.containing(["val", "äh"]).tolist() == [2]
    database.close()


def test_clips_and_runs_are_removed_with_all_that_is_theirs(cache: Path) -> None:
    database = Database.open(cache, "runs")
    with database.writing():
        first, second = database.add_run("a"), database.add_run("b")
    place = MapPlace(b"1234", 1.0, 2.0)
    put(database, *(clip(n, first if n < 3 else second, place, caption="long " * 100) for n in range(1, 5)))
    with database.writing():
        database.remove([1])
        database.remove_runs([second, *range(1000, 2000)])
    assert [kept.clip for kept in database.clips(after=0, most=9)] == [2]
    assert list(database.captions([1, 2, 3, 4])) == list(database.places([1, 2, 3, 4])) == [2]
    assert database.containing(["long"]).tolist() == [2]
    assert [kept.run for kept in database.runs()] == [first]
    database.close()


def test_what_fails_in_the_middle_leaves_nothing(cache: Path) -> None:
    database = Database.open(cache, "runs")
    with pytest.raises(RuntimeError, match="no"), database.writing():
        database.put([clip(1)])
        raise RuntimeError("no")
    assert database.clips(after=0, most=9) == []
    put(database, clip(2))
    assert len(database.clips(after=0, most=9)) == 1
    database.close()


@pytest.mark.parametrize("damage", ["garbage", "empty", "cut", "another version", "other tables", "a folder"])
def test_a_file_that_cannot_be_used_is_made_anew(cache: Path, damage: str) -> None:
    database = Database.open(cache, "runs")
    put(database, *(clip(number) for number in range(2000)))
    database.close()
    path = the_file(cache)
    whole = path.read_bytes()
    if damage == "garbage":
        path.write_bytes(b"garbage" * 1000)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(whole[:1000])
    elif damage == "a folder":
        path.unlink()
        path.mkdir()
    else:
        with sqlite3.connect(path) as other:
            other.execute("PRAGMA user_version = 5" if damage == "another version" else "DROP TABLE texts")
        other.close()
    database = Database.open(cache, "runs")
    assert database.runs() == []
    put(database, clip(1))
    assert len(database.clips(after=0, most=9)) == 1
    assert database.is_kept == (damage != "a folder")
    database.close()


def test_a_cache_that_cannot_be_written_to_gives_a_temporary_file(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    for place in (blocked / "cache", None):
        database = Database.open(place, "runs")
        assert not database.is_kept
        put(database, clip(1))
        assert len(database.clips(after=0, most=9)) == 1
        database.close()
    assert blocked.read_text() == "no folder"


def test_a_temporary_file_is_removed_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    database = Database.temporary()
    assert len(list(tmp_path.iterdir())) == 1
    database.close()
    assert list(tmp_path.iterdir()) == []


def test_where_no_file_can_be_written_the_database_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    database = Database.open(None, "runs")
    put(database, clip(1, caption="found"))
    with database.writing():
        database.put([clip(2)])
        assert database.containing(["found"]).tolist() == [1]  # readers are not locked out
    assert len(database.clips(after=0, most=9)) == 2
    database.close()


def test_two_on_the_same_runs_do_not_get_in_each_others_way(cache: Path) -> None:
    first, second, other = (Database.open(cache, name) for name in ("runs", "runs", "other runs"))
    assert (first.is_kept, second.is_kept, other.is_kept) == (True, False, True)
    for database in (first, second, other):
        put(database, clip(1))
        database.close()
    again = Database.open(cache, "runs")
    assert again.is_kept
    again.close()


def test_another_process_that_was_killed_leaves_the_file_free(cache: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from audio_logging.dashboard.indexing.database import Database\n"
        "database = Database.open(Path(sys.argv[1]), 'runs')\n"
        "writing = database.writing(); writing.__enter__(); database.add_run('half')\n"
        "print(database.is_kept, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(cache)], capture_output=True, text=True, timeout=60)
    assert done.stdout == "True\n"
    database = Database.open(cache, "runs")
    assert database.is_kept
    assert database.runs() == []
    database.close()


def test_files_that_nobody_opened_for_long_are_removed_unless_they_are_in_use(cache: Path) -> None:
    old, used = Database.open(cache, "old"), Database.open(cache, "used")
    old.close()
    long_ago = time.time() - 2 * MAX_AGE
    for path in cache.iterdir():
        os.utime(path, (long_ago, long_ago))
    new = Database.open(cache, "new")
    assert len(list(cache.glob("*.sqlite3"))) == 2
    new.close()
    put(used, clip(1))
    used.close()


def test_many_readers_at_once(cache: Path) -> None:
    database = Database.open(cache, "runs")
    put(database, *(clip(number) for number in range(1, 100)))
    connections = [database._reading() for _ in range(10)]
    opened = [connection.__enter__() for connection in connections]
    assert [connection.execute("SELECT count(*) FROM clips").fetchone() for connection in opened] == [(99,)] * 10
    for connection in connections:
        connection.__exit__(None, None, None)
    assert database._readers.qsize() == READERS
    database.close()

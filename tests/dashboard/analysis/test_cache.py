"""Answers on disk: whole or not there, whatever happens to the folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from audio_logging.dashboard.analysis import cache
from audio_logging.dashboard.analysis.cache import DiskCache

KEY = "ab" + "0" * 62


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "not" / "there yet"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "cleaned"]


@pytest.mark.parametrize("value", [b"", b"x", bytes(range(256)) * 1000])
def test_what_was_kept_comes_back(folder: Path, value: bytes) -> None:
    kept = DiskCache(folder, 2**24)
    assert kept.get(KEY) is None
    kept.put(KEY, value)
    assert kept.get(KEY) == DiskCache(folder, 2**24).get(KEY) == value
    kept.put(KEY, b"another")
    assert kept.get(KEY) == b"another"
    assert len(files(folder)) == 1


def test_only_the_user_may_look(folder: Path) -> None:
    DiskCache(folder, 2**24).put(KEY, b"x")
    (entry,) = files(folder)
    assert entry.stat().st_mode & 0o077 == entry.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:5],
        lambda data: data[:-1],
        lambda data: data + b"x",
        lambda data: data[:-1] + b"?",
        lambda data: b"?" + data[1:],
        lambda data: bytes(len(data)),
    ],
)
def test_a_damaged_entry_is_none_and_goes(folder: Path, damage: object) -> None:
    assert callable(damage)
    kept = DiskCache(folder, 2**24)
    kept.put(KEY, b"the answer")
    (entry,) = files(folder)
    entry.write_bytes(damage(entry.read_bytes()))
    assert kept.get(KEY) is None
    assert files(folder) == []


def test_an_entry_under_another_s_name_is_none(folder: Path) -> None:
    kept = DiskCache(folder, 2**24)
    kept.put(KEY, b"the answer")
    (entry,) = files(folder)
    other = KEY[:-1] + "1"
    entry.rename(entry.with_name(other))
    assert kept.get(other) is None


def test_a_link_or_a_pipe_in_the_folder_is_none(folder: Path, tmp_path: Path) -> None:
    kept = DiskCache(folder, 2**24)
    kept.put(KEY, b"the answer")
    (entry,) = files(folder)
    entry.rename(tmp_path / "elsewhere")
    entry.symlink_to(tmp_path / "elsewhere")
    assert kept.get(KEY) is None
    entry.unlink()
    os.mkfifo(entry)
    assert kept.get(KEY) is None


def test_the_least_used_go_first(folder: Path) -> None:
    kept = DiskCache(folder, 2**24)
    keys = [f"{number:064x}" for number in range(12)]
    for age, key in enumerate(keys):
        kept.put(key, b"x" * 4000)
        os.utime(folder / key[:2] / key, (0, time.time() - 7200 * (100 - age)))
    kept.get(keys[0])  # and so it is used now
    DiskCache(folder, 10 * 4096).clean()
    assert {path.name for path in files(folder)} == {keys[0], *keys[-7:]}  # eight of ten


def test_cleaning_happens_by_itself_and_seldom(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned: list[int] = []
    original = DiskCache.clean

    def counted(self: DiskCache) -> None:
        cleaned.append(1)
        original(self)

    monkeypatch.setattr(DiskCache, "clean", counted)
    kept = DiskCache(folder, 2**20)
    for number in range(1000):
        kept.put(f"{number:064x}", bytes(4096 - cache.HEADER))
    assert 1000 * 8192 / 2**15 / 2 <= len(cleaned) <= 1000 * 8192 / 2**15 + 2
    assert sum(path.stat().st_size for path in files(folder)) <= 2**20 + 2**16


def test_what_is_small_enough_is_left_alone(folder: Path) -> None:
    kept = DiskCache(folder, 2**24)
    for number in range(20):
        kept.put(f"{number:064x}", bytes(1000))
    kept.clean()
    assert len(files(folder)) == 20


def test_an_entry_that_is_too_large_is_not_kept(folder: Path) -> None:
    kept = DiskCache(folder, 40_000)
    kept.put(KEY, bytes(10_001))
    assert kept.get(KEY) is None
    kept.put(KEY, bytes(10_000))
    assert kept.get(KEY) == bytes(10_000)


def test_what_a_killed_process_left_goes_after_an_hour(folder: Path) -> None:
    kept = DiskCache(folder, 2**24)
    kept.put(KEY, b"x")
    old, new = (folder / "ab" / f"new-{name}" for name in ("old", "young"))
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (0, time.time() - 4000))
    kept.clean()
    assert not old.exists() and new.exists() and kept.get(KEY) == b"x"


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    kept = DiskCache(tmp_path / "file", 2**24)
    kept.put(KEY, b"x")
    assert kept.get(KEY) is None
    kept.clean()
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = DiskCache(folder, 2**24)
    kept.put(KEY, b"before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    kept.put(KEY, b"after")
    monkeypatch.undo()
    assert kept.get(KEY) == b"before"
    assert len(files(folder)) == 1


def test_a_folder_that_vanishes_is_made_again(folder: Path) -> None:
    kept = DiskCache(folder, 2**24)
    kept.put(KEY, b"x")
    files(folder)[0].unlink()
    (folder / "ab").rmdir()
    assert kept.get(KEY) is None
    kept.put(KEY, b"y")
    assert kept.get(KEY) == b"y"


def test_threads_and_processes_at_once(folder: Path) -> None:
    """Each writes and reads the same keys, with values of which only whole ones are right; and all clean meanwhile."""
    program = """
import sys
from pathlib import Path
from audio_logging.dashboard.analysis.cache import DiskCache
kept = DiskCache(Path(sys.argv[1]), 2**18)
for turn in range(30):
    for number in range(20):
        key, byte = f"{number:064x}", bytes([number])
        found = kept.get(key)
        assert found is None or (len(found) > 1000 and found == byte * len(found)), key
        kept.put(key, byte * (5000 + 100 * turn))
"""
    with ThreadPoolExecutor(3) as pool:
        runs = [
            pool.submit(
                subprocess.run,
                [sys.executable, "-c", program, str(folder)],
                capture_output=True,
                text=True,
                check=False,
            )
            for _ in range(3)
        ]
        kept = DiskCache(folder, 2**18)
        for number in range(100):
            kept.put(f"{number % 20:064x}", bytes([number % 20]) * 5000)
        for run in runs:
            assert run.result().returncode == 0, run.result().stderr
    assert not [path for path in files(folder) if path.name.startswith("new-")]

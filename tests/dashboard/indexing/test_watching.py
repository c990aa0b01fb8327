from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audio_logging.dashboard.indexing import watching
from audio_logging.dashboard.indexing.run_facts import address_id, facts_of, state_of
from audio_logging.dashboard.indexing.salts import salts
from audio_logging.dashboard.indexing.version import Version
from audio_logging.dashboard.indexing.watching import FileState, Folders, RunFiles, RunState, find_folders
from audio_logging.runs.record_file import RecordTotals
from audio_logging.runs.records import RunFacts

NewRun = Callable[..., Any]


def test_a_run_changed_when_one_of_its_files_did(new_run: NewRun) -> None:
    run = new_run("abc", {"step": 0})
    files = RunFiles(run.folder)
    first = files.look()
    assert files.look() == first
    run.tell({"step": 1})
    second = files.look()
    assert second != first
    assert second.follows(first)
    (run.folder / "run-abc.wandb").write_bytes(b"x")
    third = files.look()
    assert third.record.size == 1
    assert third.follows(second)
    run.put("media/audio/a.wav", b"")
    assert files.look() != third


@pytest.mark.parametrize("how", ["shorter", "another file", "gone"])
def test_what_was_read_holds_only_while_files_grow(new_run: NewRun, how: str) -> None:
    run = new_run("abc", {"step": 0})
    files = RunFiles(run.folder)
    before = files.look()
    content = run.sidecar.read_bytes()
    if how == "shorter":
        run.sidecar.write_bytes(content[:-1])
    else:
        run.sidecar.rename(run.folder / "other")
    if how == "another file":
        run.sidecar.write_bytes(content * 2)
    assert not files.look().follows(before)


def test_a_state_is_kept_as_text() -> None:
    state = RunState(FileState(1, 2, 3), FileState(), FileState(4, 5, 6))
    assert state.dump() == "[[1, 2, 3], [0, 0, 0], [4, 5, 6]]"
    assert state.is_there
    assert not RunState(FileState(), FileState(), FileState()).is_there


def test_folders_are_found_once_in_the_order_of_their_beginning(new_run: NewRun, tmp_path: Path) -> None:
    late, early = new_run("a", date="20261121_000000"), new_run("b", date="20261120_000000")
    home = tmp_path / "wandb"
    (home / "latest-run").symlink_to(late.folder)
    (home / "notes").mkdir()
    (tmp_path / "link").symlink_to(home)
    paths = [late.folder, tmp_path, home, tmp_path / "link", home / "latest-run", home / "gone"]
    assert find_folders(paths) == [late.folder, early.folder]
    assert find_folders([home]) == [early.folder, late.folder]


def test_folders_are_listed_again_when_one_came_or_went(
    new_run: NewRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = new_run("a")
    home = tmp_path / "wandb"
    listed: list[None] = []

    def noted(paths: Any) -> list[Path]:
        listed.append(None)
        return find_folders(paths)

    monkeypatch.setattr(watching, "find_folders", noted)
    os.utime(home, (1e9, 1e9))
    os.utime(tmp_path, (1e9, 1e9))
    folders = Folders([tmp_path])
    assert folders.find() == folders.find() == [first.folder]
    assert len(listed) == 1
    second = new_run("b", date="20261121_000000")
    assert folders.find() == [first.folder, second.folder]
    os.utime(home, (2e9, 2e9))
    assert folders.find() == folders.find(anew=True) == [first.folder, second.folder]
    assert len(listed) == 4


@pytest.mark.parametrize(
    ("exit_code", "changed", "state"),
    [(0, 0.0, "finished"), (1, 100.0, "failed"), (None, 41.0, "running"), (None, 40.0, "stopped"), (-9, 0, "failed")],
)
def test_a_run_without_an_end_runs_while_it_is_written_to(exit_code: int | None, changed: float, state: str) -> None:
    assert state_of(exit_code, changed, 100.0) == state


def test_facts_are_bounded_and_without_wandbs_own() -> None:
    totals = RecordTotals(run=RunFacts(run_id="r\ud800", name="n" * 5000, tags=("t",) * 500, started=float("nan")))
    totals.config = {"_wandb": {"cli": 1}, "lr": float("inf"), "big": "x" * 10_000}
    totals.summary = {
        "_wandb": 1,
        "loss": 0.5,
        "clip": {"_type": "audio-file"},
        "list": list(range(100)),
        "a": {"b": 1},
    }
    told = facts_of(totals, Path("run"), (f"problem {number}" for number in range(300)))
    assert (told["run_id"], len(told["name"]), len(told["tags"]), told["started"]) == ("r\ufffd", 1000, 100, None)
    assert told["config"] == {"lr": None, "big": "x" * 1000 + "..."}
    assert told["summary"] == {"loss": 0.5, "a": {"b": 1}}
    assert (len(told["problems"]), told["problem_count"]) == (100, 300)


def test_a_run_has_an_address_whatever_its_id() -> None:
    ids = {address_id(run_id, salt) for run_id in ("a", "b", "\ud800", "x" * 5000) for salt in (0, -1)}
    assert len(ids) == 8
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in ids)


def test_salts_are_for_runs_of_one_id_alone() -> None:
    one, two, three, four = salts(
        [("a", Path("w/1")), ("b", Path("w/1")), ("a", Path("w/2")), ("a", Path("copy/2"))],
    )
    assert (one, two) == (0, 0)
    assert len({one, three, four}) == 3
    assert salts([("a", Path("w/1")), ("a", Path("w/2"))])[1] == three


def test_a_version_tells_everybody_once_a_change() -> None:
    version = Version()
    told: list[int] = []
    end = version.subscribe(told.append)
    version.subscribe(lambda number: told.append(-number))
    version.grow()
    end()
    version.grow()
    assert told == [1, -1, -2]
    assert version.number == 2

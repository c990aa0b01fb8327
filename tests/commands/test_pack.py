from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audio_logging.errors import AudioValueError
from tests.commands.conftest import Command

Records = Callable[..., list[dict[str, Any]]]


def test_a_run_goes_into_one_file_and_out_of_it(
    command: Command, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [folder] = trained.glob("offline-run-*")
    monkeypatch.chdir(tmp_path)
    said = command("pack", folder, "-o", "run.tar")
    assert said[0].startswith("packed 1 run, ")
    assert said[0].endswith(" into run.tar")
    assert said[-1] == "take them out: audio-logging unpack run.tar"
    said = command("unpack", "run.tar")
    assert said[1:] == [f"  wandb/{folder.name}"]
    assert command("ls", "wandb")[2].split()[1] == "trained"


def test_all_runs_of_a_folder_or_a_group_are_packed(records: Records, logged: Path, tmp_path: Path) -> None:
    [every] = records("pack", logged, "-o", tmp_path / "all.tar")
    assert len(every["runs"]) == 4
    [group] = records("pack", logged, "--group", "g", "-o", tmp_path / "group.tar")
    assert len(group["runs"]) == 1
    runs = sorted(logged.glob("offline-run-*"))
    [twice] = records("pack", runs[0], runs[0], runs[1], "-o", tmp_path / "two.tar")
    assert twice["runs"] == [run.name for run in runs[:2]]
    [unpacked] = records("unpack", tmp_path / "two.tar", "--into", tmp_path / "home")
    assert unpacked["runs"] == [str(tmp_path / "home" / run.name) for run in runs[:2]]
    assert (every["problems"], unpacked["problems"]) == ([], [])


def test_what_is_not_in_the_pack_is_noted(command: Command, logged: Path, tmp_path: Path) -> None:
    hidden = logged.parent / "hidden"
    (logged.parent / "data").rename(hidden)
    try:
        said = command("pack", logged, "-o", tmp_path / "run.tar")
    finally:
        hidden.rename(logged.parent / "data")
    assert any(line.startswith("note: offline-run-") and "was left out" in line for line in said)


def test_nothing_is_written_over(command: Command, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "run.tar").write_text("mine")
    with pytest.raises(AudioValueError, match="is there already; nothing is written over"):
        command("pack", trained, "-o", tmp_path / "run.tar")
    assert (tmp_path / "run.tar").read_text() == "mine"

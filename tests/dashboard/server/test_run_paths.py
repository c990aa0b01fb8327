"""Paths that a user gives, in folders as wandb names them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from audio_logging.dashboard.server.run_paths import MOST_FOLDERS, checked_paths, empty_folder_notes
from audio_logging.errors import AudioFileNotFoundError, AudioValueError

RUN = "run-20261120_083536-0pz8k5o9"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_run(home: str) -> None:
    Path(home, RUN).mkdir(parents=True)


def note(path: str) -> str:
    [line] = empty_folder_notes([Path(path)])
    return line


def test_without_a_path_it_is_the_usual_one(here: Path) -> None:
    (here / "wandb").mkdir()
    assert checked_paths([]) == [Path("wandb")]


@pytest.mark.parametrize(
    "path", ["wandb", f"wandb/{RUN}", f"wandb/{RUN}/files", f"wandb/{RUN}/run-0pz8k5o9.wandb", "."]
)
def test_whatever_means_runs_is_taken_without_a_word(path: str) -> None:
    make_run("wandb")
    Path("wandb", RUN, "files").mkdir()
    Path("wandb", RUN, "run-0pz8k5o9.wandb").touch()
    assert checked_paths([path]) == [Path(path)]
    assert list(empty_folder_notes([Path(path)])) == []


def test_an_empty_path_is_no_folder() -> None:
    with pytest.raises(AudioValueError, match=r"^got an empty path; type: audio-logging view FOLDER, "):
        checked_paths([""])


def test_what_is_not_there_is_said(here: Path) -> None:
    with pytest.raises(
        AudioFileNotFoundError, match=r"^there is no 'nowhere' in .*; type: audio-logging view FOLDER, "
    ):
        checked_paths(["nowhere"])


def test_a_file_that_is_no_record_is_refused(here: Path) -> None:
    (here / "output.log").touch()
    with pytest.raises(AudioValueError, match=r"^'output.log' is no run: got a file that does not end in .wandb; type"):
        checked_paths(["output.log"])


def test_an_empty_folder_waits_for_runs(here: Path) -> None:
    (here / "empty").mkdir()
    assert checked_paths(["empty"]) == [Path("empty")]
    assert note("empty") == "there is no run in 'empty' yet; those that are logged there will appear"


def test_runs_of_projects_below_are_named_and_the_nearest_first() -> None:
    for home in ("all/group/far/wandb", "all/b/wandb", "all/a c/wandb", "all/hidden/.wandb", "all/x/y/z/wandb"):
        make_run(home)
    Path("all/unused/wandb").mkdir(parents=True)
    for hidden in ("all/.cache/x/wandb", "all/wandb/x/wandb"):
        make_run(hidden)
    assert note("all").endswith(
        "; for those further down, type: audio-logging view 'all/a c/wandb' all/b/wandb all/hidden/.wandb "
        "all/group/far/wandb"
    )


def test_of_many_projects_only_some_are_named() -> None:
    for number in range(8):
        make_run(f"all/{number}/wandb")
    assert note("all").endswith("all/3/wandb all/4/wandb (and 3 more)")


def test_not_every_folder_of_a_disk_is_looked_into() -> None:
    for number in range(MOST_FOLDERS):
        Path(f"all/{number:04}").mkdir(parents=True)
    make_run("all/0000/project/wandb")
    make_run("all/9999/wandb")
    assert note("all").endswith("will appear")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights")
def test_links_are_not_followed() -> None:
    make_run("elsewhere/wandb")
    Path("all").mkdir()
    Path("all/circle").symlink_to(Path("all").absolute())
    Path("all/link").symlink_to(Path("elsewhere").absolute())
    assert note("all").endswith("will appear")


def test_only_the_folders_without_runs_are_spoken_of() -> None:
    make_run("wandb")
    Path("empty").mkdir()
    [line] = empty_folder_notes([Path("wandb"), Path("empty")])
    assert "'empty'" in line

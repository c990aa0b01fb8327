from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audio_logging.errors import NotFoundError
from audio_logging.runs import list_runs, open_run

NAMES = ["run-20261121_000000-b", "offline-run-20261120_000000-c", "offline-run-20261122_000000-a"]


@pytest.fixture
def root(make_run: Any) -> Path:
    for name in NAMES:
        make_run(b":W&B\xe1\xbe\x00", name=name)
    folder = Path(make_run(b"", name="not a run").parent)
    for path in (folder / "not a run").rglob("*.wandb"):
        path.unlink()
    (folder / "latest-run").symlink_to(NAMES[2])
    (folder / "debug.log").write_text("")
    return folder


def test_runs_are_listed_in_the_order_in_which_they_began(root: Path) -> None:
    assert [run.id for run in list_runs(root)] == ["c", "b", "a"]
    assert [run.offline for run in list_runs(root)] == [True, False, True]


def test_the_folder_that_holds_wandbs_folder_will_do(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [run.id for run in list_runs(root.parent)] == ["c", "b", "a"]
    monkeypatch.chdir(root.parent)
    assert [run.id for run in list_runs()] == ["c", "b", "a"]


def test_a_folder_without_runs_lists_none(tmp_path: Path) -> None:
    assert list_runs(tmp_path) == []


def test_a_folder_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"got root='.*nowhere', wanted the folder that wandb writes to"):
        list_runs(tmp_path / "nowhere")


@pytest.mark.parametrize("within", ["", "files", "run-a.wandb"])
def test_a_run_is_opened_by_its_folder_or_what_is_in_it(root: Path, within: str) -> None:
    assert open_run(root / NAMES[2] / within).folder == root / NAMES[2]
    assert open_run(str(root / "latest-run" / within)).id == "a"


def test_what_is_no_run_is_not_found_and_the_runs_in_it_are_named(root: Path) -> None:
    with pytest.raises(NotFoundError, match=r"wanted a wandb run directory; it holds 3 runs, open one of them: .*-a"):
        open_run(root)
    with pytest.raises(NotFoundError, match="there is no such folder"):
        open_run(root / "nowhere")
    with pytest.raises(NotFoundError, match="there is no run in it"):
        open_run(root / "not a run" / "files")


def test_a_run_directory_that_was_moved_or_is_read_only_is_read(root: Path, tmp_path: Path) -> None:
    moved = (root / NAMES[0]).rename(tmp_path / "moved")
    moved.chmod(0o500)
    assert open_run(moved).record_path == moved / "run-b.wandb"
    moved.chmod(0o700)


def test_a_record_file_that_is_a_link_is_not_opened(root: Path, tmp_path: Path) -> None:
    record = root / NAMES[0] / "run-b.wandb"
    record.rename(tmp_path / "secret")
    record.symlink_to(tmp_path / "secret")
    assert open_run(root / NAMES[0]).record_path is None

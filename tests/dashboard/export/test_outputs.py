from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from audio_logging.dashboard.export.outputs import check_target, new_file, new_folder
from audio_logging.errors import AudioValueError, NotFoundError


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    with new_file(tmp_path / "report.html", replace=False) as file:
        file.write(b"whole")
        assert not (tmp_path / "report.html").exists()
    assert (tmp_path / "report.html").read_bytes() == b"whole"
    assert entries(tmp_path) == ["report.html"]


@pytest.mark.parametrize("replace", [False, True])
def test_nothing_stays_when_it_fails(replace: bool, tmp_path: Path) -> None:
    if replace:
        (tmp_path / "report.html").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), new_file(tmp_path / "report.html", replace=replace) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert entries(tmp_path) == (["report.html"] if replace else [])
    assert not replace or (tmp_path / "report.html").read_bytes() == b"old"


def test_a_full_disk_is_said_with_the_name(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match=r"No space left on device: .*report\.html"),
        new_file(tmp_path / "report.html", replace=False),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert entries(tmp_path) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_bytes(b"old")
    with pytest.raises(AudioValueError, match="is there already; nothing is written over"):
        check_target(tmp_path / "report.html", replace=False)
    with pytest.raises(AudioValueError, match="is there already"), new_file(tmp_path / "report.html", replace=False):
        pass
    assert (tmp_path / "report.html").read_bytes() == b"old"


def test_a_file_that_came_in_the_meantime_stays(tmp_path: Path) -> None:
    with pytest.raises(AudioValueError, match="is there already"), new_file(tmp_path / "a.html", replace=False):
        (tmp_path / "a.html").write_bytes(b"theirs")
    assert (tmp_path / "a.html").read_bytes() == b"theirs"
    assert entries(tmp_path) == ["a.html"]


def test_a_link_to_nowhere_counts_as_there(tmp_path: Path) -> None:
    (tmp_path / "report.html").symlink_to(tmp_path / "nowhere")
    with pytest.raises(AudioValueError, match="is there already"):
        check_target(tmp_path / "report.html", replace=False)


def test_a_file_is_written_over_when_asked(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_bytes(b"old")
    with new_file(tmp_path / "report.html", replace=True) as file:
        file.write(b"new")
    assert (tmp_path / "report.html").read_bytes() == b"new"


def test_the_folder_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"there is no folder .*none.* to write 'report\.html' into"):
        check_target(tmp_path / "none" / "report.html", replace=False)


def test_a_folder_is_never_written_over_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    with pytest.raises(AudioValueError, match="is a folder"), new_file(tmp_path / "report", replace=True):
        pass


def test_a_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    with new_folder(tmp_path / "report", replace=False) as folder:
        (folder / "index.html").touch()
        assert not (tmp_path / "report").exists()
    assert entries(tmp_path) == ["report"]
    assert entries(tmp_path / "report") == ["index.html"]


def test_nothing_stays_of_a_folder_that_fails(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="half"), new_folder(tmp_path / "report", replace=False) as folder:
        (folder / "index.html").touch()
        raise ValueError("half")
    assert entries(tmp_path) == []


def test_a_report_is_written_over_when_asked(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with new_folder(tmp_path / "report", replace=text == "new") as folder:
            (folder / "media").mkdir()
            (folder / "index.html").write_text(text, encoding="utf-8")
    assert (tmp_path / "report" / "index.html").read_text(encoding="utf-8") == "new"
    assert entries(tmp_path) == ["report"]


def test_a_folder_of_something_else_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "index.html").touch()
    with (
        pytest.raises(AudioValueError, match="something else than a report of ours"),
        new_folder(tmp_path / "thesis", replace=True),
    ):
        pass
    assert entries(tmp_path / "thesis") == ["index.html"]

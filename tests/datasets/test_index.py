from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from audio_logging.datasets.errors import AudioReadError
from audio_logging.datasets.index import FolderWalk, list_classes, warn_about_resource_forks
from audio_logging.datasets.progress import Progress
from audio_logging.datasets.report import OnError, ReadingReport
from audio_logging.errors import AudioLoggingWarning


def walk(
    directory: Path, *, follow_links: bool = False, skip_hidden: bool = False, on_error: OnError = "raise"
) -> FolderWalk:
    return FolderWalk(
        directory=str(directory),
        extensions=(".wav",),
        follow_links=follow_links,
        skip_hidden=skip_hidden,
        report=ReadingReport(on_error),
        progress=Progress(shown=False),
    )


def names(found: list[str], top: Path) -> list[str]:
    return [os.path.relpath(path, top) for path in found]


def test_classes_are_folders_and_links_to_folders_in_the_order_of_code_points(crooked_folder: Path) -> None:
    assert list_classes(str(crooked_folder)) == ["10", "2", "B", "b", "empty", "link"]


def test_files_of_a_folder_come_before_those_of_its_subfolders(crooked_folder: Path) -> None:
    assert names(walk(crooked_folder).files("2"), crooked_folder) == [
        "2/.hidden.wav",
        "2/B.wav",
        "2/a.WAV",
        "2/b.wav",
        "2/file-link.wav",
        "2/zz.wav",
        "2/.folder/x.wav",
        "2/sub/z.wav",
        "2/sub-x/y.wav",
        "2/sub/deep/d.wav",
    ]


def test_the_walk_from_the_top_has_root_files_and_hidden_folders(crooked_folder: Path) -> None:
    found = names(walk(crooked_folder).files(), crooked_folder)
    assert found[:2] == ["root.wav", ".hidden/h.wav"]
    assert not [name for name in found if name.startswith("link")]


def test_links_below_classes_are_entered_when_asked(crooked_folder: Path) -> None:
    found = names(walk(crooked_folder, follow_links=True).files("2"), crooked_folder)
    assert "2/link/linked.wav" in found
    assert names(walk(crooked_folder).files("link"), crooked_folder) == ["link/linked.wav"]


def test_hidden_files_and_folders_are_left_out_when_asked(crooked_folder: Path) -> None:
    found = names(walk(crooked_folder, skip_hidden=True).files(), crooked_folder)
    assert found
    assert not [name for name in found if "/." in f"/{name}"]


def test_names_that_are_not_utf8_are_files_like_others(tmp_path: Path, write_wav: Callable[..., Path]) -> None:
    name = os.fsdecode(b"\xff\xfe\n.wav")
    write_wav(tmp_path / "a" / name, [1])
    assert walk(tmp_path).files("a") == [f"{tmp_path}/a/{name}"]


def make_loop(top: Path, kind: str, write_wav: Callable[..., Path]) -> str:
    """Make folders in a circle, and return the link that closes it."""
    write_wav(top / "data" / "a" / "x.wav", [1])
    write_wav(top / "data" / "b" / "y.wav", [1])
    if kind == "to itself":
        (top / "data" / "a" / "link").symlink_to(top / "data" / "a")
        return "data/a/link"
    if kind == "to a folder above":
        (top / "data" / "a" / "link").symlink_to(top)
        return "data/a/link"
    (top / "data" / "a" / "link").symlink_to(top / "data" / "b")
    (top / "data" / "b" / "link").symlink_to(top / "data" / "a")
    return "data/a/link/link"


@pytest.mark.parametrize("kind", ["to itself", "to a folder above", "to each other"])
def test_links_in_a_circle_are_an_error_with_the_path(
    tmp_path: Path, write_wav: Callable[..., Path], kind: str
) -> None:
    link = make_loop(tmp_path, kind, write_wav)
    with pytest.raises(AudioReadError, match="this link leads back to") as caught:
        walk(tmp_path / "data", follow_links=True).files("a")
    assert str(caught.value).startswith(f"{tmp_path}/{link}: ")


@pytest.mark.parametrize("kind", ["to itself", "to a folder above", "to each other"])
def test_links_in_a_circle_are_left_out_and_counted_when_asked(
    tmp_path: Path, write_wav: Callable[..., Path], kind: str
) -> None:
    link = make_loop(tmp_path, kind, write_wav)
    once = walk(tmp_path / "data", follow_links=True, on_error="skip")
    with pytest.warns(AudioLoggingWarning, match="left out: .*this link leads back"):
        found = names(once.files("a"), tmp_path / "data")
    assert found == (["a/x.wav", "a/link/y.wav"] if kind == "to each other" else ["a/x.wav"])
    assert [bad.path for bad in once.report.bad_files] == [f"{tmp_path}/{link}"]


def test_a_class_folder_that_leads_back_to_the_whole_is_an_error(
    tmp_path: Path, write_wav: Callable[..., Path]
) -> None:
    write_wav(tmp_path / "a" / "x.wav", [1])
    (tmp_path / "again").symlink_to(tmp_path)
    with pytest.raises(AudioReadError, match="again: this link leads back to"):
        walk(tmp_path).files("again")
    with pytest.warns(AudioLoggingWarning, match="again: this link leads back to"):
        assert walk(tmp_path, on_error="skip").files("again") == []


@pytest.mark.skipif(os.name != "posix", reason="rights are those of POSIX")
def test_a_folder_that_cannot_be_listed_is_an_error_with_the_path_or_counted() -> None:
    with tempfile.TemporaryDirectory() as name:
        top = Path(name)
        top.chmod(0o755)
        (top / "a" / "secret").mkdir(parents=True)
        (top / "a" / "secret").chmod(0)
        user = os.geteuid()
        os.seteuid(65534 if user == 0 else user)
        try:
            with pytest.raises(AudioReadError, match="secret: cannot be read: Permission denied"):
                walk(top).files("a")
            skipping = walk(top, on_error="skip")
            with pytest.warns(AudioLoggingWarning, match="secret: cannot be read"):
                assert skipping.files("a") == []
            with pytest.raises(AudioReadError, match="secret: cannot be read"):
                list_classes(str(top / "a" / "secret"))
        finally:
            os.seteuid(user)


def test_resource_forks_of_macos_are_warned_about() -> None:
    with pytest.warns(AudioLoggingWarning, match=r"found 2 files that begin with '\._', the first a/\._x\.wav: macOS"):
        warn_about_resource_forks(["a/x.wav", "a/._x.wav", "b/._y.wav", "b/.z.wav"])


def test_ten_thousand_files_are_listed_in_a_second(tmp_path: Path, benchmark_time: Callable[..., float]) -> None:
    for name in range(10):
        (tmp_path / str(name)).mkdir()
        for number in range(1000):
            (tmp_path / str(name) / f"{number}.wav").touch()
    assert benchmark_time(lambda: walk(tmp_path).files()) < 1

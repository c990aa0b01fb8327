from __future__ import annotations

import os
from pathlib import Path

import pytest

from audio_logging.errors import AudioValueError, NotFoundError
from audio_logging.runs.paths import Folder, StagingFolders, open_regular


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a folder with one file in it, and a secret beside it."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.wav").write_bytes(b"secret")
    (tmp_path / "home" / "media").mkdir(parents=True)
    (tmp_path / "home" / "media" / "a.wav").write_bytes(b"a")
    return tmp_path / "home"


def test_a_file_inside_is_found(home: Path) -> None:
    folder = Folder(home)
    assert folder.find("media/a.wav") == str(home / "media" / "a.wav")
    assert folder.find("media/a.wav") == str(home / "media" / "a.wav")


def test_a_file_that_came_after_the_folder_was_listed_is_found(home: Path) -> None:
    folder = Folder(home)
    folder.find("media/a.wav")
    (home / "media" / "b.wav").write_bytes(b"b")
    assert folder.find("media/b.wav") == str(home / "media" / "b.wav")


@pytest.mark.parametrize(
    "path",
    [
        "../secret/key.wav",
        "media/../../secret/key.wav",
        "media/..",
        "/etc/passwd",
        "//etc/passwd",
        "media//a.wav",
        "./media/a.wav",
        "media/",
        "..",
        ".",
        "\\\\server\\share",
        "media/a\0.wav",
        "media/\ud800.wav",
        "\ud800/a.wav",
    ],
)
def test_a_path_that_could_lead_out_is_refused(home: Path, path: str) -> None:
    with pytest.raises(AudioValueError, match="is refused: wanted a path that stays inside"):
        Folder(home).find(path)


def test_a_link_to_a_file_outside_is_refused(home: Path) -> None:
    (home / "media" / "link.wav").symlink_to(home.parent / "secret" / "key.wav")
    with pytest.raises(AudioValueError, match="a link leads out of"):
        Folder(home).find("media/link.wav")


def test_a_link_to_a_folder_outside_is_refused(home: Path) -> None:
    (home / "linked").symlink_to(home.parent / "secret")
    with pytest.raises(AudioValueError, match="a link leads out of"):
        Folder(home).find("linked/key.wav")


def test_a_link_that_stays_inside_is_followed(home: Path) -> None:
    (home / "media" / "link.wav").symlink_to("a.wav")
    assert Folder(home).find("media/link.wav") == str(home / "media" / "a.wav")


def test_a_link_to_itself_is_no_file(home: Path) -> None:
    (home / "media" / "loop.wav").symlink_to("loop.wav")
    with pytest.raises((AudioValueError, NotFoundError), match=r"loop\.wav"):
        Folder(home).find("media/loop.wav")


@pytest.mark.parametrize(
    "path", ["media/missing.wav", "missing/a.wav", "media/a.wav/b.wav", "x" * 300, "", "a/" * 3000 + "b"]
)
def test_a_file_that_is_not_there_is_not_found(home: Path, path: str) -> None:
    with pytest.raises((NotFoundError, AudioValueError), match=r"is not in|is no regular file"):
        Folder(home).find(path)


def test_a_pipe_is_refused_and_nobody_waits(home: Path) -> None:
    os.mkfifo(home / "media" / "pipe.wav")
    with pytest.raises(AudioValueError, match="no regular file"):
        Folder(home).find("media/pipe.wav")
    with pytest.raises(AudioValueError, match="no regular file"):
        open_regular(home / "media" / "pipe.wav")


def test_a_link_put_in_place_after_the_check_is_not_opened(home: Path) -> None:
    path = Folder(home).find("media/a.wav")
    Path(path).unlink()
    Path(path).symlink_to(home.parent / "secret" / "key.wav")
    with pytest.raises(NotFoundError, match="cannot be opened"):
        open_regular(path)


@pytest.fixture
def staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the staging folder of this machine's settings."""
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "data"))
    folder = tmp_path / "data" / "artifacts" / "staging"
    folder.mkdir(parents=True)
    (folder / "anything").write_bytes(b"staged")
    return folder


def test_what_lies_in_the_staging_folder_is_found(staging: Path) -> None:
    assert StagingFolders().find(str(staging / "anything")) == str(staging / "anything")


def test_a_staging_folder_of_other_settings_is_known_by_its_name(tmp_path: Path, staging: Path) -> None:
    other = tmp_path / "elsewhere" / "artifacts" / "staging"
    other.mkdir(parents=True)
    for name in ("tmpab12_xyz", "passwords"):
        (other / name).write_bytes(b"x")
    assert StagingFolders().find(str(other / "tmpab12_xyz")) == str(other / "tmpab12_xyz")
    with pytest.raises(AudioValueError, match="outside the staging folder"):
        StagingFolders().find(str(other / "passwords"))


def test_a_file_outside_every_staging_folder_is_refused(home: Path, staging: Path) -> None:
    for path in (home / "media" / "a.wav", staging / ".." / ".." / "x", staging.parent / "x"):
        with pytest.raises((AudioValueError, NotFoundError), match=r"outside the staging folder.*WANDB_DATA_DIR"):
            StagingFolders().find(str(path))


def test_links_in_the_staging_folder_are_not_followed(home: Path, staging: Path) -> None:
    (staging / "tmpab12_xyz").symlink_to(home.parent / "secret" / "key.wav")
    (staging / "linked").symlink_to(home.parent / "secret")
    with pytest.raises(AudioValueError, match="no regular file"):
        StagingFolders().find(str(staging / "tmpab12_xyz"))
    with pytest.raises(AudioValueError, match="outside the staging folder"):
        StagingFolders().find(str(staging / "linked" / "key.wav"))


def test_a_folder_that_only_links_to_a_secret_is_no_staging_folder(home: Path) -> None:
    fake = home / "artifacts"
    fake.mkdir()
    (home.parent / "secret" / "tmpab12_xyz").write_bytes(b"x")
    (fake / "staging").symlink_to(home.parent / "secret")
    with pytest.raises(AudioValueError, match="outside the staging folder"):
        StagingFolders().find(str(fake / "staging" / "tmpab12_xyz"))


@pytest.mark.parametrize("path", ["relative/tmpab12_xyz", "/tmp/a\0b", "/tmp/\ud800", "/", "/tmp/.."])
def test_a_staged_path_that_is_none_is_refused(staging: Path, path: str) -> None:
    with pytest.raises(AudioValueError, match="wanted an absolute path"):
        StagingFolders().find(path)


def test_a_staged_file_that_is_gone_is_named(staging: Path) -> None:
    with pytest.raises(NotFoundError, match=r"the staged file '.*/tmpab12_xyz' is gone"):
        StagingFolders().find(str(staging / "tmpab12_xyz"))

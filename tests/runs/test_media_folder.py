from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from audio_logging.runs.media_folder import MediaFolder
from audio_logging.runs.paths import Folder

LONG_AGO = time.time() - 1000


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "media" / "audio").mkdir(parents=True)
    return tmp_path


def put(files: Path, name: str, changed: float = LONG_AGO) -> None:
    path = files / "media" / "audio" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    os.utime(path, (changed, changed))


def age_folders(files: Path) -> None:
    for number, folder in enumerate([*files.rglob("*/"), files]):
        if folder.is_dir():
            os.utime(folder, (LONG_AGO + number, LONG_AGO + number))


def folder_of(files: Path, told: set[str]) -> MediaFolder:
    return MediaFolder(Folder(files), told.__contains__)


def test_files_come_sorted_folder_by_folder_without_hidden_and_told_ones(files: Path) -> None:
    for name in ("b.wav", "a.wav", ".part", "val/z.wav", "val/deep/y.wav", "told.wav"):
        put(files, name)
    folder = folder_of(files, {"media/audio/told.wav"})
    assert list(folder.read()) == [f"media/audio/{name}" for name in ("a.wav", "b.wav", "val/z.wav", "val/deep/y.wav")]


def test_a_folder_that_did_not_change_is_not_listed_again(files: Path) -> None:
    put(files, "a.wav")
    age_folders(files)
    folder = folder_of(files, set())
    assert list(folder.read()) == ["media/audio/a.wav"]
    assert list(folder.read()) == []


def test_young_files_are_left_for_later(files: Path) -> None:
    put(files, "young.wav", changed=time.time())
    put(files, "old.wav")
    told = {"media/audio/old.wav"}
    folder = folder_of(files, told)
    assert list(folder.read(age=100.0)) == []
    assert list(folder.read()) == ["media/audio/young.wav"]


def test_new_folders_are_found(files: Path) -> None:
    folder = folder_of(files, set())
    assert list(folder.read()) == []
    put(files, "new/deep/a.wav")
    assert list(folder.read()) == ["media/audio/new/deep/a.wav"]


def test_a_folder_that_is_gone_has_no_files(tmp_path: Path) -> None:
    assert list(folder_of(tmp_path, set()).read()) == []

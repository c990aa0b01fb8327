from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from audio_logging.dashboard.analysis import levels, peaks
from audio_logging.dashboard.export.conversion import Format
from audio_logging.dashboard.export.preparing import LIST_PEAKS, prepare
from audio_logging.dashboard.stored_file import StoredFile

from .conftest import sound


@pytest.fixture
def files(tmp_path: Path) -> list[StoredFile]:
    """Forty clips of different lengths."""
    made = []
    for seed in range(40):
        path = tmp_path / f"{seed}.wav"
        path.write_bytes(sound(seed, 0.01 * (1 + seed % 7)))
        made.append(StoredFile(path=str(path), content=str(seed), format="wav", name=path.name))
    return made


@pytest.mark.parametrize(("form", "size"), [("keep", 0), ("keep", 2**30), ("opus", 0), ("flac", 0)])
def test_they_come_in_the_order_given(form: Format, size: int, files: list[StoredFile]) -> None:
    assert [clip.file for clip in prepare(files, form, size=size)] == files


def test_only_a_few_are_made_ready_ahead(files: list[StoredFile]) -> None:
    taken = []

    def watched() -> Iterator[StoredFile]:
        for file in files:
            taken.append(file)
            yield file

    clips = prepare(watched(), "opus")
    next(clips)
    assert len(taken) <= 2 * (os.cpu_count() or 1) + 1
    clips.close()  # type: ignore[attr-defined]


def test_levels_and_peaks_are_the_dashboards_own(files: list[StoredFile]) -> None:
    for clip in prepare(files[:5], "opus"):
        wanted = peaks(clip.file, LIST_PEAKS)
        assert clip.levels == levels(clip.file)
        assert base64.b64decode(clip.peaks["data"]) == wanted.data
        assert (clip.peaks["channels"], clip.peaks["n"]) == (wanted.channels, wanted.n)


def test_one_that_cannot_be_read_does_not_stop_the_others(files: list[StoredFile], tmp_path: Path) -> None:
    Path(files[3].path).write_bytes(b"no audio")
    Path(files[5].path).unlink()
    clips = list(prepare(files, "keep"))
    assert [place for place, clip in enumerate(clips) if clip.converted is None] == [3, 5]
    assert "is not an audio file" in str(clips[3].problem)
    assert "cannot be opened" in str(clips[5].problem)


def test_what_only_browsers_play_goes_in_without_levels(tmp_path: Path) -> None:
    (tmp_path / "clip.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    [clip] = prepare([StoredFile(path=str(tmp_path / "clip.m4a"), content="c", format="m4a")], "keep")
    assert clip.converted is not None
    assert clip.levels == clip.peaks == {"error": "libsndfile does not read m4a"}


def test_silence_and_a_clip_without_frames(tmp_path: Path) -> None:
    for name, frames in (("silence", 1000), ("none", 0)):
        (tmp_path / f"{name}.wav").write_bytes(sound(0, frames / 16_000))
        [clip] = prepare([StoredFile(path=str(tmp_path / f"{name}.wav"), content=name)], "keep")
        assert clip.problem is None
        assert clip.levels["frames"] == frames
        assert np.frombuffer(base64.b64decode(clip.peaks["data"]), "<i2").shape == (2 * LIST_PEAKS,)

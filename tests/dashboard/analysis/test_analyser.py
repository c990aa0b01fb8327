"""Analyser: the same answers as without it, computed once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.dashboard.analysis import (
    Analyser,
    Cancelled,
    SpectrogramOptions,
    levels,
    peaks,
    spectrogram,
)
from audio_logging.dashboard.analysis.blocks import BlockReader
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.errors import AudioDecodeError, AudioValueError, NotFoundError
from tests.dashboard.analysis.conftest import Store
from tests.dashboard.analysis.test_blocks import short_flac

LONG = 1_100_000
"""[frames] Peaks come from an overview, and levels are kept on disk."""

SMALL = SpectrogramOptions(width=50, height=40)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def long(store: Store, rng: np.random.Generator) -> StoredFile:
    return store(0.3 * rng.uniform(-1, 1, LONG) * np.linspace(0.1, 1, LONG))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that were decoded, one for each block."""
    names: list[str] = []
    original = BlockReader._read

    def counted(self: BlockReader, frames: int) -> Any:
        names.append(self._name)
        return original(self, frames)

    monkeypatch.setattr(BlockReader, "_read", counted)
    return names


def everything(file: StoredFile, asked: Any) -> list[Any]:
    return [
        asked.peaks(file, 64),
        asked.peaks(file, 7, start=0.5, end=0.75),
        asked.spectrogram(file, SMALL),
        asked.spectrogram(file, replace(SMALL, normalise=True, start=0.5, end=0.75)),
        asked.levels(file),
    ]


class Without:
    """The functions, asked as an analyser is."""

    peaks = staticmethod(peaks)
    spectrogram = staticmethod(spectrogram)
    levels = staticmethod(levels)


@pytest.mark.parametrize("on_disk", [True, False])
def test_its_answers_are_those_of_the_functions(long: StoredFile, folder: Path, on_disk: bool) -> None:
    analyser = Analyser(folder if on_disk else None)
    expected = everything(long, Without)
    assert everything(long, analyser) == expected
    assert everything(long, analyser) == expected
    assert everything(long, Analyser(folder if on_disk else None)) == expected


def test_nothing_is_decoded_twice(long: StoredFile, folder: Path, read: list[str]) -> None:
    analyser = Analyser(folder)
    everything(long, analyser)
    read.clear()
    everything(long, analyser)
    assert read == []


def test_another_process_finds_what_was_costly(long: StoredFile, folder: Path, read: list[str]) -> None:
    everything(long, Analyser(folder))
    read.clear()
    everything(long, Analyser(folder))
    assert len(read) == 1  # the quarter of a second of peaks
    read.clear()
    everything(long, Analyser(None))
    assert len(read) > 20


def test_zooming_out_of_a_long_clip_decodes_nothing_again(long: StoredFile, read: list[str]) -> None:
    analyser = Analyser(None)
    analyser.peaks(long, 100)
    read.clear()
    for n in (1, 50, 101):
        analyser.peaks(long, n, start=3.0, end=60.0)
    assert read == []


def test_a_short_clip_has_no_file_in_the_cache_but_its_picture(store: Store, folder: Path) -> None:
    analyser = Analyser(folder)
    file = store(np.ones(1000))
    analyser.peaks(file, 64)
    analyser.levels(file)
    assert not folder.exists()
    analyser.spectrogram(file, SMALL)
    assert len([path for path in folder.rglob("*") if path.is_file() and path.name != "cleaned"]) == 1


@pytest.mark.parametrize("content", ["../../../etc/passwd", "a\0b", "x" * 100_000, "\ud800", "", "ünï / \\ : *"])
def test_any_content_makes_a_name(store: Store, folder: Path, content: str) -> None:
    file = replace(store(np.ones(1000)), content=content)
    assert Analyser(folder).spectrogram(file, SMALL) == spectrogram(file, SMALL)
    assert all(len(path.name) in (2, 64) or path.name == "cleaned" for path in folder.rglob("*"))


def test_options_have_answers_of_their_own(store: Store, folder: Path, rng: np.random.Generator) -> None:
    file = store(0.3 * rng.uniform(-1, 1, (20_000, 2)))
    analyser = Analyser(folder)
    options = [
        SMALL,
        replace(SMALL, scale="linear"),
        replace(SMALL, colours="magma"),
        replace(SMALL, width=51),
        replace(SMALL, height=41),
        replace(SMALL, start=0.5),
        replace(SMALL, end=0.5),
        replace(SMALL, channel=0),
        replace(SMALL, channel=1),
        replace(SMALL, floor=-60.0),
        replace(SMALL, normalise=True),
        replace(SMALL, window=256),
    ]
    pictures = [analyser.spectrogram(file, each) for each in options]
    assert len(set(pictures)) == len(options)
    assert pictures == [spectrogram(file, each) for each in options]


@pytest.mark.parametrize("what", ["peaks", "spectrogram", "levels"])
def test_threads_that_ask_the_same_share_one_computation(
    long: StoredFile, folder: Path, read: list[str], what: str
) -> None:
    def ask(analyser: Analyser) -> Any:
        together.wait(10)
        if what == "peaks":
            return analyser.peaks(long, 64)
        return analyser.levels(long) if what == "levels" else analyser.spectrogram(long, SMALL)

    together = threading.Barrier(1)
    expected = ask(Analyser(None))
    once = len(read)
    read.clear()
    together = threading.Barrier(6)
    analyser = Analyser(folder)
    with ThreadPoolExecutor(6) as pool:
        answers = [future.result(60) for future in [pool.submit(ask, analyser) for _ in range(6)]]
    assert answers == [expected] * 6
    assert len(read) == once


def test_a_cancelled_computation_leaves_nothing_and_works_later(long: StoredFile, folder: Path) -> None:
    analyser = Analyser(folder)
    for ask in (
        lambda cancelled: analyser.peaks(long, 64, cancelled=cancelled),
        lambda cancelled: analyser.spectrogram(long, SMALL, cancelled=cancelled),
        lambda cancelled: analyser.levels(long, cancelled=cancelled),
    ):
        asked = iter([False, False])
        with pytest.raises(Cancelled):
            ask(lambda asked=asked: next(asked, True))
    assert not folder.exists()
    assert everything(long, analyser) == everything(long, Without)


def test_a_damaged_entry_is_computed_again(long: StoredFile, folder: Path) -> None:
    expected = everything(long, Analyser(folder))
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes()[:-1])
    assert everything(long, Analyser(folder)) == expected


def test_it_works_where_nothing_can_be_kept(long: StoredFile, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert everything(long, Analyser(tmp_path / "file")) == everything(long, Without)


def test_a_file_that_changes_meanwhile_is_not_remembered(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = store(np.zeros(1000))
    analyser = Analyser(folder)
    original = BlockReader._read

    def changing(self: BlockReader, frames: int) -> Any:
        Path(file.path).touch()
        os.utime(file.path, ns=(0, Path(file.path).stat().st_mtime_ns + 1))
        return original(self, frames)

    with monkeypatch.context() as patch:
        patch.setattr(BlockReader, "_read", changing)
        analyser.spectrogram(file, SMALL)
    assert not folder.exists()
    Path(file.path).write_bytes(Path(store(np.ones(1000)).path).read_bytes())
    assert analyser.spectrogram(file, SMALL) == spectrogram(file, SMALL)


def test_errors_are_not_remembered(store: Store, tmp_path: Path) -> None:
    file = store(np.ones(1000))
    analyser = Analyser(None)
    whole = Path(file.path).read_bytes()
    Path(file.path).write_bytes(b"nonsense")
    with pytest.raises(AudioDecodeError, match="'the clip' is not an audio file"):
        analyser.peaks(file, 4)
    Path(file.path).unlink()
    with pytest.raises(NotFoundError):
        analyser.levels(file)
    Path(file.path).write_bytes(whole)
    assert analyser.peaks(file, 4) == peaks(file, 4)
    with pytest.raises(AudioValueError, match="got n=0"):
        analyser.peaks(file, 0)


def test_the_true_length_of_a_file_is_remembered(
    store_bytes: Callable[[bytes], StoredFile], folder: Path, read: list[str]
) -> None:
    samples = np.sin(np.arange(LONG))
    file = store_bytes(short_flac(samples, 2**31))
    analyser = Analyser(folder)
    first = analyser.peaks(file, 10)
    read.clear()
    analyser.peaks(file, 11)
    assert read == []
    assert first == peaks(file, 10)
    assert Analyser(folder).peaks(file, 10) == first
    assert analyser.spectrogram(file, SMALL) == spectrogram(file, SMALL)
    assert len(analyser.peaks(file, 50, start=60, end=70).data) == 200


MEASURE = """
import resource, sys
from pathlib import Path
from audio_logging.dashboard.analysis import Analyser, SpectrogramOptions
from audio_logging.dashboard.stored_file import StoredFile

def ask(path):
    analyser, file = Analyser(None), StoredFile(path=path, content=path)
    analyser.peaks(file, 800)
    analyser.spectrogram(file, SpectrogramOptions())
    analyser.levels(file)

ask(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
ask(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is Linux's")
def test_ten_minutes_of_stereo_take_little_memory(
    store: Store, tmp_path: Path, sine: Callable[..., npt.NDArray[np.float32]]
) -> None:
    short = store(np.zeros((1000, 2)), 44_100)
    header = Path(short.path).read_bytes()[:44]
    size = 600 * 44_100 * 4
    with (tmp_path / "long.wav").open("wb") as file:
        file.write(header[:40] + size.to_bytes(4, "little"))
        file.truncate(44 + size)  # a hole, which reads as silence
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, short.path, str(tmp_path / "long.wav")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 50 * 1024  # kilobytes


def test_recordings(shared_data: Path, require: Callable[[str], ModuleType]) -> None:
    for path in [*shared_data.glob("speech/*.wav"), *shared_data.glob("music/*")]:
        file = StoredFile(path=str(path), content=path.name, name=path.name)
        found = levels(file)
        assert found["lufs"] is not None and -60 < found["lufs"] < 0
        assert found["true_peak_db"] is not None and found["peak_db"] is not None
        assert found["true_peak_db"] >= found["peak_db"]
        data = np.frombuffer(peaks(file, 500).data, "<i2")
        assert abs(np.abs(data).max() / 32767 - min(found["peak"], 1)) < 1e-4
        assert spectrogram(file, SMALL).startswith(b"\x89PNG")

"""Folders of audio made for the purpose, with bytes written by hand: their truth does not come from the code tested."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from audio_logging._types import AnyArray

WriteWav: TypeAlias = Callable[..., Path]


@pytest.fixture(scope="session")
def write_wav() -> WriteWav:
    """Write int16 samples as the plainest WAV file: a 44-byte header, then the samples."""

    def write(path: Path, samples: Sequence[int] | AnyArray, sample_rate: int = 8000) -> Path:
        array = np.asarray(samples, np.int16)
        frames = array.reshape(len(array), -1) if array.size else array.reshape(0, 1)
        channels = frames.shape[1]
        content = frames.astype("<i2").tobytes()
        form = struct.pack("<HHIIHH", 1, channels, sample_rate, sample_rate * channels * 2, channels * 2, 16)
        body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(content)) + content
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
        return path

    return write


@pytest.fixture(scope="session")
def noise() -> Callable[..., AnyArray]:
    """Return int16 noise that differs from number to number."""

    def make(number: int, frames: int = 100, channels: int = 1) -> AnyArray:
        rng = np.random.default_rng(number)
        return rng.integers(-(2**15), 2**15, (frames, channels), np.int16)

    return make


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, write_wav: WriteWav, noise: Callable[..., AnyArray]) -> Path:
    """Three classes of 20, 12 and 8 clips, each of its own length; 8 kHz, mono."""
    top = tmp_path_factory.mktemp("folder")
    number = 0
    for name, count in (("cat", 20), ("dog", 12), ("emu", 8)):
        for file in range(count):
            write_wav(top / name / f"{file}.wav", noise(number, 50 + 7 * (number * 13 % 40)))
            number += 1
    return top


@pytest.fixture(scope="session")
def crooked_folder(
    tmp_path_factory: pytest.TempPathFactory, write_wav: WriteWav, noise: Callable[..., AnyArray]
) -> Path:
    """Everything that decides about files and their order: nested, hidden, linked, empty and odd names."""
    top = tmp_path_factory.mktemp("crooked")
    names = (
        "root.wav",
        "10/a.wav",
        "2/a.WAV",
        "2/B.wav",
        "2/b.wav",
        "2/.hidden.wav",
        "2/.folder/x.wav",
        "2/sub/deep/d.wav",
        "2/sub/z.wav",
        "2/sub-x/y.wav",
        "2/zz.wav",
        "B/b.wav",
        "b/é.wav",
        ".hidden/h.wav",
        "b/notes.txt",
        "b/almost.wavx",
    )
    for number, name in enumerate(names):
        write_wav(top / name, noise(number, 30 + 5 * number))
    (top / "empty").mkdir()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write_wav(elsewhere / "in" / "linked.wav", noise(50))
    (top / "link").symlink_to(elsewhere / "in", target_is_directory=True)
    (top / "2" / "link").symlink_to(elsewhere / "in", target_is_directory=True)
    (top / "2" / "file-link.wav").symlink_to(elsewhere / "in" / "linked.wav")
    return top


@pytest.fixture(scope="session")
def fsdd(shared_data: Path) -> Path:
    """The Free Spoken Digit Dataset, where it is."""
    return shared_data / "fsdd"


@pytest.fixture
def benchmark_time() -> Callable[[Callable[[], object]], float]:
    """Return how many seconds something takes, the best of three."""

    def measure(work: Callable[[], object]) -> float:
        times = []
        for _ in range(3):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return min(times)

    return measure

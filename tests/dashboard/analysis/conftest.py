"""Stored files of known samples, and pictures read back."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from audio_logging.dashboard.stored_file import StoredFile

BLOCK = 4096
"""[frames] libsndfile's Vorbis encoder crashes on long clips given whole."""


class Store(Protocol):
    """``store(samples, rate)`` writes a file and returns it as the dashboard is handed it."""

    def __call__(
        self,
        samples: npt.NDArray[Any],
        sample_rate: int = 16_000,
        format: str = "WAV",  # noqa: A002
        subtype: str | None = None,
        **options: Any,
    ) -> StoredFile: ...


@pytest.fixture
def store_bytes(tmp_path: Path) -> Callable[[bytes], StoredFile]:
    """``store_bytes(data)`` writes them to a file."""

    def write(data: bytes) -> StoredFile:
        content = hashlib.sha256(data).hexdigest()
        path = tmp_path / content[:20]
        path.write_bytes(data)
        return StoredFile(path=str(path), content=content, name="the clip")

    return write


@pytest.fixture
def store(store_bytes: Callable[[bytes], StoredFile]) -> Store:
    def write(
        samples: npt.NDArray[Any],
        sample_rate: int = 16_000,
        format: str = "WAV",  # noqa: A002
        subtype: str | None = None,
        **options: Any,
    ) -> StoredFile:
        return store_bytes(sound_bytes(samples, sample_rate, format, subtype, **options))

    return write


def sound_bytes(
    samples: npt.NDArray[Any], sample_rate: int, container: str, subtype: str | None = None, **options: Any
) -> bytes:
    samples = samples[:, np.newaxis] if samples.ndim == 1 else samples
    memory = io.BytesIO()
    with soundfile.SoundFile(memory, "w", sample_rate, samples.shape[1], subtype, format=container, **options) as file:
        for start in range(0, max(len(samples), 1), BLOCK):
            file.write(samples[start : start + BLOCK])
    return memory.getvalue()


@pytest.fixture
def sine() -> Callable[..., npt.NDArray[np.float32]]:
    """``sine(frequency, sample_rate, seconds, level)`` [shape=(frames,)], level in dBFS of the peak."""

    def make(
        frequency: float, sample_rate: int = 16_000, seconds: float = 1.0, level: float = 0.0
    ) -> npt.NDArray[np.float32]:
        phase = 2 * np.pi * frequency * np.arange(round(seconds * sample_rate)) / sample_rate
        return np.asarray(10 ** (level / 20) * np.sin(phase), np.float32)

    return make

"""What all tests share: a clip, the bytes of a file of it, recordings, and a wandb that never leaves tmp_path."""

from __future__ import annotations

import importlib
import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import hypothesis
import numpy as np
import numpy.typing as npt
import pytest

SAMPLE_RATE = 16_000

hypothesis.settings.register_profile("audio_logging", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("audio_logging")


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(20261120)


@pytest.fixture
def tone() -> npt.NDArray[np.float32]:
    """One second of 1 kHz at 16 kHz [shape=(16000,)], peak exactly 0.5."""
    phase = 2 * np.pi * 1000 * np.arange(SAMPLE_RATE) / SAMPLE_RATE
    return (0.5 * np.sin(phase)).astype(np.float32)


@pytest.fixture
def wav_bytes(tone: npt.NDArray[np.float32]) -> bytes:
    """A 16-bit WAV file of `tone`, made by hand."""
    samples = np.rint(tone * 2**15).astype("<i2").tobytes()
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, SAMPLE_RATE, 2 * SAMPLE_RATE, 2, 16)
    data = struct.pack("<4sI", b"data", len(samples)) + samples
    return struct.pack("<4sI4s", b"RIFF", 4 + len(fmt) + len(data), b"WAVE") + fmt + data


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real recordings beside the repository."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        _skip_or_fail(f"there is no folder {folder}")
    return folder


@pytest.fixture(scope="session")
def require() -> Callable[[str], ModuleType]:
    """``require(name)`` imports an optional package; it skips the test without it, or fails where all are wanted."""
    return _require


@pytest.fixture(scope="session")
def skip_or_fail() -> Callable[[str], NoReturn]:
    """``skip_or_fail(reason)`` skips the test for what a machine lacks, or fails where everything is wanted."""
    return _skip_or_fail


@pytest.fixture
def wandb_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A wandb that writes below the yielded folder only, and knows no key and no run from before."""
    wandb = _require("wandb")
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    for name in ("DATA", "CACHE", "CONFIG", "ARTIFACT"):
        folder = tmp_path / f"wandb-{name.lower()}"
        folder.mkdir()
        monkeypatch.setenv(f"WANDB_{name}_DIR", str(folder))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    wandb.teardown()  # wandb reads the environment once a session
    yield tmp_path
    if wandb.run is not None:
        wandb.finish()
    wandb.teardown()


def _require(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        _skip_or_fail(f"could not import {name}: {error}")


def _skip_or_fail(reason: str) -> NoReturn:
    if os.environ.get("AUDIO_LOGGING_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)

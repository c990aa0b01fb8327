from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_logging.errors import AudioValueError, NotFoundError
from tests.commands.conftest import Command


class Device:
    """Stands in for the module sounddevice."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.played: list[tuple[np.ndarray[Any, Any], int]] = []
        self.calls: list[str] = []

    def query_devices(self, *, kind: str) -> None:
        self.calls.append(kind)
        if self.failure is not None:
            raise self.failure

    def play(self, samples: np.ndarray[Any, Any], sample_rate: int) -> None:
        self.played.append((samples, sample_rate))

    def wait(self) -> None:
        self.calls.append("wait")
        if isinstance(self.failure, KeyboardInterrupt):
            raise self.failure

    def stop(self) -> None:
        self.calls.append("stop")


@pytest.fixture
def folder(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    [folder] = trained.glob("offline-run-*")
    return folder


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    device = Device()
    monkeypatch.setitem(sys.modules, "sounddevice", device)
    return device


def test_the_last_clip_of_a_key_is_played(command: Command, folder: Path, device: Device) -> None:
    assert command("play", folder, "val/clip") == ["val/clip, step 2, index 0, 0.10 s, c2"]
    [(samples, sample_rate)] = device.played
    assert (samples.shape, sample_rate) == ((1600, 1), 16000)
    assert np.abs(samples[:, 0] - np.sin(np.arange(1600) / 10 + 2)).max() < 2**-14
    assert device.calls == ["output", "wait"]


def test_a_step_and_a_place_can_be_named(command: Command, folder: Path, device: Device) -> None:
    assert command("play", folder, "val/clip", "--step", "1") == ["val/clip, step 1, index 0, 0.10 s, c1"]
    [line] = command("play", folder, "val/samples", "--index", "1")
    assert line.startswith("val/samples, step 0, index 1")


def test_interrupting_stops_the_sound(command: Command, folder: Path, device: Device) -> None:
    device.wait = lambda: (_ for _ in ()).throw(KeyboardInterrupt)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        command("play", folder, "val/clip")
    assert device.calls[-1] == "stop"


@pytest.mark.parametrize("failure", [OSError("PortAudio library not found"), RuntimeError("Error querying device -1")])
def test_without_a_sound_device_the_clip_is_written_to_a_file(
    command: Command, folder: Path, device: Device, tmp_path: Path, failure: Exception
) -> None:
    device.failure = failure
    [line] = command("play", folder, "val/clip")
    assert (
        line
        == f"val/clip, step 2, index 0, 0.10 s, c2: there is no sound device ({failure}); written to val_clip_2_0.flac"
    )
    assert (tmp_path / "val_clip_2_0.flac").read_bytes()[:4] == b"fLaC"


def test_without_sounddevice_the_extra_is_named(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    [line] = command("play", folder, "plain")
    assert "sounddevice is not installed (pip install 'audio-logging[mic]'); written to plain_" in line


def test_a_clip_can_be_written_to_a_named_file_but_not_over_one(
    command: Command, folder: Path, device: Device, tmp_path: Path
) -> None:
    [line] = command("play", folder, "val/clip", "-o", tmp_path / "out.flac")
    assert line.endswith(f"written to {tmp_path}/out.flac")
    before = (tmp_path / "out.flac").read_bytes()
    with pytest.raises(AudioValueError, match=r"out.flac' is there already; nothing is written over. Pass -o FILE"):
        command("play", folder, "val/same", "-o", tmp_path / "out.flac")
    assert (tmp_path / "out.flac").read_bytes() == before
    assert device.played == []


def test_what_is_not_there_is_said_together_with_what_is(command: Command, folder: Path, make_run: Any) -> None:
    with pytest.raises(NotFoundError, match="there is no clip under 'x'; there are 'val/clip'"):
        command("play", folder, "x")
    with pytest.raises(NotFoundError, match="'val/samples' has no clip 9 at that step; there are 0, 1"):
        command("play", folder, "val/samples", "--index", "9")
    missing = make_run(sidecar=b'{"key": "a", "path": "media/audio/gone.wav"}\n')
    with pytest.raises(NotFoundError, match=r"'media/audio/gone.wav' of 'a' is missing or was refused"):
        command("play", missing, "a")

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio_logging.runs.headers import Header, read_header

Wav = Callable[..., bytes]


@pytest.mark.parametrize(("frames", "rate", "channels"), [(0, 8000, 1), (1, 44100, 2), (48000, 48000, 6)])
def test_a_wav_file_tells_itself(tmp_path: Path, wav: Wav, frames: int, rate: int, channels: int) -> None:
    (tmp_path / "a.wav").write_bytes(wav(frames, rate, channels))
    assert read_header(tmp_path / "a.wav") == Header("wav", rate, frames, channels)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
@pytest.mark.parametrize("channels", [1, 2])
def test_what_soundfile_wrote_is_read(tmp_path: Path, name: str, channels: int) -> None:
    soundfile.write(tmp_path / name, np.zeros((4410, channels), np.float32), 44100)
    header = read_header(tmp_path / name)
    assert header is not None
    assert (header.format, header.sample_rate, header.channels) == (name[2:], 44100, channels)
    assert header.frames == soundfile.info(tmp_path / name).frames


def test_chunks_before_the_samples_are_passed_over(tmp_path: Path, wav: Wav) -> None:
    data = wav(10)
    extra = struct.pack("<4sI", b"LIST", 5) + b"hello\0"
    (tmp_path / "a.wav").write_bytes(data[:36] + extra + data[36:])
    assert read_header(tmp_path / "a.wav") == Header("wav", 16000, 10, 1)


def test_a_cut_wav_file_has_the_frames_that_are_there(tmp_path: Path, wav: Wav) -> None:
    (tmp_path / "a.wav").write_bytes(wav(100)[:-50])
    assert read_header(tmp_path / "a.wav") == Header("wav", 16000, 75, 1)


def test_endless_chunks_end(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF\0\0\0\0WAVE" + struct.pack("<4sI", b"junk", 0) * 100_000)
    assert read_header(tmp_path / "a.wav") is None


@pytest.mark.parametrize("content", [b"", b"RIFF", b"hello", b"RIFF\0\0\0\0WAVEdata\xff\xff\xff\xff"])
def test_what_is_no_audio_tells_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    assert read_header(tmp_path / "a.wav") is None
    assert read_header(tmp_path / "missing.wav") is None


@given(st.binary(max_size=80))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_any_riff_file_is_read_or_not(tmp_path: Path, rest: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF\0\0\0\0WAVE" + rest)
    read_header(tmp_path / "a.wav")

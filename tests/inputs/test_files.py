"""Files that are not there, not whole, not audio or not files are refused by name, and never cost time or memory."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from audio_logging import as_clip
from audio_logging.errors import (
    AudioDecodeError,
    AudioFileNotFoundError,
    EmptyAudioError,
    NonFiniteAudioError,
)

RATE = 16_000


def wav(body: bytes = b"", *, size: int | None = None, rate: int = RATE, channels: int = 1, bits: int = 16) -> bytes:
    """A PCM WAV file whose header says what it is told to say."""
    block = channels * bits // 8
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, (rate * block) % 2**32, block, bits)
    data = struct.pack("<4sI", b"data", len(body) if size is None else size) + body
    return struct.pack("<4sI4s", b"RIFF", 4 + len(fmt) + len(data), b"WAVE") + fmt + data


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioFileNotFoundError, match=r"there is no file '.*/none\.wav'"):
        as_clip(tmp_path / "none.wav")


def test_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioDecodeError, match="is a folder, wanted an audio file"):
        as_clip(tmp_path)
    with pytest.raises(AudioDecodeError, match="is a folder"):
        as_clip("")


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    with pytest.raises(AudioDecodeError, match=r"empty\.wav' is empty \(0 bytes\), wanted an audio file"):
        as_clip(tmp_path / "empty.wav")


def test_a_text_file_called_wav_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("Dear diary,\n" * 1000)
    with pytest.raises(AudioDecodeError, match=r"notes\.wav' is not an audio file .*begins with b'Dear diary,"):
        as_clip(tmp_path / "notes.wav")


def test_an_audio_file_by_a_wrong_name_is_read(tmp_path: Path, wav_bytes: bytes) -> None:
    (tmp_path / "tone.txt").write_bytes(wav_bytes)
    assert as_clip(tmp_path / "tone.txt").frames == RATE


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    refused = []

    def read() -> None:
        with pytest.raises(AudioDecodeError, match=r"pipe\.wav' is not a regular file"):
            as_clip(tmp_path / "pipe.wav")
        refused.append(True)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    thread.join(5)
    assert refused


def test_a_device_is_refused() -> None:
    with pytest.raises(AudioDecodeError, match="'/dev/zero' is not a regular file"):
        as_clip("/dev/zero")


def test_a_file_that_nobody_may_read_is_named(tmp_path: Path, wav_bytes: bytes) -> None:
    file = tmp_path / "secret.wav"
    file.write_bytes(wav_bytes)
    file.chmod(0)
    code = f"""
import os
from audio_logging import as_clip
import audio_logging.inputs
if os.geteuid() == 0:
    os.seteuid(65534)
try:
    as_clip({str(file)!r})
except Exception as error:
    print(type(error).__name__, error)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("AudioDecodeError cannot read ")
    assert "secret.wav" in result.stdout
    assert "Permission denied" in result.stdout


@pytest.mark.parametrize("name", ["nul\0byte.wav", "n" * 300 + ".wav"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(AudioDecodeError, match="cannot read"):
        as_clip(name)


def test_a_header_of_four_gigabytes_costs_no_memory() -> None:
    """In a process that may not have them; sizes like these are what programs write that cannot seek back."""
    files = [wav(bytes(1000), size=size) for size in (1000, 0xFFFFFFFF, 0xFFFFFFF0, 0x7FFFF000)]
    code = f"""
import resource
from audio_logging import as_clip
whole, *streamed = {files!r}
as_clip(whole)
in_use = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (in_use + 2**28, in_use + 2**28))
print([as_clip(data).frames for data in streamed])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[500, 500, 500]"


def test_a_header_of_one_gigabyte_is_a_truncated_file() -> None:
    with pytest.raises(AudioDecodeError, match="<1044 bytes> is truncated: it promises at least 1073740824 more bytes"):
        as_clip(wav(bytes(1000), size=2**30))


def test_a_file_without_frames_is_refused_unless_asked_for(tmp_path: Path) -> None:
    for name in ("a.wav", "b.aiff", "c.caf"):
        soundfile.write(tmp_path / name, np.zeros(0), RATE)
        with pytest.raises(EmptyAudioError, match=rf"{name}' holds no frames, wanted at least one"):
            as_clip(tmp_path / name)
        clip = as_clip(tmp_path / name, allow_empty=True)
        assert (clip.frames, clip.channels, clip.sample_rate, clip.peak) == (0, 1, RATE, 0.0)


def test_numbers_in_a_file_that_are_not_finite_are_refused_by_name_or_zeroed_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "broken.wav"
    soundfile.write(file, np.array([0.5, np.nan, np.inf], np.float32), RATE, "FLOAT")
    with pytest.raises(NonFiniteAudioError, match=r"broken\.wav': got 1 NaN and 1 infinite of 3 samples"):
        as_clip(file)
    for value in (file, file.read_bytes()):
        clip = as_clip(value, on_invalid="zero")
        assert clip.samples[:, 0].tolist() == [0.5, 0.0, 0.0]
        assert clip.invalid_samples == 2


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (wav(bytes(100), rate=0), "not an audio file"),
        (wav(bytes(100), rate=2**31), "not an audio file"),
        (wav(bytes(100), channels=0), "Channel count is zero"),
        (wav(bytes(100), channels=2000), "Too many channels"),
        (wav(bytes(100))[:20], "not an audio file|truncated"),
        (b"RIFF\xff\xff\xff\xffWAVE" + bytes(50), "not an audio file"),
        (b"fLaC" + bytes(100), "not an audio file|truncated|damaged"),
        (b"OggS" + bytes(100), "not an audio file|truncated"),
        (b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(100), "not an audio file|truncated"),
    ],
)
def test_a_header_that_makes_no_sense_is_refused(header: bytes, message: str) -> None:
    with pytest.raises(AudioDecodeError, match=message):
        as_clip(header)


def test_noise_in_bytes_never_crashes(rng: np.random.Generator, wav_bytes: bytes) -> None:
    """Whatever is wrong with a file, the error is one of ours."""
    starts = [
        b"",
        b"RIFF\x00\x10\x00\x00WAVEfmt ",
        b"fLaC\x00\x00\x00\x22",
        b"OggS\x00\x02",
        b"\xff\xfb\x90\x00",
        b"FORM\0\0\1\0AIFF",
    ]
    for start in starts:
        for _ in range(20):
            data = start + rng.bytes(int(rng.integers(1, 3000)))
            try:
                as_clip(data, on_invalid="zero", allow_empty=True)
            except AudioDecodeError:
                pass


def test_a_large_file_is_not_read_for_a_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from audio_logging.inputs import BytesSource, PathSource, Reading, sources, to_source

    file = tmp_path / "tone.wav"
    file.write_bytes(wav(bytes(1000)))
    monkeypatch.setattr(sources, "SNAPSHOT_LIMIT", 1044)
    assert isinstance(to_source(file).snapshot(), BytesSource)
    monkeypatch.setattr(sources, "SNAPSHOT_LIMIT", 1043)
    assert isinstance(to_source(file).snapshot(), PathSource)
    with pytest.raises(AudioDecodeError, match="is a folder"):
        to_source(tmp_path).snapshot().to_clip(Reading())


def test_whatever_libsndfile_reads_is_a_clip(tone: npt.NDArray[np.float32], tmp_path: Path) -> None:
    for container, subtype, bits in [
        ("WAV", "PCM_U8", 8),
        ("WAV", "PCM_16", 16),
        ("WAV", "PCM_24", 24),
        ("WAV", "PCM_32", 32),
        ("WAV", "FLOAT", None),
        ("WAV", "DOUBLE", None),
        ("WAV", "ULAW", None),
        ("WAVEX", "PCM_24", 24),
        ("RF64", "PCM_16", 16),
        ("AIFF", "PCM_S8", 8),
        ("AIFF", "PCM_16", 16),
        ("AU", "PCM_16", 16),
        ("W64", "PCM_16", 16),
        ("CAF", "ALAC_16", None),
        ("FLAC", "PCM_S8", 8),
        ("FLAC", "PCM_24", 24),
    ]:
        file = tmp_path / "tone.any"
        soundfile.write(file, tone, RATE, subtype, format=container)
        clip = as_clip(file)
        assert (clip.frames, clip.channels, clip.sample_rate, clip.bits) == (RATE, 1, RATE, bits), (container, subtype)
        step = 2.0 ** (1 - (bits or 16)) if subtype != "ULAW" else 0.02
        assert np.abs(clip.samples[:, 0] - tone).max() <= step + 2**-15, (container, subtype)


def test_real_recordings_are_read(shared_data: Path) -> None:
    files = [*shared_data.glob("speech/*"), *shared_data.glob("music/*"), *list(shared_data.glob("fsdd/*/*"))[:50]]
    for file in files:
        clip = as_clip(file)
        with soundfile.SoundFile(file) as sound:
            assert (clip.frames, clip.channels, clip.sample_rate) == (sound.frames, sound.channels, sound.samplerate)
            assert np.array_equal(clip.samples, sound.read(dtype="float32", always_2d=True))

"""WAV files byte for byte, against the same built by hand."""

from __future__ import annotations

import io
import struct
import wave

import numpy as np
import pytest
import soundfile

from audio_logging import AudioClip
from audio_logging.encoding import encode
from audio_logging.encoding import wav as wav_module
from audio_logging.errors import AudioEncodeError

SAMPLES = np.array([[0.0, 0.5], [-1.0, -0.5], [0.25, 1 - 2**-15]])


def header(tag: int, channels: int, rate: int, width: int, size: int) -> bytes:
    """RIFF, fmt, fact where it is float, and the beginning of data."""
    fact = struct.pack("<4sII", b"fact", 4, size // (channels * width)) if tag == 3 else b""
    block = channels * width
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, tag, channels, rate, rate * block, block, 8 * width)
    whole = 4 + len(fmt) + len(fact) + 8 + size + size % 2
    return struct.pack("<4sI4s", b"RIFF", whole, b"WAVE") + fmt + fact + struct.pack("<4sI", b"data", size)


def test_16_bits_byte_for_byte() -> None:
    body = struct.pack("<6h", 0, 16384, -32768, -16384, 8192, 32767)
    assert bytes(encode(AudioClip(SAMPLES, 44_100)).data) == header(1, 2, 44_100, 2, 12) + body


def test_24_bits_byte_for_byte() -> None:
    whole = (0, 2**22, -(2**23), -(2**22), 2**21, 2**23 - 2**8)
    body = b"".join(sample.to_bytes(3, "little", signed=True) for sample in whole)
    assert bytes(encode(AudioClip(SAMPLES, 8000), "wav", "PCM_24").data) == header(1, 2, 8000, 3, 18) + body


def test_32_bits_byte_for_byte() -> None:
    body = struct.pack("<6i", 0, 2**30, -(2**31), -(2**30), 2**29, 2**31 - 2**16)
    assert bytes(encode(AudioClip(SAMPLES, 8000), "wav", "PCM_32").data) == header(1, 2, 8000, 4, 24) + body


def test_floats_byte_for_byte() -> None:
    body = struct.pack("<6f", 0, 0.5, -1, -0.5, 0.25, 1 - 2**-15)
    assert bytes(encode(AudioClip(SAMPLES, 8000), "wav", "FLOAT").data) == header(3, 2, 8000, 4, 24) + body


def test_an_odd_number_of_bytes_is_padded() -> None:
    data = bytes(encode(AudioClip(np.array([0.5]), 8000), "wav", "PCM_24").data)
    assert data == header(1, 1, 8000, 3, 3) + b"\0\0\x40" + b"\0"
    assert len(data) % 2 == 0
    assert soundfile.read(io.BytesIO(data))[0].tolist() == [0.5]


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT"])
def test_no_frames_are_a_header(subtype: str) -> None:
    data = bytes(encode(AudioClip(np.zeros((0, 2)), 8000, allow_empty=True), "wav", subtype).data)
    tag, width = (3, 4) if subtype == "FLOAT" else (1, int(subtype[4:]) // 8)
    assert data == header(tag, 2, 8000, width, 0)
    assert soundfile.info(io.BytesIO(data)).frames == 0


@pytest.mark.parametrize(("subtype", "width"), [("PCM_16", 2), ("PCM_24", 3), ("PCM_32", 4)])
def test_pythons_own_wave_module_reads_it(subtype: str, width: int, rng: np.random.Generator) -> None:
    samples = rng.integers(-(2**15), 2**15, (1000, 3)).astype(np.int16)
    data = bytes(encode(AudioClip(samples, 22_050), "wav", subtype).data)
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (3, width)
        assert (file.getframerate(), file.getnframes()) == (22_050, 1000)
        body = file.readframes(1000)
    top = np.frombuffer(body, np.uint8).reshape(-1, width)[:, -2:]
    assert np.array_equal(np.ascontiguousarray(top).view("<i2").reshape(1000, 3), samples)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2, 6, 1024])
def test_libsndfile_reads_it(subtype: str, channels: int, rng: np.random.Generator) -> None:
    samples = (rng.integers(-(2**15), 2**15, (1025, channels)) / 2**15).astype(np.float32)
    data = bytes(encode(AudioClip(samples, 192_000), "wav", subtype).data)
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        assert (file.format, file.subtype, file.samplerate) == ("WAV", subtype, 192_000)
        assert np.array_equal(file.read(dtype="float32", always_2d=True), samples)


def test_the_largest_rate_has_a_header() -> None:
    data = bytes(encode(AudioClip(np.zeros((9, 4)), 2**31 - 1), "wav", "PCM_32").data)
    assert soundfile.info(io.BytesIO(data)).samplerate == 2**31 - 1


def test_more_than_a_header_can_say_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wav_module, "MAX_BYTES", 2000)
    assert encode(AudioClip(np.zeros(1000), 8000)).size == 2044
    monkeypatch.setattr(wav_module, "MAX_BYTES", 1999)
    with pytest.raises(AudioEncodeError, match=r"2000 bytes as PCM_16, wanted at most 4 GiB for WAV\. Use"):
        encode(AudioClip(np.zeros(1000), 8000))


def test_the_bytes_are_read_only() -> None:
    with pytest.raises(TypeError, match="read-only"):
        encode(AudioClip(np.array([0.5]), 8000)).data[44] = 1

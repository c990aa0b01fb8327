from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_logging.errors import AudioDecodeError, AudioShapeError, AudioValueError, NonFiniteAudioError
from audio_logging.inference import AudioFormat, TensorAudio

WavOf = Callable[..., bytes]


def ramp(first: int, count: int) -> npt.NDArray[np.float32]:
    return np.arange(first, first + count, dtype=np.float32)[:, None] / np.float32(1000)


@pytest.fixture
def tensor() -> TensorAudio:
    return TensorAudio(AudioFormat(1, 16000), 10)


def test_a_new_one_is_zeros(tensor: TensorAudio) -> None:
    assert tensor.buffer.shape == (10, 1)
    assert tensor.buffer.dtype == np.float32
    assert not tensor.buffer.any()
    assert (tensor.buffer_size, tensor.format) == (10, AudioFormat(channels=1, sample_rate=16000))


def test_less_than_the_buffer_is_appended(tensor: TensorAudio) -> None:
    tensor.load_from_array(ramp(1, 4))
    assert tensor.buffer[:, 0].tolist() == [0] * 6 + ramp(1, 4)[:, 0].tolist()
    tensor.load_from_array(ramp(5, 8))
    assert np.array_equal(tensor.buffer, np.concatenate([ramp(3, 2), ramp(5, 8)]))
    tensor.clear()
    assert not tensor.buffer.any()


def test_of_more_than_the_buffer_the_last_stay(tensor: TensorAudio) -> None:
    tensor.load_from_array(ramp(1, 25))
    assert np.array_equal(tensor.buffer, ramp(16, 10))
    tensor.load_from_array(ramp(1, 25), offset=2, size=12)
    assert np.array_equal(tensor.buffer, ramp(5, 10))


def test_a_small_part_of_a_long_array_is_appended(tensor: TensorAudio) -> None:
    """tflite_support makes an empty buffer of it, and reads past its end."""
    tensor.load_from_array(ramp(1, 25), offset=0, size=3)
    assert np.array_equal(tensor.buffer[-3:], ramp(1, 3))
    assert tensor.buffer.shape == (10, 1)


def test_an_offset_alone_means_up_to_the_end_and_no_samples_change_nothing(tensor: TensorAudio) -> None:
    """tflite_support fails at both."""
    tensor.load_from_array(ramp(1, 6), offset=4)
    assert np.array_equal(tensor.buffer[-2:], ramp(5, 2))
    before = tensor.buffer
    tensor.load_from_array(ramp(1, 6), size=0)
    tensor.load_from_array(np.zeros((0, 1), np.float32))
    assert np.array_equal(tensor.buffer, before)


def test_doubles_and_integers_become_float32_of_full_scale_one(tensor: TensorAudio) -> None:
    """tflite_support reads the bytes of doubles as float32."""
    tensor.load_from_array(np.full((20, 1), 0.25, np.float64))
    assert tensor.buffer.dtype == np.float32
    assert (tensor.buffer == 0.25).all()
    tensor.load_from_array(np.full((20, 1), -16384, np.int16))
    assert (tensor.buffer == -0.5).all()


def test_nobody_writes_into_the_buffer(tensor: TensorAudio) -> None:
    with pytest.raises(ValueError, match="read-only"):
        tensor.buffer[0] = 1
    given_array = ramp(0, 10)
    tensor.load_from_array(given_array)
    given_array[:] = 9
    assert tensor.buffer.max() < 1


@given(st.lists(st.integers(0, 25), max_size=8), st.integers(1, 12))
def test_the_buffer_is_the_end_of_everything_loaded(sizes: list[int], buffer_size: int) -> None:
    tensor = TensorAudio(AudioFormat(2, 8000), buffer_size)
    everything = np.zeros((buffer_size, 2), np.float32)
    for number, size in enumerate(sizes):
        block = np.full((size, 2), (number + 1) / 10, np.float32)
        everything = np.concatenate([everything, block])
        tensor.load_from_array(block)
    assert np.array_equal(tensor.buffer, everything[-buffer_size:])


@pytest.mark.parametrize(
    ("src", "arguments", "kind", "message"),
    [
        (np.zeros(5), {}, IndexError, "tuple index out of range"),
        (np.zeros(5), {}, AudioShapeError, r"wanted \(frames, channels\)"),
        (np.zeros((5, 2)), {}, ValueError, r"Input audio contains an invalid number of channels. Expect 1."),
        (
            np.zeros((100, 1)),
            {"offset": 50, "size": 60},
            ValueError,
            "Index out of range. offset 50 \\+ size 60 should be <= src's length: 100",
        ),
        (np.zeros((5, 1)), {"offset": 6}, ValueError, "Index out of range. offset 6"),
        (np.zeros((5, 1)), {"offset": -1}, ValueError, "offset cannot be negative"),
        (np.full((5, 1), np.nan), {}, NonFiniteAudioError, "got 5 NaN"),
        (np.full((5, 1), 1e400), {}, NonFiniteAudioError, "5 infinite"),
        (np.zeros((5, 1), complex), {}, TypeError, "complex"),
    ],
)
def test_arrays_that_do_not_fit(
    tensor: TensorAudio, src: Any, arguments: dict[str, int], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        tensor.load_from_array(src, **arguments)
    assert not tensor.buffer.any()


@pytest.mark.parametrize(("channels", "rate", "size"), [(0, 16000, 10), (1, 0, 10), (1, 16000, 0), (1, 16000, -1)])
def test_formats_that_make_no_sense(channels: int, rate: int, size: int) -> None:
    with pytest.raises(AudioValueError, match="wanted"):
        TensorAudio(AudioFormat(channels, rate), size)


def test_a_wav_file_is_read_from_any_offset(tmp_path: Path, wav_of: WavOf) -> None:
    """tflite_support takes the offset for bytes, and always fails."""
    samples = np.arange(-50, 50, dtype="<i2").reshape(50, 2) * 256
    path = tmp_path / "a.wav"
    path.write_bytes(wav_of(samples, 22050))
    tensor = TensorAudio.create_from_wav_file(str(path), 20, offset=10)
    assert tensor.format == AudioFormat(channels=2, sample_rate=22050)
    assert np.array_equal(tensor.buffer, samples[10:30] / np.float32(2**15))
    assert TensorAudio.create_from_wav_file(path, 1000).buffer_size == 50
    assert TensorAudio.create_from_wav_file(path, 1000, offset=45).buffer_size == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "Data too short when trying to read string"),
        (b"", "Data too short when trying to read string"),
        (b"RIFF", "Data too short when trying to read string"),
        (b"fLaC" + bytes(40), "Header mismatch: ExpectedRIFF but found fLaC"),
        (b"\x01" * 40, "Header mismatch: ExpectedRIFF but found \x01"),
        (b"RIFF\0\0\0\0AVI " + bytes(40), "Header mismatch: ExpectedWAVE but found AVI "),
        (b"RIFF\x24\0\0\0WAVEfmt " + bytes(10), "."),
    ],
)
def test_what_is_no_wav_file(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioDecodeError, match=message):
        TensorAudio.create_from_wav_file(path, 10)


def test_other_widths_are_refused_by_their_bits(tmp_path: Path, wav_of: WavOf) -> None:
    path = tmp_path / "a.wav"
    wide = bytearray(wav_of(np.zeros((6, 1), "<i4"), 8000))
    path.write_bytes(wide)
    with pytest.raises(AudioDecodeError, match="Can only read 16-bit WAV files, but received 32"):
        TensorAudio.create_from_wav_file(path, 10)
    wide[20:22] = struct.pack("<H", 3)  # floating point
    path.write_bytes(wide)
    with pytest.raises(AudioDecodeError, match="Bad audio format for WAV: Expected 1"):
        TensorAudio.create_from_wav_file(path, 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sample_count": 10, "offset": -1}, "offset cannot be negative"),
        ({"sample_count": 0}, "got sample_count=0, wanted more than 0"),
        ({"sample_count": 5, "offset": 99}, "got offset=99, but .* has 50 frames"),
    ],
)
def test_places_that_a_file_does_not_have(
    tmp_path: Path, wav_of: WavOf, arguments: dict[str, int], message: str
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_of(np.zeros((50, 1), "<i2"), 8000))
    with pytest.raises(AudioValueError, match=message):
        TensorAudio.create_from_wav_file(path, **arguments)

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from audio_logging.errors import AudioValueError, MissingDependencyError
from audio_logging.inference import AudioFormat, AudioRecord, MicrophoneError, TensorAudio


class PortAudioError(Exception):
    """As sounddevice's own, which descends from nothing more."""


class FakeStream:
    """What sounddevice.InputStream does, with somebody else's hand on the callback."""

    latest: FakeStream

    def __init__(self, *, channels: int, samplerate: float, dtype: str, callback: Callable[..., None]) -> None:
        self.arguments = {"channels": channels, "samplerate": samplerate, "dtype": dtype}
        self.callback = callback
        self.calls: list[str] = []
        FakeStream.latest = self

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")

    def hear(self, block: Any, *, overflow: bool = False) -> None:
        self.callback(np.asarray(block, np.float32), len(block), None, SimpleNamespace(input_overflow=overflow))


@pytest.fixture
def sounddevice(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    module = SimpleNamespace(InputStream=FakeStream, PortAudioError=PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return module


def block(first: int, count: int) -> Any:
    return np.arange(first, first + count, dtype=np.float32)[:, None] / 100


@pytest.mark.usefixtures("sounddevice")
def test_the_ring_keeps_the_latest_samples() -> None:
    record = AudioRecord(1, 16000, 6)
    stream = FakeStream.latest
    assert stream.arguments == {"channels": 1, "samplerate": 16000, "dtype": "float32"}
    with record:
        stream.hear(block(1, 4))
        assert np.array_equal(record.read(4), block(1, 4))
        stream.hear(block(5, 4))
        assert np.array_equal(record.read(6), block(3, 6))
        stream.hear(block(1, 20))  # longer than the ring: tflite_support keeps the first then
        assert np.array_equal(record.read(6), block(15, 6))
        stream.hear(block(1, 0))
        assert np.array_equal(record.read(2), block(19, 2))
    assert stream.calls == ["start", "stop", "close"]


@pytest.mark.usefixtures("sounddevice")
def test_lost_samples_are_counted_and_a_new_recording_begins_with_silence() -> None:
    record = AudioRecord(2, 16000, 3)
    FakeStream.latest.hear(np.ones((3, 2)), overflow=True)
    assert record.overflows == 1
    record.start_recording()
    assert record.overflows == 0
    assert record.read(3).tolist() == [[0, 0]] * 3


@pytest.mark.usefixtures("sounddevice")
def test_what_is_read_is_a_copy() -> None:
    record = AudioRecord(1, 16000, 3)
    record.read(3)[:] = 1
    assert not record.read(3).any()


@pytest.mark.usefixtures("sounddevice")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0, 16000, 10), "channels must be postive."), ((1, 0, 10), "sampling_rate must be postive."),
     ((1, 16000, -1), "buffer_size must be postive.")],
)  # fmt: skip
def test_numbers_that_are_not_positive(arguments: tuple[int, int, int], message: str) -> None:
    with pytest.raises(AudioValueError, match=message):
        AudioRecord(*arguments)


@pytest.mark.usefixtures("sounddevice")
def test_reads_that_the_ring_cannot_serve() -> None:
    record = AudioRecord(1, 16000, 3)
    with pytest.raises(ValueError, match=r"Cannot read more samples than the size of the buffer\."):
        record.read(4)
    for size in (0, -1):
        with pytest.raises(ValueError, match=r"Size must be positive\."):
            record.read(size)


@pytest.mark.usefixtures("sounddevice")
def test_a_buffer_is_filled_from_a_microphone() -> None:
    record = AudioRecord(1, 16000, 6)
    FakeStream.latest.hear(block(1, 6))
    tensor = TensorAudio(AudioFormat(1, 16000), 4)
    tensor.load_from_audio_record(record)
    assert np.array_equal(tensor.buffer, block(3, 4))
    for size, channels, rate, message in (
        (7, 1, 16000, "The audio record's buffer size cannot be smaller than the tensor audio's sample count."),
        (4, 2, 16000, r"The audio record's channel count doesn't match. Expects 2 channel\(s\)."),
        (4, 1, 8000, "The audio record's sampling rate doesn't match. Expects 8000Hz."),
    ):
        with pytest.raises(ValueError, match=message):
            TensorAudio(AudioFormat(channels, rate), size).load_from_audio_record(record)


def test_a_microphone_that_cannot_be_opened(sounddevice: SimpleNamespace) -> None:
    def refuse(**_: Any) -> None:
        raise PortAudioError("Error querying device -1")

    sounddevice.InputStream = refuse
    with pytest.raises(MicrophoneError, match="cannot record 1 channels at 16000 Hz: Error querying device -1"):
        AudioRecord(1, 16000, 10)


def test_without_sounddevice_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "audio-logging\[mic\]"'):
        AudioRecord(1, 16000, 10)


def test_without_portaudio_the_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Loader:
        """Finds a sounddevice that finds no library, as the real one does on a bare Linux."""

        def find_spec(self, name: str, *_: object) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library not found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Loader(), *sys.meta_path])
    with pytest.raises(OSError, match=r"PortAudio library not found. Install PortAudio, for example: apt install"):
        AudioRecord(1, 16000, 10)

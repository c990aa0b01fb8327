"""AudioRecord: the latest audio from a microphone. The only file that knows sounddevice.

A thread of PortAudio's calls back with every block; the ring keeps the latest samples, also where a block is longer
than the ring (tflite_support keeps the oldest then). Reading and writing take turns.
"""

from __future__ import annotations

import importlib
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from audio_logging._types import Samples
from audio_logging.errors import AudioValueError, MissingDependencyError
from audio_logging.inference.errors import MicrophoneError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AudioRecord"]


class AudioRecord:
    """Records from the default microphone into a ring buffer.

    Parameters
    ----------
    channels : int > 0
    sampling_rate : int > 0
        [Hz]
    buffer_size : int > 0
        [frames] Of the ring.

    Attributes
    ----------
    channels, sampling_rate, buffer_size : int
    overflows : int
        How often the system lost samples since recording started.

    Raises
    ------
    AudioValueError
        A number that is not positive.
    MissingDependencyError
        sounddevice is not installed.
    MicrophoneError
        There is no PortAudio, or no microphone that gives this.
    """

    def __init__(self, channels: int, sampling_rate: int, buffer_size: int) -> None:
        given = {"channels": channels, "sampling_rate": sampling_rate, "buffer_size": buffer_size}
        for name, value in given.items():
            if value <= 0:
                raise AudioValueError(f"{name} must be postive.")  # as tflite_support spells it
        self.channels, self.sampling_rate, self.buffer_size = channels, sampling_rate, buffer_size
        self.overflows = 0
        self._ring = np.zeros((buffer_size, channels), np.float32)
        self._lock = threading.Lock()
        self._sounddevice = _sounddevice()
        self._stream = self._called(
            self._sounddevice.InputStream,
            channels=channels,
            samplerate=sampling_rate,
            dtype="float32",
            callback=self._take,
        )

    def start_recording(self) -> None:
        """Forget what was recorded, and start.

        Raises
        ------
        MicrophoneError
        """
        with self._lock:
            self._ring.fill(0)
            self.overflows = 0
        self._called(self._stream.start)

    def stop(self) -> None:
        """Stop; what was recorded can still be read.

        Raises
        ------
        MicrophoneError
        """
        self._called(self._stream.stop)

    def close(self) -> None:
        """Give the microphone back.

        Raises
        ------
        MicrophoneError
        """
        self._called(self._stream.close)

    def read(self, size: int) -> Samples:
        """Return the latest samples.

        Parameters
        ----------
        size : int > 0
            [frames] At most the size of the ring.

        Returns
        -------
        ndarray [shape=(size, channels)], float32
            Zeros where nothing was recorded yet.

        Raises
        ------
        AudioValueError
            More than the ring holds, or not more than 0.
        """
        if size > self.buffer_size:
            raise AudioValueError("Cannot read more samples than the size of the buffer.")
        if size <= 0:
            raise AudioValueError("Size must be positive.")
        with self._lock:
            return self._ring[self.buffer_size - size :].copy()

    def __enter__(self) -> Self:
        self.start_recording()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            self.close()

    def _take(self, block: Samples, _frames: int, _time: Any, status: Any) -> None:
        latest = block[-self.buffer_size :]
        with self._lock:
            self.overflows += bool(getattr(status, "input_overflow", False))
            self._ring[: self.buffer_size - len(latest)] = self._ring[len(latest) :].copy()
            self._ring[self.buffer_size - len(latest) :] = latest

    def _called(self, function: Any, **arguments: Any) -> Any:
        try:
            return function(**arguments)
        except (self._sounddevice.PortAudioError, OSError, ValueError) as error:
            raise MicrophoneError(
                f"cannot record {self.channels} channels at {self.sampling_rate} Hz: {error}. Is a microphone there, "
                "and free? Type: python -m sounddevice"
            ) from error


def _sounddevice() -> Any:
    try:
        return importlib.import_module("sounddevice")
    except ImportError as error:
        raise MissingDependencyError(
            f'sounddevice is not installed ({error}); type: pip install "audio-logging[mic]"'
        ) from error
    except OSError as error:  # it is, but finds no library
        raise MicrophoneError(
            f"{error}. Install PortAudio, for example: apt install libportaudio2, or conda install portaudio"
        ) from error

"""TensorAudio: a ring buffer of exactly as much audio as a model takes, as in tflite_support."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from audio_logging._types import Samples, StrPath
from audio_logging.clip import check_sample_rate
from audio_logging.encoding import probe
from audio_logging.errors import AudioDecodeError, AudioShapeError, AudioValueError
from audio_logging.inference.audio_format import AudioFormat
from audio_logging.inference.microphone import AudioRecord
from audio_logging.inputs import as_clip

__all__ = ["TensorAudio"]

BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_24": 24, "PCM_32": 32, "FLOAT": 32, "DOUBLE": 64}


class _MissingAxisError(AudioShapeError, IndexError):
    """A one-dimensional array; an IndexError in tflite_support."""


class TensorAudio:
    """Holds the latest `buffer_size` frames that were loaded; before that, zeros.

    Parameters
    ----------
    audio_format : AudioFormat
    buffer_size : int > 0
        [frames]

    Raises
    ------
    AudioValueError
        A number that is not positive.
    """

    def __init__(self, audio_format: AudioFormat, buffer_size: int) -> None:
        if buffer_size <= 0 or audio_format.channels <= 0:
            raise AudioValueError(f"got {audio_format} and buffer_size={buffer_size}, wanted positive numbers")
        check_sample_rate(audio_format.sample_rate)
        self._format, self._buffer_size = audio_format, buffer_size
        self.clear()

    @classmethod
    def create_from_wav_file(cls, file_name: StrPath, sample_count: int, offset: int = 0) -> TensorAudio:
        """Read the beginning of a 16-bit WAV file.

        Parameters
        ----------
        file_name : path
        sample_count : int > 0
            [frames] At most; a shorter file makes a smaller buffer.
        offset : int >= 0
            [frames] Where to begin.

        Returns
        -------
        TensorAudio
            With the file's own sample rate and channels, and samples divided by 2^15.

        Raises
        ------
        AudioDecodeError
            No such file, another format or width, or a damaged file. Other formats are welcome at `embed`.
        AudioValueError
            A negative offset, or one behind the end; no samples asked for.
        """
        if offset < 0:
            raise AudioValueError("offset cannot be negative")
        if sample_count <= 0:
            raise AudioValueError(f"got sample_count={sample_count}, wanted more than 0")
        _check_wav(Path(file_name))
        clip = as_clip(Path(file_name))
        if offset >= clip.frames:
            raise AudioValueError(f"got offset={offset}, but {str(file_name)!r} has {clip.frames} frames")
        size = min(sample_count, clip.frames - offset)
        tensor = cls(AudioFormat(clip.channels, clip.sample_rate), size)
        tensor.load_from_array(clip.samples, offset, size)
        return tensor

    @property
    def format(self) -> AudioFormat:
        """Channels and sample rate [Hz]."""
        return self._format

    @property
    def buffer_size(self) -> int:
        """[frames]."""
        return self._buffer_size

    @property
    def buffer(self) -> Samples:
        """What is loaded [shape=(buffer_size, channels)], float32, read-only; later loads make a new one."""
        return self._buffer

    def clear(self) -> None:
        """Load zeros."""
        self._set(np.zeros((self._buffer_size, self._format.channels), np.float32))

    def load_from_array(self, src: Any, offset: int = 0, size: int = -1) -> None:
        """Append samples to the ring; of more than it holds, the last stay.

        Parameters
        ----------
        src : ndarray [shape=(frames, channels)]
            Of any number type: floating point with full scale [-1, 1], integers with that of their type.
        offset : int >= 0
            [frames] Where in `src` to begin.
        size : int
            [frames] How many; -1 for all up to its end.

        Raises
        ------
        AudioShapeError
            One dimension (an IndexError, too) or another number of channels.
        NonFiniteAudioError
            NaN or infinity.
        AudioValueError
            A negative offset, or more than `src` has.
        """
        if offset < 0:
            raise AudioValueError("offset cannot be negative")
        if np.ndim(src) < 2:
            raise _MissingAxisError("tuple index out of range: got one dimension, wanted (frames, channels)")
        if np.shape(src)[1] != self._format.channels:
            raise AudioShapeError(
                f"Input audio contains an invalid number of channels. Expect {self._format.channels}."
            )
        clip = as_clip(src, self._format.sample_rate, layout="frames_first", allow_empty=True)
        count = clip.frames - offset if size < 0 else size
        if offset + count > clip.frames or count < 0:
            raise AudioValueError(
                f"Index out of range. offset {offset} + size {max(count, 0)} should be <= src's length: {clip.frames}"
            )
        new = clip.samples[offset : offset + count][-self._buffer_size :]
        self._set(np.concatenate([self._buffer[len(new) :], new]))

    def load_from_audio_record(self, record: AudioRecord) -> None:
        """Load the latest samples of a microphone.

        Parameters
        ----------
        record : AudioRecord

        Raises
        ------
        AudioValueError
            Its ring is smaller than this buffer, or its format another.
        """
        if record.buffer_size < self._buffer_size:
            raise AudioValueError(
                "The audio record's buffer size cannot be smaller than the tensor audio's sample count."
            )
        if record.channels != self._format.channels:
            raise AudioValueError(
                f"The audio record's channel count doesn't match. Expects {self._format.channels} channel(s)."
            )
        if record.sampling_rate != self._format.sample_rate:
            raise AudioValueError(
                f"The audio record's sampling rate doesn't match. Expects {self._format.sample_rate}Hz."
            )
        self.load_from_array(record.read(self._buffer_size))

    def _set(self, samples: Samples) -> None:
        samples.flags.writeable = False
        self._buffer = samples


def _check_wav(path: Path) -> None:
    """Refuse what tflite_support refuses, in its words: anything but 16-bit PCM in RIFF."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
    except (OSError, ValueError) as error:
        raise AudioDecodeError(f"Data too short when trying to read string: {error}") from error
    if len(head) < 12:
        raise AudioDecodeError(f"Data too short when trying to read string: {str(path)!r} has {len(head)} bytes")
    if head[:4] != b"RIFF":
        raise AudioDecodeError(f"Header mismatch: ExpectedRIFF but found {head[:4].decode('latin-1')}")
    if head[8:] != b"WAVE":
        raise AudioDecodeError(f"Header mismatch: ExpectedWAVE but found {head[8:].decode('latin-1')}")
    subtype = probe(path).subtype
    if subtype in ("FLOAT", "DOUBLE"):
        raise AudioDecodeError("Bad audio format for WAV: Expected 1 (PCM), but got3")
    if subtype != "PCM_16":
        raise AudioDecodeError(f"Can only read 16-bit WAV files, but received {BITS.get(subtype, subtype)}")

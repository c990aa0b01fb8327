"""probe(file): what an audio file says of itself, checked against its length.

Nothing is decoded but the end of a FLAC file, or all of one that does not say how long it is.
"""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import soundfile

from audio_logging._types import StrPath
from audio_logging.encoding.mpeg import ENDLESS, EndlessFile, leaves_length_open
from audio_logging.encoding.truncation import missing_bytes
from audio_logging.errors import AudioDecodeError, AudioFileNotFoundError

__all__ = ["AudioInfo", "probe"]

UNKNOWN_LENGTH = 2**63 - 1
"""[frames] SF_COUNT_MAX: libsndfile's answer for a FLAC file that went through a pipe and leaves its length open; ours
for such an MP3 file, too."""

COUNTED_AT_ONCE = 2**16
"""[frames]"""

FORMAT_NAMES = {"WAVEX": "wav", "RF64": "wav", "MPEG": "mp3", "AIFF": "aiff"}
"""libsndfile's names for containers, where ours is not simply theirs in small letters."""


@dataclass(frozen=True)
class AudioInfo:
    """What the header of an audio file says.

    Attributes
    ----------
    format, subtype : str
        Such as ``"wav"`` and ``"PCM_16"``; formats that can only be read have libsndfile's name in small letters.
    sample_rate : int
        [Hz]
    frames, channels : int
    """

    format: str
    subtype: str
    sample_rate: int
    frames: int
    channels: int

    @property
    def duration(self) -> float:
        """Length in seconds, ``frames / sample_rate``."""
        return self.frames / self.sample_rate


def probe(source: StrPath | bytes | bytearray | memoryview, *, name: str | None = None) -> AudioInfo:
    """Read the header of an audio file.

    Parameters
    ----------
    source : path or bytes
        A file, or the bytes of one.
    name : str, optional
        What to call it in errors; default: the path.

    Returns
    -------
    AudioInfo

    Raises
    ------
    AudioFileNotFoundError
        No such file.
    AudioDecodeError
        A folder, an empty file, a file that is no audio, or one that ends before its samples do.
    """
    name = name or describe(source)
    with open_binary(source, name) as file:
        refuse_truncated(file, name)
        with open_sound(file, name) as sound:
            info = info_of(sound)
            if info.frames == UNKNOWN_LENGTH:
                return replace(info, frames=_count_frames(sound, name))
            if info.format == "flac" and info.frames:
                _refuse_missing_end(sound, name)
            return info


def info_of(sound: Any) -> AudioInfo:
    """Return the header of an open ``soundfile.SoundFile``."""
    container = sound.subtype.lower() if sound.subtype == "OPUS" else sound.format
    container = FORMAT_NAMES.get(container, container.lower())
    frames = sound.frames if sound.frames < ENDLESS else UNKNOWN_LENGTH
    return AudioInfo(container, sound.subtype, sound.samplerate, frames, sound.channels)


def open_binary(source: StrPath | bytes | bytearray | memoryview, name: str) -> BinaryIO:
    """Open a file, or bytes as one; regular files only, since a pipe or device would block.

    Raises
    ------
    AudioFileNotFoundError, AudioDecodeError
        Not there, not a regular file, not readable, or empty.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        file: BinaryIO = io.BytesIO(source)
        size = len(source)
    else:
        file, size = _open_path(source, name)
    if not size:
        file.close()
        raise AudioDecodeError(f"{name} is empty (0 bytes), wanted an audio file")
    return file


def open_sound(file: BinaryIO, name: str) -> Any:
    """Open a ``soundfile.SoundFile`` over a binary file.

    Raises
    ------
    AudioDecodeError
        libsndfile does not recognise it.
    """
    try:
        sound = soundfile.SoundFile(EndlessFile(file) if leaves_length_open(file) else file)
        if sound.frames >= ENDLESS:
            sound.seekable = lambda: False  # soundfile seeks after every read otherwise, and libsndfile cannot there
        return sound
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError) as error:
        reason = getattr(error, "error_string", None) or str(error)
        raise AudioDecodeError(
            f"{name} is not an audio file that libsndfile reads ({reason.strip()}); wanted WAV, FLAC, Ogg, Opus, MP3, "
            f"AIFF or another of soundfile.available_formats(). It begins with {_first_bytes(file)!r}"
        ) from error


def refuse_truncated(file: BinaryIO, name: str) -> None:
    """Raise when the file promises more bytes than it has.

    Raises
    ------
    AudioDecodeError
        It does.
    """
    missing = missing_bytes(file)
    if missing:
        raise AudioDecodeError(f"{name} is truncated: it promises at least {missing} more bytes than it has")


def describe(source: StrPath | bytes | bytearray | memoryview) -> str:
    """Return what to call a source in an error."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return f"<{len(source)} bytes>"
    return repr(os.fspath(source))


def _open_path(path: StrPath, name: str) -> tuple[BinaryIO, int]:
    try:
        status = Path(path).stat()
    except FileNotFoundError as error:
        raise AudioFileNotFoundError(f"there is no file {name}") from error
    except (OSError, ValueError) as error:
        raise AudioDecodeError(f"cannot read {name}: {error}") from error
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
        raise AudioDecodeError(f"{name} is {kind}, wanted an audio file")
    try:
        return Path(path).open("rb"), status.st_size
    except OSError as error:
        raise AudioDecodeError(f"cannot read {name}: {error.strerror}") from error


def _count_frames(sound: Any, name: str) -> int:
    frames = 0
    try:
        while count := len(sound.read(COUNTED_AT_ONCE, dtype="int16", always_2d=True)):
            frames += count
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise AudioDecodeError(f"{name} is damaged: {str(error).strip()}") from error
    return frames


def _refuse_missing_end(sound: Any, name: str) -> None:
    """Find the last frame; FLAC gives its length at the beginning, so that a cut file looks whole."""
    try:
        sound.seek(sound.frames - 1)
        found = len(sound.read(1, dtype="int16", always_2d=True))
    except (soundfile.SoundFileError, RuntimeError):
        found = 0
    if not found:
        raise AudioDecodeError(f"{name} is truncated: its header promises {sound.frames} frames, the last is not there")


def _first_bytes(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(12)

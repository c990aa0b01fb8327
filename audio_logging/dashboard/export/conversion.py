"""What becomes of a clip's bytes in a report: kept as they are, or encoded anew, in blocks."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Literal, TypeAlias, get_args

import numpy as np
import soundfile
import soxr

from audio_logging._types import AnyArray
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.encoding.codecs import CODECS
from audio_logging.encoding.header import AudioInfo, info_of, open_sound, refuse_truncated
from audio_logging.encoding.ogg import with_fixed_serial
from audio_logging.errors import AudioDecodeError, UnsupportedFormatError
from audio_logging.runs.paths import open_regular

__all__ = ["FORMATS", "Converted", "Format", "check_format", "convert", "media_type"]

Format: TypeAlias = Literal["keep", "opus", "flac"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)

BLOCK = 2**16
"""[frames] A long clip is never whole in memory."""

CHUNK = 2**20

LOSSY = ("VORBIS", "OPUS", "MPEG")
"""Subtypes begin so; encoding these anew would only lose more."""

FLAC_SUBTYPE = {
    "PCM_S8": "PCM_16",
    "PCM_U8": "PCM_16",
    "PCM_16": "PCM_16",
    "ULAW": "PCM_16",
    "ALAW": "PCM_16",
    "PCM_24": "PCM_24",
}
"""What holds each subtype without loss; FLAC has no floating point, and libsndfile's no 32 bits."""

MEDIA_TYPES = {codec.extension.lstrip("."): codec.media_type for codec in CODECS.values()} | {
    "aac": "audio/aac",
    "m4a": "audio/mp4",
    "mp4": "audio/mp4",
    "webm": "audio/webm",
}
"""What browsers call it, by extension."""

UNREAD = frozenset({"aac", "m4a", "mp4", "webm"})
"""Extensions that browsers play and libsndfile does not read."""


@dataclass(frozen=True)
class Converted:
    """The bytes of a clip as they go into a report.

    Attributes
    ----------
    sha256 : str
        Hexadecimal, of the bytes.
    size : int
        [bytes]
    extension : str
        Without a dot.
    kept_because : str or None
        Why the clip is as it was, where another format was asked for.
    """

    sha256: str
    size: int
    extension: str
    kept_because: str | None
    _path: str
    _data: bytes | memoryview | None

    def open(self) -> BinaryIO:
        """Open the bytes for reading."""
        return open_regular(self._path) if self._data is None else io.BytesIO(self._data)


def check_format(format: object) -> None:  # noqa: A002 - "format" is the public word
    """Refuse what is no format of a report.

    Parameters
    ----------
    format : object

    Raises
    ------
    UnsupportedFormatError
        It is none of FORMATS.
    """
    if not isinstance(format, str) or format not in FORMATS:
        raise UnsupportedFormatError(f"got format={format!r:.80}, wanted one of {', '.join(map(repr, FORMATS))}")


def convert(file: StoredFile, format: Format) -> Converted:  # noqa: A002 - "format" is the public word
    """Return a clip's bytes for a report.

    Parameters
    ----------
    file : StoredFile
    format : {"keep", "opus", "flac"}
        "flac" loses nothing. Clips in a lossy format stay as they are, as do those that FLAC cannot hold, and those
        that are damaged. "opus" makes FLAC of clips with more than two channels.

    Returns
    -------
    Converted

    Raises
    ------
    AudioDecodeError
        The file is empty.
    NotFoundError, AudioValueError
        It is gone, or no regular file.
    """
    with open_regular(file.path) as source:
        extension = extension_of(file)
        if format == "keep" or extension in UNREAD:
            return _kept(file, source, extension, None)
        try:
            data, codec = _encoded(file, source, format)
        except _StaysError as reason:
            return _kept(file, source, extension, str(reason))
        if len(data) >= source.seek(0, io.SEEK_END):
            return _kept(file, source, extension, "smaller as they are")
    return Converted(hashlib.sha256(data).hexdigest(), len(data), codec, None, file.path, data)


def extension_of(file: StoredFile) -> str:
    """Return what the format is called in names of files, without a dot."""
    return (file.format or file.path.rpartition(".")[2]).lower()


def media_type(extension: str) -> str | None:
    """Return what browsers call it, None when they do not play it."""
    return MEDIA_TYPES.get(extension)


def _kept(file: StoredFile, source: BinaryIO, extension: str, reason: str | None) -> Converted:
    digest, size = hashlib.sha256(), 0
    source.seek(0)
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    if not size:
        raise AudioDecodeError(f"{file.name} is empty (0 bytes), wanted an audio file")
    return Converted(digest.hexdigest(), size, extension, reason, file.path, None)


class _StaysError(Exception):
    """A clip is not encoded anew; the text says why."""


def _encoded(file: StoredFile, source: BinaryIO, format: Format) -> tuple[bytes | memoryview, str]:  # noqa: A002
    try:
        refuse_truncated(source, file.name)
        with open_sound(source, file.name) as sound:
            codec = _codec_for(info_of(sound), format)
            return with_fixed_serial(_opus(sound)) if codec == "opus" else _flac(sound), codec
    except (AudioDecodeError, soundfile.SoundFileError, RuntimeError) as error:
        raise _StaysError("damaged or cut off") from error


def _codec_for(info: AudioInfo, format: Format) -> str:  # noqa: A002
    if info.subtype.startswith(LOSSY):
        raise _StaysError(f"{info.format} is lossy already")
    if not info.frames:
        raise _StaysError("without frames")
    if format == "opus" and info.channels <= 2:
        return "opus"
    if info.format == "flac":
        raise _StaysError(f"{info.channels} channels" if format == "opus" else "flac already")
    flac = CODECS["flac"]
    if info.channels > flac.max_channels or not flac.holds_rate(info.sample_rate):
        raise _StaysError(f"flac cannot hold {info.channels} channels at {info.sample_rate} Hz")
    if info.subtype not in FLAC_SUBTYPE:
        raise _StaysError(f"flac cannot hold {info.subtype} without loss")
    return "flac"


def _flac(sound: Any) -> bytes:
    subtype, memory = FLAC_SUBTYPE[sound.subtype], io.BytesIO()
    dtype = "int16" if subtype == "PCM_16" else "int32"
    with _writer(memory, sound.samplerate, sound.channels, subtype, "FLAC") as target:
        for block in _blocks(sound, dtype):
            target.write(block)
    return memory.getvalue()


def _opus(sound: Any) -> bytes:
    memory, source_rate = io.BytesIO(), sound.samplerate
    rates = CODECS["opus"].sample_rates
    rate = next((rate for rate in rates if rate >= source_rate), rates[-1])
    resampler = soxr.ResampleStream(source_rate, rate, sound.channels) if rate != source_rate else None
    with _writer(memory, rate, sound.channels, "OPUS", "OGG") as target:
        for block in _blocks(sound, "float32"):
            if not np.isfinite(block).all():
                raise _StaysError("NaN or infinity among the samples")
            np.clip(block, -1, 1, out=block)
            target.write(block if resampler is None else resampler.resample_chunk(block))
        if resampler is not None:
            target.write(resampler.resample_chunk(np.zeros((0, sound.channels), np.float32), last=True))
    return memory.getvalue()


def _blocks(sound: Any, dtype: str) -> Any:
    while len(block := _read(sound, dtype)):
        yield block


def _read(sound: Any, dtype: str) -> AnyArray:
    return np.asarray(sound.read(BLOCK, dtype=dtype, always_2d=True))


def _writer(memory: io.BytesIO, rate: int, channels: int, subtype: str, container: str) -> Any:
    return soundfile.SoundFile(memory, "w", rate, channels, subtype, format=container)

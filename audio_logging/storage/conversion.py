"""convert(source): from what a user handed in to the bytes that are stored.

Samples are encoded. A file that is audio keeps its bytes, unless the caller asks for another format or level.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from numbers import Real
from pathlib import Path
from typing import TypeAlias, cast

from audio_logging._types import Layout, OnInvalid, Overload
from audio_logging.clip import check_sample_rate
from audio_logging.encoding import AudioInfo, EncodedAudio, encode, probe
from audio_logging.encoding.codecs import CODECS, find_subtype, normalized_format
from audio_logging.errors import AudioDurationError, AudioValueError, EmptyAudioError
from audio_logging.inputs import BytesSource, PathSource, Reading, Source
from audio_logging.notices import warn_once

__all__ = ["AudioFile", "Conversion", "Converted", "convert"]

PLAIN_EXTENSION = re.compile(r"^\.[A-Za-z0-9]{1,8}$")


@dataclass(frozen=True)
class AudioFile:
    """An audio file on disk that is to be stored byte for byte."""

    path: Path
    info: AudioInfo
    extension: str


Converted: TypeAlias = EncodedAudio | AudioFile


@dataclass(frozen=True)
class Conversion:
    """How clips are stored; the words are those of :class:`audio_logging.Audio`.

    Attributes
    ----------
    format, subtype : str or None
        None: files keep theirs, samples get `format_of_samples` and `subtype_of_samples`.
    """

    format: str | None = None
    subtype: str | None = None
    format_of_samples: str = "wav"
    subtype_of_samples: str | None = None
    layout: Layout = "auto"
    bits: int | None = None
    normalize: str | None = None
    overload: Overload = "clip"
    on_invalid: OnInvalid = "raise"
    min_seconds: float | None = None
    max_seconds: float | None = None

    def __post_init__(self) -> None:
        find_subtype(*self.target())
        Reading(layout=self.layout, on_invalid=self.on_invalid)
        for name, word, words in (
            ("normalize", self.normalize, (None, "peak")),
            ("overload", self.overload, ("clip", "scale", "float")),
        ):
            if word not in words:
                raise AudioValueError(f"got {name}={word!r}, wanted one of {', '.join(map(repr, words))}")
        _check_bounds(self.min_seconds, self.max_seconds)

    @property
    def allow_empty(self) -> bool:
        """Whether clips without frames are welcome: only for who says that 0 seconds are enough."""
        return self.min_seconds == 0

    def target(self) -> tuple[str, str | None]:
        """Return the format and subtype that samples are stored in; None is the format's default subtype."""
        if self.format is None:
            return self.format_of_samples, self.subtype or self.subtype_of_samples
        return self.format, self.subtype

    def reading(self, sample_rate: int | None) -> Reading:
        """Return how to read a source that is said to have this rate [Hz]."""
        return Reading(sample_rate, self.layout, self.bits, self.on_invalid, self.allow_empty)

    def check_duration(self, duration: float) -> None:
        """Raise when a clip is shorter or longer [s] than allowed; the bounds themselves are allowed.

        Raises
        ------
        AudioDurationError
            It is.
        """
        low, high = self.min_seconds, self.max_seconds
        if (low is not None and duration < low) or (high is not None and duration > high):
            wanted = f"at least {low:g} s" if high is None else f"{low or 0:g} to {high:g} s"
            raise AudioDurationError(f"got a clip of {duration:.6g} s, wanted {wanted}")


def convert(source: Source, conversion: Conversion, sample_rate: int | None = None) -> Converted:
    """Turn a source into what is stored.

    Parameters
    ----------
    source : Source
    conversion : Conversion
    sample_rate : int, optional
        [Hz] Needed for bare samples.

    Returns
    -------
    EncodedAudio or AudioFile

    Raises
    ------
    AudioLoggingError
        All that :func:`audio_logging.as_clip` and :func:`audio_logging.encoding.encode` raise, and
        `AudioDurationError`.
    """
    file = source.as_file()
    if file is None:
        return _encoded(source, conversion, sample_rate)
    name = file.name
    info = probe(file.path if isinstance(file, PathSource) else file.data, name=name)
    if not info.frames and not conversion.allow_empty:
        raise EmptyAudioError(f"{name} holds no frames, wanted at least one")
    _compare_rates(info.sample_rate, sample_rate or file.sample_rate, name)
    if _must_change(info, conversion):
        return _encoded(replace(file, sample_rate=None), _closest(conversion, info), None)
    conversion.check_duration(info.duration)
    return _kept(file, info)


def _encoded(source: Source, conversion: Conversion, sample_rate: int | None) -> EncodedAudio:
    clip = source.to_clip(conversion.reading(sample_rate))
    conversion.check_duration(clip.duration)
    return encode(clip, *conversion.target(), normalize=conversion.normalize, overload=conversion.overload)


def _must_change(info: AudioInfo, conversion: Conversion) -> bool:
    if conversion.normalize is not None:
        return True
    if conversion.format is None:
        return conversion.subtype is not None and info.subtype != conversion.subtype.upper()
    if info.format != normalized_format(conversion.format):
        return True
    return conversion.subtype is not None and info.subtype != find_subtype(conversion.format, conversion.subtype)


def _closest(conversion: Conversion, info: AudioInfo) -> Conversion:
    """Keep of a file's format and resolution what the caller did not ask to change, where we can write it."""
    if conversion.format is not None or info.format not in CODECS:
        return conversion
    own = info.subtype if info.subtype in CODECS[info.format].subtypes else None
    return replace(conversion, format=info.format, subtype=conversion.subtype or own)


def _kept(file: BytesSource | PathSource, info: AudioInfo) -> Converted:
    if isinstance(file, PathSource):
        return AudioFile(file.path, info, extension_for(file.path.name, info))
    if file.known is not None:
        return file.known
    return EncodedAudio(
        data=memoryview(file.data).toreadonly(),
        format=info.format,
        subtype=info.subtype,
        extension=extension_for(file.name.strip("'\""), info),
        sample_rate=info.sample_rate,
        frames=info.frames,
        channels=info.channels,
        source_sample_rate=info.sample_rate,
    )


def extension_for(name: str, info: AudioInfo) -> str:
    """Return the extension to store a file under: its own, unless that names another format than its header.

    Parameters
    ----------
    name : str
        File name.
    info : AudioInfo

    Returns
    -------
    str
        With its dot.

    Examples
    --------
    >>> extension_for("take1.wav", AudioInfo("flac", "PCM_16", 16000, 1, 1))
    '.flac'
    """
    own = Path(name).suffix
    claimed = own.lower().lstrip(".")
    right = CODECS[info.format].extension if info.format in CODECS else f".{info.format}"
    if not PLAIN_EXTENSION.match(own) or (claimed in CODECS and claimed != info.format):
        return ".ogg" if (claimed, info.format) == ("ogg", "opus") else right
    return own


def _compare_rates(header: int, said: object, name: str) -> None:
    if said is not None and check_sample_rate(said) != header:
        warn_once(
            f"got sample_rate={said}, but {name} says {header} Hz; the file is stored as it is. To play it at another "
            "rate, resample it",
            "rate",
            name,
        )


def _check_bounds(low: float | None, high: float | None) -> None:
    for name, bound in (("min_seconds", low), ("max_seconds", high)):
        if bound is not None and not (isinstance(cast("object", bound), Real) and math.isfinite(bound) and bound >= 0):
            raise AudioValueError(f"got {name}={bound!r}, wanted a number of seconds, 0 or more")
    if low is not None and high is not None and low > high:
        raise AudioValueError(f"got min_seconds={low:g} and max_seconds={high:g}, wanted the first to be the smaller")

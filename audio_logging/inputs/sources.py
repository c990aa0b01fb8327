"""Source: what a user handed in, by kind, before anybody looks at the samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from audio_logging._types import AnyArray, Layout, OnInvalid
from audio_logging.clip import AudioClip, check_sample_rate
from audio_logging.encoding import EncodedAudio, decode
from audio_logging.errors import (
    AudioDecodeError,
    AudioFileNotFoundError,
    AudioValueError,
    EmptyAudioError,
    SampleRateError,
)
from audio_logging.inputs.arrays import array_to_clip
from audio_logging.inputs.buffers import warm_copy
from audio_logging.inputs.download import download

__all__ = ["ArraySource", "BytesSource", "ClipSource", "PathSource", "Reading", "Source", "UrlSource"]

SNAPSHOT_LIMIT = 2**28
"""[bytes] Larger files are not read into memory for a snapshot: they have to stay where they are until stored."""


@dataclass(frozen=True)
class Reading:
    """How to read a source; the words are those of :func:`audio_logging.as_clip`."""

    sample_rate: int | None = None
    layout: Layout = "auto"
    bits: int | None = None
    on_invalid: OnInvalid = "raise"
    allow_empty: bool = False

    def __post_init__(self) -> None:
        if self.layout not in ("auto", "frames_first", "channels_first"):
            raise AudioValueError(f"got layout={self.layout!r}, wanted 'auto', 'frames_first' or 'channels_first'")
        if self.on_invalid not in ("raise", "zero"):
            raise AudioValueError(f"got on_invalid={self.on_invalid!r}, wanted 'raise' or 'zero'")

    def rate_for(self, own: int | None, name: str) -> int:
        """Return the rate to use, given the one that the value itself carries.

        Raises
        ------
        SampleRateError
            Both are missing, or they contradict each other.
        """
        if own is None:
            return check_sample_rate(self.sample_rate)
        rate = check_sample_rate(own)
        if self.sample_rate is not None and check_sample_rate(self.sample_rate) != rate:
            raise SampleRateError(
                f"got sample_rate={self.sample_rate}, but {name} says {rate} Hz. Leave sample_rate out; to play it at "
                "another rate, resample it"
            )
        return rate


class Source(Protocol):
    """Something that can become a clip."""

    @property
    def nbytes(self) -> int:
        """Memory that it holds, in bytes."""

    def snapshot(self) -> Source:
        """Return the same, out of reach of later changes by the caller."""

    def to_clip(self, reading: Reading) -> AudioClip:
        """Return its samples."""

    def as_file(self) -> BytesSource | PathSource | None:
        """Return the audio file that it is, to be kept byte for byte; None for samples."""


@dataclass(frozen=True, eq=False)
class ArraySource:
    """Samples in memory, of any dtype and layout.

    Attributes
    ----------
    array : ndarray
    sample_rate : int or None
        [Hz] What the value itself carries.
    owned : bool
        Whether nobody else holds the array.
    """

    array: AnyArray
    sample_rate: Any = None
    owned: bool = False

    @property
    def nbytes(self) -> int:
        return int(self.array.nbytes)

    def snapshot(self) -> ArraySource:
        if self.owned:
            return self
        return type(self)(warm_copy(self.array), self.sample_rate, owned=True)

    def to_clip(self, reading: Reading) -> AudioClip:
        rate = reading.rate_for(self.sample_rate, "the value")
        return array_to_clip(
            self.array,
            rate,
            layout=reading.layout,
            bits=reading.bits,
            on_invalid=reading.on_invalid,
            allow_empty=reading.allow_empty,
            owned=self.owned,
        )

    def as_file(self) -> None:
        return None


@dataclass(frozen=True, eq=False)
class ClipSource:
    """A clip already."""

    clip: AudioClip

    @property
    def nbytes(self) -> int:
        return int(self.clip.stored.nbytes)

    def snapshot(self) -> ClipSource:
        return self

    def to_clip(self, reading: Reading) -> AudioClip:
        reading.rate_for(self.clip.sample_rate, "the clip")
        if not self.clip.frames and not reading.allow_empty:
            raise EmptyAudioError(f"got {self.clip}, a clip without frames. Wanted at least one")
        return self.clip

    def as_file(self) -> None:
        return None


@dataclass(frozen=True, eq=False)
class BytesSource:
    """The bytes of an audio file.

    Attributes
    ----------
    data : bytes or memoryview
    name : str
        What to call it in errors.
    sample_rate : int or None
        [Hz] What came with it, to be checked against the header.
    known : EncodedAudio or None
        What is known of it already, where it is a clip that this package encoded.
    """

    data: bytes | memoryview = field(repr=False)
    name: str
    sample_rate: Any = None
    known: EncodedAudio | None = None

    @property
    def nbytes(self) -> int:
        return len(self.data)

    def snapshot(self) -> BytesSource:
        return self

    def to_clip(self, reading: Reading) -> AudioClip:
        clip = decode(self.data, name=self.name, on_invalid=reading.on_invalid, allow_empty=reading.allow_empty)
        return _checked(clip, reading, self.sample_rate, self.name)

    def as_file(self) -> BytesSource:
        return self


@dataclass(frozen=True, eq=False)
class PathSource:
    """An audio file on disk."""

    path: Path
    sample_rate: Any = None

    @property
    def name(self) -> str:
        """What to call it in errors."""
        return repr(str(self.path))

    @property
    def nbytes(self) -> int:
        return 0

    def snapshot(self) -> BytesSource | PathSource:
        try:
            if not self.path.is_file() or self.path.stat().st_size > SNAPSHOT_LIMIT:
                return self
            return BytesSource(self.path.read_bytes(), self.name, self.sample_rate)
        except FileNotFoundError as error:
            raise AudioFileNotFoundError(f"there is no file {self.name}") from error
        except (OSError, ValueError) as error:
            raise AudioDecodeError(f"cannot read {self.name}: {error}") from error

    def to_clip(self, reading: Reading) -> AudioClip:
        clip = decode(self.path, on_invalid=reading.on_invalid, allow_empty=reading.allow_empty)
        return _checked(clip, reading, self.sample_rate, self.name)

    def as_file(self) -> PathSource:
        return self


@dataclass(frozen=True, eq=False)
class UrlSource:
    """The address of an audio file; only http and https are ever fetched."""

    url: str

    @property
    def nbytes(self) -> int:
        return 0

    @property
    def can_be_fetched(self) -> bool:
        """Whether it is http(s), rather than a reference to a cloud bucket."""
        return self.url.lower().startswith(("http://", "https://"))

    def fetch(self) -> BytesSource:
        """Return the file at the address.

        Raises
        ------
        AudioDownloadError
            It cannot be fetched within its bounds.
        AudioValueError
            It is a reference to a bucket.
        """
        if not self.can_be_fetched:
            raise AudioValueError(
                f"got {self.url!r}, a reference to a bucket, which is never fetched. Download the file and hand in its "
                "path, or put Audio(...) into an artifact, which keeps the reference"
            )
        return BytesSource(download(self.url), repr(self.url))

    def snapshot(self) -> UrlSource:
        return self

    def to_clip(self, reading: Reading) -> AudioClip:
        return self.fetch().to_clip(reading)

    def as_file(self) -> BytesSource:
        return self.fetch()


def _checked(clip: AudioClip, reading: Reading, own_rate: Any, name: str) -> AudioClip:
    if own_rate is not None:
        Reading(own_rate).rate_for(clip.sample_rate, name)
    reading.rate_for(clip.sample_rate, name)
    return clip

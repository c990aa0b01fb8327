"""EncodedAudio: a clip as the bytes of a file, with what a reader wants to know about them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

__all__ = ["EncodedAudio"]


@dataclass(frozen=True, eq=False, repr=False)
class EncodedAudio:
    """The bytes of an audio file in memory.

    Attributes
    ----------
    data : memoryview
        The whole file, read-only.
    format, subtype : str
        Such as ``"flac"`` and ``"PCM_16"``.
    extension : str
        File name extension with its dot.
    sample_rate : int
        [Hz] Rate of what is stored.
    frames, channels : int
        Size of what is stored.
    source_sample_rate : int
        [Hz] Rate of the clip before encoding; another one only where the format does not have it (opus, mp3).
    peak : float or None
        Largest absolute sample of the clip, before any clipping; None where the samples were not looked at.
    clipped_samples : int or None
        How many samples lay beyond full scale and were clipped; None where the samples were not looked at.
    gain : float
        Factor that the samples were multiplied with, 1.0 unless the caller asked for scaling or normalising.
    invalid_samples : int
        How many NaN or infinite samples were set to zero, at the caller's wish.
    """

    data: memoryview
    format: str
    subtype: str
    extension: str
    sample_rate: int
    frames: int
    channels: int
    source_sample_rate: int
    peak: float | None = None
    clipped_samples: int | None = None
    gain: float = 1.0
    invalid_samples: int = 0

    @property
    def size(self) -> int:
        """Length of the file in bytes."""
        return self.data.nbytes

    @property
    def duration(self) -> float:
        """Length in seconds, ``frames / sample_rate``."""
        return self.frames / self.sample_rate

    @cached_property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of the bytes; a clip is known by it."""
        return hashlib.sha256(self.data).hexdigest()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "data": bytes(self.data)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({**state, "data": memoryview(state["data"])})

    def __repr__(self) -> str:
        return (
            f"EncodedAudio({self.format} {self.subtype}, {self.duration:.2f} s, {self.sample_rate} Hz, "
            f"{self.channels} ch, {self.size} bytes)"
        )

"""What is known about a stored clip, and how the history's JSON says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from audio_logging.encoding import AudioInfo, EncodedAudio

__all__ = ["AudioDetails"]


@dataclass(frozen=True)
class AudioDetails:
    """What is known about a stored clip; None is unknown.

    Attributes
    ----------
    sample_rate : int or None
        [Hz]
    duration : float or None
        [s]
    channels, frames : int or None
    format : str or None
        Such as ``"flac"``.
    peak : float or None
        Largest absolute sample, before any clipping.
    clipped_samples : int or None
        How many samples lay beyond full scale and were clipped.
    source_sample_rate : int or None
        [Hz] The clip's own rate, where the format made it be resampled.
    subtype : str or None
        Such as ``"PCM_16"``; not part of the JSON.
    """

    sample_rate: int | None = None
    duration: float | None = None
    channels: int | None = None
    frames: int | None = None
    format: str | None = None
    peak: float | None = None
    clipped_samples: int | None = None
    source_sample_rate: int | None = None
    subtype: str | None = None

    @classmethod
    def of(cls, audio: AudioInfo | EncodedAudio) -> AudioDetails:
        """Return the details of an encoded clip, or of a file by its header."""
        source_rate = getattr(audio, "source_sample_rate", None)
        return cls(
            sample_rate=audio.sample_rate,
            duration=audio.duration,
            channels=audio.channels,
            frames=audio.frames,
            format=audio.format,
            peak=getattr(audio, "peak", None),
            clipped_samples=getattr(audio, "clipped_samples", None),
            source_sample_rate=None if source_rate == audio.sample_rate else source_rate,
            subtype=audio.subtype,
        )

    @classmethod
    def from_json(cls, json: Mapping[str, Any]) -> AudioDetails:
        """Return what the history's JSON says; plain wandb's says nothing of all this."""
        return cls(**{field.name: json.get(field.name) for field in fields(cls)})

    def to_json(self) -> dict[str, Any]:
        """Return the known ones by their names in the history's JSON."""
        known = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "subtype"}
        return {name: value for name, value in known.items() if value is not None}

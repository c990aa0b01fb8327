"""AudioFormat: channels and sample rate, as TFLite models state them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AudioFormat"]


@dataclass(frozen=True)
class AudioFormat:
    """Format of audio.

    Attributes
    ----------
    channels : int
    sample_rate : int
        [Hz]
    """

    channels: int
    sample_rate: int

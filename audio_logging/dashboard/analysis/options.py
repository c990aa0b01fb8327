"""SpectrogramOptions: what a spectrogram shows, checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from audio_logging.dashboard.analysis.colours import COLOURS, ColourMap
from audio_logging.dashboard.analysis.scales import SCALES, Scale
from audio_logging.errors import AudioValueError

__all__ = ["SpectrogramOptions"]

MAX_WIDTH = 2048
MAX_HEIGHT = 512
"""[pixels]"""

MAX_CHANNEL = 31

FLOORS = (-120.0, -20.0)
"""[dB] The lowest and the highest."""

WINDOWS = tuple(2**power for power in range(6, 14))


@dataclass(frozen=True, kw_only=True, slots=True)
class SpectrogramOptions:
    """What a spectrogram shows.

    Attributes
    ----------
    scale : {"mel", "log", "linear"}
        Of the frequency axis, from its bottom to half the sample rate: from 0 Hz for mel (2595 log10(1 + f/700)) and
        linear, from 20 Hz (or a thousandth of the highest, if that is more) for log.
    colours : {"inferno", "viridis", "magma", "grey"}
    width, height : int
        [pixels] At most 2048 by 512.
    start, end : float or None
        [s] The part of the clip; None for its ends.
    channel : "mix" or int
        "mix" is the mean of all channels; 0 to 31 shows one alone.
    floor : float
        [dB] What is darkest, -120 to -20; 0 dB, the brightest, is a sine of full scale.
    normalise : bool
        Whether 0 dB is the loudest point of the clip instead.
    window : int or None
        [frames] A power of two from 64 to 8192; None for the one nearest to 32 ms, and not longer than the clip.

    Raises
    ------
    AudioValueError
        A value is none of these; it says which.
    """

    scale: Scale = "mel"
    colours: ColourMap = "inferno"
    width: int = 800
    height: int = 200
    start: float | None = None
    end: float | None = None
    channel: int | Literal["mix"] = "mix"
    floor: float = -80.0
    normalise: bool = False
    window: int | None = None

    def __post_init__(self) -> None:
        self._want("scale", self.scale in SCALES, f"one of {', '.join(SCALES)}")
        self._want("colours", self.colours in COLOURS, f"one of {', '.join(COLOURS)}")
        self._want("width", 1 <= self.width <= MAX_WIDTH, f"1 to {MAX_WIDTH} pixels")
        self._want("height", 1 <= self.height <= MAX_HEIGHT, f"1 to {MAX_HEIGHT} pixels")
        self._want("channel", self.channel == "mix" or 0 <= self.channel <= MAX_CHANNEL, f"'mix' or 0 to {MAX_CHANNEL}")
        self._want("floor", FLOORS[0] <= self.floor <= FLOORS[1], f"{FLOORS[0]:g} to {FLOORS[1]:g} dB")
        self._want("window", self.window in (None, *WINDOWS), f"a power of two from {WINDOWS[0]} to {WINDOWS[-1]}")
        for name in ("start", "end"):
            value = getattr(self, name)
            self._want(name, value is None or math.isfinite(value), "a number of seconds")

    def _want(self, name: str, fine: bool, wanted: str) -> None:
        if not fine:
            raise AudioValueError(f"got {name}={getattr(self, name)!r}, wanted {wanted}")

"""What happens to a clip's level before it is stored: nothing, unless the caller asks or the samples do not fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audio_logging._types import Overload
from audio_logging.clip import AudioClip
from audio_logging.errors import AudioEncodeError, AudioValueError

__all__ = ["LEVEL_FULL_SCALE", "Levelled", "level"]

LEVEL_FULL_SCALE = 32767 / 32768
"""Peak of a normalised clip: the largest level that 16-bit samples have, the one Gradio normalises to."""


@dataclass(frozen=True)
class Levelled:
    """A clip that is ready to be written.

    Attributes
    ----------
    clip : AudioClip
    gain : float
        What its samples were multiplied with.
    clipped_samples : int
        How many of them an integer format has to clip.
    keep_float : bool
        Whether it has to be stored as floating point.
    """

    clip: AudioClip
    gain: float = 1.0
    clipped_samples: int = 0
    keep_float: bool = False


def level(clip: AudioClip, *, normalize: str | None, overload: Overload) -> Levelled:
    """Apply what the caller asked for.

    Parameters
    ----------
    clip : AudioClip
    normalize : {None, "peak"}
        "peak" scales the loudest sample to full scale; silence stays silence.
    overload : {"clip", "scale", "float"}
        What becomes of samples beyond [-1, 1]: clipped and counted, the whole clip lowered, or stored as float.

    Returns
    -------
    Levelled

    Raises
    ------
    AudioValueError
        Another word for either.
    """
    if normalize not in (None, "peak"):
        raise AudioValueError(f"got normalize={normalize!r}, wanted None or 'peak'")
    if overload not in ("clip", "scale", "float"):
        raise AudioValueError(f"got overload={overload!r}, wanted 'clip', 'scale' or 'float'")
    if normalize == "peak" and clip.peak:
        return _scaled(clip, LEVEL_FULL_SCALE / clip.peak)
    if clip.peak <= 1.0:
        return Levelled(clip)
    if overload == "scale":
        return _scaled(clip, LEVEL_FULL_SCALE / clip.peak)
    if overload == "float":
        return Levelled(clip, keep_float=True)
    return Levelled(clip, clipped_samples=count_beyond_full_scale(clip))


def count_beyond_full_scale(clip: AudioClip) -> int:
    """Return how many samples lie beyond [-1, 1]."""
    samples = clip.stored
    return int(np.count_nonzero(samples > 1) + np.count_nonzero(samples < -1))


def float_subtype(format: str, subtypes: tuple[str, ...]) -> str:  # noqa: A002
    """Return the subtype that keeps floating point, or say which format has one.

    Raises
    ------
    AudioEncodeError
        The format has none.
    """
    if "FLOAT" not in subtypes:
        raise AudioEncodeError(
            f"got samples beyond full scale and overload='float', which format={format!r} cannot store. "
            "Use format='wav', or overload='clip' or 'scale'"
        )
    return "FLOAT"


def _scaled(clip: AudioClip, gain: float) -> Levelled:
    # In double precision: a clip of the smallest floats has a gain beyond the largest one.
    samples = np.multiply(clip.samples, gain, dtype=np.float64).astype(np.float32)
    return Levelled(AudioClip.adopt(samples, clip.sample_rate, invalid_samples=clip.invalid_samples), gain)

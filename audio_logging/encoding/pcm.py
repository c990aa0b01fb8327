"""Samples to integers and back to the door: nearest, on the 2^15 (2^23, 2^31) scale, clipped at the ends.

libsndfile scales float by 2^15 - 1 for WAV and by 2^15 for FLAC, so that its WAV files are off by up to one step;
here every format that holds integers gets the same ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audio_logging._types import AnyArray
from audio_logging.clip import AudioClip

__all__ = ["to_int16", "to_int32", "write_int16"]

BLOCK = 65536
"""[samples] A block and its scratch stay in the processor's second-level cache."""

INT16_ROUNDER = np.float32(1.5 * 2**8)
"""Adding this moves a float32 in [-1, 1) to [383, 385), where neighbouring float32 numbers are 2^-15 apart.

The processor's own rounding of that one addition (to nearest, ties to even) is then the rounding to 16 bits, and the
low half of the float's bits is the int16 (D. Goldberg, "What Every Computer Scientist Should Know About
Floating-Point Arithmetic", 1991, gives the arithmetic).
"""

LARGEST_FLOAT_BELOW_INT16_END = np.float32(1 - 2**-15)
"""The sample that becomes 32767; what lies above would round to 32768, which int16 does not have."""


def to_int16(clip: AudioClip) -> npt.NDArray[np.int16]:
    """Return the samples as int16 [shape=(frames, channels)], full scale 2^15.

    Parameters
    ----------
    clip : AudioClip
        Integer samples of 16 bits come back as they are; those of 32 are rounded to nearest, ties up.

    Returns
    -------
    ndarray of int16
    """
    if clip.stored.dtype == np.int16:
        return clip.stored
    out = np.empty(clip.stored.shape, np.int16)
    write_int16(clip, out)
    return out


def write_int16(clip: AudioClip, out: npt.NDArray[np.int16]) -> None:
    """Write the samples as int16 into memory that is there already.

    Parameters
    ----------
    clip : AudioClip
    out : ndarray of int16 [shape=(frames, channels)], C-contiguous
        May be of either byte order.
    """
    source, target = clip.stored.reshape(-1), out.reshape(-1)
    if clip.stored.dtype == np.int16:
        target[:] = source
        return
    convert = _round_float if clip.bits is None else _round_int32
    for start in range(0, len(source), BLOCK):
        convert(source[start : start + BLOCK], target[start : start + BLOCK], clip.peak)


def to_int32(clip: AudioClip, bits: int) -> npt.NDArray[np.int32]:
    """Return the samples as int32 [shape=(frames, channels)] with the value in the top `bits` bits.

    Parameters
    ----------
    clip : AudioClip
    bits : int, 24 or 32
        The lower bits are zero.

    Returns
    -------
    ndarray of int32
    """
    if clip.stored.dtype == np.int16:
        return np.left_shift(clip.stored.astype(np.int32), 16)
    if clip.bits is not None:
        return clip.stored if bits == 32 or clip.bits <= bits else _round_int32_to_24(clip.stored)
    scale = float(2 ** (bits - 1))
    scaled = np.multiply(clip.stored, scale, dtype=np.float64)
    np.clip(np.rint(scaled, out=scaled), -scale, scale - 1, out=scaled)
    return np.left_shift(scaled.astype(np.int32), 32 - bits)


def _round_float(source: AnyArray, target: AnyArray, peak: float) -> None:
    if peak > LARGEST_FLOAT_BELOW_INT16_END:
        source = np.clip(source, np.float32(-1), LARGEST_FLOAT_BELOW_INT16_END)
    shifted = np.add(source, INT16_ROUNDER, dtype=np.float32)
    np.copyto(target, shifted.view(np.int32), casting="unsafe")


def _round_int32(source: AnyArray, target: AnyArray, _peak: float) -> None:
    rounded = np.right_shift(np.right_shift(source, 15) + 1, 1)
    np.copyto(target, np.minimum(rounded, 32767), casting="unsafe")


def _round_int32_to_24(samples: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    rounded = np.minimum(np.right_shift(np.right_shift(samples, 7) + 1, 1), 2**23 - 1)
    return np.asarray(np.left_shift(rounded, 8), np.int32)

"""From an array of any dtype and layout to a clip: which axis is which, and what is full scale."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from audio_logging._types import AnyArray, Layout, OnInvalid
from audio_logging.clip import MAX_CHANNELS, MOST_CHANNELS_GUESSED, AudioClip, check_bits, zero_invalid
from audio_logging.errors import AudioLoggingWarning, AudioShapeError, AudioTypeError, AudioValueError

__all__ = ["array_to_clip", "frames_first"]

LIKELY_BITS = (16, 24, 32)
"""What samples hold that stay in the lowest bits of a wider dtype."""


def array_to_clip(
    array: AnyArray,
    sample_rate: int,
    *,
    layout: Layout = "auto",
    bits: int | None = None,
    on_invalid: OnInvalid = "raise",
    allow_empty: bool = False,
    owned: bool = False,
) -> AudioClip:
    """Make a clip of an array.

    Parameters
    ----------
    array : ndarray [shape=(frames,), (frames, channels) or (channels, frames)]
        Of any real number type. Left alone unless `owned`.
    sample_rate : int
        [Hz]
    layout, bits, on_invalid, allow_empty
        As in :func:`audio_logging.as_clip`.
    owned : bool
        Whether the clip may keep the array itself.

    Returns
    -------
    AudioClip

    Raises
    ------
    AudioTypeError, AudioShapeError, EmptyAudioError, NonFiniteAudioError, AudioValueError
        As :func:`audio_logging.as_clip`.
    """
    _check_dtype(array)
    oriented = frames_first(array, layout)
    if array.dtype.kind in "iu":
        samples, significant = _integers(oriented, bits)
    else:
        samples, significant = _floats(oriented, bits), None
    if samples.base is not None or samples is array:
        samples = samples if owned and samples.flags.c_contiguous else samples.copy(order="C")
    invalid = zero_invalid(samples) if on_invalid == "zero" else 0
    return AudioClip.adopt(samples, sample_rate, bits=significant, allow_empty=allow_empty, invalid_samples=invalid)


def frames_first(array: AnyArray, layout: Layout) -> AnyArray:
    """Return a view of the array as ``(frames, channels)``.

    Parameters
    ----------
    array : ndarray
    layout : {"auto", "frames_first", "channels_first"}

    Returns
    -------
    ndarray [shape=(frames, channels)]

    Raises
    ------
    AudioShapeError
        Not one or two dimensions, or so many channels that the axes must be the other way round.
    """
    if array.ndim == 1:
        return array[:, np.newaxis]
    if array.ndim != 2:
        raise AudioShapeError(_wrong_dimensions(array))
    first, second = array.shape
    guess = layout == "auto"
    if layout == "channels_first" or (guess and 0 < first <= MOST_CHANNELS_GUESSED < second):
        oriented, other = array.T, "frames_first"
    else:
        oriented, other = array, "channels_first"
    frames, channels = oriented.shape
    unlikely = guess and channels > max(frames, MOST_CHANNELS_GUESSED) and frames
    if channels > MAX_CHANNELS or unlikely:
        unless = "; otherwise layout='frames_first'" if unlikely and channels <= MAX_CHANNELS else ""
        raise AudioShapeError(
            f"got shape {array.shape}, which has {channels} channels of {frames} frames, wanted at most {MAX_CHANNELS} "
            f"channels. If the axes are the other way round, pass layout={other!r}{unless}"
        )
    return oriented


def _wrong_dimensions(array: AnyArray) -> str:
    wanted = "wanted (frames,) or (frames, channels)"
    if array.ndim == 0:
        return f"got a single number (shape ()), {wanted}"
    if array.ndim == 3:
        return (
            f"got shape {array.shape}, {wanted}. For a batch use Audio.from_batch(batch, sample_rate), "
            "for one clip of it batch[0]"
        )
    return f"got shape {array.shape}, {wanted}"


def _check_dtype(array: AnyArray) -> None:
    kind = array.dtype.kind
    if kind in "biuf" or (kind == "V" and array.dtype.names is None and _is_small_float(array.dtype)):
        return
    wanted = "wanted real numbers, such as float32 in [-1, 1] or int16"
    if kind == "c":
        raise AudioTypeError(
            f"got complex samples (dtype {array.dtype}), {wanted}. Is this a spectrum? Invert it first"
        )
    if kind == "O":
        raise AudioTypeError(
            f"got an array of objects with shape {array.shape}, {wanted}. Are its rows of equal length?"
        )
    raise AudioTypeError(f"got dtype {array.dtype}, {wanted}")


def _is_small_float(dtype: np.dtype[Any]) -> bool:
    """Whether a dtype from outside numpy is a float (bfloat16 and the float8 kinds of the package ml_dtypes)."""
    return dtype.name.startswith(("bfloat", "float"))


def _floats(array: AnyArray, bits: int | None) -> AnyArray:
    if bits is not None:
        raise AudioValueError(f"got bits={bits} for {array.dtype} samples, wanted bits only for integers")
    with np.errstate(over="ignore", invalid="ignore"):
        return array.astype(np.float32, order="C", copy=False)


def _integers(array: AnyArray, bits: int | None) -> tuple[AnyArray, int]:
    """Return signed samples with the value in the top bits of int16 or int32, and how many bits mean something."""
    width = 8 * array.dtype.itemsize
    significant = check_bits(bits, array.dtype)
    if significant != width:
        _check_range(array, significant)
    elif width >= 32 and bits is None:
        _warn_if_inaudible(array)
    signed = _signed(array, significant)
    if significant == width == 16:
        return signed.astype(np.int16, order="C", copy=False), 16
    target = np.dtype(np.int16 if significant <= 16 else np.int32)
    return _shifted(signed, 8 * target.itemsize - significant, target), min(significant, 32)


def _signed(array: AnyArray, significant: int) -> AnyArray:
    """Move unsigned samples so that the middle of their range is zero."""
    if array.dtype.kind == "i":
        return array
    if significant < 8 * array.dtype.itemsize:
        return np.asarray(array.astype(np.int64) - (1 << (significant - 1)))
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    flipped = np.bitwise_xor(native, native.dtype.type(1 << (significant - 1)))
    return np.asarray(flipped.view(f"i{native.dtype.itemsize}"))


def _shifted(signed: AnyArray, up: int, target: np.dtype[Any]) -> AnyArray:
    if up < 0:
        return np.asarray(np.right_shift(signed, -up), target, order="C")
    return np.asarray(np.left_shift(signed.astype(target, order="C"), up))


def _check_range(array: AnyArray, bits: int) -> None:
    low, high = (0, 2**bits - 1) if array.dtype.kind == "u" else _signed_range(bits)
    if array.size and (int(array.min()) < low or int(array.max()) > high):
        raise AudioValueError(
            f"got samples from {int(array.min())} to {int(array.max())}, wanted {low} to {high} for bits={bits}"
        )


def _warn_if_inaudible(array: AnyArray) -> None:
    """Say so when 32 or 64 bit samples stay 48 dB or more below full scale: a mistake is likelier than such silence."""
    if array.dtype.kind == "u" or not array.any():
        return
    lowest, highest = int(array.min()), int(array.max())
    for bits in LIKELY_BITS:
        low, high = _signed_range(bits)
        if bits < 8 * array.itemsize and low <= lowest and highest <= high:
            warnings.warn(
                f"got {array.dtype} samples of at most {max(-lowest, highest)}, which is silence on that dtype's full "
                f"scale. If they are {bits}-bit samples, pass bits={bits}; otherwise bits={8 * array.itemsize}",
                AudioLoggingWarning,
                stacklevel=2,
            )
            return


def _signed_range(bits: int) -> tuple[int, int]:
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

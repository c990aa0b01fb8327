"""AudioClip: samples and their sample rate, checked once.

Past this constructor nobody asks again whether something is audio, and nobody writes into the samples.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np

from audio_logging._types import AnyArray, PCMArray, Samples
from audio_logging.errors import (
    AudioShapeError,
    AudioTypeError,
    AudioValueError,
    EmptyAudioError,
    NonFiniteAudioError,
    SampleRateError,
)

__all__ = ["MAX_CHANNELS", "AudioClip", "check_sample_rate", "zero_invalid"]

MAX_CHANNELS = 1024
"""The most channels that libsndfile reads or writes (SF_MAX_CHANNELS in its common.h)."""

MOST_CHANNELS_GUESSED = 32
"""A first axis of at most this is taken for channels when nobody says what it is and the second is longer than this."""

MAX_SAMPLE_RATE = 2**31 - 1
"""[Hz] The largest rate that libsndfile's SF_INFO can hold."""


@dataclass(frozen=True, eq=False, init=False, repr=False)
class AudioClip:
    """Samples with their sample rate: a checked, read-only value.

    Parameters
    ----------
    samples : ndarray [shape=(frames,) or (frames, channels)]
        Floating point with full scale [-1, 1] (larger values are kept), ``int16`` or ``int32`` PCM with the dtype's
        whole range as full scale. Copied, so later changes to the array do not reach the clip. For every other kind
        of input, and for more channels than frames, there is :func:`audio_logging.as_clip`.
    sample_rate : int > 0
        [Hz]
    bits : int, optional
        How many bits of integer samples mean something, from the top; default: all of them. Only kept as
        information for the encoders, and not for floating point.
    allow_empty : bool
        Whether 0 frames are welcome.

    Attributes
    ----------
    stored : ndarray [shape=(frames, channels)], float32, int16 or int32, read-only
        The samples as they came: integer PCM stays integer, for exactness and speed.
    samples : ndarray [shape=(frames, channels)], float32, read-only
        The samples as floating point, integers divided by their full scale.
    sample_rate : int
        [Hz]
    bits : int or None
        Significant bits of integer PCM; None for floating point.
    peak : float
        Largest absolute sample, 1.0 is full scale; 0.0 for a clip without frames.
    invalid_samples : int
        How many NaN or infinite samples were set to zero on the way in, at the caller's wish.

    Raises
    ------
    AudioShapeError
        Not one or two dimensions, no channel, more than 1024 channels, or more channels than 32 and than frames.
    EmptyAudioError
        No frames, and `allow_empty` is False.
    AudioTypeError
        The dtype is neither floating point, int16 nor int32.
    AudioValueError
        `bits` is not a whole number from 1 to the dtype's own.
    NonFiniteAudioError
        NaN or infinity among the samples.
    SampleRateError
        Missing, not an integer, or not positive.

    Examples
    --------
    >>> import numpy as np
    >>> clip = AudioClip(np.zeros((16000, 2), np.float32), 16000)
    >>> clip
    AudioClip(1.00 s, 16000 Hz, 2 ch, peak 0.00)
    >>> clip.frames, clip.channels, clip.duration
    (16000, 2, 1.0)
    """

    stored: AnyArray
    sample_rate: int
    bits: int | None
    peak: float
    invalid_samples: int

    def __init__(
        self, samples: AnyArray, sample_rate: int, *, bits: int | None = None, allow_empty: bool = False
    ) -> None:
        with np.errstate(over="ignore"):  # what becomes infinite is refused below
            array = np.array(samples, dtype=_native_dtype(np.asarray(samples)), order="C")
        _refuse_transposed(array)
        self._settle(array, sample_rate, bits, allow_empty, 0)

    @classmethod
    def adopt(
        cls,
        stored: AnyArray,
        sample_rate: int,
        *,
        bits: int | None = None,
        allow_empty: bool = False,
        invalid_samples: int = 0,
    ) -> AudioClip:
        """Make a clip of an array that nobody else holds, without copying it.

        Parameters
        ----------
        stored : ndarray [shape=(frames,) or (frames, channels)], float32, int16 or int32
            Becomes read-only.
        sample_rate : int > 0
            [Hz]
        bits : int, optional
            Significant bits of integer samples.
        allow_empty : bool
            Whether 0 frames are welcome.
        invalid_samples : int
            How many samples the caller set to zero because they were NaN or infinite.

        Returns
        -------
        AudioClip

        Raises
        ------
        AudioShapeError, EmptyAudioError, AudioTypeError, AudioValueError, NonFiniteAudioError, SampleRateError
            As the constructor, but any number of channels up to 1024 will do.
        """
        if stored.dtype not in (np.float32, np.int16, np.int32):
            raise AudioTypeError(f"got dtype {stored.dtype}, wanted float32, int16 or int32. Use as_clip(...)")
        clip = cls.__new__(cls)
        clip._settle(np.ascontiguousarray(stored), sample_rate, bits, allow_empty, invalid_samples)
        return clip

    def _settle(
        self, array: AnyArray, sample_rate: int, bits: int | None, allow_empty: bool, invalid_samples: int
    ) -> None:
        array = _two_dimensional(array, allow_empty)
        array.flags.writeable = False
        rate = check_sample_rate(sample_rate)
        fields = {
            "stored": array,
            "sample_rate": rate,
            "bits": check_bits(bits, array.dtype) if array.dtype.kind == "i" else None,
            "peak": _finite_peak(array),
            "invalid_samples": invalid_samples,
        }
        self.__dict__.update(fields)

    @property
    def frames(self) -> int:
        """Samples per channel."""
        return int(self.stored.shape[0])

    @property
    def channels(self) -> int:
        """Number of channels, 1 for mono."""
        return int(self.stored.shape[1])

    @property
    def duration(self) -> float:
        """Length in seconds, ``frames / sample_rate``."""
        return self.frames / self.sample_rate

    @property
    def pcm(self) -> PCMArray | None:
        """The integer samples as they came, or None when the clip is floating point."""
        return None if self.bits is None else cast("PCMArray", self.stored)

    @cached_property
    def samples(self) -> Samples:
        """Samples [shape=(frames, channels)], float32, full scale [-1, 1], read-only."""
        if self.bits is None:
            return cast("Samples", self.stored)
        samples = np.multiply(self.stored, np.float32(1 / full_scale(self.stored.dtype)), dtype=np.float32)
        samples.flags.writeable = False
        return samples

    def __setstate__(self, state: dict[str, Any]) -> None:
        state["stored"].flags.writeable = False
        self.__dict__.update(state)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "samples"}

    def __len__(self) -> int:
        return self.frames

    def __repr__(self) -> str:
        return (
            f"AudioClip({self.duration:.2f} s, {self.sample_rate} Hz, {self.channels} ch, "
            f"{'' if self.bits is None else f'{self.bits} bit, '}peak {self.peak:.2f})"
        )


def check_sample_rate(sample_rate: Any) -> int:
    """Return the sample rate as an int, or say what to type instead.

    Parameters
    ----------
    sample_rate : int
        [Hz] Any integer type; a float with an integer value counts as one.

    Returns
    -------
    int

    Raises
    ------
    SampleRateError
        None, not a whole number, not positive, or more than 2147483647.
    """
    if sample_rate is None:
        raise SampleRateError(
            "got no sample rate, and raw samples do not carry one. Wanted [Hz]; type for example sample_rate=16000"
        )
    rate = _whole_number(sample_rate)
    if rate is None:
        raise SampleRateError(f"got sample_rate={sample_rate!r}, wanted a whole number of Hz, for example 44100")
    if rate <= 0:
        raise SampleRateError(f"got sample_rate={sample_rate!r}, wanted a positive number of Hz, for example 16000")
    if rate > MAX_SAMPLE_RATE:
        raise SampleRateError(f"got sample_rate={sample_rate!r}, wanted at most {MAX_SAMPLE_RATE} Hz")
    return rate


def check_bits(bits: Any, dtype: np.dtype[Any]) -> int:
    """Return how many bits integer samples of this dtype hold: all of them for None.

    Parameters
    ----------
    bits : int or None
    dtype : numpy.dtype
        Of integers.

    Returns
    -------
    int

    Raises
    ------
    AudioValueError
        Not a whole number from 1 to the dtype's own.
    """
    width = 8 * dtype.itemsize
    if bits is None:
        return width
    count = _whole_number(bits)
    if count is None or not 1 <= count <= width:
        raise AudioValueError(f"got bits={bits!r} for {dtype} samples, wanted 1 to {width}")
    return count


def zero_invalid(samples: AnyArray) -> int:
    """Set NaN and infinity to zero in place.

    Parameters
    ----------
    samples : ndarray

    Returns
    -------
    int
        How many there were.
    """
    if samples.dtype.kind != "f" or not samples.size:
        return 0
    if np.isfinite(samples.min()) and np.isfinite(samples.max()):
        return 0
    invalid = ~np.isfinite(samples)
    samples[invalid] = 0
    return int(np.count_nonzero(invalid))


def full_scale(dtype: np.dtype[Any]) -> int:
    """Return the value that stands for 1.0 in signed integer samples of this dtype: 2^15 for int16."""
    return int(2 ** (8 * dtype.itemsize - 1))


def _whole_number(value: Any) -> int | None:
    if isinstance(value, (bool, np.bool_, str, bytes)):
        return None
    try:
        return operator.index(value)
    except TypeError:
        pass
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(number) if number.is_integer() else None


def _native_dtype(array: AnyArray) -> type[np.generic]:
    if array.dtype.kind == "f":
        return np.float32
    if array.dtype.kind == "i" and array.itemsize in (2, 4):
        return np.int16 if array.itemsize == 2 else np.int32
    raise AudioTypeError(
        f"got dtype {array.dtype}, wanted floating point, int16 or int32. For other kinds use as_clip(...)"
    )


def _refuse_transposed(array: AnyArray) -> None:
    """Raise for ``(2, 512)``, which is likelier a stereo clip than two frames of 512 channels."""
    if array.ndim == 2 and 0 < len(array) < array.shape[1] and array.shape[1] > MOST_CHANNELS_GUESSED:
        raise AudioShapeError(
            f"got shape {array.shape}, which as (frames, channels) has {array.shape[1]} channels. If it is (channels, "
            "frames), use as_clip(samples, sample_rate, layout='channels_first'); otherwise layout='frames_first'"
        )


def _two_dimensional(array: AnyArray, allow_empty: bool) -> AnyArray:
    if array.ndim not in (1, 2):
        raise AudioShapeError(f"got shape {array.shape}, wanted (frames,) or (frames, channels)")
    array = array.reshape(len(array), -1) if array.ndim == 1 and len(array) else array
    array = array.reshape(0, 1) if array.ndim == 1 else array
    frames, channels = array.shape
    if not 1 <= channels <= MAX_CHANNELS:
        raise AudioShapeError(
            f"got shape {array.shape}, that is {channels} channels; wanted (frames, channels) with 1 to "
            f"{MAX_CHANNELS} channels"
        )
    if not frames and not allow_empty:
        raise EmptyAudioError(f"got shape {array.shape}: a clip without frames. Wanted at least one")
    return array


def _finite_peak(array: AnyArray) -> float:
    if not array.size:
        return 0.0
    low, high = array.min(), array.max()
    if array.dtype.kind == "i":
        return max(-int(low), int(high)) / full_scale(array.dtype)
    if not (np.isfinite(low) and np.isfinite(high)):
        raise NonFiniteAudioError(_count_non_finite(array))
    return max(0.0, -float(low), float(high))


def _count_non_finite(array: AnyArray) -> str:
    nan = int(np.count_nonzero(np.isnan(array)))
    infinite = int(np.count_nonzero(np.isinf(array)))
    first = int(np.argmin(np.isfinite(array).all(axis=1)))
    return (
        f"got {nan} NaN and {infinite} infinite of {array.size} samples, the first at frame {first}; wanted finite "
        "samples. Mend the model, or pass on_invalid='zero' to as_clip or Audio, which store zeros there and count them"
    )

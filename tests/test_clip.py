"""AudioClip: checked once, read-only, and what it says of itself is true."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from audio_logging import AudioClip
from audio_logging.clip import zero_invalid
from audio_logging.errors import (
    AudioLoggingError,
    AudioShapeError,
    AudioTypeError,
    AudioValueError,
    EmptyAudioError,
    NonFiniteAudioError,
)

RATE = 16_000


def test_a_clip_says_what_it_is(tone: npt.NDArray[np.float32]) -> None:
    clip = AudioClip(tone, RATE)
    assert (clip.frames, clip.channels, clip.sample_rate, clip.duration, clip.peak) == (16_000, 1, RATE, 1.0, 0.5)
    assert (clip.bits, clip.pcm, clip.invalid_samples, len(clip)) == (None, None, 0, 16_000)
    assert clip.samples.shape == (16_000, 1)
    assert clip.samples.dtype == np.float32
    assert clip.samples is clip.stored
    assert repr(clip) == "AudioClip(1.00 s, 16000 Hz, 1 ch, peak 0.50)"


def test_integers_stay_integers_and_can_be_had_as_floats() -> None:
    given = np.array([[-32768, 0], [16384, 32767]], np.int16)
    clip = AudioClip(given, RATE)
    assert clip.pcm is clip.stored
    assert np.array_equal(clip.stored, given)
    assert clip.samples.tolist() == [[-1, 0], [0.5, 1 - 2**-15]]
    assert clip.samples is clip.samples
    assert (clip.bits, clip.peak) == (16, 1.0)
    assert repr(clip) == "AudioClip(0.00 s, 16000 Hz, 2 ch, 16 bit, peak 1.00)"


def test_32_bits_are_floats_to_the_precision_of_float32() -> None:
    clip = AudioClip(np.array([-(2**31), 2**30, 2**31 - 1, 2**8], np.int32), RATE, bits=24)
    assert clip.samples[:, 0].tolist() == [-1, 0.5, 1, 2**-23]
    assert clip.bits == 24


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4", "int16", ">i2", "int32", ">i4"])
def test_the_callers_array_is_neither_changed_nor_kept(dtype: str) -> None:
    given = np.array([0.0, 1.0, -1.0]).astype(dtype)
    before = given.tobytes()
    clip = AudioClip(given, RATE)
    stored = clip.stored.copy()
    assert given.flags.writeable
    assert given.tobytes() == before
    given[:] = 7
    assert np.array_equal(clip.stored, stored)
    assert clip.stored.dtype.isnative


def test_nothing_in_a_clip_can_be_written_to() -> None:
    clip = AudioClip(np.array([1, 2], np.int16), RATE)
    for samples in (clip.stored, clip.samples, clip.pcm):
        assert samples is not None
        with pytest.raises(ValueError, match="read-only"):
            samples[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'sample_rate'"):
        clip.sample_rate = 8000  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'stored'"):
        del clip.stored


def test_an_adopted_array_is_not_copied() -> None:
    samples = np.zeros((100, 2), np.float32)
    clip = AudioClip.adopt(samples, RATE, invalid_samples=3)
    assert np.shares_memory(clip.stored, samples)
    assert not samples.flags.writeable
    assert clip.invalid_samples == 3


@pytest.mark.parametrize("dtype", ["float64", ">f4", ">i2", "uint8", "int64", "complex64"])
def test_only_what_a_clip_can_hold_is_adopted(dtype: str) -> None:
    with pytest.raises(AudioTypeError, match=r"got dtype .*, wanted float32, int16 or int32\. Use as_clip"):
        AudioClip.adopt(np.zeros(10, dtype), RATE)


REFUSED: dict[str, tuple[Any, type[AudioLoggingError], str]] = {
    "0-d": (np.float32(1), AudioShapeError, r"got shape \(\), wanted \(frames,\) or \(frames, channels\)"),
    "3-d": (np.zeros((2, 3, 4)), AudioShapeError, r"got shape \(2, 3, 4\), wanted"),
    "no channels": (np.zeros((9, 0)), AudioShapeError, r"got shape \(9, 0\), that is 0 channels"),
    "too many channels": (np.zeros((2000, 1025)), AudioShapeError, "that is 1025 channels; .* 1 to 1024 channels"),
    "transposed": (np.zeros((2, 512)), AudioShapeError, r"has 512 channels\. .*as_clip\(.*layout='channels_first'\)"),
    "transposed and long": (np.zeros((1, 16000)), AudioShapeError, "has 16000 channels"),
    "no frames": (np.zeros(0), EmptyAudioError, r"got shape \(0, 1\): a clip without frames"),
    "no frames, two channels": (np.zeros((0, 2)), EmptyAudioError, "a clip without frames"),
    "unsigned": (
        np.zeros(9, np.uint8),
        AudioTypeError,
        "got dtype uint8, wanted floating point, int16 or int32",
    ),
    "64 bits": (np.zeros(9, np.int64), AudioTypeError, "got dtype int64"),
    "complex": (np.zeros(9, complex), AudioTypeError, "got dtype complex128"),
    "text": (np.array(["a"]), AudioTypeError, "got dtype <U1"),
    "nan": (np.array([0, np.nan]), NonFiniteAudioError, "got 1 NaN and 0 infinite of 2 samples, the first at frame 1"),
    "infinite": (np.array([-np.inf, np.nan]), NonFiniteAudioError, "got 1 NaN and 1 infinite .* the first at frame 0"),
    "beyond float32": (np.array([0, 1e39]), NonFiniteAudioError, "got 0 NaN and 1 infinite"),
}


@pytest.mark.parametrize(("samples", "kind", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_clip_is_refused(samples: Any, kind: type[AudioLoggingError], message: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(kind, match=message) as caught:
            AudioClip(samples, RATE)
    assert type(caught.value) is kind


@pytest.mark.parametrize("bits", [0, -3, 17, 1.5, "16", True])
def test_bits_that_the_samples_cannot_have_are_refused(bits: Any) -> None:
    with pytest.raises(AudioValueError, match=r"got bits=.* for int16 samples, wanted 1 to 16"):
        AudioClip(np.zeros(9, np.int16), RATE, bits=bits)


def test_bits_may_be_any_kind_of_whole_number() -> None:
    assert AudioClip(np.zeros(9, np.int32), RATE, bits=np.int64(24)).bits == 24  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(1,), (1, 1), (32, 32), (1, 32), (33, 33), (1024, 1024), (5, 2)])
def test_shapes_that_are_a_clip_are_taken(shape: tuple[int, ...]) -> None:
    clip = AudioClip(np.zeros(shape), RATE)
    assert (clip.frames, clip.channels) == (*shape, 1)[:2]


def test_no_frames_are_taken_where_asked_for() -> None:
    clip = AudioClip(np.zeros((0, 2)), RATE, allow_empty=True)
    assert (clip.frames, clip.channels, clip.duration, clip.peak) == (0, 2, 0.0, 0.0)
    assert clip.samples.shape == (0, 2)


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.int16, np.int32]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=20),
        elements={"allow_nan": False, "allow_infinity": False},
    )
)
def test_the_peak_is_the_largest_absolute_sample(samples: npt.NDArray[Any]) -> None:
    scale = 1 if samples.dtype.kind == "f" else 2 ** (8 * samples.itemsize - 1)
    assert AudioClip(samples, RATE).peak == np.abs(samples.astype(np.float64)).max() / scale


@pytest.mark.parametrize("samples", [np.array([0.5, -1.5], np.float32), np.array([[1, -2], [3, 4]], np.int16)])
def test_a_clip_survives_pickling_and_copying(samples: npt.NDArray[Any]) -> None:
    clip = AudioClip(samples, RATE)
    assert clip.samples is not None  # what is cached is not pickled
    whole = [pickle.dumps(clip, protocol) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]
    for back in (*map(pickle.loads, whole), copy.copy(clip), copy.deepcopy(clip)):
        assert np.array_equal(back.stored, clip.stored)
        assert np.array_equal(back.samples, clip.samples)
        assert not back.stored.flags.writeable
        assert not back.samples.flags.writeable
        assert (back.sample_rate, back.bits, back.peak, repr(back)) == (RATE, clip.bits, clip.peak, repr(clip))
    long = AudioClip(np.zeros(10_000, np.int16), RATE)
    assert long.samples is not None
    assert len(pickle.dumps(long)) < 21_000


def test_clips_are_equal_when_they_are_the_same_one() -> None:
    one, other = (AudioClip(np.zeros(9), RATE) for _ in range(2))
    assert one == one
    assert one != other
    assert len({one, other, one}) == 2


def test_zeroing_counts_what_was_not_finite() -> None:
    samples = np.array([[np.nan, 1], [np.inf, -np.inf]], np.float32)
    assert zero_invalid(samples) == 3
    assert samples.tolist() == [[0, 1], [0, 0]]
    assert zero_invalid(samples) == 0
    for one in (np.nan, np.inf, -np.inf):
        assert zero_invalid(np.array([0.5, one, -0.5], np.float32)) == 1
    assert zero_invalid(np.zeros((0, 1), np.float32)) == 0
    assert zero_invalid(np.ones(3, np.int16)) == 0

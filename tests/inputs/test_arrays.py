"""Which axis is which, what is full scale, and what of an array is kept as it came."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from audio_logging import AudioClip, AudioLoggingWarning, as_clip
from audio_logging._types import Layout
from audio_logging.errors import AudioShapeError, AudioValueError, EmptyAudioError, NonFiniteAudioError

RATE = 16_000


def values(array: Any, **options: Any) -> list[float]:
    """The samples of a clip of one channel, in order, as Python's floats."""
    samples: list[float] = as_clip(array, RATE, **options).samples[:, 0].tolist()
    return samples


FULL_SCALE = [
    # dtype, samples as they come, the same as floating point
    ("uint8", [0, 64, 127, 128, 129, 192, 255], [-1, -0.5, -1 / 128, 0, 1 / 128, 0.5, 127 / 128]),
    ("int8", [-128, -64, -1, 0, 1, 64, 127], [-1, -0.5, -1 / 128, 0, 1 / 128, 0.5, 127 / 128]),
    ("int16", [-32768, -1, 0, 1, 16384, 32767], [-1, -(2**-15), 0, 2**-15, 0.5, 1 - 2**-15]),
    ("uint16", [0, 32767, 32768, 32769, 49152, 65535], [-1, -(2**-15), 0, 2**-15, 0.5, 1 - 2**-15]),
    ("int32", [-(2**31), -(2**8), 0, 1, 2**30, 2**31 - 2**7], [-1, -(2**-23), 0, 2**-31, 0.5, 1 - 2**-24]),
    ("uint32", [0, 2**31 - 1, 2**31, 2**31 + 2**30], [-1, -(2**-31), 0, 0.5]),
    ("int64", [-(2**63), -(2**32), 0, 2**32, 2**62], [-1, -(2**-31), 0, 2**-31, 0.5]),
    ("uint64", [0, 2**63 - 2**32, 2**63, 2**63 + 2**62], [-1, -(2**-31), 0, 0.5]),
    ("bool", [False, True], [0, 1]),
    ("float16", [-1, 2**-10, 0.5, 1, 2], [-1, 2**-10, 0.5, 1, 2]),
    ("float32", [-1, -(2**-30), 0, 0.1, 1.5], [-1, -(2**-30), 0, np.float32(0.1), 1.5]),
    ("float64", [-1, -(2**-30), 0, 0.1, 1.5], [-1, -(2**-30), 0, np.float32(0.1), 1.5]),
    ("longdouble", [-1, -(2**-30), 0, 0.1, 1.5], [-1, -(2**-30), 0, np.float32(0.1), 1.5]),
]


@pytest.mark.parametrize("swapped", [False, True], ids=["native", "swapped"])
@pytest.mark.parametrize(("dtype", "given", "wanted"), FULL_SCALE, ids=[row[0] for row in FULL_SCALE])
def test_each_number_type_has_its_own_full_scale(
    dtype: str, given: list[Any], wanted: list[float], swapped: bool
) -> None:
    array = np.array(given, np.dtype(dtype).newbyteorder("S") if swapped else dtype)
    before = array.tobytes()
    assert values(array) == wanted
    assert array.tobytes() == before


BITS = [
    # dtype, bits, samples as they come, the same as floating point, dtype of the clip
    ("int32", 24, [-(2**23), -1, 0, 1, 2**23 - 1], [-1, -(2**-23), 0, 2**-23, 1 - 2**-23], "int32"),
    ("int64", 24, [-(2**23), 0, 2**23 - 1], [-1, 0, 1 - 2**-23], "int32"),
    ("uint32", 24, [0, 2**23, 2**24 - 1], [-1, 0, 1 - 2**-23], "int32"),
    ("int32", 20, [-(2**19), 1], [-1, 2**-19], "int32"),
    ("int32", 16, [-(2**15), 2**15 - 1], [-1, 1 - 2**-15], "int16"),
    ("int64", 16, [-(2**15), 2**15 - 1], [-1, 1 - 2**-15], "int16"),
    ("int16", 12, [-(2**11), 1, 2**11 - 1], [-1, 2**-11, 1 - 2**-11], "int16"),
    ("uint16", 12, [0, 2**11, 2**12 - 1], [-1, 0, 1 - 2**-11], "int16"),
    ("int16", 8, [-128, 127], [-1, 127 / 128], "int16"),
    ("int16", 16, [-32768, 5], [-1, 5 / 2**15], "int16"),
    ("int64", 48, [-(2**47), 2**46], [-1, 0.5], "int32"),
    ("int64", 64, [-(2**63), 2**62], [-1, 0.5], "int32"),
    ("uint8", 7, [0, 64, 127], [-1, 0, 63 / 64], "int16"),
]


@pytest.mark.parametrize(("dtype", "bits", "given", "wanted", "kept_as"), BITS)
def test_bits_says_how_many_bits_the_samples_hold(
    dtype: str, bits: int, given: list[int], wanted: list[float], kept_as: str
) -> None:
    clip = as_clip(np.array(given, dtype), RATE, bits=bits)
    assert clip.samples[:, 0].tolist() == wanted
    assert clip.stored.dtype == kept_as
    assert clip.bits == min(bits, 32)


def test_bits_makes_a_list_of_whole_numbers_audio() -> None:
    assert values([-32768, 0, 16384], bits=16) == [-1, 0, 0.5]
    assert values([[1 << 22], [0]], bits=24) == [0.5, 0]
    assert as_clip((RATE, [0, 64]), bits=8).peak == 0.5


@pytest.mark.parametrize(
    ("dtype", "bits", "sample"), [("int32", 24, 2**23), ("int32", 24, -(2**23) - 1), ("uint16", 12, 4096)]
)
def test_samples_beyond_their_bits_are_refused(dtype: str, bits: int, sample: int) -> None:
    with pytest.raises(AudioValueError, match=rf"got samples from {min(0, sample)} to .* for bits={bits}"):
        as_clip(np.array([0, sample], dtype), RATE, bits=bits)


@pytest.mark.parametrize("bits", [0, -1, 17, 64, 2.5, "16", True, float("nan")])
def test_bits_that_the_type_cannot_have_are_refused(bits: Any) -> None:
    with pytest.raises(AudioValueError, match=r"got bits=.* for int16 samples, wanted 1 to 16"):
        as_clip(np.zeros(10, np.int16), RATE, bits=bits)


@pytest.mark.parametrize("dtype", ["float32", "float16", "bool"])
def test_bits_of_floating_point_are_refused(dtype: str) -> None:
    with pytest.raises(AudioValueError, match=rf"got bits=16 for {dtype} samples, wanted bits only for integers"):
        as_clip(np.zeros(10, dtype), RATE, bits=16)


@pytest.mark.parametrize(
    ("dtype", "peak", "likely"),
    [("int32", 20_000, 16), ("int32", 2**22, 24), ("int64", 3, 16), ("int64", 2**22, 24), ("int64", 2**30, 32)],
)
def test_whole_numbers_that_would_be_silence_bring_a_warning(dtype: str, peak: int, likely: int) -> None:
    samples = np.array([0, peak, -peak], dtype)
    width = 8 * samples.itemsize
    with pytest.warns(
        AudioLoggingWarning, match=rf"{dtype} samples of at most {peak}.*pass bits={likely}.*bits={width}"
    ):
        as_clip(samples, RATE)


@pytest.mark.parametrize("samples", [np.array([0, 2**23], np.int32), np.zeros(9, np.int64), np.ones(9, np.int16)])
def test_whole_numbers_that_make_sense_bring_no_warning(samples: npt.NDArray[Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        as_clip(samples, RATE)
        as_clip(np.ones(9, np.int32), RATE, bits=32)


LAYOUTS: list[tuple[tuple[int, ...], Layout, str]] = [
    ((100,), "auto", "frames first"),
    ((1,), "auto", "frames first"),
    ((100,), "channels_first", "frames first"),
    ((100, 2), "auto", "frames first"),
    ((2, 100), "auto", "channels first"),
    ((1, 16000), "auto", "channels first"),
    ((32, 33), "auto", "channels first"),
    ((32, 32), "auto", "frames first"),
    ((33, 33), "auto", "frames first"),
    ((2, 2), "auto", "frames first"),
    ((2, 32), "auto", "frames first"),
    ((1, 1), "auto", "frames first"),
    ((100, 64), "auto", "frames first"),
    ((2, 100), "frames_first", "frames first"),
    ((100, 2), "frames_first", "frames first"),
    ((2, 100), "channels_first", "channels first"),
    ((100, 2), "channels_first", "channels first"),
    ((2, 2), "channels_first", "channels first"),
    ((40, 44100), "channels_first", "channels first"),
]


@pytest.mark.parametrize(("shape", "layout", "read_as"), LAYOUTS)
def test_layout_says_which_axis_is_which(shape: tuple[int, ...], layout: Layout, read_as: str) -> None:
    samples = np.linspace(-1, 1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    clip = as_clip(samples, RATE, layout=layout)
    wanted = samples.T if read_as == "channels first" else samples.reshape(len(samples), -1)
    assert (clip.frames, clip.channels) == wanted.shape
    assert np.array_equal(clip.samples, wanted)


REFUSED_LAYOUTS: list[tuple[tuple[int, ...], Layout, str]] = [
    ((40, 44100), "auto", r"shape \(40, 44100\).*44100 channels of 40 frames.*pass layout='channels_first'$"),
    ((40, 100), "auto", r"shape \(40, 100\).*pass layout='channels_first'; otherwise layout='frames_first'$"),
    ((2, 16000), "frames_first", r"16000 channels of 2 frames.*pass layout='channels_first'$"),
    ((16000, 2), "channels_first", r"16000 channels of 2 frames.*pass layout='frames_first'$"),
    ((2000, 2000), "auto", r"2000 channels of 2000 frames"),
    ((8, 1, 16000), "auto", r"shape \(8, 1, 16000\).*For a batch use Audio\.from_batch\(batch, sample_rate\)"),
    ((1, 2, 3, 4), "auto", r"got shape \(1, 2, 3, 4\), wanted \(frames,\) or \(frames, channels\)"),
    ((), "auto", r"got a single number \(shape \(\)\)"),
    ((5, 0), "auto", r"shape \(5, 0\), that is 0 channels"),
]


@pytest.mark.parametrize(("shape", "layout", "message"), REFUSED_LAYOUTS)
def test_shapes_that_are_no_clip_are_refused(shape: tuple[int, ...], layout: Layout, message: str) -> None:
    with pytest.raises(AudioShapeError, match=message):
        as_clip(np.zeros(shape, np.float32), RATE, layout=layout)


@pytest.mark.parametrize("shape", [(0,), (0, 2), (0, 1)])
def test_no_frames_are_refused_unless_asked_for(shape: tuple[int, ...]) -> None:
    for empty in (np.zeros(shape, np.float32), np.zeros(shape, np.int16), np.zeros(shape, np.uint8)):
        with pytest.raises(EmptyAudioError, match="a clip without frames"):
            as_clip(empty, RATE)
        assert as_clip(empty, RATE, allow_empty=True).frames == 0


def test_an_empty_clip_is_refused_unless_asked_for() -> None:
    empty = AudioClip(np.zeros(0), RATE, allow_empty=True)
    with pytest.raises(EmptyAudioError, match="a clip without frames"):
        as_clip(empty)
    assert as_clip(empty, allow_empty=True) is empty


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused_or_zeroed_and_counted(bad: float) -> None:
    samples = np.array([[0.5, bad], [bad, -0.25]], np.float32)
    before = samples.tobytes()
    with pytest.raises(NonFiniteAudioError, match=r"2 .*of 4 samples, the first at frame 0.*on_invalid='zero'"):
        as_clip(samples, RATE)
    clip = as_clip(samples, RATE, on_invalid="zero")
    assert clip.samples.tolist() == [[0.5, 0], [0, -0.25]]
    assert (clip.invalid_samples, clip.peak) == (2, 0.5)
    assert samples.tobytes() == before


def test_numbers_beyond_float32_are_not_finite() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(NonFiniteAudioError, match="got 0 NaN and 1 infinite"):
            as_clip(np.array([0.0, 1e300]), RATE)


def test_integers_are_kept_bit_for_bit(rng: np.random.Generator) -> None:
    for dtype in (np.int16, np.int32):
        limits = np.iinfo(dtype)
        samples = rng.integers(limits.min, limits.max, (500, 3), dtype, endpoint=True)
        clip = as_clip(samples, RATE)
        assert clip.stored.dtype == dtype
        assert np.array_equal(clip.stored, samples)


@given(
    hnp.arrays(
        st.sampled_from(["<i2", ">i2", "<i4", "<f4", ">f4", "<f8", "u1"]).map(np.dtype),
        st.tuples(st.integers(33, 40), st.integers(1, 4)),
        elements={"min_value": 0, "max_value": 1},
    ),
    st.sampled_from([1, -1, 2, -2]),
    st.booleans(),
)
def test_strides_and_order_do_not_matter(array: npt.NDArray[Any], step: int, fortran: bool) -> None:
    view = (np.asfortranarray(array) if fortran else array)[::step]
    plain = np.ascontiguousarray(view)
    before = array.tobytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AudioLoggingWarning)
        strided, straight = as_clip(view, RATE, layout="frames_first"), as_clip(plain, RATE, layout="frames_first")
    assert np.array_equal(strided.stored, straight.stored)
    assert not np.shares_memory(strided.stored, array)
    assert array.tobytes() == before


def test_a_stride_of_zero_is_a_constant() -> None:
    assert values(np.broadcast_to(np.float32(0.5), (40,))) == [0.5] * 40

"""Floating point to integers: nearest, ties to even, on the 2^15 (2^23, 2^31) scale, clipped at the ends."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from audio_logging import AudioClip
from audio_logging.encoding import decode, encode
from audio_logging.encoding.pcm import BLOCK, to_int16, to_int32

RATE = 16_000
STEP = 2.0**-15


def reference(samples: npt.ArrayLike, bits: int) -> npt.NDArray[np.int64]:
    """The same in double precision, by the book."""
    scale = 2 ** (bits - 1)
    rounded = np.rint(np.asarray(samples, np.float64) * scale)
    clipped: npt.NDArray[np.int64] = np.clip(rounded, -scale, scale - 1).astype(np.int64)
    return clipped


EDGES = [
    # sample, int16
    (-2.0, -32768),
    (-1 - STEP, -32768),
    (-1.0, -32768),
    (-1 + STEP, -32767),
    (-1 + STEP / 2, -32768),  # half a step: the even neighbour
    (-1 + 3 * STEP / 2, -32766),
    (-5 * STEP / 2, -2),
    (-3 * STEP / 2, -2),
    (-STEP, -1),
    (-STEP / 2, 0),
    (-STEP / 2 - 2**-30, -1),
    (-(2.0**-149), 0),
    (-0.0, 0),
    (0.0, 0),
    (STEP / 2, 0),
    (STEP / 2 + 2**-30, 1),
    (STEP, 1),
    (3 * STEP / 2, 2),
    (5 * STEP / 2, 2),
    (0.5, 16384),
    (0.5 + STEP / 2, 16384),
    (0.5 + 3 * STEP / 2, 16386),
    (1 - 2 * STEP, 32766),
    (1 - 3 * STEP / 2, 32766),
    (1 - STEP, 32767),
    (1 - STEP / 2, 32767),
    (1 - 2**-24, 32767),
    (1.0, 32767),
    (1 + STEP, 32767),
    (3.4e38, 32767),
]


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_the_edges_of_16_bits(format: str) -> None:  # noqa: A002 - the public word
    samples = np.array([sample for sample, _ in EDGES], np.float32)
    wanted = [integer for _, integer in EDGES]
    assert reference(samples, 16).tolist() == wanted
    stored = decode(encode(AudioClip(samples, RATE), format).data)
    assert stored.stored.dtype == np.int16
    assert stored.stored[:, 0].tolist() == wanted


@pytest.mark.parametrize(("sample", "wanted"), EDGES)
def test_an_edge_alone_is_as_in_company(sample: float, wanted: int) -> None:
    """What is clipped depends on the clip's peak, so each sample is tried as the only one too."""
    assert to_int16(AudioClip(np.array([sample]), RATE)).tolist() == [[wanted]]


@pytest.mark.parametrize("length", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 7])
def test_blocks_meet_without_a_seam(length: int, rng: np.random.Generator) -> None:
    samples = rng.uniform(-1.2, 1.2, length).astype(np.float32)
    assert np.array_equal(to_int16(AudioClip(samples, RATE))[:, 0], reference(samples, 16))


def test_every_half_step_goes_to_the_even_neighbour() -> None:
    samples = ((np.arange(-65536, 65536) / 2) * STEP).astype(np.float32)
    assert np.array_equal(to_int16(AudioClip(samples, RATE))[:, 0], reference(samples, 16))


@pytest.mark.parametrize(("name", "beyond"), [("wav", True), ("flac", False)])
def test_libsndfiles_own_integers_are_further_off(name: str, beyond: bool, rng: np.random.Generator) -> None:
    """The reason why ours are made here: for WAV it scales by 2^15 - 1, and so is off by up to a step."""
    samples = rng.uniform(-1, 1 - STEP, 20_000).astype(np.float32)
    file = io.BytesIO()
    soundfile.write(file, samples, RATE, "PCM_16", format=name.upper())
    encoded = encode(AudioClip(samples, RATE), name)
    theirs, ours = (decode(data).samples[:, 0] for data in (file.getvalue(), encoded.data))
    assert np.abs(ours - samples).max() <= STEP / 2
    assert (np.abs(theirs - samples).max() > 0.9 * STEP) == beyond


@pytest.mark.parametrize("bits", [24, 32])
def test_24_and_32_bits_are_the_nearest_too(bits: int, rng: np.random.Generator) -> None:
    step = 2.0 ** (1 - bits)
    edges = [-2, -1, -1 + step, -step, -step / 2, 0, step / 2, step, 3 * step / 2, 1 - step, 1, 2]
    samples = np.concatenate([np.array(edges, np.float32), rng.uniform(-1.1, 1.1, 5000).astype(np.float32)])
    wanted = reference(samples, bits) << (32 - bits)
    assert np.array_equal(to_int32(AudioClip(samples, RATE), bits)[:, 0], wanted)


def test_32_bits_become_16_by_rounding() -> None:
    given = [-(2**31), -(2**15), -(2**15) - 1, 0, 2**15 - 1, 2**15, 2**16, 2**31 - 2**15 - 1, 2**31 - 1]
    wanted = [-32768, 0, -1, 0, 0, 1, 1, 32767, 32767]
    assert to_int16(AudioClip(np.array(given, np.int32), RATE))[:, 0].tolist() == wanted


def test_32_bits_become_24_by_rounding() -> None:
    given = [-(2**31), -(2**7), -(2**7) - 1, 0, 2**7 - 1, 2**7, 2**31 - 1]
    wanted = [-(2**31), 0, -(2**8), 0, 0, 2**8, 2**31 - 2**8]
    assert to_int32(AudioClip(np.array(given, np.int32), RATE), 24)[:, 0].tolist() == wanted


def test_integers_that_fit_are_not_copied() -> None:
    short, long = AudioClip(np.ones(9, np.int16), RATE), AudioClip(np.full(9, 256, np.int32), RATE, bits=24)
    assert to_int16(short) is short.stored
    assert to_int32(long, 24) is long.stored
    assert to_int32(short, 24)[0, 0] == 2**16


@pytest.mark.parametrize(
    ("format", "subtype", "dtype", "bits"),
    [
        ("wav", "PCM_16", np.int16, 16),
        ("wav", "PCM_24", np.int16, 16),
        ("wav", "PCM_24", np.int32, 24),
        ("wav", "PCM_32", np.int16, 16),
        ("wav", "PCM_32", np.int32, 24),
        ("wav", "PCM_32", np.int32, 32),
        ("wav", "PCM_16", np.int32, 16),
        ("flac", "PCM_16", np.int16, 16),
        ("flac", "PCM_24", np.int16, 16),
        ("flac", "PCM_24", np.int32, 24),
    ],
)
def test_integers_that_fit_come_back_bit_for_bit(
    format: str,  # noqa: A002
    subtype: str,
    dtype: type[np.signedinteger[Any]],
    bits: int,
    rng: np.random.Generator,
) -> None:
    width = 8 * np.dtype(dtype).itemsize
    limit = 2 ** (bits - 1)
    samples = (rng.integers(-limit, limit, (3000, 2)) << (width - bits)).astype(dtype)
    samples[:2, 0] = np.array([-limit, limit - 1]) << (width - bits)
    back = decode(encode(AudioClip(samples, RATE, bits=bits), format, subtype).data)
    up = 8 * (back.stored.itemsize - samples.itemsize)
    wanted = samples.astype(np.int64) << up if up >= 0 else samples.astype(np.int64) >> -up
    assert np.array_equal(back.stored, wanted)


@given(
    st.lists(st.floats(-1, 1 - STEP / 2, width=32), min_size=1, max_size=200),
    st.sampled_from([("wav", "PCM_16", 16), ("flac", "PCM_16", 16), ("wav", "PCM_24", 24), ("flac", "PCM_24", 24)]),
)
def test_what_comes_back_is_within_half_a_step(samples: list[float], into: tuple[str, str, int]) -> None:
    name, subtype, bits = into
    clip = AudioClip(np.array(samples, np.float32), RATE)
    encoded = encode(clip, name, subtype)
    back = decode(encoded.data)
    wanted = np.minimum(clip.samples, 1 - 2.0 ** (1 - bits))
    assert np.abs(back.samples.astype(np.float64) - wanted).max() <= 2.0**-bits
    assert encoded.clipped_samples == 0


@given(st.lists(st.floats(-4, 4, width=32), min_size=1, max_size=200))
def test_wav_and_flac_hold_the_same_integers(samples: list[float]) -> None:
    clip = AudioClip(np.array(samples, np.float32), RATE)
    from_wav, from_flac = (decode(encode(clip, name).data).stored for name in ("wav", "flac"))
    assert np.array_equal(from_wav, from_flac)
    assert np.array_equal(from_wav[:, 0], reference(samples, 16))

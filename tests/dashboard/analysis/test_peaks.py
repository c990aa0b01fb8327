"""Peaks: exact, each frame in one bucket, the same whichever way they are put together."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.dashboard.analysis import Peaks, peaks
from audio_logging.dashboard.analysis.blocks import open_blocks
from audio_logging.dashboard.analysis.peaks import Overview, overview
from audio_logging.errors import AudioValueError
from tests.dashboard.analysis.conftest import Store


def ranges(found: Peaks) -> npt.NDArray[np.int16]:
    """[shape=(channels, buckets, 2)]"""
    return np.frombuffer(found.data, "<i2").reshape(found.channels, found.n, 2)


def truth(samples: npt.NDArray[Any], n: int) -> npt.NDArray[np.int16]:
    """One bucket after the other, as anybody would write it."""
    samples = samples.reshape(len(samples), -1)
    found = np.zeros((samples.shape[1], n, 2), np.int16)
    for bucket in range(n):
        first = bucket * len(samples) // n
        last = max((bucket + 1) * len(samples) // n, first + 1)
        for channel, values in enumerate(np.clip(samples[first:last], -1, 1).T):
            found[channel, bucket] = np.rint(values.min() * 32767), np.rint(values.max() * 32767)
    return found


@pytest.mark.parametrize("channels", [1, 2, 32])
@pytest.mark.parametrize("frames", [1, 2, 63, 64, 65, 1000, 16_000, 70_001])
@pytest.mark.parametrize("n", [1, 3, 64, 1000])
def test_peaks_are_the_smallest_and_largest_samples(
    store: Store, rng: np.random.Generator, channels: int, frames: int, n: int
) -> None:
    samples = np.asarray(rng.uniform(-1, 1, (frames, channels)), np.float32)
    found = peaks(store(samples, subtype="FLOAT"), n)
    assert (found.channels, found.n, len(found.data)) == (channels, n, 4 * channels * n)
    expected = truth(samples, n)
    if frames >= n * 4096:  # long buckets begin at a multiple of 256 frames
        edges = np.arange(n) * -(-frames // 256) // n * 256
        expected = np.stack(
            [np.rint(f.reduceat(samples, edges, axis=0).T * 32767) for f in (np.minimum, np.maximum)], axis=-1
        )
    assert np.array_equal(ranges(found), expected)


@pytest.mark.parametrize("n", [1, 2, 63, 64, 65, 4096])
@pytest.mark.parametrize("frames", [4096, 30_001, 300_000, 1_000_003])
def test_every_frame_is_in_exactly_one_bucket(store: Store, frames: int, n: int) -> None:
    last_bucket = 0
    for place in sorted({0, frames // n, frames // n + 1, 65_535, 65_536, frames // 2, frames - 1}):
        if place >= frames:
            continue
        samples = np.zeros(frames, np.int16)
        samples[place] = 1000
        (bucket,) = np.flatnonzero(ranges(peaks(store(samples), n))[0, :, 1]).tolist()
        assert last_bucket <= bucket
        assert abs(bucket - place * n / frames) <= 1.1
        last_bucket = bucket
    assert last_bucket == n - 1


def test_full_scale_silence_and_beyond(store: Store) -> None:
    samples = np.array([0.0, 1.0, -1.0, 7.5, -7.5, 1e-9, np.nan, np.inf])
    assert ranges(peaks(store(samples, subtype="FLOAT"), 8))[0, :, 0].tolist() == [
        0, 32767, -32767, 32767, -32767, 0, 0, 0,
    ]  # fmt: skip


def test_sixteen_bits_keep_their_value(store: Store) -> None:
    samples = np.array([0, 1, -1, 100, -12345, 32767, -32768], np.int16)
    assert ranges(peaks(store(samples), 7))[0, :, 0].tolist() == [0, 1, -1, 100, -12345, 32766, -32767]


def test_more_buckets_than_frames_repeat_frames(store: Store) -> None:
    found = ranges(peaks(store(np.array([0.25, -0.5]), subtype="FLOAT"), 5))
    assert found[0].tolist() == [[8192, 8192]] * 3 + [[-16384, -16384]] * 2


def test_an_empty_clip_is_flat(store: Store) -> None:
    found = peaks(store(np.zeros((0, 2))), 10)
    assert (found.channels, found.n, found.data) == (2, 10, bytes(80))


def test_the_first_32_of_many_channels(store: Store) -> None:
    samples = np.tile(np.arange(40) / 40, (1000, 1))
    found = peaks(store(samples, subtype="FLOAT"), 4)
    assert found.channels == 32
    assert ranges(found)[:, 0, 1].tolist() == np.rint(np.arange(32) / 40 * 32767).tolist()


def test_a_part_of_a_clip(store: Store, rng: np.random.Generator) -> None:
    samples = np.asarray(rng.uniform(-1, 1, (20_000, 2)), np.float32)
    file = store(samples, 10_000, subtype="FLOAT")
    assert np.array_equal(ranges(peaks(file, 50, start=0.5, end=1.25)), truth(samples[5000:12_500], 50))
    assert np.array_equal(ranges(peaks(file, 50, start=1.9)), truth(samples[19_000:], 50))
    assert np.array_equal(ranges(peaks(file, 50, end=90.0)), truth(samples, 50))


def test_a_click_of_a_millisecond_is_seen_in_ten_minutes(store: Store) -> None:
    samples = np.zeros(600 * 8000, np.int16)
    samples[3_333_333 : 3_333_333 + 8] = 20_000
    found = ranges(peaks(store(samples, 8000), 64))
    assert found[0, :, 1].max() == 19_999  # 20000 / 32768 of 32767
    assert np.count_nonzero(found) == 1


def test_long_clips_are_split_at_steps_of_256_frames(store: Store, rng: np.random.Generator) -> None:
    samples = np.asarray(rng.uniform(-1, 1, 1_000_003), np.float32)
    found = ranges(peaks(store(samples, subtype="FLOAT"), 100))
    edges = np.arange(100) * 3907 // 100 * 256  # 3907 stretches of 256 frames hold them all
    assert np.array_equal(found[0, :, 0], np.rint(np.minimum.reduceat(samples, edges) * 32767))
    assert np.array_equal(found[0, :, 1], np.rint(np.maximum.reduceat(samples, edges) * 32767))


def test_an_overview_says_what_each_stretch_holds(store: Store, rng: np.random.Generator) -> None:
    samples = np.asarray(rng.uniform(-1, 1, (70_000, 2)), np.float32)
    with open_blocks(store(samples, subtype="FLOAT")) as reader:
        found = overview(reader, 70_000)
    assert (found.frames, found.stretch, found.ranges.shape) == (70_000, 256, (274, 2, 2))
    assert np.array_equal(found.ranges[273, 1], np.rint(samples[273 * 256 :].max(axis=0) * 32767))
    again = Overview.from_bytes(found.to_bytes())
    assert (again.frames, again.stretch) == (found.frames, found.stretch)
    assert np.array_equal(again.ranges, found.ranges)


def test_an_overview_of_a_very_long_clip_is_coarser(store: Store) -> None:
    with open_blocks(store(np.zeros((300_000, 32), np.int16))) as reader:
        reader_of_more = overview(reader, 300_000)
    assert reader_of_more.ranges.shape[0] * 32 <= 2**19


@pytest.mark.parametrize("n", [0, -1, 4097])
def test_how_many_buckets(store: Store, n: int) -> None:
    with pytest.raises(AudioValueError, match=f"got n={n}, wanted 1 to 4096 buckets"):
        peaks(store(np.zeros(10)), n)


def test_peaks_and_their_function_travel_to_other_processes(store: Store) -> None:
    file, function = pickle.loads(pickle.dumps((store(np.zeros(10)), peaks)))
    found = function(file, 4)
    assert pickle.loads(pickle.dumps(found)) == found

"""Levels and peaks together are what they are alone, of short clips and of long ones, whole or damaged."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from audio_logging.dashboard.analysis import levels, levels_and_peaks, peaks
from audio_logging.dashboard.analysis.blocks import BLOCK, EndsEarlyError, open_blocks
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.errors import AudioDecodeError
from tests.dashboard.analysis.conftest import Store, sound_bytes


@pytest.mark.parametrize("channels", [1, 2, 5])
@pytest.mark.parametrize("samples", [0, 1, 63, 5000, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
@pytest.mark.parametrize("buckets", [1, 64])
def test_together_they_are_what_they_are_alone(store: Store, samples: int, channels: int, buckets: int) -> None:
    rng = np.random.default_rng(samples)
    file = store(rng.uniform(-1.2, 1.2, (samples // channels, channels)), subtype="FLOAT")
    assert levels_and_peaks(file, lambda level: buckets) == (levels(file), peaks(file, buckets))


def test_the_number_of_buckets_may_depend_on_the_length(store: Store) -> None:
    level, ranges = levels_and_peaks(store(np.zeros(500)), lambda level: level["frames"] // 10)
    assert (level["frames"], ranges.n) == (500, 50)


def test_a_truncated_file_is_told_as_far_as_it_goes(store_bytes: Callable[[bytes], StoredFile]) -> None:
    file = store_bytes(sound_bytes(np.linspace(-0.5, 0.5, 8000), 16_000, "WAV")[:-6000])
    level, ranges = levels_and_peaks(file, lambda level: 8)
    assert (level, ranges) == (levels(file), peaks(file, 8))
    assert level["frames"] == 5000


def test_a_file_of_which_nothing_is_left_is_not_silence(store_bytes: Callable[[bytes], StoredFile]) -> None:
    whole = sound_bytes(np.random.default_rng(0).normal(0, 0.1, 24_000), 48_000, "OGG", "VORBIS")
    for measure in (levels, lambda file: peaks(file, 8), lambda file: levels_and_peaks(file, lambda level: 8)):
        with pytest.raises(AudioDecodeError, match="truncated"):
            measure(store_bytes(whole[: len(whole) // 2]))
    assert levels(store_bytes(sound_bytes(np.zeros(0), 48_000, "OGG", "VORBIS")))["frames"] == 0


def test_no_audio_is_an_error(store_bytes: Callable[[bytes], StoredFile]) -> None:
    with pytest.raises(AudioDecodeError):
        levels_and_peaks(store_bytes(b"no audio"), lambda level: 8)


def test_a_short_file_is_read_again_from_memory(store: Store) -> None:
    samples = np.arange(-50, 50, dtype=np.float32)[:, np.newaxis] / 100
    with open_blocks(store(samples, subtype="FLOAT")) as reader:
        held = [reader.is_held]
        [whole] = reader.blocks()
        held.append(reader.is_held)
        assert held == [False, True]
        [part] = reader.blocks(10, 20)
        np.testing.assert_array_equal(part, whole[10:20])
        assert list(reader.blocks(100)) == []
        with pytest.raises(EndsEarlyError, match="100 frames"):
            list(reader.blocks(90, 101))


def test_a_file_of_which_a_part_was_read_is_not_held(store: Store) -> None:
    with open_blocks(store(np.zeros(1000))) as reader:
        list(reader.blocks(500))
        assert not reader.is_held
    with open_blocks(store(np.zeros(1000))) as reader:
        list(reader.blocks(0, 500))
        assert not reader.is_held
    with open_blocks(store(np.zeros(BLOCK + 1))) as reader:
        list(reader.blocks())
        assert not reader.is_held

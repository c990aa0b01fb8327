from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audio_logging.datasets.conversion import Conversion, channel_choice
from audio_logging.errors import AudioShapeError, AudioValueError

RATES = [(8000, 16000), (44100, 16000), (16000, 44100), (48000, 44100), (22050, 8000), (8000, 4000)]


@pytest.mark.parametrize(("old", "new"), RATES)
@pytest.mark.parametrize("frames", [1, 2, 99, 100, 101, 4410, 12345])
def test_resampled_length_is_rounded_to_the_nearest(old: int, new: int, frames: int) -> None:
    samples = np.ones((frames, 2), np.float32)
    assert Conversion(new).apply(samples, old).shape == ((2 * frames * new + old) // (2 * old), 2)


@pytest.mark.parametrize(("old", "new"), RATES)
def test_resampling_delays_nothing(old: int, new: int) -> None:
    frequency = 500
    before = np.sin(2 * np.pi * frequency * np.arange(old)[:, np.newaxis] / old).astype(np.float32)
    expected = np.sin(2 * np.pi * frequency * np.arange(new)[:, np.newaxis] / new)
    after = Conversion(new).apply(before, old)
    middle = slice(new // 10, -new // 10)
    assert np.abs(after[middle] - expected[middle]).max() < 1e-3


def test_equal_rates_change_nothing() -> None:
    samples = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    assert Conversion(8000).apply(samples, 8000) is samples


def test_empty_clips_stay_empty() -> None:
    assert Conversion(16000, 1).apply(np.empty((0, 2), np.float32), 8000).shape == (0, 1)


def test_mono_is_the_mean_and_leaves_its_input_alone() -> None:
    samples = np.array([[1, 0, -1], [0.5, 0.25, 0]], np.float32)
    before = samples.copy()
    assert Conversion(channels=1).apply(samples, 8000).tolist() == [[0.0], [0.25]]
    assert np.array_equal(samples, before)


def test_mono_is_copied_to_as_many_channels_as_asked_for() -> None:
    assert Conversion(channels=3).apply(np.array([[1], [2]], np.float32), 8000).tolist() == [[1] * 3, [2] * 3]


def test_channels_are_chosen_by_number() -> None:
    samples = np.array([[1, 2, 3]], np.float32)
    assert Conversion(channels=(2, 0)).apply(samples, 8000).tolist() == [[3, 1]]


@pytest.mark.parametrize(
    ("channels", "message"),
    [(2, r"has 3 channels, wanted 2\. Say which, for example channels=\[0, 1\]"), ((3,), "has 3 channels, .* 3")],
    ids=str,
)
def test_channels_that_are_not_there_are_an_error(channels: Any, message: str) -> None:
    with pytest.raises(AudioShapeError, match=message):
        Conversion(channels=channels).apply(np.zeros((4, 3), np.float32), 8000)


@pytest.mark.parametrize(
    ("mono", "channels", "message"),
    [
        (True, 2, "mono=True and channels=2"),
        (False, 0, "channels=0, wanted 1 to 1024"),
        (False, True, "channels=True"),
        (False, 1025, "channels=1025"),
        (False, 1.5, "channels=1.5"),
        (False, [], r"channels=\[\]"),
        (False, [-1], r"channels=\[-1\]"),
    ],
)
def test_impossible_channels_are_refused(mono: bool, channels: Any, message: str) -> None:
    with pytest.raises(AudioValueError, match=message):
        channel_choice(mono, channels)


def test_conversion_is_needed_only_when_it_would_change_something() -> None:
    assert not Conversion().is_needed(8000, 2)
    assert not Conversion(8000, 2).is_needed(8000, 2)
    assert Conversion(8000).is_needed(16000, 2)
    assert Conversion(channels=(0, 1)).is_needed(8000, 2)


@pytest.mark.parametrize(
    ("mono", "channels", "choice"),
    [
        (False, None, None),
        (True, None, 1),
        (True, 1, 1),
        (False, 6, 6),
        (False, [1, 0], (1, 0)),
        (False, (2,), (2,)),
        (False, np.int64(6), 6),
    ],
)
def test_channels_are_a_number_or_a_choice(mono: bool, channels: Any, choice: Any) -> None:
    assert channel_choice(mono, channels) == choice

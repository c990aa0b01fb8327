"""Loudness against the standard's numbers, EBU's test sequences, a plain recursion and scipy."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.dashboard.analysis.loudness import (
    RATES as POSSIBLE_RATES,
)
from audio_logging.dashboard.analysis.loudness import (
    Loudness,
    channel_weights,
    k_weighting,
    k_weighting_response,
)

Floats = npt.NDArray[np.float64]

RATES = [4000, 8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000]


def loudness(samples: npt.ArrayLike, rate: int, block: int = 65_536) -> float | None:
    samples = np.asarray(samples, np.float32)
    samples = samples[:, np.newaxis] if samples.ndim == 1 else samples
    meter = Loudness(rate, samples.shape[1])
    for start in range(0, len(samples), block):
        meter.add(samples[start : start + block])
    return meter.integrated()


def tone(level: float, seconds: float, rate: int = 48_000, frequency: float = 1000) -> Floats:
    time = np.arange(round(seconds * rate)) / rate
    return np.asarray(10 ** (level / 20) * np.sin(2 * np.pi * frequency * time))


def stereo(parts: list[tuple[float, float]], rate: int) -> Floats:
    samples = np.concatenate([tone(level, seconds, rate) for level, seconds in parts])
    return np.stack([samples, samples], axis=1)


def recursion(samples: Floats, rate: int) -> Floats:
    """Both filters, sample by sample, as the standard draws them."""
    for b, a in k_weighting(rate):
        one = two = 0.0
        out = np.empty_like(samples)
        for at, value in enumerate(samples.tolist()):
            now = value - a[1] * one - a[2] * two
            out[at] = b[0] * now + b[1] * one + b[2] * two
            one, two = now, one
        samples = out
    return samples


def plain_loudness(weighted: Floats, rate: int, weights: Floats) -> float:
    """From K-weighted samples [shape=(frames, channels)], as the standard writes it."""
    starts = [step * rate // 10 for step in range(len(weighted) * 10 // rate - 3)]
    ends = [(step + 4) * rate // 10 for step in range(len(starts))]
    energy = np.array([(weighted[s:e] ** 2).mean(axis=0) @ weights for s, e in zip(starts, ends, strict=True)])
    level = -0.691 + 10 * np.log10(energy)
    gate = -0.691 + 10 * math.log10(energy[level > -70].mean()) - 10
    return -0.691 + 10 * math.log10(energy[(level > -70) & (level > gate)].mean())


def test_at_48_khz_the_filters_are_those_of_the_standard() -> None:
    (shelf_b, shelf_a), (pass_b, pass_a) = k_weighting(48_000)
    assert shelf_b == pytest.approx((1.53512485958697, -2.69169618940638, 1.19839281085285), abs=1e-13)
    assert shelf_a == pytest.approx((1, -1.69065929318241, 0.73248077421585), abs=1e-13)
    assert pass_b == pytest.approx((1, -2, 1), abs=1e-13)
    assert pass_a == pytest.approx((1, -1.99004745483398, 0.99007225036621), abs=1e-13)


@pytest.mark.parametrize("rate", RATES)
def test_other_rates_hear_the_same(rate: int) -> None:
    """Below the first filter's corner at least; above it a bilinear transform squeezes the axis."""
    frequencies = np.arange(10, min(1000, rate // 8), 10)
    here = np.abs(k_weighting_response(rate, rate)[frequencies])
    there = np.abs(k_weighting_response(48_000, 48_000)[frequencies])
    assert 20 * np.log10(here / there) == pytest.approx(0, abs=0.25 if rate < 16_000 else 0.06)


@pytest.mark.parametrize("rate", RATES)
def test_what_is_cut_off_the_impulse_response_is_nothing(rate: int) -> None:
    impulse = np.zeros(rate)
    impulse[0] = 1
    response = recursion(impulse, rate)
    assert np.abs(response[math.ceil(0.1 * rate) :]).sum() < 1e-8


@pytest.mark.parametrize("block", [100, 4096, 65_536, 10**6])
@pytest.mark.parametrize("rate", [8000, 44_100])
def test_it_is_what_a_plain_recursion_gives(rng: np.random.Generator, rate: int, block: int) -> None:
    samples = rng.standard_normal((2 * rate + 77, 2)) * np.linspace(0.001, 0.3, 2 * rate + 77)[:, np.newaxis]
    samples = np.float32(samples).astype(float) + 0.05
    weighted = np.stack([recursion(channel, rate) for channel in samples.T], axis=1)
    expected = plain_loudness(weighted, rate, np.ones(2))
    assert loudness(samples, rate, block) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("channels", [1, 2, 5, 6, 8])
@pytest.mark.parametrize("rate", RATES)
def test_it_is_what_scipy_s_filters_give(
    rng: np.random.Generator, require: Callable[[str], ModuleType], rate: int, channels: int
) -> None:
    signal = require("scipy.signal")
    samples = rng.standard_normal((3 * rate + 13, channels)) * 0.1 * 10 ** (-np.arange(channels) / 10)
    samples[rate : rate + rate // 2] *= 0.001
    weighted = samples.astype(np.float32).astype(float)
    for b, a in k_weighting(rate):
        weighted = signal.lfilter(b, a, weighted, axis=0)
    expected = plain_loudness(weighted, rate, channel_weights(channels))
    assert loudness(samples, rate) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000, 96_000, 192_000])
def test_a_sine_of_full_scale_in_one_channel_is_minus_3(rate: int) -> None:
    assert loudness(tone(0, 2, rate, 997), rate) == pytest.approx(-3.01, abs=0.02 if rate >= 44_100 else 0.25)


@pytest.mark.parametrize("rate", [16_000, 48_000])
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23, 20)], -23),
        ([(-33, 20)], -33),
        ([(-36, 10), (-23, 60), (-36, 10)], -23),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
    ],
)
def test_sequences_1_to_5_of_ebu_tech_3341(parts: list[tuple[float, float]], expected: float, rate: int) -> None:
    assert loudness(stereo(parts, rate), rate) == pytest.approx(expected, abs=0.1)


def test_sequence_6_of_ebu_tech_3341() -> None:
    levels = (-28, -28, -24, -30, -30)  # left, right, centre, surround left and right
    five = np.stack([tone(level, 20) for level in levels], axis=1)
    assert loudness(five, 48_000) == pytest.approx(-23, abs=0.1)
    six = np.insert(five, 3, tone(0, 20, frequency=60), axis=1)  # low frequencies do not count
    assert loudness(six, 48_000) == pytest.approx(-23, abs=0.1)


def test_channel_weights() -> None:
    assert channel_weights(1).tolist() == [1]
    assert channel_weights(2).tolist() == [1, 1]
    assert channel_weights(4).tolist() == [1, 1, 1, 1]
    assert channel_weights(5).tolist() == [1, 1, 1, 1.41, 1.41]
    assert channel_weights(6).tolist() == [1, 1, 1, 0, 1.41, 1.41]
    assert channel_weights(8).tolist() == [1] * 8


def test_twice_the_amplitude_is_6_db_more(rng: np.random.Generator) -> None:
    samples = 0.1 * rng.standard_normal(48_000)
    low, high = loudness(samples, 48_000), loudness(2 * samples, 48_000)
    assert low is not None and high is not None
    assert high - low == pytest.approx(6.02, abs=0.01)


def test_pauses_do_not_count() -> None:
    spoken = tone(-20, 5, 16_000)
    with_pause = np.concatenate([spoken, np.zeros(20 * 16_000), spoken])
    assert loudness(with_pause, 16_000) == pytest.approx(loudness(spoken, 16_000), abs=0.15)


@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.2, 0.399])
def test_shorter_than_a_block_the_whole_clip_is_one(seconds: float) -> None:
    samples = tone(-20, seconds, 16_000)
    expected = -0.691 + 10 * math.log10((recursion(samples, 16_000) ** 2).mean())
    assert loudness(samples, 16_000) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    "samples", [np.zeros(0), np.zeros(1), np.zeros(20_000), 1e-5 * np.ones(20_000), tone(-75, 2, 16_000)]
)
def test_silence_has_no_loudness(samples: Floats) -> None:
    assert loudness(samples, 16_000) is None


def test_one_sample() -> None:
    assert loudness(np.ones(1), 48_000) == pytest.approx(-0.691 + 20 * math.log10(1.53512485958697), abs=1e-3)


def test_the_highest_rate_is_heard() -> None:
    assert loudness(tone(0, 0.5, POSSIBLE_RATES[-1], 997), POSSIBLE_RATES[-1]) == pytest.approx(-3.01, abs=0.02)


def test_the_lowest_rate_is_still_stable() -> None:
    assert np.abs(k_weighting_response(POSSIBLE_RATES[0], 4096)).max() < 2
    for _, (_, first, second) in k_weighting(POSSIBLE_RATES[0]):
        assert np.abs(np.roots([1, first, second])).max() < 1

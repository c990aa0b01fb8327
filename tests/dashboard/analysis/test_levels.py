"""Levels of files: peak, mean square, clipping, offset."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.dashboard.analysis import Cancelled, levels
from audio_logging.dashboard.analysis.blocks import BLOCK
from tests.dashboard.analysis.conftest import Store

Sine = Callable[..., npt.NDArray[np.float32]]


def test_a_sine(store: Store, sine: Sine) -> None:
    found = levels(store(sine(1000, 48_000, 2, level=-6), 48_000, subtype="FLOAT"))
    assert found["peak"] == pytest.approx(10 ** (-6 / 20), abs=1e-4)
    assert found["peak_db"] == pytest.approx(-6, abs=0.001)
    assert found["true_peak_db"] == pytest.approx(-6, abs=0.1)
    assert found["rms_db"] == pytest.approx(-6 - 3.0103, abs=0.001)
    assert found["lufs"] == pytest.approx(-9, abs=0.02)
    assert found["dc"] == pytest.approx(0, abs=1e-6)
    assert (found["clipped_samples"], found["invalid_samples"]) == (0, 0)
    assert (found["frames"], found["sample_rate"], found["channels"]) == (96_000, 48_000, 1)


@pytest.mark.parametrize("frames", [0, 1, 16_000])
def test_silence_is_json(store: Store, frames: int) -> None:
    assert json.loads(json.dumps(levels(store(np.zeros((frames, 2)))))) == {
        "peak": 0.0,
        "peak_db": None,
        "rms_db": None,
        "lufs": None,
        "true_peak_db": None,
        "clipped_samples": 0,
        "dc": 0.0,
        "invalid_samples": 0,
        "frames": frames,
        "sample_rate": 16_000,
        "channels": 2,
    }


def test_the_offset_is_that_of_the_worst_channel(store: Store) -> None:
    samples = np.tile([0.1, -0.25, 0.0], (BLOCK, 1))
    assert levels(store(samples, subtype="FLOAT"))["dc"] == pytest.approx(-0.25, abs=1e-6)


def test_rms_is_that_of_all_channels(store: Store) -> None:
    samples = np.tile([0.6, 0.0], (1000, 1))
    assert levels(store(samples, subtype="FLOAT"))["rms_db"] == pytest.approx(10 * np.log10(0.18), abs=1e-4)


def test_floating_point_beyond_full_scale_is_clipped(store: Store) -> None:
    samples = np.array([[1.0, -1.0], [1.001, 0.0], [-5.0, 1.2], [0.0, 0.0]])
    found = levels(store(samples, subtype="FLOAT"))
    assert (found["clipped_samples"], found["peak"]) == (3, 5.0)


TOP, BOTTOM = 32767, -32768


@pytest.mark.parametrize(
    ("samples", "clipped"),
    [
        ([0, TOP, 0], 0),
        ([0, TOP, TOP, 0], 0),
        ([0, TOP, TOP, TOP, 0], 3),
        ([TOP, TOP, TOP], 3),
        ([TOP, TOP, TOP - 1, TOP], 0),
        ([TOP, BOTTOM, TOP, BOTTOM], 4),
        ([TOP] * 5 + [0] + [BOTTOM] * 3 + [0, TOP], 8),
        ([TOP - 1] * 10, 0),
        ([BOTTOM + 1] * 10, 0),
    ],
)
def test_integers_are_clipped_where_three_in_a_row_hit_the_wall(store: Store, samples: list[int], clipped: int) -> None:
    assert levels(store(np.array(samples, np.int16)))["clipped_samples"] == clipped


@pytest.mark.parametrize("length", [1, 2, 3, 4, BLOCK + 10])
@pytest.mark.parametrize("before", [0, 1, 2, 3, 5])
def test_runs_are_counted_across_blocks(store: Store, length: int, before: int) -> None:
    samples = np.zeros(3 * BLOCK, np.int16)
    samples[BLOCK - before : BLOCK - before + length] = TOP
    assert levels(store(samples))["clipped_samples"] == (length if length >= 3 else 0)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
def test_every_width_has_its_wall(store: Store, subtype: str) -> None:
    samples = np.stack([np.tile([0.5] + [1.5] * 4, 20), np.tile([-1.5] * 4 + [-0.5], 20)], axis=1)
    assert levels(store(samples, subtype=subtype))["clipped_samples"] == 160
    assert levels(store(0.99 * np.ones(100), subtype=subtype))["clipped_samples"] == 0


def test_nan_and_infinity_are_counted(store: Store) -> None:
    found = levels(store(np.array([np.nan, 0.5, np.inf, -np.inf]), subtype="FLOAT"))
    assert (found["invalid_samples"], found["peak"], found["clipped_samples"]) == (3, 0.5, 0)


@pytest.mark.parametrize("rate", [1, 100, 3999, 768_001, 2**31 - 1])
def test_absurd_sample_rates_have_levels(store: Store, rate: int) -> None:
    found = levels(store(0.5 * np.ones(100), rate))
    assert found["peak"] == 0.5
    assert found["lufs"] is None


def test_32_channels_and_more(store: Store, rng: np.random.Generator) -> None:
    for channels in (32, 300):
        found = levels(store(0.1 * rng.standard_normal((2000, channels)), subtype="FLOAT"))
        assert found["channels"] == channels
        assert found["rms_db"] == pytest.approx(-20, abs=0.2)
        assert (found["lufs"] is None) == (channels > 32)


@pytest.mark.parametrize(
    ("container", "subtype"), [("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]
)
def test_every_format_has_about_the_same(store: Store, sine: Sine, container: str, subtype: str) -> None:
    samples = np.stack([sine(440, 48_000, 3, level=-12)] * 2, axis=1)
    plain, packed = (levels(store(samples, 48_000, *kind)) for kind in (("WAV", "PCM_16"), (container, subtype)))
    for name, tolerance in (("rms_db", 0.3), ("lufs", 0.3), ("peak_db", 2.0), ("true_peak_db", 2.0)):
        values: list[Any] = [found[name] for found in (plain, packed)]  # type: ignore[literal-required]
        assert values[0] == pytest.approx(values[1], abs=tolerance)


def test_levels_and_their_function_travel_to_other_processes(store: Store, sine: Sine) -> None:
    file, function = pickle.loads(pickle.dumps((store(sine(1000)), levels)))
    assert pickle.loads(pickle.dumps(function(file))) == levels(file)


def test_they_can_be_cancelled(store: Store) -> None:
    with pytest.raises(Cancelled):
        levels(store(np.zeros(100)), cancelled=lambda: True)

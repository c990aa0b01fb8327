"""Frequency axes, against the formulas of the contract."""

from __future__ import annotations

import math

import numpy as np
import pytest

from audio_logging.dashboard.analysis.scales import SCALES, row_edges

RATES = [8000, 16_000, 44_100, 192_000]


def mel(frequency: float) -> float:
    return 2595 * math.log10(1 + frequency / 700)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("height", [1, 2, 200, 512])
def test_rows_rise_without_gaps_up_to_half_the_rate(scale: str, rate: int, height: int) -> None:
    edges = row_edges(scale, rate, height)
    assert len(edges) == height + 1
    assert (np.diff(edges) > 0).all()
    assert edges[-1] == rate / 2
    assert edges[0] == pytest.approx(max(20, rate / 2 / 1000) if scale == "log" else 0)


@pytest.mark.parametrize("rate", RATES)
def test_rows_are_equally_high(rate: int) -> None:
    assert np.diff(row_edges("linear", rate, 100)) == pytest.approx(rate / 200)
    assert np.diff([mel(edge) for edge in row_edges("mel", rate, 100)]) == pytest.approx(mel(rate / 2) / 100)
    edges = row_edges("log", rate, 100)
    assert edges[1:] / edges[:-1] == pytest.approx((rate / 2 / edges[0]) ** 0.01)


def test_1000_hertz_is_about_1000_mel() -> None:
    assert mel(1000) == pytest.approx(1000, abs=0.1)
    edges = row_edges("mel", 2 * round(700 * (10 ** (2000 / 2595) - 1)), 2)
    assert edges[1] == pytest.approx(1000, abs=0.5)


@pytest.mark.parametrize("rate", [1, 10, 30, 40, 100])
def test_absurd_rates_have_a_logarithmic_axis_too(rate: int) -> None:
    edges = row_edges("log", rate, 50)
    assert (np.diff(edges) > 0).all()
    assert edges[-1] == rate / 2

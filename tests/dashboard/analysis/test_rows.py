"""Rows hold each bin once, and the line between bins where they are finer."""

from __future__ import annotations

import numpy as np
import pytest

from audio_logging.dashboard.analysis.rows import Rows
from audio_logging.dashboard.analysis.scales import SCALES, row_edges


@pytest.mark.parametrize("window", [64, 512, 8192])
@pytest.mark.parametrize("height", [1, 7, 200, 512])
@pytest.mark.parametrize("scale", SCALES)
def test_each_bin_is_in_the_row_of_its_frequency(scale: str, height: int, window: int) -> None:
    rows = Rows.of(scale, 16_000, height, window)
    edges = row_edges(scale, 16_000, height)
    for number in range(0, window // 2 + 1, max(1, window // 128)):
        power = np.zeros((1, window // 2 + 1), np.float32)
        power[0, number] = 1
        levels = rows.levels(power)[0]
        frequency = number * 16_000 / window
        holding = np.flatnonzero(levels > -0.001)
        if frequency < edges[0] - 1e-6:
            assert len(holding) == 0
            continue
        expected = min(int(np.searchsorted(edges, frequency + 1e-6, side="right")) - 1, height - 1)
        assert holding.tolist() == [expected]


def test_rows_between_bins_show_the_line_between_their_levels() -> None:
    rows = Rows.of("linear", 64, 128, 64)  # bins at 0 to 32 Hz, four rows each
    power = np.float32(10) ** -np.arange(33, dtype=np.float32)[np.newaxis]  # 0, -10, -20 ... dB
    levels = rows.levels(power)[0]
    assert levels[:5] == pytest.approx([0, -3.75, -6.25, -8.75, -10], abs=1e-3)
    assert (np.diff(levels[:100]) < 0).all()


def test_nothing_is_very_low_but_finite() -> None:
    assert Rows.of("mel", 16_000, 10, 512).levels(np.zeros((3, 257), np.float32)) == pytest.approx(-300)

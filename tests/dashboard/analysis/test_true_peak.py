"""True peaks: the sines of EBU Tech 3341, whose samples miss their tops."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.dashboard.analysis.true_peak import TruePeak


def true_peak(samples: npt.ArrayLike, rate: int = 48_000, block: int = 10_000) -> float:
    values = np.asarray(samples, np.float32)
    values = values[:, np.newaxis] if values.ndim == 1 else values
    meter = TruePeak(rate, values.shape[1])
    for start in range(0, len(values), block):
        meter.add(values[start : start + block])
    return meter.value()


def faded_sine(cycles: float, phase: float, amplitude: float, rate: int = 48_000) -> npt.NDArray[np.float64]:
    """A sine of so many cycles a sample, without an edge."""
    samples = amplitude * np.sin(2 * np.pi * cycles * np.arange(rate) + np.deg2rad(phase))
    fade = np.minimum(np.arange(rate) / 2000, 1)
    return np.asarray(samples * fade * fade[::-1])


@pytest.mark.parametrize(
    ("cycles", "phase", "amplitude", "expected"),
    [(1 / 4, 0, 0.5, -6), (1 / 4, 45, 0.5, -6), (1 / 6, 60, 0.5, -6), (1 / 8, 67.5, 0.5, -6), (1 / 4, 45, 1.41, 3)],
)
def test_sequences_15_to_19_of_ebu_tech_3341(cycles: float, phase: float, amplitude: float, expected: float) -> None:
    found = 20 * np.log10(true_peak(faded_sine(cycles, phase, amplitude)))
    assert expected - 0.4 <= found <= expected + 0.2


@pytest.mark.parametrize(("rate", "sees"), [(8000, True), (44_100, True), (96_000, True), (192_000, False)])
def test_high_rates_need_less(rate: int, sees: bool) -> None:
    assert (true_peak(faded_sine(1 / 4, 45, 0.5, rate), rate) > 0.45) == sees


@pytest.mark.parametrize("block", [1, 7, 4096, 10**6])
def test_blocks_do_not_matter(rng: np.random.Generator, block: int) -> None:
    samples = 0.3 * rng.standard_normal((3000, 3))
    assert true_peak(samples, block=block) == pytest.approx(true_peak(samples), rel=1e-5)


@pytest.mark.parametrize(
    "samples", [np.zeros((0, 2)), np.zeros((5, 32)), np.full((1, 1), 0.5), np.full((300, 1024), -0.25)]
)
def test_it_is_never_less_than_the_samples(samples: npt.NDArray[np.float64]) -> None:
    assert true_peak(samples) >= np.abs(samples).max(initial=0)

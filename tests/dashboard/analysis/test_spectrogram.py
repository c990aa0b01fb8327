"""Spectrograms tell the truth: which row, which column, which level."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import png
import pytest

from audio_logging.dashboard.analysis import Cancelled, SpectrogramOptions, spectrogram
from audio_logging.dashboard.analysis.colours import COLOURS, palette
from audio_logging.dashboard.analysis.scales import row_edges
from audio_logging.dashboard.analysis.spectrogram import window_size
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.errors import AudioValueError
from tests.dashboard.analysis.conftest import Store

Sine = Callable[..., npt.NDArray[np.float32]]

RATE = 16_000
STEP = 80 / 255
"""[dB] Between two colours, with the floor at -80."""


def picture(file: StoredFile, **options: Any) -> npt.NDArray[np.float64]:
    """Levels [dB] of the pixels, the lowest frequency in row 0."""
    chosen = SpectrogramOptions(**options)
    width, height, rows, _ = png.Reader(bytes=spectrogram(file, chosen)).read()
    assert (width, height) == (chosen.width, chosen.height)
    pixels = np.array([list(row) for row in rows])[::-1]
    return np.asarray((1 - pixels / 255) * chosen.floor)


def row_of(frequency: float, scale: str, rate: int, height: int) -> int:
    """By the formulas of the contract."""
    nyquist = rate / 2
    if scale == "mel":
        place = math.log10(1 + frequency / 700) / math.log10(1 + nyquist / 700)
    elif scale == "log":
        lowest = max(20, nyquist / 1000)
        place = math.log(frequency / lowest) / math.log(nyquist / lowest)
    else:
        place = frequency / nyquist
    return min(int(place * height), height - 1)


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000, 192_000])
@pytest.mark.parametrize("scale", ["mel", "log", "linear"])
@pytest.mark.parametrize("height", [64, 200, 512])
def test_1_khz_lights_its_row(store: Store, sine: Sine, scale: str, rate: int, height: int) -> None:
    levels = picture(store(sine(1000, rate, 0.5), rate), scale=scale, height=height, width=20)
    window = window_size(SpectrogramOptions(), rate, rate // 2)
    nearest = round(1000 * window / rate) * rate / window  # the bin it is in
    assert (levels[:, 3:-3].argmax(axis=0) == row_of(nearest, scale, rate, height)).all()
    assert abs(nearest - 1000) <= rate / window / 2


@pytest.mark.parametrize("channels", [1, 2])
def test_two_tones_light_two_rows(store: Store, sine: Sine, channels: int) -> None:
    samples = sine(500, level=-6) * 0.5 + sine(3000, level=-6) * 0.5
    file = store(np.tile(samples[:, np.newaxis], (1, channels)), subtype="FLOAT")
    column = picture(file, scale="linear", height=256, width=11)[:, 5]
    peaks = [
        row
        for row in range(1, 255)
        if column[row] > -20 and column[row] > column[row - 1] and column[row] >= column[row + 1]
    ]
    assert peaks == [row_of(500, "linear", RATE, 256), row_of(3000, "linear", RATE, 256)]
    assert column[peaks] == pytest.approx(-12.04, abs=STEP)


def test_a_chirp_rises(store: Store) -> None:
    time = np.arange(2 * RATE) / RATE
    file = store(np.sin(2 * np.pi * (500 + 1500 * time) * time))  # 500 Hz, and 3 kHz more each second
    levels = picture(file, scale="linear", height=400, width=100)
    frequencies = (levels.argmax(axis=0) + 0.5) * RATE / 2 / 400
    expected = 500 + 3000 * (np.arange(100) + 0.5) * 2 / 100
    assert np.abs(frequencies - expected)[2:-2].max() <= RATE / 512


def test_white_noise_is_flat(store: Store, rng: np.random.Generator) -> None:
    samples = np.clip(0.1 * rng.standard_normal(20 * RATE), -1, 1)
    levels = picture(store(samples), scale="linear", height=64, width=200)
    rows = levels[1:-1].mean(axis=1)
    assert np.ptp(rows) < 2
    # A bin of noise of deviation s has a mean power of s^2 * 4 * 1.5 / window; the loudest of some is a bit above.
    mean = 10 * np.log10(0.1**2 * 4 * 1.5 / 512)
    assert mean < rows.mean() < mean + 10


@pytest.mark.parametrize("frequency", [1000.0, 3000.0, 125.0, 7968.75])
@pytest.mark.parametrize("level", [0.0, -20.0, -60.0])
def test_levels_are_exact_at_the_middle_of_a_bin(store: Store, sine: Sine, frequency: float, level: float) -> None:
    file = store(sine(frequency, level=level), subtype="FLOAT")
    for scale in ("mel", "log", "linear"):
        found = picture(file, scale=scale, width=30)[:, 2:-2].max(axis=0)
        assert found == pytest.approx(level, abs=STEP)


def test_levels_are_at_worst_low_by_the_window_s_scalloping(store: Store, sine: Sine, rng: np.random.Generator) -> None:
    for frequency in [*rng.uniform(100, 7900, 20).tolist(), 1015.625]:
        found = picture(store(sine(frequency, level=-20), subtype="FLOAT"), width=30)[:, 2:-2].max(axis=0)
        assert found.max() <= -20 + STEP
        assert found.min() >= -20 - 1.43 - STEP


@pytest.mark.parametrize("window", [64, 128, 256, 1024, 2048, 4096, 8192])
def test_every_window_has_the_same_scale(store: Store, sine: Sine, window: int) -> None:
    found = picture(store(sine(1000, level=-20), subtype="FLOAT"), window=window, width=9)
    assert found[:, 4].max() == pytest.approx(-20, abs=STEP)


@pytest.mark.parametrize("width", [3, 100, 800, 2048])
def test_a_steady_tone_reads_the_same_at_every_zoom(store: Store, sine: Sine, width: int) -> None:
    file = store(sine(1000, seconds=8, level=-20), subtype="FLOAT")
    for part in ({}, {"start": 2.0, "end": 3.0}, {"start": 4.0, "end": 4.01}, {"start": 4.0, "end": 4.0001}):
        levels = picture(file, width=width, **part)
        assert levels.max(axis=0)[width // 100 + 1 :][: -(width // 100) - 1] == pytest.approx(-20, abs=STEP)


def test_direct_current_and_half_the_rate_read_their_amplitude(store: Store) -> None:
    levels = picture(store(np.full(RATE, 0.1), subtype="FLOAT"), scale="linear", height=257, width=9)
    assert levels[0, 4] == pytest.approx(-20, abs=STEP)
    levels = picture(store(0.1 * (-1.0) ** np.arange(RATE), subtype="FLOAT"), scale="linear", height=257, width=9)
    assert levels[-1, 4] == pytest.approx(-20, abs=STEP)


@pytest.mark.parametrize("normalise", [False, True])
@pytest.mark.parametrize("floor", [-120.0, -80.0, -20.0])
def test_silence_is_dark(store: Store, floor: float, normalise: bool) -> None:
    assert (picture(store(np.zeros(RATE)), floor=floor, normalise=normalise) == floor).all()


@pytest.mark.parametrize("frames", [0, 1, 2, 63, 64, 65, 300, 511, 512, 513])
def test_clips_of_any_length_have_a_picture(store: Store, frames: int) -> None:
    file = store(np.full(frames, 0.5), subtype="FLOAT")
    for options in ({}, {"window": 8192}, {"width": 1, "height": 1}, {"start": 0.0, "end": 0.001}, {"normalise": True}):
        levels = picture(file, **{"width": 50, "height": 20, **options})
        assert (levels == -80).all() == (frames == 0)


def test_one_frame_is_a_click(store: Store) -> None:
    levels = picture(store(np.array([1.0]), subtype="FLOAT"), scale="linear", height=33, width=5)
    # Under the middle of the shortest window, 64 frames: 2 / (64 / 2); half as much at the ends of the axis.
    assert levels[1:-1] == pytest.approx(20 * np.log10(2 / 32), abs=STEP)
    assert levels[[0, -1]] == pytest.approx(20 * np.log10(1 / 32), abs=STEP)


@pytest.mark.parametrize("seconds", [2, 60, 300])
@pytest.mark.parametrize("place", [0.0, 0.123, 0.5, 0.98765, 1.0])
def test_a_click_is_seen_at_every_zoom(store: Store, seconds: int, place: float) -> None:
    samples = np.zeros(seconds * 8000, np.int16)
    at = min(int(place * len(samples)), len(samples) - 8)
    samples[at : at + 8] = 32767 * (-1) ** np.arange(8)  # a millisecond
    levels = picture(store(samples, 8000), width=400)
    column = min(at * 400 // len(samples), 399)
    lit = np.flatnonzero(levels.max(axis=0) > -40)
    assert len(lit) and abs(lit - column).min() <= 1
    assert lit[-1] - lit[0] <= 2 + 400 * 256 // len(samples)


def test_times_are_right(store: Store, sine: Sine) -> None:
    samples = np.concatenate([np.zeros(RATE), sine(1000), np.zeros(2 * RATE)])
    loud = picture(store(samples), width=400).max(axis=0) > -10
    assert (np.flatnonzero(loud)[[0, -1]] == [100, 199]).all()
    loud = picture(store(samples), width=400, start=0.5, end=1.5).max(axis=0) > -20
    assert abs(np.flatnonzero(loud)[0] - 200) <= 400 * 256 // RATE
    assert loud[-1]


def truth(samples: npt.NDArray[Any], rate: int, options: SpectrogramOptions, first: int, last: int) -> Any:
    """Every window by itself, over the whole clip in memory, in double precision; rows of hertz."""
    window = window_size(options, rate, len(samples))
    per_column = max(1, math.ceil(2 * (last - first) / (options.width * window)))
    count = per_column * options.width
    padded = np.concatenate([np.zeros(window), samples, np.zeros(2 * window)])
    shape = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    columns = np.zeros((options.width, window // 2 + 1))
    for number in range(count):
        middle = first + int((number + 0.5) * ((last - first) / count))
        spectrum = np.abs(np.fft.rfft(padded[middle + window // 2 : middle + window // 2 + window] * shape))
        amplitude = spectrum * np.where(np.arange(window // 2 + 1) % (window // 2), 2, 1) / shape.sum()
        column = columns[number // per_column]
        np.maximum(column, amplitude, out=column)
    edges = row_edges("linear", rate, options.height) * window / rate
    rows = [
        columns[:, math.ceil(low) : math.ceil(high)].max(axis=1)
        for low, high in zip(edges[:-1], [*edges[1:-1], window], strict=True)
    ]
    return np.clip(20 * np.log10(np.maximum(rows, 1e-12)), options.floor, 0)


@pytest.mark.parametrize("channels", [1, 2, 700])
@pytest.mark.parametrize(
    ("frames", "width", "window"), [(3000, 7, 64), (3000, 50, 1024), (200_000, 3, 256), (70_000, 300, 8192)]
)
def test_it_is_what_windows_one_by_one_give(
    store: Store, rng: np.random.Generator, frames: int, width: int, window: int, channels: int
) -> None:
    if channels == 700:
        frames = min(frames, 3000)
    samples = np.asarray(0.3 * rng.standard_normal((frames, channels)), np.float32)
    file = store(samples, subtype="FLOAT")
    for start, end in ((None, None), (0.05, 0.1)):
        options = SpectrogramOptions(
            scale="linear", width=width, height=30, window=window, floor=-120, start=start, end=end
        )
        first, last = (0, frames) if start is None or end is None else (round(start * RATE), round(end * RATE))
        found = picture(file, scale="linear", width=width, height=30, window=window, floor=-120.0, start=start, end=end)
        expected = truth(samples.mean(axis=1, dtype=np.float64), RATE, options, first, last)
        assert np.abs(found - expected).max() <= 0.51 * 120 / 255


def test_a_channel_alone(store: Store, sine: Sine) -> None:
    file = store(np.stack([sine(1000), sine(3000, level=-20)], axis=1))
    for channel, frequency, level in ((0, 1000, 0.0), (1, 3000, -20.0)):
        column = picture(file, channel=channel, width=9)[:, 4]
        assert column.argmax() == row_of(frequency, "mel", RATE, 200)
        assert column.max() == pytest.approx(level, abs=STEP)
    mix = picture(file, width=9)[:, 4]
    assert mix[row_of(1000, "mel", RATE, 200)] == pytest.approx(-6, abs=0.3)
    assert mix[row_of(3000, "mel", RATE, 200)] == pytest.approx(-26, abs=0.3)


def test_a_channel_that_is_not_there(store: Store) -> None:
    with pytest.raises(AudioValueError, match="got channel=2, the clip has 2: wanted 'mix' or 0 to 1"):
        picture(store(np.zeros((100, 2))), channel=2)


def test_normalised_the_loudest_point_is_0_db(store: Store, sine: Sine) -> None:
    samples = np.concatenate([sine(1000, level=-60), sine(1000, level=-40)])
    file = store(samples, subtype="FLOAT")
    whole = picture(file, normalise=True, width=100)
    assert whole.max() == 0
    assert whole[:, 20].max() == pytest.approx(-20, abs=STEP)
    quiet = picture(file, normalise=True, width=100, end=0.9)  # the loudest of the clip, not of the part
    assert quiet[:, 50].max() == pytest.approx(-20, abs=2 * STEP)


def test_the_floor_is_what_is_darkest(store: Store, sine: Sine) -> None:
    file = store(sine(1000, level=-50), subtype="FLOAT")
    assert (picture(file, floor=-50.0)[:, 5:-5] == -50).all()
    assert picture(file, floor=-120.0)[:, 400].max() == pytest.approx(-50, abs=0.5)


def test_beyond_full_scale_is_brightest(store: Store, sine: Sine) -> None:
    assert picture(store(4 * sine(1000), subtype="FLOAT"))[:, 400].max() == 0


@pytest.mark.parametrize("samples", [[np.nan] * 100, [np.inf, -np.inf] * 50, [1e38, -1e38] * 50])
def test_broken_floats_have_a_picture(store: Store, samples: list[float]) -> None:
    levels = picture(store(np.array(samples), subtype="FLOAT"))
    assert np.isfinite(levels).all()
    assert (levels.max() == 0) == (samples[0] == 1e38)


@pytest.mark.parametrize("rate", [1, 100, 2**31 - 1])
def test_absurd_sample_rates_have_a_picture(store: Store, rate: int) -> None:
    for scale in ("mel", "log", "linear"):
        assert picture(store(np.tile([0.9, 0.9, -0.9, -0.9], 250), rate), scale=scale, width=20).max() > -3


@pytest.mark.parametrize(
    ("rate", "frames", "size"),
    [(8000, 8000, 256), (16_000, 16_000, 512), (44_100, 44_100, 1024), (48_000, 48_000, 2048), (96_000, 96_000, 4096),
     (192_000, 192_000, 8192), (10**6, 10**6, 8192), (100, 100, 64), (16_000, 300, 256), (16_000, 40, 64),
     (16_000, 0, 64)],
)  # fmt: skip
def test_the_window_is_about_32_ms_and_no_longer_than_the_clip(rate: int, frames: int, size: int) -> None:
    assert window_size(SpectrogramOptions(), rate, frames) == size


def test_the_same_clip_gives_the_same_bytes(store: Store, sine: Sine) -> None:
    file = store(sine(1000))
    assert spectrogram(file, SpectrogramOptions()) == spectrogram(file, SpectrogramOptions())


def test_colours_are_those_of_the_map(store: Store) -> None:
    file = store(np.zeros(100))
    for name in COLOURS:
        *_, info = png.Reader(bytes=spectrogram(file, SpectrogramOptions(colours=name))).read()  # type: ignore[arg-type]
        assert tuple(info["palette"]) == palette(name)


def test_it_can_be_cancelled(store: Store) -> None:
    with pytest.raises(Cancelled):
        spectrogram(store(np.zeros(100)), SpectrogramOptions(), cancelled=lambda: True)

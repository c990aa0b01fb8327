from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_logging.datasets.window import Window
from audio_logging.errors import AudioDurationError, AudioValueError


@pytest.mark.parametrize(
    ("window", "span"),
    [
        (Window(), (0, 8000)),
        (Window(offset=0.25), (2000, 6000)),
        (Window(duration=0.5), (0, 4000)),
        (Window(offset=0.75, duration=0.5), (6000, 2000)),
        (Window(duration=5.0), (0, 8000)),
        (Window(output_sequence_length=100), (0, 100)),
        (Window(offset=0.5, output_sequence_length=9000), (4000, 4000)),
        (Window(output_sequence_length=100, sampling_rate=8000), (0, 100)),
        (Window(output_sequence_length=100, sampling_rate=16000), (0, 8000)),
        (Window(duration=0.5, output_sequence_length=100, sampling_rate=16000), (0, 4000)),
    ],
    ids=str,
)
def test_only_what_is_needed_is_read(window: Window, span: tuple[int, int]) -> None:
    assert window.span(frames=8000, sample_rate=8000) == span


@given(frames=st.integers(1, 100_000), place=st.floats(0, 1, exclude_max=True), length=st.floats(0.001, 10))
def test_random_windows_stay_within_the_file(frames: int, place: float, length: float) -> None:
    first, count = Window("random", length).span(frames, 8000, place)
    assert first >= 0
    assert first + count <= frames
    assert count == min(frames, round(length * 8000))


def test_random_windows_reach_both_ends() -> None:
    window = Window("random", output_sequence_length=10)
    assert window.span(30, 8000, 0.0) == (0, 10)
    assert window.span(30, 8000, 0.9999) == (20, 10)


def test_a_random_window_reads_as_much_as_resampling_needs() -> None:
    window = Window("random", output_sequence_length=101, sampling_rate=16000)
    assert window.span(44100, 44100, 0.0) == (0, 279)


@pytest.mark.parametrize("offset", [1.0, 1.5])
def test_a_file_that_ends_before_the_window_is_an_error(offset: float) -> None:
    with pytest.raises(AudioDurationError, match=rf"lasts 1\.000 s and ends before offset={offset} s"):
        Window(offset).span(8000, 8000)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"offset": -1.0}, "got offset=-1.0"),
        ({"offset": "rnd"}, "got offset='rnd'"),
        ({"offset": float("nan")}, "got offset=nan"),
        ({"offset": None}, "got offset=None"),
        ({"duration": 0.0}, "got duration=0.0"),
        ({"duration": float("inf")}, "got duration=inf"),
        ({"duration": True}, "got duration=True"),
        ({"offset": "random"}, "got offset='random' without a length"),
    ],
)
def test_impossible_windows_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(AudioValueError, match=message):
        Window(**options)


def test_numbers_of_numpy_are_numbers() -> None:
    window = Window(offset=np.float32(0.5), duration=np.float32(0.25))  # type: ignore[arg-type]
    assert window.span(frames=8000, sample_rate=8000) == (4000, 2000)

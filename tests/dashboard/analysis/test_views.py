"""From seconds to frames."""

from __future__ import annotations

import pytest

from audio_logging.dashboard.analysis.views import view_of
from audio_logging.errors import AudioValueError


@pytest.mark.parametrize(
    ("start", "end", "view"),
    [
        (None, None, (0, 1000)),
        (0.0, 10.0, (0, 1000)),
        (0.25, None, (25, 1000)),
        (None, 0.25, (0, 25)),
        (-3.0, 20.0, (0, 1000)),
        (0.5, 0.5001, (50, 51)),
        (9.999, 10.0, (999, 1000)),
        (15.0, 20.0, (999, 1000)),
        (15.0, None, (999, 1000)),
        (-3.0, -1.0, (0, 1)),
    ],
)
def test_a_part_lies_in_the_clip_and_has_a_frame(start: float | None, end: float | None, view: tuple[int, int]) -> None:
    assert view_of(start, end, 1000, 100) == view


def test_an_empty_clip_has_an_empty_part() -> None:
    assert view_of(None, None, 0, 100) == view_of(1.0, 2.0, 0, 100) == (0, 0)


@pytest.mark.parametrize(
    ("start", "end"),
    [(1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0), (0.0, float("nan")), (float("-inf"), 1.0), (0.0, float("inf"))],
)
def test_no_part_ends_before_it_begins(start: float, end: float) -> None:
    with pytest.raises(AudioValueError, match=r"got start=.* and end=.* \[s\], wanted the end to be after the start"):
        view_of(start, end, 1000, 100)

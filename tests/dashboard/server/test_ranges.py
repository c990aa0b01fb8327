from __future__ import annotations

import pytest

from audio_logging.dashboard.server.ranges import UnsatisfiableRangeError, wanted_range

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 1000)),
        ("bytes=0-999", (0, 1000)),
        ("bytes=0-1000", (0, 1000)),
        ("bytes=999-999", (999, 1000)),
        ("bytes=999-", (999, 1000)),
        ("bytes=-1", (999, 1000)),
        ("bytes=-1000", (0, 1000)),
        ("bytes=-1001", (0, 1000)),
        ("bytes=007-8", (7, 9)),
        ("BYTES = 1 - 2", (1, 3)),
        ("bytes=0-99999999999999999999999999", (0, 1000)),
        ("bytes=-99999999999999999999999999", (0, 1000)),
    ],
)
def test_one_range_is_a_part(header: str, part: tuple[int, int]) -> None:
    assert wanted_range(header, SIZE) == part


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes=", "bytes=-", "bytes=5-4", "bytes=a-b", "bytes=1", "items=0-1", "bytes=0-1,3-4", "bytes=--1",
     "bytes=+1-2", "bytes=1.0-2", "bytes=\u0661-\u0662", "bytes=0x1-2", "0-1", "bytes=0-0-0"],
)  # fmt: skip
def test_what_is_no_single_range_is_the_whole_file(header: str | None) -> None:
    assert wanted_range(header, SIZE) is None


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=" + "9" * 5000 + "-"])
def test_a_range_past_the_end_cannot_be_had(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError, match="past the end: the file has 1000 bytes"):
        wanted_range(header, SIZE)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-1"])
def test_an_empty_file_has_no_ranges(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError, match="0 bytes"):
        wanted_range(header, 0)

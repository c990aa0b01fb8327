from __future__ import annotations

from typing import Any

import pytest

from audio_logging.dashboard.export.contents import Contents
from audio_logging.dashboard.export.size import as_argument, as_option, base64_size, too_large
from audio_logging.dashboard.stored_file import StoredFile


def contents(*clips: tuple[str, int, int]) -> Contents:
    """Return clips of these keys, steps and sizes; their files are not there."""
    rows: list[dict[str, Any]] = []
    files, sizes = {}, {}
    for place, (key, step, size) in enumerate(clips):
        rows.append({"id": str(place), "run": "r", "key": key, "step": step, "index": 0})
        files[str(place)] = StoredFile(path=f"/gone/{place}", content=str(place))
        sizes[str(place)] = size
    return Contents(tuple(rows), files, sizes)


@pytest.mark.parametrize(("size", "characters"), [(0, 0), (1, 4), (3, 4), (4, 8), (3_000_000, 4_000_000)])
def test_base64(size: int, characters: int) -> None:
    assert base64_size(size) == characters


def test_the_largest_keys_and_the_latest_step_are_offered_the_smallest_first() -> None:
    found = contents(("a", 0, 10), ("a", 1, 20), ("b", 0, 30), ("b", 1, 40), ("c", 0, 1), ("d", 0, 1), ("e", 0, 1))
    assert str(too_large(found, 206e6, 50_000_000, "opus")) == (
        "the report would be about 206.0 MB, wanted at most 50.0 MB. What helps:\n"
        "  --key e                         about 2.0 MB\n"
        "  --key d                         about 2.0 MB\n"
        "  --key a                         about 60.0 MB\n"
        "  --step latest                   about 126.0 MB\n"
        "  --key b                         about 140.0 MB\n"
        "  --folder                        a folder, of any size\n"
        "  --max-mb 207                    one file all the same"
    )


def test_what_does_not_help_is_not_offered() -> None:
    said = str(too_large(contents(("a", 3, 10), ("a", 3, 20)), 60e6, 50_000_000, "keep", folder=False))
    assert said.splitlines()[1:] == ["  --max-mb 61                     one file all the same"]


def test_in_python_it_is_spelled_for_python() -> None:
    found = contents(("a", 0, 10), ("b", 0, 30))
    said = str(too_large(found, 60e6, 50_000_000, "opus", spelled=as_argument))
    assert "\n  key='a' " in said
    assert "\n  folder=True " in said


def test_spelling() -> None:
    assert (as_option("key", "a b"), as_option("key", "val/x")) == ("--key 'a b'", "--key val/x")
    assert (as_option("folder", True), as_option("max_mb", 3)) == ("--folder", "--max-mb 3")


def test_a_content_counts_once() -> None:
    twice = contents(("a", 0, 10), ("a", 1, 10))
    files = {"0": twice.files["0"], "1": twice.files["0"]}
    assert Contents(twice.rows, files, twice.sizes).size_of(twice.rows) == 10

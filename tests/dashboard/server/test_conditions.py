"""Conditions of RFC 9110; its own examples among them."""

from __future__ import annotations

import pytest

from audio_logging.dashboard.server.conditions import has_version, has_whole_version

DATE = "Thu, 01 Jan 2026 00:00:00 GMT"


@pytest.mark.parametrize(
    "header",
    ['"xyzzy"', 'W/"xyzzy"', '"xyzzy", "r2d2xxxx", "c3piozzzz"', 'W/"r2d2xxxx", W/"xyzzy"', "*", " * ",
     '"r2d2","xyzzy"', ', ,"a" ,\t, "xyzzy",', '"a,b", "xyzzy"', '"", "xyzzy"', '"\xe4", "xyzzy"'],
)  # fmt: skip
def test_who_names_the_version_has_it(header: str) -> None:
    assert has_version(header, '"xyzzy"')


@pytest.mark.parametrize(
    "header",
    ["", " ", ",", "xyzzy", '"a"', '"axyzzy"', '"a "xyzzy" "', '"a" "xyzzy"', 'w/"xyzzy"', 'W/ "xyzzy"', '"xyzzy', "**",
     '*, "a"', 'a, "xyzzy"', "'xyzzy'"],
)  # fmt: skip
def test_who_names_others_or_nothing_that_can_be_read_does_not(header: str) -> None:
    assert not has_version(header, '"xyzzy"')


@pytest.mark.parametrize("header", ['"xyzzy"', DATE, ' "xyzzy" '])
def test_a_part_fits_to_the_same_version(header: str) -> None:
    assert has_whole_version(header, '"xyzzy"', DATE)


@pytest.mark.parametrize(
    "header", ['W/"xyzzy"', '"a"', '"a", "xyzzy"', "*", "", "Wed, 31 Dec 2025 23:59:59 GMT", "2026"]
)
def test_a_part_does_not_fit_to_what_may_be_another(header: str) -> None:
    assert not has_whole_version(header, '"xyzzy"', DATE)

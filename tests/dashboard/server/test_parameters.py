from __future__ import annotations

import pytest
from starlette.datastructures import QueryParams

from audio_logging.dashboard.server.parameters import at_most, flag, number, only, whole
from audio_logging.errors import AudioValueError


def test_what_is_not_given_has_a_default() -> None:
    nothing = QueryParams("")
    assert whole(nothing, "n", 64, lowest=1, highest=100) == 64
    assert number(nothing, "start") is None
    assert flag(nothing, "normalise") is False


@pytest.mark.parametrize("text", ["0", "101", "1.5", "x", "", "1e2", "-1", "9" * 5000, "\u0661", " 1", "0x1"])
def test_whole_numbers_out_of_range_are_refused(text: str) -> None:
    with pytest.raises(AudioValueError, match="wanted a whole number from 1 to 100"):
        whole(QueryParams({"n": text}), "n", 64, lowest=1, highest=100)


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), ("-1.5", -1.5), (".5", 0.5), ("1.", 1.0), ("1e-3", 0.001)])
def test_numbers_are_read(text: str, value: float) -> None:
    assert number(QueryParams({"start": text}), "start") == value


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999", "", "x", "1_0", "1e", "9" * 400, "0x10", "1,5"])
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    with pytest.raises(AudioValueError, match=r"wanted a number such as 1\.5"):
        number(QueryParams({"start": text}), "start")


def test_flags_are_true_or_false() -> None:
    assert [flag(QueryParams({"a": text}), "a") for text in ("true", "1", "false", "0")] == [True, True, False, False]
    with pytest.raises(AudioValueError, match="got a='yes', wanted true or false"):
        flag(QueryParams({"a": "yes"}), "a")


def test_repeated_values_are_counted_without_doubles() -> None:
    assert at_most(["b", "a", "b"], "id", 2) == ["b", "a"]
    with pytest.raises(AudioValueError, match="got 3 values of id, wanted at most 2"):
        at_most(["a", "b", "c"], "id", 2)


def test_misspelt_parameters_are_refused() -> None:
    only(QueryParams("n=1&n=2"), ("n", "id"))
    with pytest.raises(AudioValueError, match="there is no parameter 'm', wanted id, n"):
        only(QueryParams("m=1"), ("n", "id"))
    with pytest.raises(AudioValueError, match="wanted none"):
        only(QueryParams("m=1"), ())

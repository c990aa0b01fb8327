from __future__ import annotations

import json
import math
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from audio_logging.dashboard.indexing.json_values import MAX_TREE, label_text, number, plain_tree, text

VALUES = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats()
    | strategies.text(strategies.characters(codec=None)),
    lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(strategies.characters()), inner),
    max_leaves=20,
)


def strict(value: Any) -> bytes:
    """Encode as servers do: no NaN, no escapes, UTF-8."""
    return json.dumps(value, allow_nan=False, ensure_ascii=False).encode()


@hypothesis.given(VALUES)
def test_whatever_comes_in_strict_json_comes_out(value: Any) -> None:
    strict(plain_tree(value))
    strict(label_text(value))
    strict(number(value))


@pytest.mark.parametrize(
    ("told", "shown"),
    [(2**53, 2**53), (2**53 + 2, float(2**53 + 2)), (-(10**30), -1e30), (10**400, None), (math.inf, None),
     (math.nan, None), (True, 1), ("1", None), (None, None), (0.1, 0.1), ([], None)],
)  # fmt: skip
def test_numbers_are_finite_and_whole_only_where_javascript_has_them(told: Any, shown: Any) -> None:
    assert number(told) == shown
    assert type(number(told)) is type(shown)


def test_halves_of_surrogate_pairs_are_replaced_and_whole_characters_stay() -> None:
    assert text("a\ud800\udc00b\U0001f600") == "a\ufffd\ufffdb\U0001f600"


@pytest.mark.parametrize(
    ("told", "shown"),
    [("", ""), ("Ä", "Ä"), (3, "3"), (3.0, "3"), (0.5, "0.5"), (True, "true"), (None, None), ([1, "a"], '[1, "a"]'),
     ({"a": None}, '{"a": null}'), (math.nan, "NaN"), (10**400, str(10**400))],
)  # fmt: skip
def test_labels_are_compared_as_text(told: Any, shown: str | None) -> None:
    assert label_text(told) == shown


def test_what_is_too_much_is_cut_and_says_so() -> None:
    deep: Any = "bottom"
    for _ in range(50):
        deep = {"in": deep}
    told = plain_tree({"deep": deep, "long": "x" * 5000, "many": list(range(10 * MAX_TREE)), "after": {"a": 1, "b": 2}})
    assert "(1 values)" in json.dumps(told["deep"])
    assert told["long"] == "x" * 1000 + "..."
    assert len(told["many"]) <= MAX_TREE
    assert told["after"] == "(2 values)"

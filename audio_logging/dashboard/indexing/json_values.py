"""What a run tells, as strict JSON: text that every encoder takes, numbers that are finite, trees of bounded size."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

__all__ = ["label_text", "number", "plain_tree", "text"]

MAX_TREE = 2000
"""Values of a configuration or a summary that are shown; past them it says how many there are more."""

MAX_TREE_TEXT = 1000
MAX_TREE_DEPTH = 8

_LARGEST = sys.float_info.max

_EXACT = 2**53
"""JavaScript knows no whole numbers beyond."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def text(value: str) -> str:
    r"""Return text without halves of surrogate pairs, which UTF-8 has no bytes for.

    Examples
    --------
    >>> text("a\ud800b") == "a\N{REPLACEMENT CHARACTER}b"
    True
    """
    return value if value.isascii() else _SURROGATE.sub("\ufffd", value)


def number(value: Any) -> float | None:
    """Return a finite number, or None when it is none; whole ones stay whole as far as JavaScript has them.

    Examples
    --------
    >>> number(3), number(2.0**60), number(float("nan")), number(10**400), number("3"), number(True)
    (3, 1.152921504606847e+18, None, None, None, 1)
    """
    kind = type(value)
    if kind is float:
        return value if -_LARGEST <= value <= _LARGEST else None
    if kind is int:
        return value if -_EXACT <= value <= _EXACT else _float(value)
    return int(value) if kind is bool else None


def _float(value: int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def label_text(value: Any) -> str | None:
    """Return a label as it is shown and compared: text as it is, whole numbers without a fraction, others as JSON.

    Examples
    --------
    >>> label_text("dog"), label_text(3.0), label_text(True), label_text(["a", 1]), label_text(None)
    ('dog', '3', 'true', '["a", 1]', None)
    """
    if value is None:
        return None
    if type(value) is str:
        return text(value)
    if type(value) is float and value.is_integer():
        value = int(value)
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return type(value).__name__


def plain_tree(value: Any) -> Any:
    """Return a configuration or a summary with what is too long, too deep or too much in it cut.

    Parameters
    ----------
    value : JSON value

    Returns
    -------
    JSON value
        A text in place of what was cut says so.
    """
    return _plain(value, MAX_TREE_DEPTH, [MAX_TREE])


def _plain(value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if isinstance(value, str):
        return text(value if len(value) <= MAX_TREE_TEXT else f"{value[:MAX_TREE_TEXT]}...")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, (Mapping, list)):
        if depth == 0 or left[0] <= 0:
            return f"({len(value)} values)"
        if isinstance(value, list):
            return [_plain(item, depth - 1, left) for item in value[: max(left[0], 0)]]
        items = list(value.items())[: left[0]]
        return {text(str(name)[:MAX_TREE_TEXT]): _plain(item, depth - 1, left) for name, item in items}
    return text(str(value)[:MAX_TREE_TEXT])

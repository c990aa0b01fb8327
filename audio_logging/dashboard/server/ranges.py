"""Byte ranges of RFC 9110, section 14: which part of a file a ``Range`` header asks for."""

from __future__ import annotations

import re

from audio_logging.errors import AudioValueError

__all__ = ["UnsatisfiableRangeError", "wanted_range"]

_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]*)\s*-\s*([0-9]*)\s*", re.IGNORECASE | re.ASCII)

MOST_DIGITS = 18
"""Longer numbers are past the end of every file, and Python would not even read very long ones."""


class UnsatisfiableRangeError(AudioValueError):
    """The range begins past the end of the file."""


def wanted_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the part of a file that is asked for.

    Several ranges at once and headers that make no sense are answered with the whole file, as the standard has it.

    Parameters
    ----------
    header : str or None
        The value of ``Range``.
    size : int
        [bytes] Of the file.

    Returns
    -------
    tuple of int or None
        First byte and the one behind the last; None for the whole file.

    Raises
    ------
    UnsatisfiableRangeError
        It begins past the end.

    Examples
    --------
    >>> wanted_range("bytes=0-0", 10), wanted_range("bytes=-3", 10), wanted_range("bytes=8-99", 10)
    ((0, 1), (7, 10), (8, 10))
    >>> wanted_range("bytes=0-1,5-6", 10) is None
    True
    """
    match = _RANGE.fullmatch(header or "")
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = (_number(digits) for digits in match.groups())
    if first is None:
        first, last = size - min(last or 0, size), size
    if last is not None and last < first:
        return None
    if first >= size:
        raise UnsatisfiableRangeError(f"the range {header!r} begins past the end: the file has {size} bytes")
    return first, size if last is None else min(last + 1, size)


def _number(digits: str) -> int | None:
    if not digits:
        return None
    return int(digits.lstrip("0")[:MOST_DIGITS] or "0") if len(digits.lstrip("0")) <= MOST_DIGITS else 10**MOST_DIGITS

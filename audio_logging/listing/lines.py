"""Records as lines of text: a table for people, a JSON object a line for programs."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

__all__ = ["Record", "counted", "json_lines", "one_line", "readable_size", "table_lines"]

Record: TypeAlias = Mapping[str, Any]
"""What is known of one thing, by name; None is unknown."""

WIDEST = 40
"""[characters] Of one column; those named below are never cut."""

WHOLE = ("run", "name", "file", "artifact")

SAMPLED = 1000
"""How many records decide which columns there are and how wide: of the rest, only one is in memory at a time."""


def json_lines(records: Iterable[Record]) -> Iterator[str]:
    """Yield each record as a JSON object, without what is unknown.

    Examples
    --------
    >>> list(json_lines([{"key": "val", "step": 3, "label": None}]))
    ['{"key": "val", "step": 3}']
    """
    for record in records:
        known = {name: _finite(value) for name, value in record.items()}
        yield json.dumps({name: value for name, value in known.items() if value is not None}, default=str)


def table_lines(records: Iterable[Record], title: str = "") -> Iterator[str]:
    """Yield a table: the title, the names of the columns of which anything is known, and a line a record.

    Parameters
    ----------
    records : iterable of dict
        All with the same names.
    title : str
        Left out when it is empty.

    Examples
    --------
    >>> list(table_lines([{"key": "val", "step": 3, "label": None}], "1 clip"))
    ['1 clip', 'key  step', 'val  3']
    """
    if title:
        yield title
    source = iter(records)
    first = list(itertools.islice(source, SAMPLED))
    columns = [name for name in (first[0] if first else ()) if any(row[name] is not None for row in first)]
    widths = [max(len(text) for text in (name, *(_cell(row, name) for row in first))) for name in columns]
    if first:
        yield _line(columns, widths)
    for record in itertools.chain(first, source):
        yield _line([_cell(record, name) for name in columns], widths)


def one_line(value: Any, most: int) -> str:
    r"""Return a value as text without line breaks and control characters, cut to a number of characters.

    Examples
    --------
    >>> one_line("one\ntwo three", 9)
    'one two …'
    """
    text = (f"{value:g}" if isinstance(value, float) else str(value))[: most + 1]
    shown = text if text.isprintable() else "".join(each if each.isprintable() else " " for each in text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def counted(number: int, word: str) -> str:
    """Return a number and what is counted.

    Examples
    --------
    >>> counted(1, "clip"), counted(2, "clip")
    ('1 clip', '2 clips')
    """
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def readable_size(size: float) -> str:
    """Return a number of bytes as people read it.

    Examples
    --------
    >>> readable_size(812), readable_size(81234), readable_size(8.1e10)
    ('812 B', '81.2 kB', '81.0 GB')
    """
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(cells, widths, strict=True)).rstrip()


def _cell(record: Record, name: str) -> str:
    value = record[name]
    if value is None or value in ([], ()):
        return "-"
    if isinstance(value, (list, tuple)):
        value = ", ".join(map(str, value))
    elif name == "size":
        value = readable_size(value)
    return one_line(value, 10_000 if name in WHOLE else WIDEST)


def _finite(value: Any) -> Any:
    """Return None for what JSON cannot say."""
    return None if isinstance(value, float) and not math.isfinite(value) else value

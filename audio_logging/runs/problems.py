"""Problems: what could not be read, said once each, and never more than a bounded number of them."""

from __future__ import annotations

from collections.abc import Iterator

__all__ = ["MAX_PROBLEMS", "Problems"]

MAX_PROBLEMS = 1000
"""A file of garbage could have a complaint for every byte; past this many they are only counted."""

_MAX_TEXT = 500


class Problems:
    """Texts in the order in which they were found, without repeats.

    Examples
    --------
    >>> problems = Problems()
    >>> problems.add("index.jsonl, line 3: not JSON")
    >>> problems.add("index.jsonl, line 3: not JSON")
    >>> list(problems)
    ['index.jsonl, line 3: not JSON']
    """

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}
        self._more = False

    def add(self, text: str) -> None:
        """Keep one text; long ones are cut, repeats are left out."""
        text = text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."
        if text in self._texts:
            return
        if len(self._texts) < MAX_PROBLEMS:
            self._texts[text] = None
        else:
            self._more = True

    def __iter__(self) -> Iterator[str]:
        yield from list(self._texts)
        if self._more:
            yield f"and more: only the first {MAX_PROBLEMS} problems are kept"

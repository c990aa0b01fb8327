"""A line on the terminal while something takes long."""

from __future__ import annotations

import sys
import time

__all__ = ["Progress"]

_PATIENCE = 1.0
_INTERVAL = 0.2


class Progress:
    """Counts files on the standard error of a terminal, from the first second on; silent everywhere else.

    Parameters
    ----------
    shown : bool
        Whether anything may be written at all.
    title : str
        What is going on.
    total : int, optional
        How many files there are, where that is known.
    """

    def __init__(self, *, shown: bool, title: str = "Listing files", total: int | None = None) -> None:
        self._title = title
        self._total = "" if total is None else f" of {total:,}"
        self._shown = shown and sys.stderr is not None and sys.stderr.isatty()
        self._next = time.monotonic() + _PATIENCE
        self._count = 0
        self._written = False

    def add(self, count: int) -> None:
        """Count files.

        Parameters
        ----------
        count : int
            How many more were found.
        """
        self._count += count
        if self._shown and time.monotonic() >= self._next:
            self._write(f"\r{self._title}: {self._count:,}{self._total}")

    def close(self) -> None:
        """Remove the line."""
        if self._written:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
        self._written = True
        self._next = time.monotonic() + _INTERVAL

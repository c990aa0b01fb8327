"""A line on the terminal while a large folder is being listed."""

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
    """

    def __init__(self, *, shown: bool) -> None:
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
            self._write(f"\rListing files: {self._count:,}")

    def close(self) -> None:
        """Remove the line."""
        if self._written:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
        self._written = True
        self._next = time.monotonic() + _INTERVAL

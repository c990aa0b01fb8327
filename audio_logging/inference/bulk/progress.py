"""Progress: how far a long job is, how fast, and how long it will take; with rich's bar where rich is installed."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Protocol

__all__ = ["Progress", "show_progress"]

INTERVAL = 10.0
"""[s] Between two lines in a log file."""

REDRAW = 0.5
"""[s] Between two states of a line on a terminal."""


class Progress(Protocol):
    """Told of every input."""

    def advance(self, *, bad: int) -> None:
        """Count one more input.

        Parameters
        ----------
        bad : int
            How many could not be used so far.
        """


class _Silent:
    def advance(self, *, bad: int) -> None:
        """Say nothing."""


class _Line:
    """A line on standard error: rewritten on a terminal, a new one now and then in a log file."""

    def __init__(self, total: int, done: int) -> None:
        self._total, self._first, self._done = total, done, done
        self._started = time.monotonic()
        self._is_terminal = sys.stderr.isatty()
        self._interval = REDRAW if self._is_terminal else INTERVAL
        self._next = self._started + self._interval

    def advance(self, *, bad: int) -> None:
        """Count, and write when it is time."""
        self._done += 1
        now = time.monotonic()
        if now >= self._next:
            self._next = now + self._interval
            self._write(progress_line(self._done, self._total, self._done - self._first, now - self._started, bad))

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r{text}\x1b[K" if self._is_terminal else f"{text}\n")
        sys.stderr.flush()


def progress_line(done: int, total: int, new: int, seconds: float, bad: int) -> str:
    """Return what to say of a job.

    Parameters
    ----------
    done, total : int
    new : int
        Done by this process.
    seconds : float
        [s] That it took for these.
    bad : int

    Returns
    -------
    str

    Examples
    --------
    >>> progress_line(50, 200, 50, 10.0, 1)
    '50/200 (25 %), 5.0/s, 0:00:30 left, 1 bad'
    """
    rate = new / seconds if seconds else 0.0
    left = round((total - done) / rate) if rate else 0
    time_left = f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
    return f"{done}/{total} ({100 * done // total} %), {rate:.1f}/s, {time_left} left, {bad} bad"


@contextlib.contextmanager
def show_progress(*, shown: bool, total: int, done: int) -> Iterator[Progress]:
    """Show progress on standard error while a job runs.

    Parameters
    ----------
    shown : bool
    total, done : int
        Inputs in all, and those that were there already.

    Yields
    ------
    Progress
    """
    if not shown or sys.stderr is None:
        yield _Silent()
    elif sys.stderr.isatty() and (bar := _rich_bar(total, done)) is not None:
        with bar as progress:
            yield progress
    else:
        yield _Line(total, done)
        if sys.stderr.isatty():
            sys.stderr.write("\n")


def _rich_bar(total: int, done: int) -> contextlib.AbstractContextManager[Progress] | None:
    try:
        from audio_logging.inference.bulk.rich_bar import rich_bar
    except ImportError:
        return None
    return rich_bar(total, done)

"""rich_bar: progress with rich, which the demo extra brings."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

__all__ = ["rich_bar"]


class _Bar:
    def __init__(self, progress: Progress, total: int, done: int) -> None:
        self._progress, self._first, self._done = progress, done, done
        self._task = progress.add_task("predict", total=total, completed=done, rate="", bad="")

    def advance(self, *, bad: int) -> None:
        """Count one more input."""
        self._done += 1
        elapsed = self._progress.tasks[0].elapsed or 0.0
        rate = f"{(self._done - self._first) / elapsed:.1f}/s" if elapsed else ""
        shown = f"[red]{bad} bad[/red]" if bad else ""
        self._progress.update(self._task, completed=self._done, rate=rate, bad=shown)


@contextlib.contextmanager
def rich_bar(total: int, done: int) -> Iterator[_Bar]:
    """Show a bar with count, rate, remaining time and bad inputs on standard error.

    Parameters
    ----------
    total, done : int

    Yields
    ------
    Progress
    """
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[bad]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield _Bar(progress, total, done)

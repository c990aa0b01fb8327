"""How far an export is, on a terminal."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

__all__ = ["Advance", "no_progress", "progress_bar"]

Advance: TypeAlias = Callable[[], Any]
"""Called once a clip."""


def no_progress() -> None:
    """Say nothing."""


@contextmanager
def progress_bar(total: int) -> Iterator[Advance]:
    """Show a bar on the standard error when that is a terminal and rich is installed; say nothing otherwise.

    Parameters
    ----------
    total : int
        [clips]

    Yields
    ------
    callable
        To be called once a clip.
    """
    rich = _rich() if sys.stderr is not None and sys.stderr.isatty() else None
    if rich is None:
        yield no_progress
        return
    progress, console = rich
    columns = (progress.TextColumn("Clips"), progress.BarColumn(), progress.MofNCompleteColumn())
    with progress.Progress(
        *columns, progress.TimeRemainingColumn(), console=console.Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("Clips", total=total)
        yield lambda: bar.advance(task)


def _rich() -> tuple[Any, Any] | None:
    try:
        return importlib.import_module("rich.progress"), importlib.import_module("rich.console")
    except ImportError:
        return None

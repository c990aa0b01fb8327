"""What the demo shows: its progress, and at the end what was reached and how to listen to it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from audio_logging.errors import MissingDependencyError

__all__ = ["Report", "progress"]

SHOWN = (
    ("val/accuracy", "accuracy on held-out recordings", "{:.1%}"),
    ("val/loss", "loss on held-out recordings", "{:.3f}"),
    ("denoiser/gain_db", "gain of the denoiser (SI-SDR)", "{:+.1f} dB"),
)


@dataclass(frozen=True)
class Report:
    """What a demo run reached.

    Attributes
    ----------
    folder : Path
        The run's.
    train, held_out : int
        Recordings.
    names : tuple of str
        Classes.
    first, last : dict
        Measures after the first and after the last epoch.
    """

    folder: Path
    train: int
    held_out: int
    names: tuple[str, ...]
    first: Mapping[str, float] = field(default_factory=dict)
    last: Mapping[str, float] = field(default_factory=dict)

    def after(self, measures: Mapping[str, float]) -> Report:
        """Return the report after one more epoch."""
        return replace(self, first=self.first or dict(measures), last=dict(measures))

    def show(self) -> None:
        """Print a table of first against last, and three lines: how to look, to listen, to sync."""
        from rich.console import Console

        console = Console(highlight=False)
        console.print(self._table())
        for line in self.lines():
            console.print(line, soft_wrap=True, markup=False)

    def lines(self) -> list[str]:
        """Return how to look, to listen and to sync, as commands that can be typed as they stand."""
        folder = shlex.quote(_shorter(self.folder))
        return [
            f"look:    {_command('audio-logging')} ls {folder}",
            f"listen:  {_command('audio-logging')} view {folder}",
            f"sync:    {_command('wandb')} sync {folder}",
        ]

    def _table(self) -> Any:
        from rich.table import Table

        table = Table("", "after epoch 1", "at the end", title=f"{len(self.names)} classes, {self.train} recordings")
        for name, title, shape in SHOWN:
            if name in self.first:
                table.add_row(title, shape.format(self.first[name]), shape.format(self.last[name]))
        return table


class Show:
    """Draws progress bars."""

    def __init__(self, bars: Any) -> None:
        self._bars = bars

    def __call__(self, steps: Iterable[int], title: str) -> Iterator[int]:
        """Yield steps, drawing a bar."""
        yield from self._bars.track(list(steps), description=title)

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(text, highlight=False)


@contextmanager
def progress() -> Iterator[Show]:
    """Show progress bars while the block runs.

    Yields
    ------
    Show

    Raises
    ------
    MissingDependencyError
        rich is not installed.
    """
    try:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    except ImportError as error:
        raise MissingDependencyError(
            'the demo needs rich. Install it with: pip install "audio-logging[demo]"'
        ) from error
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as bars:
        yield Show(bars)


def _command(name: str) -> str:
    """Return how to call a command of this environment: by its path, unless the shell finds it by its name."""
    here = Path(sys.executable).with_name(name)
    found = shutil.which(name)
    if not here.exists() or (found is not None and here.samefile(found)):
        return name
    return shlex.quote(_shorter(here))


def _shorter(path: Path) -> str:
    """Return a path from the current folder where that is shorter."""
    relative = os.path.relpath(path)
    return min(relative, str(path), key=len)

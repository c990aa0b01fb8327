"""Writer: another process that trains, and logs when the test tells it to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.runs.conftest import wandb_environment

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Writer"]

ROOT = Path(__file__).parents[2]


class Writer:
    """A live run.

    Parameters
    ----------
    folder : Path
        Where wandb makes its folder ``wandb``.

    Attributes
    ----------
    runs : Path
        That folder of runs.
    """

    def __init__(self, folder: Path) -> None:
        self.runs = folder / "wandb"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.recipes", "live", str(folder)],
            env={**wandb_environment(folder), "WANDB_SILENT": "true"},
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._answer() == "ready"

    @property
    def run(self) -> Path:
        """The run's folder."""
        [run] = self.runs.glob("offline-run-*")
        return run

    def log(self, key: str, step: int, number: int = 1) -> float:
        """Log clips, and return when they were flushed [s since 1970]."""
        self._tell(f"{key} {step} {number}\n")
        return float(self._answer())

    def kill(self) -> None:
        """Let it die as a crash or a scheduler would have it."""
        self._tell("kill\n")
        self._process.wait(30)
        self._close()

    def finish(self) -> None:
        """Let it finish, unless it is gone."""
        if self._process.poll() is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(60)
        self._close()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None and not stream.closed:
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

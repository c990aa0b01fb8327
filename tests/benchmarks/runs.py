"""Offline runs in folders that are gone afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import wandb

__all__ = ["offline_run", "temporary_wandb"]


@contextmanager
def temporary_wandb() -> Iterator[Path]:
    """Let wandb write below the yielded folder only: runs, staged artifacts, caches. Stop its service at the end."""
    with tempfile.TemporaryDirectory(prefix="audio-logging-benchmark-", ignore_cleanup_errors=True) as name:
        places = {f"WANDB_{kind}_DIR": name for kind in ("DATA", "CACHE", "CONFIG", "ARTIFACT")}
        silent = {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_CONSOLE": "off", "WANDB_DIR": name}
        with mock.patch.dict(os.environ, {**places, **silent}):
            wandb.teardown()  # it reads the environment once
            try:
                yield Path(name)
            finally:
                wandb.teardown()


@contextmanager
def offline_run(folder: Path) -> Iterator[wandb.Run]:
    """Start a run beside those that are open.

    Parameters
    ----------
    folder : Path
        Of `temporary_wandb`, or one below it.

    Yields
    ------
    wandb.Run
    """
    run = wandb.init(project="benchmarks", dir=str(folder), mode="offline", reinit="create_new")
    try:
        yield run
    finally:
        run.finish()

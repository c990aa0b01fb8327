"""The environment variables by which wandb finds the server, and keeps away from everything else."""

from __future__ import annotations

import os
from pathlib import Path

from tests.fake_wandb.server import API_KEY, Server

__all__ = ["environment", "without_wandb"]

FOLDERS = ("DATA", "CACHE", "CONFIG", "ARTIFACT")


def environment(server: Server, folder: Path) -> dict[str, str]:
    """Return the variables for a wandb that talks to `server` and writes below `folder` only.

    Another folder is another machine: nothing is in its caches.

    Parameters
    ----------
    server : Server
    folder : Path
        Made if it is not there.
    """
    folders = {f"WANDB_{name}_DIR": folder / f"wandb-{name.lower()}" for name in FOLDERS}
    for path in folders.values():
        path.mkdir(parents=True, exist_ok=True)
    return {
        **{name: str(path) for name, path in folders.items()},
        "WANDB_DIR": str(folder),
        "WANDB_BASE_URL": server.url,
        "WANDB_API_KEY": API_KEY,
        "WANDB_MODE": "online",
        "WANDB_SILENT": "true",
        "WANDB_CONSOLE": "off",
        "WANDB_DISABLE_GIT": "true",
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_X_DISABLE_STATS": "true",
        "WANDB_X_DISABLE_MACHINE_INFO": "true",
        "NETRC": str(folder / "no-netrc"),
    }


def without_wandb() -> dict[str, str]:
    """Return this process's environment without anything that wandb reads, for processes of their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}

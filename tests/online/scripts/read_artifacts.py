"""Get things from artifacts as a process of its own: ``read_artifacts '{NAME: [ENTRY, ...]}'`` prints what they are."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import wandb

from tests.online.description import describe


def read(run: wandb.Run, name: str, entries: list[str]) -> dict[str, Any]:
    """Return the things by name, then every file that a download of the whole gives."""
    artifact = run.use_artifact(name)
    things = {entry: describe(artifact.get(entry)) for entry in entries}
    return {
        "things": things,
        "files": _hashes(Path(artifact.download())),
        "version": artifact.version,
        "aliases": artifact.aliases,
        "metadata": artifact.metadata,
    }


def _hashes(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


if __name__ == "__main__":
    with wandb.init(project="sounds") as run:
        print(json.dumps({name: read(run, name, entries) for name, entries in json.loads(sys.argv[1]).items()}))

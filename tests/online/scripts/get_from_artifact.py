"""Get things from an artifact, one by one and nothing else: ``get_from_artifact NAME ENTRY ...``."""

from __future__ import annotations

import json
import sys
from typing import Any

import wandb

from tests.online.description import describe


def get(name: str, entries: list[str]) -> dict[str, Any]:
    """Return what the entries are."""
    with wandb.init(project="sounds") as run:
        artifact = run.use_artifact(name)
        return {entry: describe(artifact.get(entry)) for entry in entries}


if __name__ == "__main__":
    print(json.dumps(get(sys.argv[1], sys.argv[2:])))

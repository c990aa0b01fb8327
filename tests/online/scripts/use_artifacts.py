"""Read artifacts with ``use_artifact``: ``use_artifacts NAME CLIP TABLE`` prints what it gives."""

from __future__ import annotations

import json
import sys
from typing import Any

import wandb

from audio_logging.artifacts import use_artifact
from tests.online.description import describe


def read(name: str, clip: str, table: str) -> dict[str, Any]:
    """Return all that there is to ask."""
    with wandb.init(project="sounds"):
        used = use_artifact(name)
        rows = used.get(table)
        return {
            "type": used.type,
            "version": used.version,
            "aliases": used.aliases,
            "metadata": used.metadata,
            "description": used.description,
            "digest": used.digest,
            "run_id": used.run_id,
            "files": used.files(),
            "clip": describe(used.get(clip)),
            "columns": rows.columns,
            "rows": describe(rows.rows),
            "downloaded": sorted(path.name for path in used.download().rglob("*") if path.is_file()),
        }


if __name__ == "__main__":
    print(json.dumps(read(*sys.argv[1:])))

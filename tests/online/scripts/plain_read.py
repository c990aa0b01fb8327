"""Get clips from an artifact with wandb alone: ``plain_read NAME TABLE CLIP ...`` prints captions and file hashes."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import wandb


def read(name: str, table: str, clips: list[str]) -> dict[str, Any]:
    """Return the clips by name, and the rows of the table."""
    with wandb.init(project="sounds") as run:
        artifact = run.use_artifact(name)
        got = {clip: _described(artifact.get(clip)) for clip in clips}
        whole = artifact.get(table)
        assert isinstance(whole, wandb.Table)
        return {"clips": got, "rows": [[_described(cell) for cell in row] for row in whole.data]}


def _described(value: Any) -> Any:
    if not isinstance(value, wandb.Audio):
        return value
    assert type(value) is wandb.Audio
    return {"caption": value._caption, "file": hashlib.sha256(Path(str(value._path)).read_bytes()).hexdigest()}


if __name__ == "__main__":
    found = read(sys.argv[1], sys.argv[2], sys.argv[3:])
    assert "audio_logging" not in sys.modules
    print(json.dumps(found))

"""Put fetched clips into a second artifact: ``refer FROM TO CLIP TABLE``."""

from __future__ import annotations

import sys

import wandb

from audio_logging import Audio


def refer(source: str, target: str, clip: str, table: str) -> None:
    """Log an artifact with a clip and the clips of a table of another one."""
    with wandb.init(project="sounds") as run:
        fetched = run.use_artifact(source)
        artifact = wandb.Artifact(target, "dataset")
        one, whole = fetched.get(clip), fetched.get(table)
        assert isinstance(one, Audio)
        assert isinstance(whole, wandb.Table)
        artifact.add(one, "clip")
        artifact.add(wandb.Table(whole.columns, whole.data), "table")
        run.log_artifact(artifact).wait()


if __name__ == "__main__":
    refer(*sys.argv[1:])
    print("{}")

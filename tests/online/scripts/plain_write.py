"""Log an artifact of clips with wandb alone: ``plain_write NAME FILE``."""

from __future__ import annotations

import sys

import numpy as np
import wandb


def write(name: str, file: str) -> None:
    """Log clips of samples and of a file, alone and in tables."""
    samples = np.random.default_rng(8).uniform(-0.5, 0.5, (4000, 2)).astype(np.float32)
    artifact = wandb.Artifact(name, "dataset")
    with wandb.init(project="sounds") as run:
        artifact.add(wandb.Audio(samples, 16_000, "made of samples"), "samples")
        artifact.add(wandb.Audio(file, caption="made of a file"), "file")
        rows = [[wandb.Audio(samples, 16_000, "in a table")], [wandb.Audio(file, caption="a file in a table")]]
        artifact.add(wandb.Table(["audio"], rows), "table")
        run.log_artifact(artifact).wait()


if __name__ == "__main__":
    write(*sys.argv[1:])
    assert "audio_logging" not in sys.modules
    print("{}")

"""Log an offline run with everything: ``WANDB_MODE=offline offline_write`` prints its folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import wandb

import audio_logging as al

LABELS = ("dog", "cat")


def write() -> str:
    """Log scalars, clips, a table, an artifact, AudioLogger's events and predictions."""
    random = np.random.default_rng(0)
    sounds = [random.uniform(-0.5, 0.5, 4000).astype(np.float32) for _ in range(6)]
    samples = [{"audio": sounds[index], "sample_rate": 16_000, "label": label} for index, label in enumerate(LABELS)]

    def predict(model: object, clips: list[al.AudioClip]) -> list[dict[str, object]]:
        return [{"label": label, "score": 0.5} for label, _ in zip(LABELS, clips, strict=True)]

    with wandb.init(project="sounds") as run:
        with al.PredictionLogger(samples, predict).session(run) as predictions, al.AudioLogger(run) as logger:
            for step in range(3):
                logger.log("train/out", sounds[2 + step % 2], sample_rate=16_000, step=step)
                run.log({"loss": 1 / (1 + step)}, step=step)
                predictions.step(epoch=step, step=step)
        run.log({"clip": al.Audio(sounds[4], 16_000, "alone")})
        run.log({"table": wandb.Table(["audio"], [[al.Audio(sounds[4], 16_000, "in a table")]])})
        artifact = wandb.Artifact("clips", "dataset")
        artifact.add(al.Audio(sounds[5], 16_000, "in an artifact", format="flac"), "clip")
        run.log_artifact(artifact, aliases=["best"])
        folder = Path(run.dir).parent
    return str(folder)


if __name__ == "__main__":
    print(json.dumps(write()))

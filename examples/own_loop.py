"""A training loop of your own, with its samples, predictions and loudest mistake logged to an offline W&B run.

Run it with: python examples/own_loop.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
import wandb

import audio_logging as al
from audio_logging.demo.classifier import Classifier
from audio_logging.demo.features import log_mel, summarise
from audio_logging.demo.recordings import class_names, split_by_recording
from audio_logging.demo.sounds import SAMPLE_RATE, make_sounds


def predict(model: Classifier, clips: list[al.AudioClip]) -> list[dict[str, Any]]:
    """Return what PredictionLogger wants to know: here a row of scores a clip, in the order of the class names."""
    return [{"scores": scores} for scores in model.predict_scores(clips)]


def main(epochs: int = 5, per_class: int = 30) -> None:
    """Train for a few epochs."""
    train, held_out = split_by_recording(make_sounds(per_class=per_class))
    names = class_names(train)
    features = summarise(log_mel(item.clip, SAMPLE_RATE) for item in train)
    model = Classifier(names, sample_rate=SAMPLE_RATE)
    samples = [{"audio": item.clip, "label": item.label, "clip_id": item.name} for item in held_out]
    predictions = al.PredictionLogger(samples, predict, select="stratified", class_names=names)

    with wandb.init(project="own-loop", mode="offline") as run, al.AudioLogger(run) as logger, predictions.session(run):
        for epoch in range(epochs):
            loss = model.fit_epoch(features, [item.label for item in train])
            predictions.step(epoch=epoch, model=model)

            own_score = [
                scores[names.index(item.label)]
                for item, scores in zip(held_out, model.predict_scores(item.clip for item in held_out), strict=True)
            ]
            worst = held_out[int(np.argmin(own_score))]
            logger.log("val/worst", worst.clip, caption=f"{worst.label}: score {min(own_score):.2f}", step=epoch)
            run.log({"epoch": epoch, "loss": loss})


if __name__ == "__main__":
    main()

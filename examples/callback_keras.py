"""Keras 3 on any backend: one line more in `fit`, and an offline W&B run has predictions to listen to.

Run it with: KERAS_BACKEND=torch python examples/callback_keras.py
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import wandb

from audio_logging.callbacks.keras import AudioCallback
from audio_logging.demo.sounds import CLASS_NAMES, SAMPLE_RATE, make_sounds

FRAMES = SAMPLE_RATE // 2


def load(per_class: int, seed: int) -> tuple[Any, Any]:
    """Return the first half second of each sound [shape=(clips, frames, 1)], with the number of its class."""
    sounds = make_sounds(per_class=per_class, seed=seed)
    waves = [np.pad(sound.clip.samples.mean(axis=1), (0, FRAMES))[:FRAMES] for sound in sounds]
    labels = [CLASS_NAMES.index(sound.label) for sound in sounds]
    return np.stack(waves).astype("float32")[:, :, None], np.array(labels)


def main(epochs: int = 5, per_class: int = 20) -> None:
    """Train for a few epochs."""
    model = keras.Sequential(
        [
            keras.Input((FRAMES, 1)),
            keras.layers.Conv1D(32, 256, strides=64, activation="relu"),
            keras.layers.AveragePooling1D(15),
            keras.layers.Flatten(),
            keras.layers.Dense(len(CLASS_NAMES), activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    held_out = load(2, seed=1)
    callback = AudioCallback(held_out, select="stratified", class_names=CLASS_NAMES, sample_rate=SAMPLE_RATE)
    with wandb.init(project="callbacks", mode="offline") as run:
        to_wandb = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: run.log({"epoch": epoch, **logs}))
        model.fit(
            *load(per_class, seed=0),
            epochs=epochs,
            batch_size=16,
            validation_data=held_out,
            callbacks=[callback, to_wandb],
            verbose=0,
        )


if __name__ == "__main__":
    main()

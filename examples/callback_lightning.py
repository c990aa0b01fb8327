"""Lightning: one line more in the trainer, and the run of its WandbLogger has predictions to listen to.

Run it with: python examples/callback_lightning.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.loggers import WandbLogger

import audio_logging as al
from audio_logging.callbacks.lightning import AudioCallback
from audio_logging.demo.sounds import CLASS_NAMES, SAMPLE_RATE, make_sounds

FRAMES = SAMPLE_RATE // 2


def load(per_class: int, seed: int) -> torch.utils.data.TensorDataset:
    """Return the first half second of each sound, mixed to one channel, with the number of its class."""
    sounds = make_sounds(per_class=per_class, seed=seed)
    waves = [np.pad(sound.clip.samples.mean(axis=1), (0, FRAMES))[:FRAMES] for sound in sounds]
    labels = [CLASS_NAMES.index(sound.label) for sound in sounds]
    return torch.utils.data.TensorDataset(torch.from_numpy(np.stack(waves)).float(), torch.tensor(labels))


class Classifier(LightningModule):
    """A small convolutional network."""

    def __init__(self) -> None:
        super().__init__()
        self.net = torch.nn.Sequential(
            torch.nn.Unflatten(1, (1, FRAMES)),
            torch.nn.Conv1d(1, 32, 256, stride=64),
            torch.nn.ReLU(),
            torch.nn.AdaptiveAvgPool1d(8),
            torch.nn.Flatten(),
            torch.nn.Linear(256, len(CLASS_NAMES)),
        )

    def forward(self, waves: torch.Tensor) -> Any:
        """Return logits."""
        return self.net(waves)

    def training_step(self, batch: Any) -> Any:
        """Return the loss."""
        loss = torch.nn.functional.cross_entropy(self(batch[0]), batch[1])
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: Any) -> dict[str, Any]:
        """Return what the callback taps: no clip goes through the model twice."""
        logits = self(batch[0])
        self.log("val_loss", torch.nn.functional.cross_entropy(logits, batch[1]))
        return {"logits": logits}

    def configure_optimizers(self) -> Any:
        """Return the optimizer."""
        return torch.optim.Adam(self.parameters(), 1e-3)


def main(epochs: int = 5, per_class: int = 20) -> None:
    """Train for a few epochs."""
    held_out = load(2, seed=1)
    callback = AudioCallback(
        held_out,
        tap=True,
        when=al.When(every_n_epochs=1, best=("val_loss", "min")),
        class_names=CLASS_NAMES,
        sample_rate=SAMPLE_RATE,
    )
    trainer = Trainer(
        max_epochs=epochs,
        callbacks=[callback],
        logger=WandbLogger(project="callbacks", offline=True),
        enable_checkpointing=False,
        enable_progress_bar=False,
        log_every_n_steps=1,
    )
    trainer.fit(
        Classifier(),
        torch.utils.data.DataLoader(load(per_class, seed=0), batch_size=16, shuffle=True),
        torch.utils.data.DataLoader(held_out, batch_size=16),
    )


if __name__ == "__main__":
    main()

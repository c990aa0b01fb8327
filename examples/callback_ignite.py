"""PyTorch-Ignite: one line more for the engine, and an offline W&B run has denoised sounds beside their references.

Run it with: python examples/callback_ignite.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import wandb
from ignite.engine import Engine, Events

import audio_logging as al
from audio_logging.callbacks.ignite import attach
from audio_logging.demo.sounds import SAMPLE_RATE, make_sounds

FRAMES = SAMPLE_RATE // 2


def load(per_class: int, seed: int) -> list[dict[str, Any]]:
    """Return half seconds of sounds, with noise and without, by the names that the callback knows."""
    generator = np.random.default_rng(seed)
    made = []
    for sound in make_sounds(per_class=per_class, seed=seed):
        clean = 0.8 * np.pad(sound.clip.samples.mean(axis=1), (0, FRAMES))[:FRAMES].astype("float32")
        noise = generator.uniform(-0.05, 0.05, FRAMES).astype("float32")
        made.append({"noisy": clean + noise, "clean": clean, "label": sound.label, "sample_rate": SAMPLE_RATE})
    return made


def main(epochs: int = 5, per_class: int = 20) -> None:
    """Train for a few epochs."""
    model = torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, FRAMES)),
        torch.nn.Conv1d(1, 16, 33, padding="same"),
        torch.nn.Tanh(),
        torch.nn.Conv1d(16, 1, 33, padding="same"),
        torch.nn.Flatten(),
    )
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)

    def update(_: Engine, batch: dict[str, torch.Tensor]) -> float:
        loss = torch.nn.functional.mse_loss(model(batch["noisy"]), batch["clean"])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    trainer = Engine(update)
    when = al.When(every_n_epochs=2, last=True)
    attach(trainer, load(1, seed=1), model=model, name="denoised", task="separation", max_clips=4, when=when)
    batches = torch.utils.data.DataLoader(load(per_class, seed=0), batch_size=16, shuffle=True)
    with wandb.init(project="callbacks", mode="offline") as run:
        trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: run.log({"loss": engine.state.output}))
        trainer.run(batches, max_epochs=epochs)


if __name__ == "__main__":
    main()

"""A PyTorch loop of your own: predictions on a few held-out sounds after every epoch, in an offline W&B run.

Run it with: python examples/callback_plain_torch.py
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import wandb

import audio_logging as al
from audio_logging.demo.sounds import CLASS_NAMES, SAMPLE_RATE, make_sounds

FRAMES = SAMPLE_RATE // 2


def load(per_class: int, seed: int) -> torch.utils.data.TensorDataset:
    """Return the first half second of each sound, mixed to one channel, with the number of its class."""
    sounds = make_sounds(per_class=per_class, seed=seed)
    waves = [np.pad(sound.clip.samples.mean(axis=1), (0, FRAMES))[:FRAMES] for sound in sounds]
    labels = [CLASS_NAMES.index(sound.label) for sound in sounds]
    return torch.utils.data.TensorDataset(torch.from_numpy(np.stack(waves)).float(), torch.tensor(labels))


def predict(model: torch.nn.Module, clips: list[al.AudioClip]) -> dict[str, Any]:
    """Return logits; the model is in evaluation mode without gradients, and training goes on as if nothing happened."""
    return {"logits": model(torch.stack([torch.from_numpy(clip.samples[:, 0]) for clip in clips]))}


def main(epochs: int = 5, per_class: int = 20) -> None:
    """Train for a few epochs."""
    model = torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, FRAMES)),
        torch.nn.Conv1d(1, 32, 256, stride=64),
        torch.nn.ReLU(),
        torch.nn.AdaptiveAvgPool1d(8),
        torch.nn.Flatten(),
        torch.nn.Linear(256, len(CLASS_NAMES)),
    )
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    batches = torch.utils.data.DataLoader(load(per_class, seed=0), batch_size=16, shuffle=True)
    log = al.PredictionLogger(
        load(2, seed=1), predict, select="stratified", class_names=CLASS_NAMES, sample_rate=SAMPLE_RATE
    )
    step = 0
    with wandb.init(project="callbacks", mode="offline") as run, log.session(run):
        for epoch in range(1, epochs + 1):
            for waves, labels in batches:
                loss = torch.nn.functional.cross_entropy(model(waves), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                step += 1
                run.log({"loss": loss.item()}, step=step)
            log.step(epoch=epoch, step=step, model=model)


if __name__ == "__main__":
    main()

"""Train a small network with PyTorch on a folder of recordings, one folder a class.

    python examples/dataset_torch.py [FOLDER]

Without a folder, made-up sounds are written to a temporary one. ``dataset_sklearn.py`` trains on the same set.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import soundfile
import torch
from torch.utils.data import DataLoader

import audio_logging as al
from audio_logging.demo.sounds import make_sounds

SAMPLE_RATE = 16_000
SECONDS = 1.0


def write_sounds(folder: Path, per_class: int = 20) -> Path:
    """Fill a folder with made-up sounds, a folder a class."""
    for sound in make_sounds(per_class=per_class):
        path = folder / f"{sound.name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sound.clip.samples, sound.clip.sample_rate)
    return folder


def log_spectrum(audio: torch.Tensor) -> torch.Tensor:
    """Return log spectra [shape=(batch, 257, windows)] of waveforms [shape=(batch, 1, frames)]."""
    spectrum = torch.stft(audio[:, 0], 512, window=torch.hann_window(512), return_complex=True)
    return (spectrum.abs() + 1e-4).log()


def make_network(classes: int) -> torch.nn.Module:
    """Return a network that takes log spectra."""
    return torch.nn.Sequential(
        torch.nn.BatchNorm1d(257),
        torch.nn.Conv1d(257, 64, 3),
        torch.nn.ReLU(),
        torch.nn.AdaptiveMaxPool1d(4),
        torch.nn.Flatten(),
        torch.nn.Dropout(0.3),
        torch.nn.Linear(4 * 64, classes),
    )


def accuracy(network: torch.nn.Module, batches: Any) -> float:
    """Return the share of clips that the network gets right."""
    network.eval()
    with torch.no_grad():
        right = torch.cat([network(log_spectrum(audio)).argmax(1) == labels for audio, labels in batches])
    return float(right.float().mean())


def main(folder: Path, epochs: int = 8) -> float:
    """Train for a few epochs and return the accuracy on the held-out files."""
    torch.manual_seed(0)
    torch.set_num_threads(1)  # the network is so small that more of them only wait for each other
    training, validation = al.audio_dataset_from_directory(
        folder,
        sampling_rate=SAMPLE_RATE,
        output_sequence_length=round(SECONDS * SAMPLE_RATE),
        mono=True,
        validation_split=0.25,
        subset="both",
        stratify=True,
        seed=0,
    )
    stream = training.to_torch(layout="channels_first")
    batches = DataLoader(stream, batch_size=None, num_workers=2, persistent_workers=True)
    network = make_network(len(training.class_names or ()))
    weights = torch.tensor(list(training.class_weights.values()))
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    score = 0.0
    for epoch in range(epochs):
        network.train()
        stream.set_epoch(epoch)
        for audio, labels in batches:
            loss = torch.nn.functional.cross_entropy(network(log_spectrum(audio)), labels, weights)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        score = accuracy(network, validation.to_torch(layout="channels_first"))
        print(f"epoch {epoch}: loss {loss:.2f}, accuracy {score:.2f}")
    return score


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with TemporaryDirectory() as temporary:
            main(write_sounds(Path(temporary)))

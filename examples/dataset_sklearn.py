"""Train a classifier with scikit-learn on a folder of recordings, one folder a class.

    python examples/dataset_sklearn.py [FOLDER]

Without a folder, made-up sounds are written to a temporary one. ``dataset_torch.py`` trains on the same set.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import audio_logging as al
from audio_logging.demo.sounds import make_sounds

SAMPLE_RATE = 16_000
SECONDS = 1.0
WINDOW = 512


def write_sounds(folder: Path, per_class: int = 20) -> Path:
    """Fill a folder with made-up sounds, a folder a class."""
    for sound in make_sounds(per_class=per_class):
        path = folder / f"{sound.name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sound.clip.samples, sound.clip.sample_rate)
    return folder


def features(audio: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return mean and spread of the log spectrum of clips [shape=(batch, frames, 1)]."""
    windows = audio[:, : audio.shape[1] // WINDOW * WINDOW, 0].reshape(len(audio), -1, WINDOW)
    spectrum = np.log(np.abs(np.fft.rfft(windows * np.hanning(WINDOW))) + 1e-4)
    return np.concatenate([spectrum.mean(1), spectrum.std(1)], axis=1).astype(np.float32)


def table_of(dataset: al.AudioDataset) -> tuple[Any, Any]:
    """Return the features and labels of all clips."""
    rows, labels = zip(*((features(audio), labels) for audio, labels in dataset), strict=True)
    return np.concatenate(rows), np.concatenate(labels)


def main(folder: Path) -> float:
    """Train and return the accuracy on the held-out files."""
    training, validation = al.audio_dataset_from_directory(
        folder,
        sampling_rate=SAMPLE_RATE,
        output_sequence_length=round(SECONDS * SAMPLE_RATE),
        mono=True,
        validation_split=0.25,
        subset="both",
        stratify=True,
        seed=0,
        num_workers=2,
    )
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.01, max_iter=500, class_weight=training.class_weights)
    )
    model.fit(*table_of(training))
    score = float(model.score(*table_of(validation)))
    print(f"accuracy {score:.2f}")
    return score


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with TemporaryDirectory() as temporary:
            main(write_sounds(Path(temporary)))

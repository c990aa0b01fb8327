"""run_demo(): train two small models on real or synthetic recordings, and log what they hear and make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import wandb

from audio_logging.clip import AudioClip
from audio_logging.datasets import AudioDataset
from audio_logging.demo.classifier import EPOCHS, Classifier
from audio_logging.demo.denoiser import SNR_DB, Denoiser
from audio_logging.demo.features import FloatArray, augment, log_mel, mono, summarise
from audio_logging.demo.noise import add_noise
from audio_logging.demo.recordings import (
    Recording,
    class_names,
    common_sample_rate,
    read_dataset,
    read_recordings,
    split_by_recording,
)
from audio_logging.demo.report import Report, progress
from audio_logging.demo.sounds import make_sounds
from audio_logging.errors import MissingDependencyError
from audio_logging.predictions.logger import PredictionLogger
from audio_logging.predictions.measures import si_sdr

__all__ = ["EPOCHS", "PROJECT", "run_demo"]

PROJECT = "audio-logging-demo"
CLIPS = 40
"""How many held-out samples are logged."""

EMBEDDING_DECIMALS = 3
"""Enough for a map, and a third of the digits in the tables."""

DENOISED_CLIPS = 6


@dataclass(frozen=True)
class Data:
    """What the models learn from and are judged on."""

    train: list[Recording]
    held_out: list[Recording]
    names: tuple[str, ...]
    sample_rate: int


def run_demo(
    data: str | Path | AudioDataset | None = None, *, epochs: int = EPOCHS, seed: int = 0, project: str = PROJECT
) -> Report:
    """Train a classifier and a denoiser, and log samples, predictions and denoised clips to an offline run.

    Parameters
    ----------
    data : str, Path or AudioDataset, optional
        A folder with a folder of audio files per class, or what
        :func:`audio_logging.audio_dataset_from_directory` made of one; default: a set of synthetic sounds.
    epochs : int > 0
    seed : int
        Of the split, the models and the noise.
    project : str
        W&B project of the run.

    Returns
    -------
    Report
        What was reached, and where the run lies.

    Raises
    ------
    AudioFileNotFoundError, AudioDecodeError, AudioValueError
        The folder does not hold classes of readable audio.
    MissingDependencyError
        scikit-learn is not installed.
    """
    with progress() as show, _one_blas_thread():
        prepared = _prepare(data, seed, show)
        config = {"data": _name_of(data), "epochs": epochs, "seed": seed, "classes": prepared.names}
        with _offline_run(project, config) as run:
            return _train(run, prepared, epochs, seed, show)


def _train(run: wandb.Run, data: Data, epochs: int, seed: int, show: Any) -> Report:
    classifying = Classifying(data, seed)
    denoising = Denoising(data, seed)
    report = Report(Path(run.dir).parent, len(data.train), len(data.held_out), data.names)
    with classifying.logger().session(run) as heard, denoising.logger().session(run) as cleaned:
        for epoch in show(range(epochs), "Training"):
            measures = {**classifying.fit_epoch(), **denoising.fit_epoch()}
            heard.step(epoch=epoch, model=classifying.model)
            cleaned.step(epoch=epoch, model=denoising.model)
            run.log({"epoch": epoch, **measures})
            report = report.after(measures)
    return report


class Classifying:
    """The classifier, its features, and the samples it is heard on."""

    def __init__(self, data: Data, seed: int) -> None:
        self._data = data
        self._generator = np.random.default_rng(seed)
        self._seed = seed
        self._spectrograms = [log_mel(item.clip, data.sample_rate) for item in data.train]
        self._labels = [item.label for item in data.train]
        self._held_out = summarise(log_mel(item.clip, data.sample_rate) for item in data.held_out)
        self._held_out_labels = [item.label for item in data.held_out]
        self.model = Classifier(data.names, sample_rate=data.sample_rate, seed=seed)

    def fit_epoch(self) -> dict[str, float]:
        """Train once on every recording, and return the losses and the accuracy on held-out recordings."""
        features = summarise(augment(spectrogram, self._generator) for spectrogram in self._spectrograms)
        loss = self.model.fit_epoch(features, self._labels)
        return {
            "train/loss": loss,
            "val/loss": self.model.loss(self._held_out, self._held_out_labels),
            "val/accuracy": self.model.accuracy(self._held_out, self._held_out_labels),
        }

    def logger(self) -> PredictionLogger:
        """Return what logs the model's predictions on a few held-out samples."""
        samples = [{"audio": item.clip, "label": item.label, "clip_id": item.name} for item in self._data.held_out]
        return PredictionLogger(
            samples,
            classify,
            name="val",
            select="stratified",
            max_clips=CLIPS,
            class_names=self._data.names,
            seed=self._seed,
        )


class Denoising:
    """The denoiser, its clips, and the noisy ones it is heard on."""

    def __init__(self, data: Data, seed: int) -> None:
        self._clips = [item.clip for item in data.train]
        self._seed = seed
        self._samples = _noisy_samples(data, np.random.default_rng(seed))
        self.model = Denoiser(data.sample_rate, seed=seed)

    def fit_epoch(self) -> dict[str, float]:
        """Train once on every recording with fresh noise, and return the loss and the gain [dB] on noisy samples."""
        loss = self.model.fit_epoch(self._clips)
        made = denoise(self.model, [sample["audio"] for sample in self._samples])
        after = [si_sdr(clip["audio"], sample["reference"]) for clip, sample in zip(made, self._samples, strict=True)]
        before = [si_sdr(sample["audio"], sample["reference"]) for sample in self._samples]
        return {"denoiser/loss": loss, "denoiser/gain_db": float(np.mean(np.subtract(after, before)))}

    def logger(self) -> PredictionLogger:
        """Return what logs noisy input, reference and denoised output side by side."""
        return PredictionLogger(
            self._samples,
            denoise,
            name="denoised",
            max_clips=DENOISED_CLIPS,
            metrics={"si_sdr_db": si_sdr},
            seed=self._seed,
        )


def classify(model: Classifier, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
    """Return scores and embeddings of clips, as PredictionLogger wants them."""
    features = model.features(clips)
    embeddings = model.embeddings(features).astype(np.float64).round(EMBEDDING_DECIMALS)
    return [
        {"scores": scores, "embedding": embedding}
        for scores, embedding in zip(model.scores(features), embeddings, strict=True)
    ]


def denoise(model: Denoiser, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
    """Return denoised clips, as PredictionLogger wants them."""
    return [{"audio": AudioClip(model.denoise(clip.samples, clip.sample_rate), clip.sample_rate)} for clip in clips]


def _name_of(data: str | Path | AudioDataset | None) -> str:
    return "synthetic sounds" if data is None else str(getattr(data, "directory", data))


def _recordings(data: str | Path | AudioDataset | None, seed: int) -> list[Recording]:
    if data is None:
        return make_sounds(seed=seed)
    return read_dataset(data) if isinstance(data, AudioDataset) else read_recordings(data)


def _prepare(data: str | Path | AudioDataset | None, seed: int, show: Any) -> Data:
    recordings = _recordings(data, seed)
    train, held_out = split_by_recording(recordings, seed=seed)
    show.say(
        f"{len(train)} recordings to train on, {len(held_out)} held out, of {len(class_names(recordings))} classes"
    )
    return Data(train, held_out, class_names(recordings), common_sample_rate(recordings))


def _noisy_samples(data: Data, generator: np.random.Generator) -> list[dict[str, Any]]:
    """Return a few held-out clips with noise, beside themselves; silent ones cannot be told from noise."""
    chosen = [item for item in data.held_out if item.clip.peak > 0][:: max(1, len(data.held_out) // DENOISED_CLIPS)]
    return [_noisy_sample(item, data.sample_rate, generator) for item in chosen[:DENOISED_CLIPS]]


def _noisy_sample(item: Recording, sample_rate: int, generator: np.random.Generator) -> dict[str, Any]:
    clean: FloatArray = mono(item.clip, sample_rate)
    noisy = add_noise(clean, snr_db=SNR_DB, generator=generator)
    gain = np.float32(1 / max(1.0, float(np.abs(noisy).max())))
    return {
        "audio": AudioClip(noisy * gain, sample_rate),
        "reference": AudioClip(clean * gain, sample_rate),
        "label": item.label,
        "clip_id": item.name,
    }


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Keep numpy's matrix products to one thread: these are small, and threads that wait for each other cost more."""
    try:
        from threadpoolctl import threadpool_limits  # comes with scikit-learn
    except ImportError as error:
        raise MissingDependencyError(
            'the demo needs scikit-learn. Install it with: pip install "audio-logging[demo]"'
        ) from error
    with threadpool_limits(limits=1, user_api="blas"):
        yield


@contextmanager
def _offline_run(project: str, config: dict[str, Any]) -> Iterator[wandb.Run]:
    run = wandb.init(
        project=project, mode="offline", config=config, settings=wandb.Settings(silent=True, console="off")
    )
    try:
        yield run
    except BaseException:
        run.finish(exit_code=1)
        raise
    run.finish()

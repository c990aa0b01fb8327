"""Tables of samples and of predictions, as W&B shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import wandb

from audio_logging.media import Audio
from audio_logging.prediction import Prediction
from audio_logging.samples import Sample

__all__ = ["LoggedSample", "PredictionRow", "predictions_table", "samples_table"]


@dataclass(frozen=True)
class LoggedSample:
    """A sample with its clips as they lie in the run.

    Attributes
    ----------
    sample : Sample
    audio : Audio
    reference : Audio or None
    """

    sample: Sample
    audio: Audio
    reference: Audio | None = None


@dataclass(frozen=True)
class PredictionRow:
    """A prediction beside the sample that it is of.

    Attributes
    ----------
    logged : LoggedSample
    prediction : Prediction
    generated : Audio or None
        The clip that the model made, as it lies in the run.
    metrics : dict
        Measures of the prediction against the reference, by name; None where one could not be computed.
    spectrogram : wandb.Image or None
    """

    logged: LoggedSample
    prediction: Prediction
    generated: Audio | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    spectrogram: Any = None

    @property
    def correct(self) -> bool | None:
        """Whether the predicted label is the sample's; None when there is no telling."""
        expected, got = self.logged.sample.label, self.prediction.label
        return None if expected is None or got is None else expected == got


def samples_table(logged: Sequence[LoggedSample]) -> wandb.Table:
    """Return the table of the samples, which is logged once.

    Parameters
    ----------
    logged : sequence of LoggedSample

    Returns
    -------
    wandb.Table
        Columns ``clip_id``, ``audio``, ``label``, ``duration`` [s], ``sample_rate`` [Hz], ``channels``, ``peak``,
        ``clipped_samples``; ``reference``, ``text`` and ``full_duration`` where any sample has one.
    """
    return _table(_sample_columns(item) for item in logged)


def predictions_table(rows: Sequence[PredictionRow], *, epoch: int | None, step: int) -> wandb.Table:
    """Return the table of one event's predictions; its clips are the ones that were logged before.

    Parameters
    ----------
    rows : sequence of PredictionRow
    epoch : int or None
    step : int

    Returns
    -------
    wandb.Table
        Columns ``step``, ``epoch``, ``clip_id``, ``audio``, ``label``, ``prediction``, ``score``, ``correct``,
        ``top_k``, the numbers that `predict` gave, the metrics, ``duration`` [s], ``peak``, ``clipped_samples``; and
        ``generated``, ``reference``, ``text``, ``predicted_text``, ``embedding``, ``spectrogram`` where there are any.
    """
    return _table(_prediction_columns(row, epoch, step) for row in rows)


def _sample_columns(logged: LoggedSample) -> dict[str, Any]:
    sample, audio = logged.sample, logged.audio
    cut = sample.full_duration > sample.clip.duration
    return {
        "clip_id": sample.clip_id,
        "audio": audio,
        "label": sample.label,
        "text": sample.text,
        "reference": logged.reference,
        "duration": audio.duration,
        "full_duration": sample.full_duration if cut else None,
        "sample_rate": audio.sample_rate,
        "channels": audio.channels,
        "peak": audio.peak,
        "clipped_samples": audio.clipped_samples,
    }


def _prediction_columns(row: PredictionRow, epoch: int | None, step: int) -> dict[str, Any]:
    sample, prediction, audio = row.logged.sample, row.prediction, row.logged.audio
    return {
        "step": step,
        "epoch": epoch,
        "clip_id": sample.clip_id,
        "audio": audio,
        "spectrogram": row.spectrogram,
        "reference": row.logged.reference,
        "generated": row.generated,
        "label": sample.label,
        "prediction": prediction.label,
        "score": prediction.score,
        "correct": row.correct,
        "top_k": " | ".join(f"{label} {score:.3f}" for label, score in prediction.scores) or None,
        "text": sample.text,
        "predicted_text": prediction.text,
        **{_measure_name(name): value for name, value in {**prediction.numbers, **row.metrics}.items()},
        "embedding": prediction.embedding,
        "duration": audio.duration,
        "peak": audio.peak,
        "clipped_samples": audio.clipped_samples,
    }


TAKEN = ("step", "epoch", "clip_id", "audio", "text", "correct", "top_k", "prediction", "duration", "peak")
"""Columns whose names a measure of the user's cannot have."""


def _measure_name(name: str) -> str:
    return f"measured_{name}" if name in TAKEN else name


ALWAYS = ("clip_id", "audio", "label", "prediction", "score", "correct", "top_k", "duration", "peak", "clipped_samples")
"""Columns that stay when they are empty, so that tables of one run look alike."""


def _table(records: Iterable[Mapping[str, Any]]) -> wandb.Table:
    rows = list(records)
    names = list(dict.fromkeys(name for row in rows for name in row))
    shown = [name for name in names if name in ALWAYS or any(row.get(name) is not None for row in rows)]
    columns: list[str | int] = list(shown)
    return wandb.Table(columns=columns, data=[[row.get(name) for name in shown] for row in rows])

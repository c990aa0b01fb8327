"""Tables of samples and of predictions, as W&B shows them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import wandb

from audio_logging.media.audio import Audio
from audio_logging.predictions.prediction import Prediction
from audio_logging.predictions.samples import Sample

__all__ = ["LoggedSample", "PredictionRow", "predictions_table", "samples_table"]


@dataclass(frozen=True)
class LoggedSample:
    """A sample with its clips as they lie in the run.

    Attributes
    ----------
    sample : Sample
    audio : Audio
    reference : Audio or None
    spectrogram : wandb.Image or None
    """

    sample: Sample
    audio: Audio
    reference: Audio | None = None
    spectrogram: Any = None


@dataclass(frozen=True)
class PredictionRow:
    """A prediction beside the sample that it is of.

    Attributes
    ----------
    logged : LoggedSample
    prediction : Prediction
    generated : Audio or None
        The clip that the model made, as it lies in the run.
    spectrogram : wandb.Image or None
        Of that clip.
    """

    logged: LoggedSample
    prediction: Prediction
    generated: Audio | None = None
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
        ``clipped_samples``; ``spectrogram``, ``reference``, ``text`` and ``full_duration`` where any sample has one.
    """
    return _table([_sample_columns(item) for item in logged])


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
        ``top_k``, the numbers that `predict` gave, the metrics, and of the sample ``duration`` [s], ``peak`` and
        ``clipped_samples``. Where there are any: ``label_score`` (what the sample's own label was given),
        ``reference``, ``text``, ``predicted_text``, ``embedding``; and of what the model made ``generated``,
        ``spectrogram``, ``generated_duration`` [s], ``generated_peak``, ``generated_clipped_samples`` and
        ``invalid_samples`` (that were NaN or infinite).
    """
    measured = {_measure_name(name) for row in rows for name in row.prediction.measures}
    return _table([_prediction_columns(row, epoch, step) for row in rows], measured)


def _sample_columns(logged: LoggedSample) -> dict[str, Any]:
    sample, audio = logged.sample, logged.audio
    cut = sample.full_duration > sample.clip.duration
    return {
        "clip_id": sample.clip_id,
        "audio": audio,
        "spectrogram": logged.spectrogram,
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
    measures = {**prediction.numbers, **prediction.measures}
    return {
        "step": step,
        "epoch": epoch,
        "clip_id": sample.clip_id,
        "audio": audio,
        "reference": row.logged.reference,
        "generated": row.generated,
        "spectrogram": row.spectrogram,
        "label": sample.label,
        "prediction": prediction.label,
        "score": prediction.score,
        "label_score": prediction.label_score,
        "correct": row.correct,
        "top_k": " | ".join(f"{label} {score:.3f}" for label, score in prediction.scores) or None,
        "text": sample.text,
        "predicted_text": prediction.text,
        **{_measure_name(name): value for name, value in measures.items()},
        "embedding": prediction.embedding,
        "duration": audio.duration,
        "peak": audio.peak,
        "clipped_samples": audio.clipped_samples,
        **_generated_columns(row),
    }


def _generated_columns(row: PredictionRow) -> dict[str, Any]:
    made, stored = row.prediction.audio, row.generated
    invalid = None if made is None else made.invalid_samples
    return {
        "generated_duration": None if stored is None else stored.duration,
        "generated_peak": None if stored is None else stored.peak,
        "generated_clipped_samples": None if stored is None else stored.clipped_samples,
        "invalid_samples": invalid or None,
    }


ALWAYS = ("clip_id", "audio", "label", "prediction", "score", "correct", "top_k", "duration", "peak", "clipped_samples")
"""Columns that stay when they are empty, so that tables of one run look alike."""

TAKEN = (
    *ALWAYS,
    "step",
    "epoch",
    "reference",
    "generated",
    "spectrogram",
    "label_score",
    "text",
    "predicted_text",
    "embedding",
    "generated_duration",
    "generated_peak",
    "generated_clipped_samples",
    "invalid_samples",
)
"""Columns whose names a measure of the user's cannot have."""


def _measure_name(name: str) -> str:
    return f"measured_{name}" if name in TAKEN else name


def _table(rows: Sequence[Mapping[str, Any]], always: Collection[str] = ()) -> wandb.Table:
    names = list(dict.fromkeys(name for row in rows for name in row))
    kept = {*ALWAYS, *always}
    shown = [name for name in names if name in kept or any(row.get(name) is not None for row in rows)]
    columns: list[str | int] = list(shown)
    return wandb.Table(columns=columns, data=[[row.get(name) for name in shown] for row in rows])

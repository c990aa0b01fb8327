"""What a PredictionLogger writes into a run: the samples once, then one event after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import wandb

from audio_logging import _wandb
from audio_logging.clip import AudioClip
from audio_logging.content import FileContent
from audio_logging.conversion import convert
from audio_logging.details import AudioDetails
from audio_logging.encoding import EncodedAudio
from audio_logging.errors import PredictionError
from audio_logging.inputs import ClipSource
from audio_logging.logger import AudioLogger
from audio_logging.media import Audio
from audio_logging.naming import artifact_name
from audio_logging.output import RunOutput, StoredClip, list_json
from audio_logging.prediction import Metric, Prediction
from audio_logging.samples import Sample
from audio_logging.selection import Spending
from audio_logging.spectrogram import spectrogram_image
from audio_logging.tables import LoggedSample, PredictionRow, predictions_table, samples_table

__all__ = ["PredictionEvents"]

SCORE_DIGITS = 6

BYTES_PER_ROW = 1500
"""What a row of a table, with its references and its sidecar line, takes on disk, about."""


class PredictionEvents:
    """Writes samples and predictions through a logger's background thread.

    Parameters
    ----------
    logger : AudioLogger
    name : str
        Group of all keys.
    samples : sequence of Sample
    spending : Spending
        What is stored is added to it.
    spectrogram : bool
        Whether tables show pictures.
    """

    def __init__(
        self, logger: AudioLogger, name: str, samples: Sequence[Sample], *, spending: Spending, spectrogram: bool
    ) -> None:
        self._logger = logger
        self._name = name
        self._samples = samples
        self._spending = spending
        self._spectrogram = spectrogram
        self._logged: dict[str, LoggedSample] = {}
        self._stored: dict[str, StoredClip] = {}
        self._next_step = 0

    def log_samples(self) -> None:
        """Log the samples: files, sidecar lines, a list in the history and an artifact."""
        waiting = sum(sample.clip.stored.nbytes for sample in self._samples)
        self._logger.log_row(self._make_samples, step=0, nbytes=waiting)

    def log_predictions(
        self,
        predictions: Sequence[tuple[Sample, Prediction]],
        *,
        epoch: int | None,
        step: int | None,
        metrics: Mapping[str, Metric],
    ) -> None:
        """Log one event.

        Parameters
        ----------
        predictions : sequence of (Sample, Prediction)
        epoch, step : int or None
        metrics : dict of callable
            Computed in the background.
        """
        at = step if step is not None else epoch if epoch is not None else self._next_step
        self._next_step = at + 1
        waiting = sum(made.audio.stored.nbytes for _, made in predictions if made.audio is not None)
        self._logger.log_row(lambda: self._make_predictions(predictions, epoch, at, metrics), step=at, nbytes=waiting)

    def _make_samples(self) -> dict[str, Any]:
        output = self._logger.output
        if output is None:
            return {}
        for sample in self._samples:
            self._log_sample(output, sample)
        self._log_artifact(output.run)
        listed = [self._stored[sample.clip_id] for sample in self._samples if sample.clip_id in self._stored]
        return {f"{self._name}/samples": list_json(listed)} if listed else {}

    def _log_sample(self, output: RunOutput, sample: Sample) -> None:
        caption = sample.label if sample.label is not None else sample.clip_id
        notes = {"role": "sample", "clip_id": sample.clip_id, "label": sample.label}
        try:
            stored = self._store(output, sample.clip, "samples", caption)
            self._note(output, stored, "samples", 0, len(self._stored), notes)
            reference = None
            if sample.reference is not None:
                kept = self._store(output, sample.reference, "references", caption)
                self._note(output, kept, "references", 0, len(self._stored), {**notes, "role": "reference"})
                reference = _audio(output, kept)
        except Exception as error:
            self._logger.report(error)
            return
        self._stored[sample.clip_id] = stored
        self._logged[sample.clip_id] = LoggedSample(sample, _audio(output, stored), reference)

    def _log_artifact(self, run: wandb.Run) -> None:
        """Log the samples as a data set; the same samples make no new version, in whichever process."""
        if not self._logged:
            return
        artifact = wandb.Artifact(artifact_name(f"{self._name}-samples"), "dataset")
        _wandb.add_table(artifact, samples_table(list(self._logged.values())), "samples")
        run.log_artifact(artifact)

    def _make_predictions(
        self,
        predictions: Sequence[tuple[Sample, Prediction]],
        epoch: int | None,
        step: int,
        metrics: Mapping[str, Metric],
    ) -> dict[str, Any]:
        output = self._logger.output
        if output is None:
            return {}
        known = [(self._logged[sample.clip_id], made) for sample, made in predictions if sample.clip_id in self._logged]
        rows = [self._row(output, logged, made, metrics) for logged, made in known]
        if not rows:
            return {}
        for index, row in enumerate(rows):
            self._note_prediction(output, row, step, index)
        self._spending.bytes += BYTES_PER_ROW * len(rows)
        table = predictions_table(rows, epoch=epoch, step=step)
        key = f"{self._name}/predictions"
        return {key: _wandb.log_table(output.run, key, table), **self._side_by_side(rows), **self._means(rows)}

    def _row(
        self, output: RunOutput, logged: LoggedSample, made: Prediction, metrics: Mapping[str, Metric]
    ) -> PredictionRow:
        sample = logged.sample
        generated = None
        if made.audio is not None:
            stored = self._store(output, made.audio, "generated", _caption("generated", sample))
            generated = _audio(output, stored)
        measured = {name: self._measure(name, metric, made, sample) for name, metric in metrics.items()}
        return PredictionRow(logged, made, generated, measured, self._picture(sample, made))

    def _measure(self, name: str, metric: Metric, made: Prediction, sample: Sample) -> float | None:
        prediction, reference = made.subject(), made.reference_in(sample)
        if prediction is None or reference is None:
            return None
        try:
            return float(metric(prediction, reference))
        except Exception as error:
            failure = PredictionError(
                f"the metric {name!r} failed on {sample.clip_id}: {type(error).__name__}: {error}"
            )
            failure.__cause__ = error
            self._logger.report(failure)
            return None

    def _picture(self, sample: Sample, made: Prediction) -> Any:
        if not self._spectrogram:
            return None
        return wandb.Image(spectrogram_image(made.audio if made.audio is not None else sample.clip))

    def _note_prediction(self, output: RunOutput, row: PredictionRow, step: int, index: int) -> None:
        sample, made = row.logged.sample, row.prediction
        notes = {
            "role": "prediction",
            "clip_id": sample.clip_id,
            "label": sample.label,
            "prediction": made.label if made.label is not None else made.text,
            "scores": [{"label": label, "score": round(score, SCORE_DIGITS)} for label, score in made.scores] or None,
            "metrics": {**made.numbers, **row.metrics} or None,
        }
        heard = self._stored[sample.clip_id]
        self._note(output, heard, "predictions", step, index, notes)
        if row.generated is not None:
            self._note(output, _stored(output, row.generated), "generated", step, index, {**notes, "role": "generated"})

    def _side_by_side(self, rows: Sequence[PredictionRow]) -> dict[str, Any]:
        """Return what the model made as a list to listen to, each clip behind its input and its reference."""
        output = self._logger.output
        clips: list[StoredClip] = []
        for row in rows:
            if row.generated is None or output is None:
                continue
            inputs = [("input", row.logged.audio), ("reference", row.logged.reference), ("generated", row.generated)]
            for role, audio in inputs:
                if audio is not None:
                    clips.append(_stored(output, audio, _caption(role, row.logged.sample)))
        return {f"{self._name}/generated": list_json(clips)} if clips else {}

    def _means(self, rows: Sequence[PredictionRow]) -> dict[str, float]:
        """Return the share of correct predictions and the mean of each metric over these clips."""
        known = [row.correct for row in rows if row.correct is not None]
        means = {} if not known else {f"{self._name}/clips/accuracy": sum(known) / len(known)}
        for name in dict.fromkeys(name for row in rows for name in row.metrics):
            values = [value for row in rows if (value := row.metrics.get(name)) is not None]
            if values:
                means[f"{self._name}/clips/{name}"] = sum(values) / len(values)
        return means

    def _store(self, output: RunOutput, clip: AudioClip, group: str, caption: str | None) -> StoredClip:
        key = f"{self._name}/{group}"
        converted = convert(ClipSource(clip), self._logger.conversion)
        path, sha256, size = output.store(converted, key)
        self._spending.bytes += size
        assert isinstance(converted, EncodedAudio)  # noqa: S101 - a clip is always encoded
        stored = StoredClip(path, sha256, size, AudioDetails.of(converted), caption)
        self._logger.count_clipping(key, stored.details)
        return stored

    def _note(
        self, output: RunOutput, clip: StoredClip, group: str, step: int, index: int, notes: Mapping[str, Any]
    ) -> None:
        output.note(clip, key=f"{self._name}/{group}", step=step, index=index, notes=notes)


def _audio(output: RunOutput, stored: StoredClip) -> Audio:
    """Return a stored clip as the Audio that tables and artifacts take."""
    audio = Audio.over(FileContent(Path(output.folder) / stored.path, stored.sha256), stored.details, stored.caption)
    audio.attach(output.run)
    return audio


def _stored(output: RunOutput, audio: Audio, caption: str | None = None) -> StoredClip:
    path = Path(audio.content.path()).relative_to(output.folder).as_posix()
    return StoredClip(path, audio.sha256, audio.size or 0, audio.details, caption or audio.caption)


def _caption(role: str, sample: Sample) -> str:
    return f"{role} {sample.clip_id}" if sample.label is None else f"{role} {sample.clip_id}: {sample.label}"

"""What a PredictionLogger writes into a run: the samples once, then one event after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import wandb

from audio_logging import _wandb
from audio_logging.clip import AudioClip
from audio_logging.encoding import EncodedAudio
from audio_logging.inputs import ClipSource
from audio_logging.logger.audio_logger import AudioLogger
from audio_logging.logger.output import RunOutput, StoredClip, list_json
from audio_logging.media.audio import Audio
from audio_logging.notices import warn_once
from audio_logging.predictions.prediction import Prediction
from audio_logging.predictions.samples import Sample
from audio_logging.predictions.selection import Spending
from audio_logging.predictions.spectrogram import spectrogram_image
from audio_logging.predictions.tables import LoggedSample, PredictionRow, predictions_table, samples_table
from audio_logging.storage.content import FileContent
from audio_logging.storage.conversion import convert
from audio_logging.storage.details import AudioDetails
from audio_logging.storage.naming import artifact_name

__all__ = ["PredictionEvents"]

SCORE_DIGITS = 6

UPLOAD_SECONDS = 300
"""[s] How long the background waits for the samples to be on the server, before tables refer to them."""

BYTES_PER_ROW = 1500
"""What a row of a table, with its references and its sidecar line, takes on disk, about."""

PICTURE_SHRINKS = 2
"""How many times smaller a spectrogram is as PNG, at least."""


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
        self._paid: set[str] = set()
        self._next_step = 0

    def go_on_with(self, logger: AudioLogger) -> None:
        """Write through another logger of the same run: the samples are in it already."""
        self._logger = logger

    def log_samples(self, *, listed: bool = True) -> None:
        """Log the samples: files, sidecar lines, an artifact, and a list in the history.

        Parameters
        ----------
        listed : bool
            Whether the history gets the list; a run that is resumed has it.
        """
        waiting = sum(sample.clip.stored.nbytes for sample in self._samples)
        self._logger.log_row(lambda: self._make_samples(listed), step=0, nbytes=waiting)

    def log_predictions(
        self, predictions: Sequence[tuple[Sample, Prediction]], *, epoch: int | None, step: int | None
    ) -> None:
        """Log one event.

        Parameters
        ----------
        predictions : sequence of (Sample, Prediction)
        epoch, step : int or None
        """
        at = step if step is not None else epoch if epoch is not None else self._next_step
        self._next_step = at + 1
        waiting = sum(made.audio.stored.nbytes for _, made in predictions if made.audio is not None)
        self._logger.log_row(lambda: self._make_predictions(predictions, epoch, at), step=at, nbytes=waiting)

    def _make_samples(self, listed: bool) -> dict[str, Any]:
        output = self._logger.output
        if output is None:
            return {}
        for index, sample in enumerate(self._samples):
            try:
                self._log_sample(output, sample, index)
            except Exception as error:
                self._logger.report(error)
        self._log_artifact(output.run)
        clips = [self._stored[sample.clip_id] for sample in self._samples if sample.clip_id in self._stored]
        return {f"{self._name}/samples": list_json(clips)} if clips and listed else {}

    def _log_sample(self, output: RunOutput, sample: Sample, index: int) -> None:
        caption = sample.label if sample.label is not None else sample.clip_id
        notes = {"role": "sample", "clip_id": sample.clip_id, "label": sample.label}
        stored = self._store(output, sample.clip, "samples", caption)
        self._note(output, stored, "samples", 0, index, notes)
        reference = None
        if sample.reference is not None:
            kept = self._store(output, sample.reference, "references", caption)
            self._note(output, kept, "references", 0, index, {**notes, "role": "reference"})
            reference = _audio(output, kept)
        self._stored[sample.clip_id] = stored
        self._logged[sample.clip_id] = LoggedSample(
            sample, _audio(output, stored), reference, self._picture(sample.clip)
        )

    def _log_artifact(self, run: wandb.Run) -> None:
        """Log the samples as a data set; the same samples make no new version, in whichever process."""
        if not self._logged:
            return
        artifact = wandb.Artifact(artifact_name(f"{self._name}-samples"), "dataset")
        _wandb.add_table(artifact, samples_table(list(self._logged.values())), "samples")
        run.log_artifact(artifact)
        try:
            _wandb.wait_until_logged(artifact, UPLOAD_SECONDS)
        except Exception as error:  # tables hold copies of the clips then
            self._logger.report(error, key=f"{self._name}/samples")

    def _make_predictions(
        self, predictions: Sequence[tuple[Sample, Prediction]], epoch: int | None, step: int
    ) -> dict[str, Any]:
        output = self._logger.output
        if output is None:
            return {}
        known = [(self._logged[sample.clip_id], made) for sample, made in predictions if sample.clip_id in self._logged]
        rows = [self._row_or_report(output, logged, made) for logged, made in known]
        if not rows:
            return {}
        for index, row in enumerate(rows):
            self._note_prediction(output, row, step, index)
        self._spending.bytes += BYTES_PER_ROW * len(rows)
        table = predictions_table(rows, epoch=epoch, step=step)
        key = f"{self._name}/predictions"
        return {key: _wandb.log_table(output.run, key, table), **self._side_by_side(rows), **self._means(rows)}

    def _row_or_report(self, output: RunOutput, logged: LoggedSample, made: Prediction) -> PredictionRow:
        """Return a row, without the clip that was made where that cannot be stored."""
        try:
            return self._row(output, logged, made)
        except Exception as error:
            self._logger.report(error)
            return PredictionRow(logged, replace(made, audio=None))

    def _row(self, output: RunOutput, logged: LoggedSample, made: Prediction) -> PredictionRow:
        if made.audio is None:
            return PredictionRow(logged, made)
        if made.audio.invalid_samples:
            self._count_invalid(output, made.audio)
        stored = self._store(output, made.audio, "generated", _caption("generated", logged.sample))
        return PredictionRow(logged, made, _audio(output, stored), self._picture(made.audio))

    def _count_invalid(self, output: RunOutput, clip: AudioClip) -> None:
        output.count("invalid_samples", clip.invalid_samples)
        warn_once(
            f"{self._name}: predict made {clip.invalid_samples} samples that are NaN or infinite; they are stored as "
            "zeros and counted in the table's column invalid_samples and in the run's summary as "
            "audio_logging/invalid_samples; this is said once",
            "invalid",
            str(output.run.id),
            self._name,
        )

    def _picture(self, clip: AudioClip) -> Any:
        if not self._spectrogram:
            return None
        picture = spectrogram_image(clip)
        self._spending.bytes += picture.nbytes // PICTURE_SHRINKS
        return wandb.Image(picture)

    def _note_prediction(self, output: RunOutput, row: PredictionRow, step: int, index: int) -> None:
        sample, made = row.logged.sample, row.prediction
        notes = {
            "role": "prediction",
            "clip_id": sample.clip_id,
            "label": sample.label,
            "prediction": made.label if made.label is not None else made.text,
            "scores": [{"label": label, "score": round(score, SCORE_DIGITS)} for label, score in made.scores] or None,
            "metrics": {**made.numbers, **made.measures} or None,
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
        for name in dict.fromkeys(name for row in rows for name in row.prediction.measures):
            values = [value for row in rows if (value := row.prediction.measures.get(name)) is not None]
            if values:
                means[f"{self._name}/clips/{name}"] = sum(values) / len(values)
        return means

    def _store(self, output: RunOutput, clip: AudioClip, group: str, caption: str | None) -> StoredClip:
        key = f"{self._name}/{group}"
        converted = convert(ClipSource(clip), self._logger.conversion)
        path, sha256, size = output.store(converted, key)
        self._spending.bytes += 0 if path in self._paid else size
        self._paid.add(path)
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
    # Absolute, since run.dir is relative where wandb.init(dir=".") said so, and artifacts record where their files lie.
    path = output.folder.absolute() / stored.path
    audio = Audio.over(FileContent(path, stored.sha256), stored.details, stored.caption)
    audio.attach(output.run)
    return audio


def _stored(output: RunOutput, audio: Audio, caption: str | None = None) -> StoredClip:
    path = Path(audio.content.path()).relative_to(output.folder.absolute()).as_posix()
    return StoredClip(path, audio.sha256, audio.size or 0, audio.details, caption or audio.caption)


def _caption(role: str, sample: Sample) -> str:
    return f"{role} {sample.clip_id}" if sample.label is None else f"{role} {sample.clip_id}: {sample.label}"

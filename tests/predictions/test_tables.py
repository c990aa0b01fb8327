from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb

from audio_logging import Audio, AudioClip
from audio_logging.predictions.prediction import Prediction
from audio_logging.predictions.samples import Sample
from audio_logging.predictions.tables import TAKEN, LoggedSample, PredictionRow, predictions_table, samples_table


@pytest.fixture
def audio(wandb_offline: Path) -> Audio:
    return Audio(np.full(800, 0.5), 8000, caption="a")


def logged(audio: Audio, **fields: Any) -> LoggedSample:
    sample = Sample("s", AudioClip(np.full(800, 0.5), 8000), 0, **{"label": "a", "full_duration": 0.1, **fields})
    return LoggedSample(sample, audio)


def records(table: wandb.Table) -> list[dict[str, Any]]:
    return [dict(zip(map(str, table.columns), row, strict=True)) for row in table.data]


def test_a_table_of_samples_has_what_is_known(audio: Audio) -> None:
    (record,) = records(samples_table([logged(audio)]))
    assert record.pop("audio") is audio
    assert record == {
        "clip_id": "s",
        "label": "a",
        "duration": 0.1,
        "sample_rate": 8000,
        "channels": 1,
        "peak": 0.5,
        "clipped_samples": 0,
    }


def test_a_sample_that_was_cut_says_how_long_it_was(audio: Audio) -> None:
    assert records(samples_table([logged(audio, full_duration=7.5)]))[0]["full_duration"] == 7.5


@pytest.mark.parametrize(
    ("label", "predicted", "correct"), [("a", "a", True), ("a", "b", False), (None, "a", None), ("a", None, None)]
)
def test_correct_is_told_only_where_there_is_something_to_compare(
    audio: Audio, label: str | None, predicted: str | None, correct: bool | None
) -> None:
    row = PredictionRow(logged(audio, label=label), Prediction(label=predicted))
    (record,) = records(predictions_table([row], epoch=None, step=2))
    assert record["correct"] is correct
    assert "epoch" not in record


def test_metrics_keep_their_column_when_all_are_missing(audio: Audio) -> None:
    row = PredictionRow(logged(audio), Prediction(measures={"wer": None}, numbers={"loss": 1.0}))
    (record,) = records(predictions_table([row], epoch=None, step=2))
    assert (record["wer"], record["loss"]) == (None, 1.0)


def test_every_column_of_ours_is_taken(audio: Audio) -> None:
    """A measure of the user's can have none of their names."""
    clip = AudioClip.adopt(np.zeros(800, np.float32), 8000, invalid_samples=3)
    prediction = Prediction("a", 0.5, (("a", 0.5),), 0.5, clip, "text", [1.0])
    full = LoggedSample(Sample("s", clip, 0, "a", clip, "text"), audio, audio)
    row = PredictionRow(full, prediction, audio, spectrogram=wandb.Image(np.zeros((4, 4, 3), np.uint8)))
    assert set(predictions_table([row], epoch=1, step=2).columns) == set(TAKEN)

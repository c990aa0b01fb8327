from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.inference import AudioClassifier, AudioEmbedder

Sine = Callable[..., npt.NDArray[np.float32]]
Require = Callable[[str], ModuleType]


@pytest.fixture
def samples(sine: Sine) -> list[dict[str, Any]]:
    long = np.concatenate([sine(220, 0.5), sine(880, 1.25)])
    return [
        {"audio": (8000, sine(440, 0.5)), "label": "440 Hz", "clip_id": "short"},
        {"audio": (8000, long), "label": "220 Hz", "clip_id": "long"},
    ]


def logged_table(run_folder: Path) -> list[dict[str, Any]]:
    (path,) = run_folder.rglob("*predictions*.table.json")
    table = json.loads(path.read_text())
    return [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]


def test_a_classifier_is_a_predict_and_its_table_has_top_k_times_and_embedding(
    wandb_offline: Path, tones_folder: Path, samples: list[dict[str, Any]], require: Require
) -> None:
    wandb: Any = require("wandb")
    from audio_logging.predictions.logger import PredictionLogger

    classifier = AudioClassifier.from_pretrained(tones_folder, window=0.5)
    run = wandb.init(project="p")
    with PredictionLogger(samples, classifier, top_k=2, on_error="raise").session(run) as logger:
        logger.step(epoch=0, step=0)
    run.finish()
    short, long = logged_table(wandb_offline)
    assert (short["prediction"], short["correct"]) == ("440 Hz", True)
    assert (long["prediction"], long["correct"]) == ("880 Hz", False)
    assert long["top_k"].startswith("880 Hz 0.7")
    assert (long["windows"], long["start"], long["end"]) == (4, 0.5, 1.0)
    assert long["last_coverage"] == 0.5
    assert short["windows"] is None
    assert len(long["embedding"]) == 8


def test_an_embedder_is_a_predict(
    wandb_offline: Path, tones_folder: Path, samples: list[dict[str, Any]], require: Require
) -> None:
    wandb: Any = require("wandb")
    from audio_logging.predictions.logger import PredictionLogger

    embedder = AudioEmbedder.create_from_file(tones_folder, window=0.5)
    run = wandb.init(project="p")
    with PredictionLogger(samples, embedder, on_error="raise").session(run) as logger:
        logger.step(epoch=0, step=0)
    run.finish()
    assert [len(row["embedding"]) for row in logged_table(wandb_offline)] == [8, 8]

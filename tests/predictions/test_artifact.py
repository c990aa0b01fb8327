from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb

from audio_logging.clip import AudioClip
from audio_logging.errors import NotFoundError
from audio_logging.inference import predict_dataset
from audio_logging.predictions.artifact import log_predictions


def test_the_same_rows_are_the_same_version_with_what_could_not_be_read(tmp_path: Path, wandb_offline: Path) -> None:
    model: Any = lambda clips: [{"loud": clip.peak} for clip in clips]  # noqa: E731
    clips = [AudioClip(np.full(80, level), 8000) for level in (0.25, 0.5)] + ["nothing.wav"]
    report = predict_dataset(clips, model, out=tmp_path / "a.jsonl")
    with wandb.init(project="p") as run:
        artifact = log_predictions(run, report)
        assert set(artifact.manifest.entries) == {"predictions.jsonl", "bad_inputs.json"}
        assert artifact.metadata["bad"] == 1
        again = log_predictions(run, tmp_path / "a.jsonl")
        assert again.digest == artifact.digest
        with pytest.raises(NotFoundError, match="there is no report beside"):
            log_predictions(run, tmp_path / "b.jsonl")

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from prediction_artifact import log_predictions  # noqa: E402  (becomes audio_logging.prediction_artifact)

from audio_logging.clip import AudioClip
from audio_logging.errors import NotFoundError
from audio_logging.inference import predict_dataset


def test_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import wandb

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
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

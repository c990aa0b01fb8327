"""Beside the real Transformers, where it is installed: a tiny Wav2Vec2 with random weights, exported to ONNX."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from audio_logging.inference import AudioClassifier, pipeline

Require = Callable[[str], ModuleType]

LABELS = dict(enumerate(("yes", "no", "up", "down", "left", "right")))


@pytest.fixture(scope="module")
def theirs(require: Require) -> Any:
    """A Transformers pipeline over a tiny model."""
    torch, transformers = require("torch"), require("transformers")
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        conv_dim=(8, 8),
        conv_stride=(5, 4),
        conv_kernel=(10, 8),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        classifier_proj_size=8,
        id2label=LABELS,
        label2id={name: index for index, name in LABELS.items()},
    )
    model = transformers.Wav2Vec2ForSequenceClassification(config).eval()
    extractor = transformers.Wav2Vec2FeatureExtractor(sampling_rate=8000)
    return transformers.pipeline("audio-classification", model=model, feature_extractor=extractor)


def clip(seed: int, frames: int = 8000) -> Any:
    samples = np.random.default_rng(seed).standard_normal(frames) * np.linspace(0, 0.3, frames)
    return samples.astype(np.float32)


@pytest.mark.parametrize("function", [None, "softmax", "sigmoid", "none"])
@pytest.mark.parametrize("top_k", [1, 3, 99, None])
def test_a_pipeline_object_gives_its_own_results(theirs: Any, function: Any, top_k: int | None) -> None:
    ours = AudioClassifier.from_pretrained(theirs)
    assert ours.sample_rate == 8000
    assert ours.labels == tuple(LABELS.values())
    options = {} if function is None else {"function_to_apply": function}
    wanted = theirs({"raw": clip(1), "sampling_rate": 8000}, top_k=6 if top_k is None else top_k, **options)
    got = ours((8000, clip(1)), top_k=top_k, function_to_apply=function)
    assert [row["label"] for row in got] == [row["label"] for row in wanted]
    assert [row["score"] for row in got] == pytest.approx([row["score"] for row in wanted], abs=1e-6)


def test_a_pipeline_object_hears_long_clips_in_windows(theirs: Any) -> None:
    ours = AudioClassifier.from_pretrained(theirs, window=0.5)
    made = ours.classify((8000, clip(2, 10000)))
    assert len(made) == 3
    first = theirs({"raw": clip(2, 10000)[:4000], "sampling_rate": 8000}, top_k=1)[0]
    assert made.window(0, top_k=1)[0]["score"] == pytest.approx(first["score"], abs=1e-6)


def test_an_exported_model_gives_what_transformers_gives(theirs: Any, require: Require, tmp_path: Path) -> None:
    torch = require("torch")
    onnxruntime = require("onnxruntime")
    require("onnx")

    class Logits(torch.nn.Module):  # type: ignore[name-defined]
        def __init__(self, model: Any) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_values: Any) -> Any:
            return self.model(input_values).logits

    (tmp_path / "onnx").mkdir()
    torch.onnx.export(
        Logits(theirs.model),
        (torch.zeros(1, 8000),),
        str(tmp_path / "onnx" / "model.onnx"),
        input_names=["input_values"],
        output_names=["logits"],
        dynamo=False,
    )
    theirs.model.config.save_pretrained(tmp_path)
    theirs.feature_extractor.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["id2label"]["0"] == "yes"
    ours = pipeline("audio-classification", model=tmp_path)
    session = onnxruntime.InferenceSession(str(tmp_path / "onnx" / "model.onnx"))
    for seed in range(3):
        got = ours((8000, clip(seed)), top_k=None)
        features = theirs.feature_extractor(clip(seed), sampling_rate=8000, return_tensors="np")["input_values"]
        logits = np.exp(session.run(["logits"], {"input_values": features})[0][0].astype(np.float64))
        scores = {row["label"]: row["score"] for row in got}
        assert [scores[name] for name in LABELS.values()] == pytest.approx(logits / logits.sum(), abs=1e-6)
        # torch and ONNX Runtime differ by 5e-4 in this model's logits, of the same features
        wanted = {row["label"]: row["score"] for row in theirs({"raw": clip(seed), "sampling_rate": 8000}, top_k=6)}
        assert [scores[name] for name in wanted] == pytest.approx(list(wanted.values()), abs=5e-4)

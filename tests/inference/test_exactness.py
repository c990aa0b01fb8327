"""Figures of tflite_support 0.4.4, MediaPipe 1.2.2 and of the digits models' training, on real recordings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from audio_logging.inference import (
    AudioClassifier,
    AudioEmbedder,
    AudioEmbedderOptions,
    BaseOptions,
    EmbeddingOptions,
    TensorAudio,
)
from audio_logging.inputs import as_clip

Require = Callable[[str], ModuleType]

TIE = 0.00390625
"""1/256: one step of YAMNet's quantised scores; classes that share it come in no particular order elsewhere."""


@pytest.fixture(scope="module")
def yamnet(shared_data: Path, require: Require) -> AudioClassifier:
    require("ai_edge_litert")
    return AudioClassifier.from_pretrained(shared_data / "models" / "yamnet_audio_classifier_with_metadata.tflite")


def test_yamnet_hears_speech(yamnet: AudioClassifier, shared_data: Path) -> None:
    made = yamnet.classify(shared_data / "speech" / "speech.wav")
    assert len(made) == 5  # as MediaPipe: windows meet, and the last one is filled up with silence
    rows = made.window(0, top_k=5)
    assert [(row["label"], row["score"]) for row in rows[:4]] == [
        ("Speech", 0.91796875),
        ("Inside, small room", 0.08203125),
        ("Silence", 0.015625),
        ("Narration, monologue", 0.0078125),
    ]
    assert rows[4]["score"] == TIE
    equal = [index for index, score in enumerate(made.scores[0]) if score == TIE]
    assert made.labels.index(rows[4]["label"]) == equal[0]


def test_the_last_window_of_a_file_is_what_the_ring_buffer_holds(yamnet: AudioClassifier, shared_data: Path) -> None:
    clip = as_clip(shared_data / "speech" / "speech.wav")
    shifted = yamnet.classify(clip, pad="shift")
    assert shifted.window(4, top_k=1)[0]["score"] == 0.95703125
    tensor = TensorAudio.create_from_wav_file(shared_data / "speech" / "speech.wav", 15600, offset=clip.frames - 15600)
    alone = yamnet.classify((16000, tensor.buffer))
    assert np.array_equal(alone.scores[0], shifted.scores[4])


@pytest.mark.parametrize(
    ("l2_normalize", "quantize", "cosine"),
    [(False, False, 0.216808), (True, False, 0.216808), (True, True, 0.215215), (False, True, 0.254480)],
)
def test_embeddings_are_those_of_tflite_support(
    shared_data: Path, require: Require, l2_normalize: bool, quantize: bool, cosine: float
) -> None:
    require("ai_edge_litert")
    base = BaseOptions(str(shared_data / "models" / "yamnet_embedder.tflite"))
    options = AudioEmbedderOptions(base, EmbeddingOptions(l2_normalize=l2_normalize, quantize=quantize))
    embedder = AudioEmbedder.create_from_options(options)
    assert (embedder.required_audio_format.sample_rate, embedder.required_input_buffer_size) == (16000, 15600)
    assert [embedder.get_embedding_dimension(index) for index in (0, 1)] == [1024, -1]
    vectors = []
    for name in ("speech", "two_heads"):
        tensor = TensorAudio.create_from_wav_file(shared_data / "speech" / f"{name}.wav", 15600)
        (embedding,) = embedder.embed(tensor).embeddings
        vectors.append(embedding.feature_vector)
    assert vectors[0].value.dtype == (np.uint8 if quantize else np.float64)
    assert embedder.cosine_similarity(*vectors) == pytest.approx(cosine, abs=5e-7)


def test_the_embedding_itself(shared_data: Path, require: Require) -> None:
    require("ai_edge_litert")
    embedder = AudioEmbedder.create_from_file(shared_data / "models" / "yamnet_embedder.tflite")
    result = embedder.embed(shared_data / "speech" / "speech.wav")
    assert len(result.embeddings) == 5
    first = result.embeddings[0].feature_vector.value
    assert np.count_nonzero(first) == 91
    assert np.linalg.norm(first) == pytest.approx(4.538701, abs=5e-7)
    assert first.sum() == pytest.approx(26.727036, abs=5e-6)
    assert first[1] == pytest.approx(0.0446567, abs=5e-8)


def test_a_tensor_inside_the_classifier_is_the_same_embedding(shared_data: Path, require: Require) -> None:
    require("ai_edge_litert")
    models, speech = shared_data / "models", shared_data / "speech" / "speech.wav"
    inner = "tower0/network/layer28/reduce_mean"
    both = AudioClassifier.from_pretrained(models / "yamnet_audio_classifier_with_metadata.tflite", embedding=inner)
    alone = AudioEmbedder.create_from_file(models / "yamnet_embedder.tflite").embed_windows(speech)
    made = both.classify(speech)
    assert made.embeddings is not None
    assert np.array_equal(made.embeddings, alone.values)
    assert made.window(0, top_k=1)[0]["score"] == 0.91796875


@pytest.mark.parametrize(("model", "least"), [("digits-onnx", 0.96), ("digits-tflite/digits_classifier.tflite", 0.96)])
def test_digits_are_recognised_as_after_training(shared_data: Path, require: Require, model: str, least: float) -> None:
    require("onnxruntime" if model.endswith("onnx") else "ai_edge_litert")
    classifier = AudioClassifier.from_pretrained(shared_data / "models" / model)
    files = [file for number in range(5) for file in sorted((shared_data / "fsdd").rglob(f"*_{number}.wav"))]
    assert len(files) >= 200
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    right = [names[int(path.name[0])] == rows[0]["label"] for path, rows in zip(files, classifier(files), strict=True)]
    assert sum(right) / len(right) >= least


def test_a_model_without_metadata(shared_data: Path, require: Require) -> None:
    require("ai_edge_litert")
    path = shared_data / "models" / "model_without_metadata.tflite"
    with pytest.raises(ValueError, match=r"input tensor 0 is missing TensorMetadata\."):
        AudioEmbedder.create_from_file(path)
    numbered = AudioClassifier.from_pretrained(path, sample_rate=16000, labels=[str(index) for index in range(527)])
    assert numbered.window == 5360 / 16000

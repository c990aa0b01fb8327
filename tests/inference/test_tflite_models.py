from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.errors import AudioShapeError, MissingDependencyError
from audio_logging.inference import AudioClassifier, ModelError, ModelRuntimeError
from audio_logging.inference.litert import dequantized, quantized

MakeMetadata = Callable[..., bytes]
MakeTFLite = Callable[..., bytes]
Pack = Callable[[Mapping[str, bytes | str]], bytes]

LABELS = {"labels.txt": "a\nb\nc\nd\n"}


def steps(*levels: float, frames: int = 400) -> npt.NDArray[np.float32]:
    """Return windows, each of which has one loud quarter: the n-th for level n + level."""
    samples = np.zeros((len(levels), frames), np.float32)
    for row, level in zip(samples, levels, strict=True):
        quarter = int(level) * frames // 4
        row[quarter : quarter + frames // 4] = level % 1
    return samples.reshape(-1)


def sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-20 * value)))


@pytest.fixture
def write_model(
    make_metadata: MakeMetadata, make_tflite: MakeTFLite, pack: Pack, tmp_path: Path
) -> Callable[..., Path]:
    """Return ``write(files, metadata={...}, **model)``: a TFLite model."""

    def write(files: Mapping[str, bytes | str] = LABELS, metadata: dict[str, Any] | None = None, **model: Any) -> Path:
        path = tmp_path / "model.tflite"
        path.write_bytes(make_tflite(make_metadata(**(metadata or {})), pack(files), **model))
        return path

    return write


def test_a_model_with_metadata_needs_nothing_else(tflite_file: Path) -> None:
    classifier = AudioClassifier.from_pretrained(tflite_file)
    assert (classifier.labels, classifier.sample_rate, classifier.window) == (("a", "b", "c", "d"), 8000, 0.05)
    made = classifier.classify((8000, steps(1.25, 3.5)))
    assert made.scores.argmax(axis=1).tolist() == [1, 3]
    assert made.scores.max(axis=1) == pytest.approx([sigmoid(0.25), sigmoid(0.5)], abs=1e-6)


def test_calibration_and_threshold_come_from_the_metadata(write_model: Callable[..., Path]) -> None:
    files = {**LABELS, "fit.txt": "1,2,-1\n1,2,-1\n\n1,2,-1,0.99"}
    metadata = {"calibration": ("fit.txt", 0, 0.125), "threshold": 0.5}
    classifier = AudioClassifier.from_pretrained(write_model(files, metadata))
    assert classifier.threshold == 0.5
    rows = classifier((8000, steps(1.25)))
    calibrated = 1 / (1 + np.exp(-(2 * sigmoid(0.25) - 1)))
    assert [row["label"] for row in rows] == ["b", "a"]
    assert rows[0]["score"] == pytest.approx(calibrated, abs=1e-6)
    everything = classifier((8000, steps(1.25)), threshold=0.0)
    assert {row["label"]: row["score"] for row in everything}["c"] == 0.125
    assert {row["label"]: row["score"] for row in everything}["d"] == 0.125


def test_channels_lie_one_frame_after_the_other(write_model: Callable[..., Path]) -> None:
    path = write_model(metadata={"audio": (8000, 2)})
    left = np.zeros((200, 2), np.float32)
    left[:50, 0] = 0.5  # the first quarter of 400 numbers is 50 frames of both channels
    made = AudioClassifier.from_pretrained(path).classify((8000, left))
    assert made.scores[0, 0] == pytest.approx(sigmoid(0.25), abs=1e-6)
    with pytest.raises(AudioShapeError, match="got a clip with 3 channels, wanted 2"):
        AudioClassifier.from_pretrained(path).classify((8000, np.zeros((200, 3))))


def test_a_tensor_inside_the_model_can_be_the_embedding(tflite_file: Path) -> None:
    made = AudioClassifier.from_pretrained(tflite_file, embedding="sums").classify((8000, steps(1.25)))
    assert made.embeddings is not None
    assert made.embeddings[0] == pytest.approx([0, 5, 0, 0], abs=1e-5)
    with pytest.raises(
        ModelError, match=r"got embedding='sum', but the model has no tensor of that name; .*\['sums'\]"
    ):
        AudioClassifier.from_pretrained(tflite_file, embedding="sum")


def test_threads_share_a_model(tflite_file: Path) -> None:
    classifier = AudioClassifier.from_pretrained(tflite_file)
    clips = [(8000, steps(index % 4 + 0.25)) for index in range(64)]
    with ThreadPoolExecutor(8) as pool:
        labels = [rows[0]["label"] for rows in pool.map(classifier, clips)]
    assert labels == list("abcd") * 16


def test_a_classifier_can_be_pickled(tflite_file: Path) -> None:
    classifier = AudioClassifier.from_pretrained(tflite_file)
    copy = pickle.loads(pickle.dumps(classifier))
    assert copy((8000, steps(2.5))) == classifier((8000, steps(2.5)))


def test_content_tells_the_kind_and_not_the_name(tflite_file: Path) -> None:
    other = tflite_file.rename(tflite_file.with_suffix(".bin"))
    assert AudioClassifier.from_pretrained(other).labels == ("a", "b", "c", "d")


def test_a_model_without_metadata_asks_for_what_is_missing(make_tflite: MakeTFLite, tmp_path: Path) -> None:
    path = tmp_path / "plain.tflite"
    path.write_bytes(make_tflite(None))
    with pytest.raises(
        ModelError, match=r"input tensor 0 is missing TensorMetadata. Pass for example sample_rate=16000"
    ):
        AudioClassifier.from_pretrained(path, labels=list("abcd"))
    with pytest.raises(ModelError, match=r"the metadata of 'plain.tflite' has no labels for output 0. Pass labels="):
        AudioClassifier.from_pretrained(path, sample_rate=8000)
    classifier = AudioClassifier.from_pretrained(path, sample_rate=8000, labels=list("wxyz"))
    assert classifier((8000, steps(2.5)), top_k=1)[0]["label"] == "y"


@pytest.mark.parametrize(
    ("files", "metadata", "model", "kind", "message"),
    [
        (
            {"labels.txt": "a\nb"},
            {},
            {},
            ModelError,
            r"Got 4 class\(es\) for output index 0, expected 2 according to the",
        ),
        (LABELS, {"audio": None}, {}, ModelRuntimeError, "Missing audio format metadata in the model metadata"),
        (LABELS, {"audio": (0, 1)}, {}, ModelError, "Missing audio format metadata in the model: it says"),
        (LABELS, {"audio": (8000, 0)}, {}, ModelError, "Missing audio format metadata in the model: it says"),
        (LABELS, {"audio": (2**32 - 1, 1)}, {}, ModelError, "the model wants 4294967295 Hz, wanted more than 0"),
        (
            LABELS,
            {"audio": (8000, 3)},
            {},
            ModelError,
            r"Model input tensor size \(400\) should be a multiplier of the",
        ),
        ({"labels.txt": LABELS["labels.txt"], "f": "1,2"}, {"calibration": ("f", 0, 0.0)}, {}, ModelError, "Mismatch"),
        ({}, {}, {}, ModelError, "names 'labels.txt', which is not packed into it"),
        (LABELS, {"labels": ()}, {}, ModelError, "has no labels for output 0"),
    ],
)
def test_metadata_that_does_not_fit(
    write_model: Callable[..., Path],
    files: dict[str, str],
    metadata: dict[str, Any],
    model: dict[str, Any],
    kind: type[Exception],
    message: str,
) -> None:
    path = write_model(files, metadata, **model)
    with pytest.raises(kind, match=message):
        AudioClassifier.from_pretrained(path)


def test_quantised_inputs_and_outputs_are_rounded_and_held_within_their_type() -> None:
    details = {"dtype": np.int8, "quantization": (0.5, -3)}
    given = quantized(np.array([[-100.0, -0.3, 0.0, 0.3, 100.0]], np.float32), details)
    assert given.dtype == np.int8
    assert given.tolist() == [[-128, -4, -3, -2, 127]]
    assert dequantized(given, details).tolist() == [[-62.5, -0.5, 0.0, 0.5, 65.0]]
    plain = {"dtype": np.float32, "quantization": (0.0, 0)}
    assert quantized(np.ones((1, 2), np.float32), plain).tolist() == [[1.0, 1.0]]


def test_a_rate_that_contradicts_the_metadata_is_refused(tflite_file: Path) -> None:
    with pytest.raises(ModelError, match="got sample_rate=16000, but the model's metadata says 8000 Hz"):
        AudioClassifier.from_pretrained(tflite_file, sample_rate=16000)


@pytest.mark.parametrize("content", [b"", b"no", b"\0" * 1000, b"PK\x03\x04" + b"\0" * 50])
def test_files_that_are_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="The model is not a valid Flatbuffer buffer"):
        AudioClassifier.from_pretrained(path)


@pytest.mark.parametrize("part", [0.01, 0.3, 0.8])
def test_truncated_models(tflite_file: Path, part: float) -> None:
    whole = tflite_file.read_bytes()
    tflite_file.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(ModelError, match=r"wanted|outside of|runs beyond|packed into|metadata|Flatbuffer"):
        AudioClassifier.from_pretrained(tflite_file)


def test_a_missing_package_is_named_with_its_extra(tflite_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    message = r'ai-edge-litert is not installed.*pip install "audio-logging\[tflite\]"'
    with pytest.raises(MissingDependencyError, match=message):
        AudioClassifier.from_pretrained(tflite_file)

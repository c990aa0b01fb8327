"""How much longer a window takes here than in a bare loop over the runtime, with ready arrays.

Run by hand: ``python tests/inference/bench_window.py``. The two take turns, and the best of each counts, since the
machine does other things, too. It needs the models in shared/data/models.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audio_logging.clip import AudioClip
from audio_logging.inference import AudioClassifier

MODELS = Path(__file__).parents[2].parent / "shared" / "data" / "models"
SECONDS = 60
ROUNDS = 30

Samples = npt.NDArray[np.float32]


def noise(seconds: float, sample_rate: int) -> Samples:
    """Return mono noise [shape=(frames,)]."""
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * sample_rate))
    return samples.astype(np.float32)


def litert_loop(path: Path, windows: Samples) -> Callable[[], Any]:
    """Return a function that runs a TFLite model on ready windows, one after the other."""
    interpreter = import_module("ai_edge_litert.interpreter").Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    given, got = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    ready = [np.ascontiguousarray(window).reshape(given["shape"]) for window in windows]

    def run() -> list[Any]:
        scores = []
        for window in ready:
            interpreter.set_tensor(given["index"], window)
            interpreter.invoke()
            scores.append(interpreter.get_tensor(got["index"]))
        return scores

    return run


def onnx_loop(path: Path, windows: Samples, outputs: list[str]) -> Callable[[], Any]:
    """Return a function that runs an ONNX model on ready, normalised windows, one after the other."""
    onnxruntime = import_module("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    normal = (windows - windows.mean(1, keepdims=True)) / np.sqrt(windows.var(1, keepdims=True) + 1e-7)
    ready = [np.ascontiguousarray(window)[np.newaxis] for window in normal]
    return lambda: [session.run(outputs, {name: window}) for window in ready]


def best_of(ours: Callable[[], Any], bare: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the shortest time [s] of each, taken in turns."""
    times: list[list[float]] = [[], []]
    for _ in range(rounds):
        for function, kept in zip((ours, bare), times, strict=True):
            started = time.process_time()
            function()
            kept.append(time.process_time() - started)
    return min(times[0]), min(times[1])


def measure(name: str, ours: Callable[[], Any], bare: Callable[[], Any], windows: int) -> dict[str, Any]:
    """Return one line of the result."""
    mine, direct = best_of(ours, bare)
    per_window = {"ours_us": round(1e6 * mine / windows, 1), "bare_us": round(1e6 * direct / windows, 1)}
    return {"what": name, "windows": windows, **per_window, "ratio": round(mine / direct, 3)}


def long_clips() -> list[dict[str, Any]]:
    """Measure a clip of a minute."""
    results = []
    for name, rate, frames in (
        ("yamnet_audio_classifier_with_metadata.tflite", 16000, 15600),
        ("digits-tflite/digits_classifier.tflite", 8000, 8000),
    ):
        clip = AudioClip(noise(SECONDS, rate), rate)
        whole = clip.frames // frames
        windows = clip.samples[: whole * frames].reshape(whole, frames)
        classifier = AudioClassifier.from_pretrained(MODELS / name, pad="drop")
        bare = litert_loop(MODELS / name, windows)
        results.append(measure(name, lambda: classifier(clip), bare, whole))  # noqa: B023 - called at once
    clip = AudioClip(noise(SECONDS, 8000), 8000)
    bare = onnx_loop(MODELS / "digits-onnx/onnx/model.onnx", clip.samples.reshape(SECONDS, 8000), ["logits"])
    for batch_size in (1, 8):
        digits = AudioClassifier.from_pretrained(MODELS / "digits-onnx", window=1.0, batch_size=batch_size)
        results.append(measure(f"digits-onnx, batch {batch_size}", lambda: digits(clip), bare, SECONDS))  # noqa: B023
    return results


def short_clips() -> list[dict[str, Any]]:
    """Measure clips of one window, where everything that is done once a clip counts."""
    path = MODELS / "yamnet_audio_classifier_with_metadata.tflite"
    clip = AudioClip(noise(0.975, 16000), 16000)
    classifier = AudioClassifier.from_pretrained(path)
    bare = litert_loop(path, clip.samples.reshape(1, -1))
    results = [measure("yamnet, one window a clip", lambda: [classifier(clip) for _ in range(20)], repeated(bare), 20)]
    clip = AudioClip(noise(1.0, 8000), 8000)
    digits = AudioClassifier.from_pretrained(MODELS / "digits-onnx")
    bare = onnx_loop(MODELS / "digits-onnx/onnx/model.onnx", clip.samples.reshape(1, -1), ["logits"])
    one = measure("digits-onnx, one window a clip", lambda: [digits(clip) for _ in range(20)], repeated(bare), 20)
    return [*results, one]


def against_mediapipe() -> list[dict[str, Any]]:
    """Measure YAMNet on a minute beside MediaPipe, where that is installed."""
    try:
        audio, base = import_module("mediapipe.tasks.python.audio"), import_module("mediapipe.tasks.python")
        containers = import_module("mediapipe.tasks.python.components.containers")
    except ImportError:
        return []
    path = MODELS / "yamnet_audio_classifier_with_metadata.tflite"
    clip = AudioClip(noise(SECONDS, 16000), 16000)
    options = audio.AudioClassifierOptions(base_options=base.BaseOptions(model_asset_path=str(path)), max_results=5)
    with audio.AudioClassifier.create_from_options(options) as theirs:
        data = containers.AudioData.create_from_array(clip.samples[:, 0], 16000)
        ours = AudioClassifier.from_pretrained(path)
        line = measure("yamnet, a minute, against MediaPipe", lambda: ours(clip), lambda: theirs.classify(data), 62)
    return [line]


def repeated(function: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that calls another 20 times."""
    return lambda: [function() for _ in range(20)]


if __name__ == "__main__":
    for line in [*long_clips(), *short_clips(), *against_mediapipe()]:
        print(json.dumps(line))

"""How fast datasets are read: beside the bare reading and converting of the bytes, and beside Keras where it is there.

Run by hand: ``python tests/datasets/bench_reading.py [FOLDER ...]``. Epochs of all candidates are interleaved in one
process, in the same order of files; figures are medians and the best epoch. Without a folder, 2,000 short and 200 long
clips are made up.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from audio_logging.datasets import audio_dataset_from_directory

Epoch = Callable[[], None]


def read_bytes(paths: list[str]) -> None:
    for path in paths:
        _bytes_of(path)


def read_and_convert(paths: list[str]) -> None:
    """Exact-size reads, int16 to float32: no scaling, no batch."""
    for path in paths:
        np.frombuffer(_bytes_of(path), np.int16, offset=44).astype(np.float32)


def read_convert_and_scale(paths: list[str]) -> None:
    """Exact-size reads, int16 to float32 in [-1, 1): no batch."""
    for path in paths:
        samples = np.frombuffer(_bytes_of(path), np.int16, offset=44).astype(np.float32)
        samples *= np.float32(2**-15)


def fill_batches(paths: list[str], rows: list[npt.NDArray[np.float32]]) -> None:
    """The same into rows of batches that are there already: what any loader that keeps its batches must do."""
    for place, path in enumerate(paths):
        samples = np.frombuffer(_bytes_of(path), np.int16, offset=44)
        row = rows[place % len(rows)][: len(samples)]
        row[...] = samples
        row *= np.float32(2**-15)


def decode_with_soundfile(paths: list[str]) -> None:
    for path in paths:
        soundfile.read(path, dtype="float32", always_2d=True)


def drain(dataset: Any) -> None:
    for _ in dataset:
        pass


def _bytes_of(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    content = os.read(descriptor, os.fstat(descriptor).st_size)
    os.close(descriptor)
    return content


def candidates(folder: str, formats: str) -> dict[str, Epoch]:
    options: dict[str, Any] = {"seed": 1, "verbose": False, "formats": formats}
    dataset = audio_dataset_from_directory(folder, **options)
    threaded = audio_dataset_from_directory(folder, **options, num_workers=2)
    paths = dataset.file_paths
    epochs: dict[str, Epoch] = {}
    if formats == "wav":
        epochs["bytes"] = lambda: read_bytes(paths)
        epochs["bytes + float32"] = lambda: read_and_convert(paths)
        epochs["bytes + float32 + scale"] = lambda: read_convert_and_scale(paths)
        longest = max(Path(path).stat().st_size for path in paths) // 2
        rows = list(np.zeros((64, longest), np.float32))
        epochs["the same into batches"] = lambda: fill_batches(paths, rows)
    epochs["soundfile"] = lambda: decode_with_soundfile(paths)
    epochs["audio_logging"] = lambda: drain(dataset)
    epochs["audio_logging, 2 threads"] = lambda: drain(threaded)
    keras = _keras()
    if keras is not None and formats == "wav":
        other = keras.utils.audio_dataset_from_directory(folder, seed=1, verbose=False)
        epochs["Keras"] = lambda: drain(other)
    return epochs


def _keras() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        import_module("tensorflow")
        return import_module("keras")
    except ImportError:
        return None


def measure(epochs: dict[str, Epoch], rounds: int) -> dict[str, list[tuple[float, float]]]:
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in epochs}
    for _ in range(rounds + 1):
        for name, epoch in epochs.items():
            wall, cpu = time.perf_counter(), time.process_time()
            epoch()
            times[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    return {name: every[1:] for name, every in times.items()}


def report(title: str, files: int, times: dict[str, list[tuple[float, float]]]) -> None:
    print(f"\n{title}: {files} files; ms an epoch, and times audio_logging's")
    own = [statistics.median(column) for column in zip(*times["audio_logging"], strict=True)]
    for name, every in times.items():
        walls, cpus = zip(*every, strict=True)
        wall, cpu = statistics.median(walls), statistics.median(cpus)
        print(
            f"  {name:26} wall {wall * 1e3:7.1f} (best {min(walls) * 1e3:7.1f}) {wall / own[0]:5.2f}x"
            f"   cpu {cpu * 1e3:7.1f} (best {min(cpus) * 1e3:7.1f}) {cpu / own[1]:5.2f}x"
        )


def make_folder(parent: Path, name: str, count: int, seconds: float, sample_rate: int, ending: str) -> str:
    rng = np.random.default_rng(0)
    folder = parent / name / "a"
    folder.mkdir(parents=True)
    for number in range(count):
        frames = int(seconds * sample_rate * rng.uniform(0.5, 1.0)) if seconds < 5 else int(seconds * sample_rate)
        samples = rng.normal(0, 3000, frames).astype(np.int16)
        soundfile.write(folder / f"{number:05}.{ending}", samples, sample_rate)
    return str(folder.parent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", help="folders of WAV files with classes")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        jobs = [(folder, folder, "wav") for folder in arguments.folders]
        if not jobs:
            parent = Path(temporary)
            jobs = [
                ("short wav, 8 kHz", make_folder(parent, "short", 2000, 0.6, 8000, "wav"), "wav"),
                ("10 s wav, 44.1 kHz", make_folder(parent, "long", 200, 10.0, 44100, "wav"), "wav"),
                ("10 s flac, 44.1 kHz", make_folder(parent, "flac", 40, 10.0, 44100, "flac"), "flac"),
            ]
        for title, folder, formats in jobs:
            epochs = candidates(folder, formats)
            files = len(audio_dataset_from_directory(folder, verbose=False, formats=formats).file_paths)
            report(title, files, measure(epochs, arguments.rounds))


if __name__ == "__main__":
    main()

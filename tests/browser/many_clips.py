"""Runs of any number of clips, written in seconds: real wav files, the real sidecar, the history of the real wandb.

Only the way there is shorter than a training's: files and lines are written at once instead of one clip after another.
"""

from __future__ import annotations

import hashlib
import io
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import wandb

from audio_logging.logger.sidecar import Sidecar
from audio_logging.schema import SIDECAR_PATH, STEP_KEY

__all__ = ["KEYS", "LABELS", "ManyClips", "write_many"]

KEYS = ("val/easy", "val/hard")
LABELS = tuple(f"class {number}" for number in range(10))
EVENT = 100
"""Clips of a key and step."""


@dataclass(frozen=True)
class ManyClips:
    """How many clips, and what they are.

    Attributes
    ----------
    clips : int
    distinct : int
        How many different files there are at the most; beyond that clips share them, as the logger has equal clips do.
    seconds : float
        [s] Of each.
    sample_rate : int
        [Hz]
    """

    clips: int
    distinct: int = 10_000
    seconds: float = 1.0
    sample_rate: int = 16_000

    def is_wrong(self, number: int) -> bool:
        """Whether a clip's prediction is not its label: one in seven."""
        return number % 7 == 0

    def loss(self, number: int) -> float:
        """Return a clip's loss: no two alike among ten thousand."""
        return number * 7919 % 10_007 / 10_007


def write_many(folder: Path, many: ManyClips) -> Path:
    """Write one finished run.

    Parameters
    ----------
    folder : Path
    many : ManyClips

    Returns
    -------
    Path
        The run's folder.
    """
    settings = wandb.Settings(silent=True, console="off", x_disable_stats=True)
    name = f"{many.clips} clips"
    run = wandb.init(project="many", name=name, dir=str(folder), mode="offline", reinit="create_new", settings=settings)
    files = Path(run.dir).absolute()
    sidecar = Sidecar(files / SIDECAR_PATH)
    stored = _write_files(files, many)
    for key, step, numbers in _events(many.clips):
        clips = [_line(many, stored[number % len(stored)], key, step, number) for number in numbers]
        for clip in clips:
            sidecar.append(clip)
        run.log({key: _listed(clips), STEP_KEY: step})
    sidecar.close()
    run.finish()
    return files.parent


def _events(clips: int) -> Iterator[tuple[str, int, range]]:
    for event, start in enumerate(range(0, clips, EVENT)):
        yield KEYS[event % len(KEYS)], event // len(KEYS) * 10, range(start, min(start + EVENT, clips))


def _write_files(files: Path, many: ManyClips) -> list[dict[str, Any]]:
    frames = round(many.seconds * many.sample_rate)
    number = min(many.distinct, many.clips)
    time_ = np.arange(frames + number) / many.sample_rate
    long = np.rint(9000 * np.sin(2 * np.pi * 440 * time_) * (1.2 + np.sin(3 * time_)) * np.sin(0.37 * time_)) + (
        np.random.default_rng(0).integers(-40, 40, frames + number)
    )
    samples = long.astype("<i2")
    folder = files / "media" / "audio"
    folder.mkdir(parents=True)
    # Windows of one sound, each a frame further: no two files are alike, and making them takes no time.
    return [_write_file(folder, samples[start : start + frames], many.sample_rate) for start in range(number)]


def _write_file(folder: Path, samples: np.ndarray[Any, Any], sample_rate: int) -> dict[str, Any]:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(samples.tobytes())
    content = buffer.getvalue()
    sha256 = hashlib.sha256(content).hexdigest()
    (folder / f"{sha256[:20]}.wav").write_bytes(content)
    return {
        "path": f"media/audio/{sha256[:20]}.wav",
        "sha256": sha256,
        "size": len(content),
        "format": "wav",
        "sample_rate": sample_rate,
        "frames": len(samples),
        "channels": 1,
        "duration": len(samples) / sample_rate,
        "peak": float(np.abs(samples.astype(np.int32)).max()) / 2**15,
        "clipped_samples": 0,
    }


def _line(many: ManyClips, stored: dict[str, Any], key: str, step: int, number: int) -> dict[str, Any]:
    right = number % len(LABELS)
    said = (right + 1) % len(LABELS) if many.is_wrong(number) else right
    return {
        **stored,
        "key": key,
        "step": step,
        "index": number % EVENT,
        "caption": f"clip {number} of a long training",
        "role": "prediction",
        "clip_id": f"sample-{number % 1000}",
        "label": LABELS[right],
        "prediction": LABELS[said],
        "scores": [{"label": LABELS[said], "score": 0.7}, {"label": LABELS[(said + 1) % len(LABELS)], "score": 0.2}],
        "metrics": {"loss": many.loss(number)},
        "time": time.time(),
    }


def _listed(clips: list[dict[str, Any]]) -> dict[str, Any]:
    told = ("path", "sha256", "size", "format", "sample_rate", "frames", "channels", "duration", "peak")
    return {
        "_type": "audio",
        "count": len(clips),
        "audio": [{"_type": "audio-file", **{name: clip[name] for name in told}} for clip in clips],
        "sampleRates": [clip["sample_rate"] for clip in clips],
        "durations": [clip["duration"] for clip in clips],
        "captions": [clip["caption"] for clip in clips],
    }

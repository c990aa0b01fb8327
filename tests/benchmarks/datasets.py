"""How much processor time does an epoch of a data set take? Candidates are those of tests/datasets/bench_reading.py."""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from .harness import Effort, Measure, Rounds, Subject, compare, take_turns

__all__ = ["measure"]

FOLDERS = {"clips of 0.6 s, 8 kHz, wav": (2000, 0.6, 8000), "clips of 10 s, 44.1 kHz, wav": (200, 10.0, 44100)}
"""Number, length [s], sample rate [Hz]."""

OURS = "audio_logging"
GOALS = {"bytes + float32": 1.5, "bytes + float32 + scale": None, "soundfile": None, "Keras": 1 / 5}
"""Keras only where it is installed."""


def measure(effort: Effort) -> Iterator[Measure]:
    """Yield the time of an epoch beside that of reading and converting the bytes, and beside peers."""
    with tempfile.TemporaryDirectory() as folder:
        measured = {
            f"{effort.count(number)} {name}": _rounds(Path(folder), name, number, seconds, sample_rate, effort)
            for name, (number, seconds, sample_rate) in FOLDERS.items()
        }
    for peer, goal in GOALS.items():
        for what, rounds in measured.items():
            if peer in rounds:
                yield compare(what, rounds, OURS, peer, goal=goal)


def _rounds(parent: Path, name: str, number: int, seconds: float, sample_rate: int, effort: Effort) -> Rounds:
    # By name: that module belongs to tests/datasets, and is not needed for any other benchmark.
    reading: Any = importlib.import_module("tests.datasets.bench_reading")
    folder = reading.make_folder(parent, name, effort.count(number), seconds, sample_rate, "wav")
    candidates: dict[str, Callable[[], None]] = reading.candidates(folder, "wav")
    asked = {name: epoch for name, epoch in candidates.items() if name == OURS or name in GOALS}
    subjects = {name: Subject(partial(_call, epoch)) for name, epoch in asked.items()}
    return take_turns(subjects, effort, clock=time.process_time)


def _call(epoch: Callable[[], None], _: object) -> None:
    epoch()

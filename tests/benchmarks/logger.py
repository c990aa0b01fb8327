"""How long is the calling thread held by AudioLogger.log?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import wandb

import audio_logging as al

from .clips import CLIPS, INT16_CLIP, Array, ClipKind, fresh_clips
from .harness import Effort, Measure, Rounds, Subject, compare, take_turns
from .runs import offline_run, temporary_wandb

__all__ = ["measure"]

GOAL = 1 / 25
"""Of what wandb.Audio and run.log take."""

BEYOND_COPY = 1e-4
"""[s] What a call may take beside the copy of the samples."""

PAUSE = 0.01
"""[s] Between calls: long enough for every thread to fall asleep."""

WANDB = "wandb.Audio + run.log"
OURS = "AudioLogger.log"
COPY = "np.copy"


def measure(effort: Effort) -> Iterator[Measure]:
    """Yield the time held, beside wandb's and beside that of a bare copy."""
    effort = replace(effort, seconds=effort.seconds / 2, fewest=min(effort.fewest, 5))
    with (
        temporary_wandb() as folder,
        offline_run(folder) as plain,
        offline_run(folder) as run,
        al.AudioLogger(run) as logger,
    ):
        measured = [
            (f"{kind}, {_spoken(number)}, {thread}", _rounds(plain, logger, kind, number, before, effort))
            for thread, before in (("idle", _sleep), ("busy", _train))
            for kind in (*CLIPS, INT16_CLIP)
            for number in (1, 8)
        ]
    for what, rounds in measured:
        yield compare(what, rounds, OURS, WANDB, goal=GOAL)
    for what, rounds in measured:
        yield compare(what, rounds, OURS, COPY, named="np.copy + 0.1 ms", plus=BEYOND_COPY, goal=1.0)


def _rounds(
    plain: wandb.Run, logger: al.AudioLogger, kind: ClipKind, number: int, before: Callable[[], None], effort: Effort
) -> Rounds:
    rate = kind.sample_rate

    def log_plain(clips: list[Array]) -> None:
        made = [wandb.Audio(clip, sample_rate=rate) for clip in clips]
        plain.log({"audio": made if number > 1 else made[0]})

    def log(clips: list[Array]) -> None:
        logger.log("audio", clips if number > 1 else clips[0], sample_rate=rate)

    def settle() -> None:
        logger.run.log({"loss": 0.0})
        logger.flush()

    subjects = {
        WANDB: Subject(log_plain),
        OURS: Subject(log, settle),
        COPY: Subject(lambda clips: [np.copy(clip) for clip in clips]),
    }
    return take_turns(subjects, effort, prepare=fresh_clips(kind, number, effort.scale), before=before)


def _sleep() -> None:
    time.sleep(PAUSE)


def _train() -> None:
    """Keep this thread, and its caches, as busy as a training step does; the other cores are left to the worker."""
    until = time.perf_counter() + PAUSE
    weights = np.ones(2**18, np.float32)
    while time.perf_counter() < until:
        weights = np.tanh(weights + 1)


def _spoken(number: int) -> str:
    return "one a call" if number == 1 else f"{number} a call"

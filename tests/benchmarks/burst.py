"""What do 500 clips logged without pause cost: memory, time in all, time of the calling thread?"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import wandb

import audio_logging as al

from .clips import Array, ClipKind
from .harness import Effort, Measure, Rounds, compare, in_fresh_process, in_turn, nothing
from .runs import offline_run, temporary_wandb

__all__ = ["measure"]

KIND = ClipKind(1, 44_100)
NUMBER = 500
WARM_UP = 5

BOUNDS = {"max_bytes 16 MiB": 2**24, "max_bytes 256 MiB, the default": 2**28}
"""[bytes] All clips together take 84 MiB: one bound is reached five times, the other never."""

WANDB = "wandb.Audio + run.log"


@dataclass(frozen=True)
class Burst:
    """What a burst cost.

    Attributes
    ----------
    total : float
        [s] Until the last clip was on disk.
    held : float
        [s] Of it, in calls.
    growth : int
        [bytes] Of the process's memory, at the most.
    """

    total: float
    held: float
    growth: int


def measure(effort: Effort) -> Iterator[Measure]:
    """Yield memory beside the bound of the queue, then times beside wandb's; each burst has a process of its own."""
    number = effort.count(NUMBER)
    calls = {name: partial(in_fresh_process, burst_of_ours, bound, number) for name, bound in BOUNDS.items()}
    peer = {WANDB: partial(in_fresh_process, burst_of_wandb, number)}
    bursts = in_turn({**calls, **peer}, replace(effort, fewest=1, most=3, seconds=10 * effort.seconds), warm_up=False)
    yield from _memory(bursts, number)
    for what, figure in (("until all is on disk", _total), ("held, in all calls", _held)):
        rounds = {name: tuple(map(figure, every)) for name, every in bursts.items()}
        for name in BOUNDS:
            yield compare(f"{number} clips, {name}: {what}", rounds, name, WANDB, unit="s", factor=1.0)


def _memory(bursts: dict[str, tuple[Burst, ...]], number: int) -> Iterator[Measure]:
    clips = 4 * KIND.frames() * number
    for name, bound in BOUNDS.items():
        rounds: Rounds = {
            "ours": tuple(burst.growth for burst in bursts[name]),
            "bound": (min(bound, clips),) * len(bursts[name]),
        }
        named = "max_bytes, or all clips if they are less"
        yield compare(f"{number} clips, {name}: memory", rounds, "ours", "bound", named=named, unit="MB", factor=1e-6)


def _total(burst: Burst) -> float:
    return burst.total


def _held(burst: Burst) -> float:
    return burst.held


def burst_of_ours(max_bytes: int, number: int) -> Burst:
    """Log clips with an AudioLogger."""
    with (
        temporary_wandb() as folder,
        offline_run(folder) as run,
        al.AudioLogger(run, max_bytes=max_bytes, rows="own") as logger,
    ):
        return _burst(lambda clip: logger.log("audio", clip, sample_rate=KIND.sample_rate), logger.flush, number)


def burst_of_wandb(number: int) -> Burst:
    """Log clips as plain wandb does."""
    with temporary_wandb() as folder, offline_run(folder) as run:
        return _burst(lambda clip: run.log({"audio": wandb.Audio(clip, KIND.sample_rate)}), nothing, number)


def _burst(log: Callable[[Array], object], flush: Callable[[], object], number: int) -> Burst:
    frames = KIND.frames()
    samples = replace(KIND, seconds=KIND.seconds * 2).samples()
    # Windows of one array: no two clips are alike, and making them takes no time and no memory.
    clips = [samples[start : start + frames] for start in range(number + WARM_UP)]
    for clip in clips[number:]:
        log(clip)
    flush()
    before = _forget_peak()
    held = 0.0
    begun = time.perf_counter()
    for clip in clips[:number]:
        called = time.perf_counter()
        log(clip)
        held += time.perf_counter() - called
    flush()
    return Burst(time.perf_counter() - begun, held, max(0, _memory_of_process("VmHWM") - before))


def _forget_peak() -> int:
    """Have Linux begin anew with the peak of this process's memory, and return what it takes now [bytes]."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _memory_of_process("VmRSS")


def _memory_of_process(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    return int(found[1]) * 1024 if found else 0

"""How long does al.Audio + run.log take in place of wandb.Audio + run.log?"""

from __future__ import annotations

from collections.abc import Iterator

import wandb

import audio_logging as al

from .clips import CLIPS, INT16_CLIP, Array, ClipKind, fresh_clips
from .harness import Effort, Measure, Rounds, Subject, compare, take_turns
from .runs import offline_run, temporary_wandb

__all__ = ["measure"]

GOALS = {CLIPS[0]: 2 / 3, CLIPS[1]: 1 / 2, CLIPS[2]: 2 / 3, INT16_CLIP: None}

OURS = "al.Audio + run.log"
WANDB = "wandb.Audio + run.log"


def measure(effort: Effort) -> Iterator[Measure]:
    """Yield the time that a synchronous call takes, beside wandb's; the rows without a goal split it up."""
    for kind, goal in GOALS.items():
        yield compare(str(kind), _rounds(kind, effort), OURS, WANDB, goal=goal)
    for kind in GOALS:
        yield compare(f"{kind}, made only", _rounds_of_making(kind, effort), "al.Audio", "wandb.Audio")


def _rounds(kind: ClipKind, effort: Effort) -> Rounds:
    with temporary_wandb() as folder, offline_run(folder) as plain, offline_run(folder) as run:
        subjects = {
            OURS: Subject(lambda clips: run.log({"audio": al.Audio(clips[0], kind.sample_rate)})),
            WANDB: Subject(lambda clips: plain.log({"audio": wandb.Audio(clips[0], kind.sample_rate)})),
        }
        return take_turns(subjects, effort, prepare=fresh_clips(kind, 1, effort.scale))


def _rounds_of_making(kind: ClipKind, effort: Effort) -> Rounds:
    def make(clips: list[Array]) -> al.Audio:
        return al.Audio(clips[0], kind.sample_rate)

    def make_plain(clips: list[Array]) -> wandb.Audio:
        return wandb.Audio(clips[0], kind.sample_rate)

    with temporary_wandb():
        subjects = {"al.Audio": Subject(make), "wandb.Audio": Subject(make_plain)}
        return take_turns(subjects, effort, prepare=fresh_clips(kind, 1, effort.scale))

"""What do ten epochs of predictions on 32 fixed clips take on disk: the run's folder and wandb's own together?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import wandb

import audio_logging as al

from .clips import Array, ClipKind, fresh_clips
from .harness import Effort, Measure, once
from .runs import offline_run, temporary_wandb

__all__ = ["measure"]

KIND = ClipKind(5, 16_000)
CLIPS, EPOCHS = 32, 10
LABELS = ("low", "middle", "high")

GOAL = 1 / 100
PEER = "plain wandb.Table with wandb.Audio"


@dataclass(frozen=True)
class Growth:
    """[bytes] What was written before the first epoch, and in all epochs."""

    before: int
    epochs: int

    @property
    def whole(self) -> int:
        """[bytes] Both."""
        return self.before + self.epochs


def measure(effort: Effort) -> Iterator[Measure]:
    """Yield what the epochs add, and what is there in the end, samples included."""
    clips = fresh_clips(KIND, CLIPS, effort.scale)()
    epochs = max(2, effort.count(EPOCHS))
    ours, plain = _with_prediction_logger(clips, epochs), _with_plain_tables(clips, epochs)
    what = f"{CLIPS} clips of {KIND}, {epochs} epochs"
    # A clip cut short for a quick look is smaller than its row in a table.
    goal = GOAL if effort.scale == 1 else None
    yield once(f"{what}: what the epochs add", ours.epochs / 1e6, plain.epochs / 1e6, "MB", PEER, goal=goal)
    yield once(f"{what}: with the clips themselves", ours.whole / 1e6, plain.whole / 1e6, "MB", PEER)


def _with_prediction_logger(clips: list[Array], epochs: int) -> Growth:
    samples = [
        {"audio": clip, "sample_rate": KIND.sample_rate, "label": LABELS[index % len(LABELS)]}
        for index, clip in enumerate(clips)
    ]
    with temporary_wandb() as folder:
        empty = _size_of(folder)
        with offline_run(folder) as run:
            log = al.PredictionLogger(samples, _predict, max_clips=CLIPS)
            log.begin(run)
            assert log.logger is not None
            log.logger.flush()
            before = _size_of(folder)
            for epoch in range(epochs):
                log.step(epoch=epoch, model=epoch)
                run.log({"loss": 1 / (epoch + 1)})
            log.end()
        return Growth(before - empty, _size_of(folder) - before)


def _with_plain_tables(clips: list[Array], epochs: int) -> Growth:
    columns: list[str | int] = ["clip", "audio", "label", "prediction", "score"]
    with temporary_wandb() as folder:
        with offline_run(folder) as run:
            before = _size_of(folder)
            for epoch in range(epochs):
                made = [_prediction(epoch, index) for index in range(len(clips))]
                rows = [
                    [
                        index,
                        wandb.Audio(clip, KIND.sample_rate),
                        LABELS[index % len(LABELS)],
                        one["label"],
                        one["score"],
                    ]
                    for index, (clip, one) in enumerate(zip(clips, made, strict=True))
                ]
                run.log({"predictions": wandb.Table(columns=columns, data=rows), "loss": 1 / (epoch + 1)})
        return Growth(0, _size_of(folder) - before)


def _predict(epoch: int, clips: list[al.AudioClip]) -> list[dict[str, Any]]:
    return [_prediction(epoch, index) for index in range(len(clips))]


def _prediction(epoch: int, index: int) -> dict[str, Any]:
    score = (7 * index + epoch) % 100 / 100
    return {"label": LABELS[(index + epoch) % len(LABELS)], "score": score}


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())

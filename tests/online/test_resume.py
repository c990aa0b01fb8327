"""A run that is resumed on the server: what is logged after goes on where it was."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import wandb

import audio_logging as al
from tests.fake_wandb import Run, Server
from tests.online.conftest import Noise

EVENTS = 3


@pytest.fixture(scope="module")
def run(server: Server, online: Path, noise: Noise) -> Run:
    """A run that was stopped and resumed."""
    for start in (0, EVENTS):
        with wandb.init(project="sounds", id="resumed", resume="allow") as run:
            assert run.resumed == (start > 0)
            with al.AudioLogger(run) as logger:
                for step in range(start, start + EVENTS):
                    logger.log("val/out", noise(step), sample_rate=16_000)
                    logger.flush()
                    run.log({"loss": step})
    return server.store.runs["resumed"]


def test_the_axis_of_the_clips_goes_on(run: Run) -> None:
    assert [row["audio/step"] for row in run.history if "val/out" in row] == list(range(2 * EVENTS))
    assert [row["loss"] for row in run.history if "loss" in row] == list(range(2 * EVENTS))


def test_the_clips_of_both_sessions_are_there(run: Run) -> None:
    clips = [row["val/out"] for row in run.history if "val/out" in row]
    assert len({clip["sha256"] for clip in clips}) == 2 * EVENTS
    for clip in clips:
        assert hashlib.sha256(run.files[clip["path"]]).hexdigest() == clip["sha256"]

"""AudioLogger in an online run: rows, files and the sidecar as they arrive at the server."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import wandb

import audio_logging as al
from audio_logging.schema import SIDECAR_PATH
from tests.fake_wandb import Run, Server
from tests.online.conftest import Noise
from tests.online.description import stored_bytes

EVENTS = 4


class Logged(NamedTuple):
    run: Run
    before_finish: list[str]
    local_sidecar: bytes


@pytest.fixture(scope="module")
def logged(server: Server, online: Path, noise: Noise) -> Logged:
    """A user who passes ``step=``, and clips, lists and a file logged beside."""
    file = online / "take.ogg"
    file.write_bytes(stored_bytes(al.Audio(noise(100), 44_100, format="ogg")))
    with wandb.init(project="sounds") as run:
        with al.AudioLogger(run) as logger:
            for step in range(EVENTS):
                clip = al.AudioClip(noise(step), 16_000)
                logger.log("val/out", clip, caption=f"at {step}", step=10 * step)
                logger.log("val/list", [clip, file], step=10 * step)
                logger.flush()
                run.log({"loss": 1 / (step + 1)}, step=step)
            assert logger.counts == {}
        before_finish = list(server.store.runs[run.id].files)
        sidecar = Path(run.dir) / SIDECAR_PATH
    return Logged(server.store.runs[run.id], before_finish, sidecar.read_bytes())


def test_no_value_of_the_user_is_lost(logged: Logged) -> None:
    assert [row["loss"] for row in logged.run.history if "loss" in row] == [1 / (step + 1) for step in range(EVENTS)]


def test_every_event_has_a_row_on_its_own_axis(logged: Logged) -> None:
    rows = [row for row in logged.run.history if "val/out" in row]
    assert [row["audio/step"] for row in rows] == [0, 10, 20, 30]
    assert [row["val/out"]["caption"] for row in rows] == ["at 0", "at 1", "at 2", "at 3"]
    assert [row["val/list"]["sampleRates"] for row in rows] == [[16_000, 44_100]] * EVENTS


def test_the_history_names_files_that_the_server_has(logged: Logged) -> None:
    for clip in _clips(logged.run):
        assert _sha256(logged.run.files[clip["path"]]) == clip["sha256"]
        assert len(logged.run.files[clip["path"]]) == clip["size"]


def test_a_clip_that_is_logged_again_and_again_is_uploaded_once(server: Server, logged: Logged) -> None:
    media = [path for path in logged.run.files if path.startswith("media/audio/")]
    assert len(media) == EVENTS + EVENTS + 1
    uploads = [request for request in server.requests if request.startswith("PUT") and "media/audio" in request]
    assert len(uploads) == len(media)


def test_the_sidecar_is_uploaded_when_the_run_finishes(logged: Logged) -> None:
    assert SIDECAR_PATH not in logged.before_finish
    assert logged.run.files[SIDECAR_PATH] == logged.local_sidecar


def test_the_sidecar_has_a_line_for_every_clip_of_the_history(logged: Logged) -> None:
    lines = [json.loads(line) for line in logged.run.files[SIDECAR_PATH].splitlines()]
    assert [(line["key"], line["step"], line["index"]) for line in lines] == [
        place
        for step in (0, 10, 20, 30)
        for place in (("val/out", step, 0), ("val/list", step, 0), ("val/list", step, 1))
    ]
    assert [line["sha256"] for line in lines] == [clip["sha256"] for clip in _clips(logged.run)]


def test_the_last_clips_are_in_the_summary(logged: Logged) -> None:
    assert logged.run.summary["val/out"]["caption"] == "at 3"
    assert logged.run.summary["loss"] == 1 / EVENTS


def _clips(run: Run) -> list[dict[str, Any]]:
    rows = [row for row in run.history if "val/out" in row]
    return [clip for row in rows for clip in (row["val/out"], *row["val/list"]["audio"])]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

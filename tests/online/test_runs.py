"""A run of plain ``run.log`` calls with clips: rows, summary, config and files as they arrive at the server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import wandb

import audio_logging as al
from tests.fake_wandb import Run, Server
from tests.online.conftest import Noise
from tests.online.description import describe, stored_bytes

STEPS = 5


@pytest.fixture(scope="module")
def clips(noise: Noise, online: Path) -> dict[str, al.Audio]:
    return {
        "alone": al.Audio(noise(1), 16_000, "alone"),
        "first": al.Audio(noise(2, channels=2), 44_100, format="flac"),
        "second": al.Audio(noise(3), 8000, "second", format="ogg"),
        "tabled": al.Audio(noise(4), 16_000, "tabled"),
    }


@pytest.fixture(scope="module")
def run(server: Server, clips: dict[str, al.Audio]) -> Run:
    """A run with scalars, a clip, a list of clips and a table of one."""
    with wandb.init(project="sounds", name="a run", config={"layers": 3}) as run:
        for step in range(STEPS):
            run.log({"loss": 1 / (step + 1)})
        run.log({"val/clip": clips["alone"]})
        run.log({"list": [clips["first"], clips["second"]]})
        run.log({"table": wandb.Table(["label", "audio"], [["hum", clips["tabled"]]])})
        run_id = run.id
    return server.store.runs[run_id]


def test_scalars_arrive_in_order(run: Run) -> None:
    assert [row["loss"] for row in run.history if "loss" in row] == [1 / (step + 1) for step in range(STEPS)]
    assert [row["_step"] for row in run.history] == list(range(STEPS + 3))


def test_config_name_and_state_arrive(run: Run) -> None:
    assert run.config == {"layers": 3}
    assert run.values["displayName"] == "a run"
    assert run.exit_code == 0


def test_a_clip_in_the_history_has_the_json_of_the_design(run: Run, clips: dict[str, al.Audio]) -> None:
    [json] = [row["val/clip"] for row in run.history if "val/clip" in row]
    path = json.pop("path")
    assert path.startswith("media/audio/val/clip_")
    assert json == _expected(clips["alone"])
    assert run.files[path] == stored_bytes(clips["alone"])


def test_a_list_in_the_history_has_the_json_of_the_design(run: Run, clips: dict[str, al.Audio]) -> None:
    [json] = [row["list"] for row in run.history if "list" in row]
    listed = [clips["first"], clips["second"]]
    stored = json.pop("audio")
    assert json == {
        "_type": "audio",
        "count": 2,
        "sampleRates": [44_100, 8000],
        "durations": [audio.duration for audio in listed],
        "captions": ["", "second"],
    }
    for found, audio in zip(stored, listed, strict=True):
        assert run.files[found.pop("path")] == stored_bytes(audio)
        assert found == _expected(audio)


def test_the_last_clip_of_a_key_is_in_the_summary(run: Run, clips: dict[str, al.Audio]) -> None:
    assert run.summary["loss"] == 1 / STEPS
    assert run.summary["val/clip"]["sha256"] == clips["alone"].sha256


def test_a_table_is_an_artifact_with_its_clip(server: Server, run: Run, clips: dict[str, al.Audio]) -> None:
    [table] = run.logged
    assert (table.collection, table.type) == (f"run-{run.name}-table", "run_table")
    stored = json.loads(server.store.object(table.entries["table.table.json"]["digest"]))
    assert (
        stored["column_types"]["params"]["type_map"]["audio"]["params"]["allowed_types"][0]["wb_type"] == "audio-file"
    )
    [[label, clip]] = stored["data"]
    assert label == "hum"
    assert server.store.object(table.entries[clip.pop("path")]["digest"]) == stored_bytes(clips["tabled"])
    assert clip == _expected(clips["tabled"])


def test_the_api_gives_rows_files_and_tables_back(run: Run, clips: dict[str, al.Audio], tmp_path: Path) -> None:
    seen = wandb.Api().run(f"{run.entity}/{run.project}/{run.name}")
    assert [row["loss"] for row in seen.history(pandas=False) if "loss" in row] == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]
    file = seen.file(run.history[STEPS]["val/clip"]["path"]).download(str(tmp_path))
    assert Path(file.name).read_bytes() == stored_bytes(clips["alone"])
    [artifact] = seen.logged_artifacts()
    assert describe(artifact.get("table"))["data"] == [["hum", describe(clips["tabled"])]]


def _expected(audio: al.Audio) -> dict[str, Any]:
    known = {
        "_type": "audio-file",
        "sha256": audio.sha256,
        "size": audio.size,
        "caption": audio.caption,
        "sample_rate": audio.sample_rate,
        "duration": audio.duration,
        "channels": audio.channels,
        "frames": audio.frames,
        "format": audio.format,
        "peak": audio.peak,
        "clipped_samples": 0,
    }
    return {name: value for name, value in known.items() if value is not None}

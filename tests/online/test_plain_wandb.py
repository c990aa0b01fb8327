"""What plain wandb.Audio wrote is read as ours, and ours by a wandb that knows nothing of us."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb

import audio_logging as al
from tests.fake_wandb import Server
from tests.online.conftest import Noise, Read, Script
from tests.online.description import stored_bytes


@pytest.fixture(scope="module")
def plain(online: Path, noise: Noise, script: Script, read: Read) -> Any:
    """What we get of an artifact of plain clips."""
    file = online / "plain.flac"
    file.write_bytes(stored_bytes(al.Audio(noise(9), 44_100, format="flac")))
    script("plain_write", "plain", str(file))
    return read({"plain:latest": ["samples", "file", "table"]})["plain:latest"]["things"]


def test_a_plain_clip_is_read_as_ours(plain: Any) -> None:
    audio = plain["samples"]
    assert audio["type"] == "audio_logging.Audio"
    assert audio["caption"] == "made of samples"
    assert (audio["sample_rate"], audio["channels"], audio["frames"]) == (16_000, 2, 4000)
    assert (audio["duration"], audio["format"], audio["subtype"]) == (0.25, "wav", "PCM_16")


def test_a_plain_file_is_read_as_ours(plain: Any, online: Path) -> None:
    assert plain["file"]["file"] == hashlib.sha256((online / "plain.flac").read_bytes()).hexdigest()
    assert (plain["file"]["sample_rate"], plain["file"]["format"]) == (44_100, "flac")


def test_plain_clips_in_a_table_are_read_as_ours(plain: Any) -> None:
    [[samples], [file]] = plain["table"]["data"]
    assert [samples["caption"], file["caption"]] == ["in a table", "a file in a table"]
    assert {**samples, "caption": "made of samples"} == plain["samples"]
    assert {**file, "caption": "made of a file"} == plain["file"]


def test_ours_are_read_by_plain_wandb(online: Path, noise: Noise, script: Script) -> None:
    made = {
        "captioned": al.Audio(noise(1), 16_000, "with a caption"),
        "bare": al.Audio(noise(2), 16_000),
        "flac": al.Audio(noise(3), 16_000, "as flac", format="flac"),
    }
    artifact = wandb.Artifact("ours", "dataset")
    for name, audio in made.items():
        artifact.add(audio, name)
    mixed = wandb.Audio(np.zeros(800, np.float32), 8000, "plain")
    rows = [[name, audio] for name, audio in made.items()]
    artifact.add(wandb.Table(["name", "audio"], [*rows, ["mixed", mixed]]), "table")
    with wandb.init(project="sounds") as run:
        run.log_artifact(artifact).wait()

    back = script("plain_read", "ours:latest", "table", *made)

    expected = {name: {"caption": audio.caption, "file": audio.sha256} for name, audio in made.items()}
    assert back["clips"] == expected
    assert dict(back["rows"][:-1]) == expected
    assert back["rows"][-1][1]["caption"] == "plain"


def test_a_plain_clip_that_was_fetched_is_a_reference_in_a_second_artifact(
    plain: Any, server: Server, script: Script
) -> None:
    script("refer", "plain:latest", "second", "samples", "table")
    second = server.store.versions("second")[0]
    assert [path for path in second.files if not path.endswith(".json")] == []

"""The same call with a run that is online: what is not there is the same error as offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import wandb

import audio_logging as al
from audio_logging.artifacts import use_artifact
from audio_logging.artifacts.online import OnlineArtifact
from audio_logging.errors import AudioValueError, NotFoundError
from tests.online.conftest import online, server

__all__ = ["online", "server"]


@pytest.fixture(scope="module")
def used(online: Path) -> Iterator[OnlineArtifact]:
    artifact = wandb.Artifact("set", "dataset", description="two", metadata={"n": 1})
    artifact.add(al.Audio(np.zeros(800, np.float32), 8000, caption="zero"), "clip")
    artifact.add(wandb.Table(columns=["n"], data=[[1], [2]]), "table")
    with artifact.new_file("note.txt") as file:
        file.write("hello")
    artifact.add_file(str(wav_file(online)), "raw.wav")
    with wandb.init(project="sounds") as run:
        run.log_artifact(artifact).wait()
        found = use_artifact("set", run)
        assert isinstance(found, OnlineArtifact)
        yield found


def wav_file(folder: Path) -> Path:
    audio = al.Audio(np.zeros((100, 2), np.float32), 44100)
    (folder / "raw.wav").write_bytes(Path(audio.content.path()).read_bytes())
    return folder / "raw.wav"


def test_an_artifact_says_what_it_is(used: OnlineArtifact) -> None:
    assert (used.name, used.type, used.version, used.aliases) == ("set:v0", "dataset", "v0", ["latest"])
    assert (used.metadata, used.description) == ({"n": 1}, "two")
    assert repr(used) == "OnlineArtifact('set:v0', 'dataset', 5 files)"


def test_clips_tables_and_files_are_there(used: OnlineArtifact, tmp_path: Path) -> None:
    assert used.get("clip").caption == "zero"
    assert list(used.get("table")) == [{"n": 1}, {"n": 2}]
    assert (used.get("raw.wav").channels, used.get("raw.wav").sample_rate) == (2, 44100)
    assert used.path("note.txt").read_text() == "hello"
    assert used.path("clip").name == "clip.audio-file.json"
    assert (used.download(tmp_path / "down") / "note.txt").read_text() == "hello"


def test_lists_of_clips_and_references_in_a_table_come_back_without_network_access(used: OnlineArtifact) -> None:
    clips = [al.Audio(np.full(800, level, np.float32), 8000, caption=str(level)) for level in (0.25, 0.5)]
    artifact = wandb.Artifact("lists", "dataset")
    artifact.add(wandb.Table(columns=["takes", "far"], data=[[clips, al.Audio("s3://bucket/take.wav")]]), "table")
    assert wandb.run is not None
    wandb.run.log_artifact(artifact).wait()
    [row] = use_artifact("lists", wandb.run).get("table")
    assert [(take.caption, take.sample_rate, take.clip().peak) for take in row["takes"]] == [
        ("0.25", 8000, 0.25),
        ("0.5", 8000, 0.5),
    ]
    assert row["takes"] == clips
    assert row["far"].is_reference and row["far"].resolve_ref() == "s3://bucket/take.wav"


def test_what_is_not_in_it_is_said_together_with_what_is(used: OnlineArtifact) -> None:
    with pytest.raises(LookupError, match="artifact 'set:v0' has no 'clop'; it has 'clip', 'table', 'media/audio/"):
        used.get("clop")
    with pytest.raises(AudioValueError, match="is neither a clip nor a table"):
        used.get("note.txt")


@pytest.mark.parametrize("name", ["nothing", "set:v7", "set:best"])
def test_an_artifact_that_is_not_there_is_not_found(used: OnlineArtifact, name: str) -> None:
    with pytest.raises(NotFoundError, match=f"there is no artifact '{name}"):
        use_artifact(name)


def test_a_server_that_cannot_be_reached_is_another_error(
    used: OnlineArtifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        raise wandb.errors.CommError("timed out", ConnectionError("timed out"))

    monkeypatch.setattr(wandb.run, "use_artifact", fail)
    with pytest.raises(wandb.errors.CommError, match="timed out"):
        use_artifact("set")

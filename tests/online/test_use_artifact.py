"""use_artifact and log_dataset with a server: the same calls that work offline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import wandb

import audio_logging as al
from tests.fake_wandb import Artifact, Server
from tests.online.conftest import Noise, Read, Script
from tests.online.description import describe, stored_bytes

CLASSES = ("cat", "dog")


@pytest.fixture(scope="module")
def clips(noise: Noise, online: Path) -> list[al.Audio]:
    return [al.Audio(noise(1), 16_000, "mono"), al.Audio(noise(2, channels=2), 44_100, format="flac")]


@pytest.fixture(scope="module")
def logged(server: Server, clips: list[al.Audio]) -> Artifact:
    artifact = wandb.Artifact("clips", "dataset", description="two clips", metadata={"language": "en"})
    artifact.add(clips[0], "clip")
    artifact.add(wandb.Table(["number", "audio"], [[number, audio] for number, audio in enumerate(clips)]), "table")
    with wandb.init(project="sounds") as run:
        run.log_artifact(artifact, aliases=["best"]).wait()
    return server.store.versions("clips")[0]


@pytest.fixture(scope="module")
def used(logged: Artifact, script: Script) -> Any:
    return script("use_artifacts", "clips:best", "clip", "table")


def test_what_is_known_of_an_artifact_comes_from_the_server(used: Any, logged: Artifact) -> None:
    assert (used["type"], used["version"]) == ("dataset", "v0")
    assert sorted(used["aliases"]) == ["best", "latest"]
    assert used["metadata"] == {"language": "en"}
    assert used["description"] == "two clips"
    assert used["digest"] == logged.digest
    assert logged.run is not None
    assert used["run_id"] == logged.run.name


def test_clips_and_tables_come_whole(used: Any, clips: list[al.Audio]) -> None:
    assert used["clip"] == describe(clips[0])
    assert used["columns"] == ["number", "audio"]
    assert used["rows"] == [[number, describe(audio)] for number, audio in enumerate(clips)]


def test_files_are_listed_and_downloaded(used: Any, logged: Artifact) -> None:
    assert used["files"] == sorted(logged.entries)
    assert used["downloaded"] == sorted(Path(path).name for path in logged.entries)


def test_the_server_notes_which_run_used_it(server: Server, used: Any, logged: Artifact) -> None:
    assert [logged in run.used for run in server.store.runs.values()] == [False, True]


@pytest.fixture(scope="module")
def dataset(online: Path, noise: Noise) -> al.AudioDataset:
    """Two classes of two files each."""
    for label, name in enumerate(CLASSES):
        for index in range(2):
            file = online / "recordings" / name / f"{index}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(stored_bytes(al.Audio(noise(10 + 2 * label + index), 16_000)))
    return al.audio_dataset_from_directory(online / "recordings", batch_size=None, shuffle=False, verbose=False)


@pytest.fixture(scope="module")
def back(dataset: al.AudioDataset, read: Read, used: Any) -> Any:
    """The data set, logged twice, and once by reference, as another process got it."""
    with wandb.init(project="sounds") as run:
        first = al.log_dataset(run, dataset, "recordings", verbose=False).wait()
        again = al.log_dataset(run, dataset, "recordings", verbose=False).wait()
        al.log_dataset(run, dataset, "references", clips="reference", verbose=False).wait()
    assert (first.version, again.version) == ("v0", "v0")
    return read({"recordings:latest": ["samples"], "references:latest": ["samples"]})


@pytest.mark.parametrize("name", ["recordings", "references"])
def test_a_data_set_comes_back_in_another_process(name: str, dataset: al.AudioDataset, back: Any) -> None:
    table = back[f"{name}:latest"]["things"]["samples"]
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    assert [(row["path"], row["label"]) for row in rows] == [
        (f"{name}/{index}.wav", name) for name in CLASSES for index in range(2)
    ]
    assert [row["audio"] for row in rows] == [describe(al.Audio(Path(path))) for path in sorted(dataset.file_paths)]
    assert back[f"{name}:latest"]["metadata"]["class_counts"] == {"cat": 2, "dog": 2}


def test_a_data_set_by_reference_uploads_no_clips(server: Server, dataset: al.AudioDataset, back: Any) -> None:
    [version] = server.store.versions("references")
    assert list(version.files) == ["samples.table.json"]
    assert sorted(version.references.values()) == sorted(Path(path).as_uri() for path in dataset.file_paths)

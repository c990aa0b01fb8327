"""``wandb sync`` of an offline run puts everything on the server: rows, media, sidecar, tables, artifacts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fake_wandb import Artifact, Run, Server, environment, without_wandb
from tests.online.conftest import Read, Script


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def offline(folder: Path, script: Script) -> Path:
    """The folder of a run that was logged without a server."""
    return Path(script("offline_write", folder=folder, WANDB_MODE="offline"))


@pytest.fixture(scope="module")
def run(server: Server, folder: Path, offline: Path) -> Run:
    """The run on the server, after the sync."""
    assert server.operations == []
    subprocess.run(
        [sys.executable, "-m", "wandb", "sync", str(offline)],
        env={**without_wandb(), **environment(server, folder)},
        check=True,
        capture_output=True,
        timeout=60,
    )
    [run] = server.store.runs.values()
    return run


def test_every_row_arrives(run: Run) -> None:
    assert [row["loss"] for row in run.history if "loss" in row] == [1, 1 / 2, 1 / 3]
    assert [row["audio/step"] for row in run.history if "train/out" in row] == [0, 1, 2]
    assert [row["audio/step"] for row in run.history if "val/predictions" in row] == [0, 1, 2]
    assert [row["clip"]["caption"] for row in run.history if "clip" in row] == ["alone"]
    assert run.exit_code == 0


def test_every_file_arrives_byte_for_byte(run: Run, offline: Path) -> None:
    files = offline / "files"
    local = {path.relative_to(files).as_posix(): path for path in files.rglob("*") if path.is_file()}
    assert {path: run.files.get(path) for path in local} == {path: file.read_bytes() for path, file in local.items()}
    assert len([path for path in local if path.startswith("media/audio/")]) == 2 + 2 + 1
    assert "audio_logging/index.jsonl" in local


def test_every_artifact_arrives(run: Run) -> None:
    versions = [(version.collection.split("-")[0], version.type, version.index) for version in run.logged]
    assert sorted(versions) == [
        ("clips", "dataset", 0),
        ("run", "run_table", 0),
        ("run", "run_table", 0),
        ("run", "run_table", 1),
        ("run", "run_table", 2),
        ("val", "dataset", 0),
    ]


def test_references_by_client_id_lead_to_the_samples(server: Server, run: Run) -> None:
    [samples] = server.store.versions("val-samples")
    for version in _predictions(run):
        assert len(version.references) == 2
        for address in version.references.values():
            assert server.store.referred(address) in samples.entries.values()


def test_artifacts_of_a_synced_run_are_read_in_another_process(run: Run, read: Read) -> None:
    latest = _predictions(run)[-1]
    [entry] = latest.files
    clips, table = read({"clips:best": ["clip"], f"{latest.collection}:latest": [entry]}).values()
    clip, found = clips["things"]["clip"], table["things"][entry]
    assert (clip["caption"], clip["format"], clip["sample_rate"]) == ("in an artifact", "flac", 16_000)
    rows = [dict(zip(found["columns"], row, strict=True)) for row in found["data"]]
    assert [row["audio"]["caption"] for row in rows] == ["dog", "cat"]
    assert [row["audio"]["file"] for row in rows] == [row["audio"]["sha256"] for row in rows]


def test_the_sidecar_belongs_to_the_files_on_the_server(run: Run) -> None:
    lines = [json.loads(line) for line in run.files["audio_logging/index.jsonl"].splitlines()]
    assert {line["key"] for line in lines} == {"train/out", "val/samples", "val/predictions"}
    assert all(line["path"] in run.files for line in lines)


def _predictions(run: Run) -> list[Artifact]:
    found = [version for version in run.logged if version.references]
    return sorted(found, key=lambda version: version.index or 0)

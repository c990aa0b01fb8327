"""``wandb sync`` of what was unpacked elsewhere puts everything on the server, though its staging folder is gone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import audio_logging as al
from audio_logging.artifacts import use_artifact
from audio_logging.packing import pack, unpack
from audio_logging.runs import Run
from tests.fake_wandb import Server, environment, without_wandb
from tests.online.conftest import server

__all__ = ["server"]


@pytest.fixture(scope="module")
def unpacked(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    home = tmp_path_factory.mktemp("home")
    packed = pack(al.list_runs(trained), home / "run.tar")
    trained.parent.rename(trained.parent.with_name("away"))
    unpack(packed.path, home / "wandb")
    [run] = al.list_runs(home)
    yield run
    trained.parent.with_name("away").rename(trained.parent)


@pytest.fixture(scope="module")
def synced(server: Server, unpacked: Run, tmp_path_factory: pytest.TempPathFactory) -> Server:
    machine = tmp_path_factory.mktemp("machine")
    subprocess.run(
        [sys.executable, "-m", "wandb", "sync", str(unpacked.folder)],
        env={**without_wandb(), **environment(server, machine)},
        cwd=machine,
        check=True,
        capture_output=True,
        timeout=60,
    )
    return server


def test_every_row_arrives(synced: Server, unpacked: Run) -> None:
    [run] = synced.store.runs.values()
    assert [row["_step"] for row in run.history] == [row["_step"] for row in unpacked.history()]
    assert run.exit_code == 0


def test_every_file_arrives_byte_for_byte(synced: Server, unpacked: Run) -> None:
    [run] = synced.store.runs.values()
    files = unpacked.folder / "files"
    local = {path.relative_to(files).as_posix(): path.read_bytes() for path in files.rglob("*") if path.is_file()}
    assert {name: run.files.get(name) for name in local} == local


def test_every_artifact_arrives_with_every_file(synced: Server, unpacked: Run) -> None:
    logged = {artifact.name: artifact for artifact in unpacked.artifacts()}
    arrived = {version.collection: version for version in synced.store.artifacts.values()}
    assert arrived.keys() == logged.keys()
    for name, version in arrived.items():
        entries = logged[name].entries
        assert version.digest == logged[name].digest
        assert version.entries.keys() == entries.keys()
        assert {path: entry["digest"] for path, entry in version.files.items()} == {
            path: entries[path].digest for path in version.files
        }
        assert {entry["digest"] for entry in version.files.values()} <= synced.store.objects.keys()


def test_everything_is_still_here_after_the_sync(synced: Server, unpacked: Run) -> None:
    assert use_artifact("set", root=unpacked.folder.parent).get("clip").caption == "in set"
    assert len(use_artifact("val-samples", root=unpacked.folder.parent).get("samples")) == 2

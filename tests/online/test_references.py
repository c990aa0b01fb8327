"""Clips that are addresses: they stay addresses in artifacts, and nobody goes there."""

from __future__ import annotations

import json
from typing import Any

import pytest
import wandb

import audio_logging as al
from tests.fake_wandb import Artifact, Server
from tests.online.conftest import Script
from tests.online.description import describe


@pytest.fixture(scope="module")
def references(server: Server, online: Any) -> dict[str, al.Audio]:
    """One of each kind; the server would note it if anybody fetched the http one."""
    return {
        "s3": al.Audio("s3://bucket/far away.wav", caption="in a bucket"),
        "gs": al.Audio("gs://bucket/far.flac"),
        "https": al.Audio("https://audio.invalid/far.wav", 16_000, "by https"),
        "http": al.Audio(f"{server.url}/far.wav", caption="watched"),
    }


@pytest.fixture(scope="module")
def logged(server: Server, references: dict[str, al.Audio]) -> Artifact:
    artifact = wandb.Artifact("far", "dataset")
    for name, audio in references.items():
        artifact.add(audio, name)
    artifact.add(wandb.Table(["name", "audio"], [[name, audio] for name, audio in references.items()]), "table")
    with wandb.init(project="sounds") as run:
        run.log_artifact(artifact).wait()
    return server.store.versions("far")[0]


def test_addresses_are_references_in_the_manifest(logged: Artifact, references: dict[str, al.Audio]) -> None:
    assert sorted(logged.references.values()) == sorted(audio.content.path() for audio in references.values())
    assert all(path.endswith(".json") for path in logged.files)


def test_addresses_come_back_as_they_were_without_network_access(
    server: Server, logged: Artifact, references: dict[str, al.Audio], script: Script
) -> None:
    back = script("get_from_artifact", "far:latest", *references)
    assert back == {name: describe(audio) for name, audio in references.items()}
    assert not [request for request in server.requests if "far.wav" in request]


def test_a_table_holds_addresses_with_what_is_known_of_them(server: Server, logged: Artifact) -> None:
    table = json.loads(server.store.object(logged.entries["table.table.json"]["digest"]))
    cells = dict(table["data"])
    assert logged.references[cells["https"]["path"]] == "https://audio.invalid/far.wav"
    assert cells["https"]["sample_rate"] == 16_000
    assert cells["s3"]["caption"] == "in a bucket"

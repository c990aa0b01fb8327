"""PredictionLogger in an online run: samples once, tables that refer to them, and all of it read back elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb
from numpy.testing import assert_allclose, assert_array_equal

import audio_logging as al
from tests.fake_wandb import Artifact, Run, Server
from tests.online.conftest import Noise, Read

LABELS = ("dog", "cat", "owl")
EVENTS = 3


@pytest.fixture(scope="module")
def samples(noise: Noise) -> list[dict[str, Any]]:
    return [
        {"audio": noise(index, channels=1 + index % 2), "sample_rate": 16_000, "label": label}
        for index, label in enumerate(LABELS)
    ]


@pytest.fixture(scope="module")
def first(server: Server, online: Path, samples: list[dict[str, Any]]) -> Run:
    """A run whose samples are slow to reach the server: a table that came before them would be dropped there."""
    server.before = _slow_samples
    return _train(server, samples)


def _slow_samples(operation: str, variables: dict[str, Any]) -> None:
    if operation == "CreateArtifact" and "val-samples" in str(variables):
        time.sleep(1.0)


@pytest.fixture(scope="module")
def second(server: Server, first: Run, samples: list[dict[str, Any]]) -> Run:
    """Another run on the same samples."""
    return _train(server, samples)


def _train(server: Server, samples: list[dict[str, Any]]) -> Run:
    with wandb.init(project="sounds") as run, al.PredictionLogger(samples, _predict).session(run) as log:
        for epoch in range(EVENTS):
            run.log({"loss": 1 / (epoch + 1)}, step=epoch)
            log.step(epoch=epoch, step=epoch, model=epoch)
    return server.store.runs[run.id]


def _predict(model: int, clips: Sequence[al.AudioClip]) -> list[dict[str, Any]]:
    scores = np.eye(len(LABELS)) * 0.8 + 0.1
    return [{"scores": dict(zip(LABELS, map(float, row), strict=True))} for row in scores[: len(clips)]]


def test_the_samples_are_logged_once_as_an_artifact(server: Server, first: Run, second: Run) -> None:
    [artifact] = server.store.versions("val-samples")
    assert artifact.type == "dataset"
    assert artifact in first.logged
    assert artifact in second.logged
    assert len([path for path in artifact.files if path.startswith("media/audio/")]) == len(LABELS)


@pytest.mark.parametrize("which", ["first", "second"])
def test_each_event_is_a_version_of_a_table_that_refers_to_the_samples(
    server: Server, which: str, request: pytest.FixtureRequest
) -> None:
    versions = _tables(server, request.getfixturevalue(which))
    [home] = server.store.versions("val-samples")
    assert len(versions) == EVENTS
    for version in versions:
        assert len(version.references) == len(LABELS)
        assert all(server.store.referred(address) in home.entries.values() for address in version.references.values())
        assert all(path.endswith(".json") for path in version.files)


def test_the_history_has_every_event(first: Run) -> None:
    assert [row["loss"] for row in first.history if "loss" in row] == [1, 1 / 2, 1 / 3]
    rows = [row for row in first.history if "val/predictions" in row]
    assert [row["audio/step"] for row in rows] == [0, 1, 2]
    assert [row["val/clips/accuracy"] for row in rows] == [1.0] * EVENTS
    [listed] = [row["val/samples"] for row in first.history if "val/samples" in row]
    assert listed["captions"] == list(LABELS)


def test_a_table_of_the_history_leads_to_its_artifact(server: Server, first: Run) -> None:
    rows = [row["val/predictions"] for row in first.history if "val/predictions" in row]
    for row, version in zip(rows, _tables(server, first), strict=True):
        scheme, _, rest = row["artifact_path"].partition("://")
        client_id, _, path = rest.partition("/")
        assert scheme == "wandb-client-artifact"
        assert server.store.client_ids[client_id] is version
        assert path in version.entries


@pytest.fixture(scope="module")
def back(server: Server, second: Run, read: Read) -> list[list[dict[str, Any]]]:
    """The rows of the predictions and of the samples, as another process got them."""
    latest = _tables(server, second)[-1]
    [entry] = latest.files
    found = read({f"{latest.collection}:latest": [entry], "val-samples:latest": ["samples"]})
    tables = [table for artifact in found.values() for table in artifact["things"].values()]
    return [[dict(zip(table["columns"], row, strict=True)) for row in table["data"]] for table in tables]


def test_predictions_come_back_with_their_clips_in_another_process(
    back: list[list[dict[str, Any]]], samples: list[dict[str, Any]]
) -> None:
    for cells, sample in zip(back[0], samples, strict=True):
        assert (cells["label"], cells["prediction"], cells["correct"]) == (sample["label"], sample["label"], True)
        audio, samples_of = cells["audio"], sample["audio"]
        assert (audio["frames"], audio["channels"]) == samples_of.shape
        assert (audio["sample_rate"], audio["format"], audio["caption"]) == (16_000, "flac", sample["label"])
        assert audio["peak"] == pytest.approx(float(np.abs(samples_of).max()), abs=1e-6)
        assert audio["file"] == audio["sha256"]


def test_the_samples_come_back_as_a_data_set(back: list[list[dict[str, Any]]], samples: list[dict[str, Any]]) -> None:
    assert [row["label"] for row in back[1]] == list(LABELS)
    assert [row["audio"]["channels"] for row in back[1]] == [sample["audio"].shape[1] for sample in samples]


def test_the_sidecar_has_samples_and_predictions(first: Run) -> None:
    lines = [json.loads(line) for line in first.files["audio_logging/index.jsonl"].splitlines()]
    assert [line["role"] for line in lines] == ["sample"] * len(LABELS) + ["prediction"] * len(LABELS) * EVENTS
    assert all(line["path"] in first.files for line in lines)


def test_clips_that_the_model_makes_come_back_beside_their_inputs(
    server: Server, online: Path, samples: list[dict[str, Any]]
) -> None:
    def invert(model: object, clips: Sequence[al.AudioClip]) -> list[dict[str, Any]]:
        return [{"audio": -clip.samples} for clip in clips]

    with wandb.init(project="sounds") as run:
        with al.PredictionLogger(samples, invert, name="inverted").session(run) as log:
            log.step(step=0)
        run_id = run.id
    [version] = _tables(server, server.store.runs[run_id])
    assert len(version.references) == len(LABELS)
    with wandb.init(project="sounds") as run:
        table: Any = run.use_artifact(f"{version.collection}:latest").get("inverted/predictions")
    for row, sample in zip(table.data, samples, strict=True):
        cells = dict(zip(table.columns, row, strict=True))
        assert_array_equal(cells["generated"].clip().samples, -cells["audio"].clip().samples)
        assert_allclose(cells["audio"].clip().samples, sample["audio"], atol=2**-16)


def _tables(server: Server, run: Run) -> list[Artifact]:
    [collection] = {artifact.collection for artifact in run.logged if artifact.type == "run_table"}
    return server.store.versions(collection)

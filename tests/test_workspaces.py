from __future__ import annotations

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import wandb

import audio_logging as al
from audio_logging.errors import AudioTypeError, AudioValueError, MissingDependencyError, NotFoundError
from audio_logging.runs import open_run
from audio_logging.workspaces import workspace
from tests.dashboard.conftest import RunFolder, new_run

__all__ = ["new_run"]  # fixtures

RATE = 8000


@pytest.fixture
def no_network(require: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    require("wandb_workspaces")

    def refuse(*_: Any) -> None:
        raise AssertionError("it asked a server")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def run(wandb_offline: Path) -> Path:
    """A run of a prediction logger, with clips, a table, and losses."""
    run = wandb.init(project="bells", dir=str(wandb_offline), settings=wandb.Settings(silent=True))
    samples = [{"audio": np.sin(np.arange(800) * k / 9), "sample_rate": RATE, "label": "a"} for k in (1, 2)]

    def predict(model: object, clips: list[al.AudioClip]) -> list[dict[str, Any]]:
        return [{"scores": {"a": 0.75, "b": 0.25}} for _ in clips]

    with al.PredictionLogger(samples, predict, name="val").session(run) as heard:
        heard.step(epoch=0, step=0, model=None)
        run.log({"loss": 0.5, "train/loss": 0.25, "bad": float("nan"), "words": "text", "flag": True})
    folder = Path(run.dir).parent
    run.finish()
    return folder


def panels(found: Any) -> dict[str, list[tuple[str, Any]]]:
    """Return kind and key of each panel, by section."""

    def key_of(panel: Any) -> Any:
        return getattr(panel, "media_keys", None) or getattr(panel, "table_name", None) or panel.y

    return {
        section.name: [(type(panel).__name__, key_of(panel)) for panel in section.panels] for section in found.sections
    }


def test_every_key_has_its_panel_and_no_server_is_asked(run: Path, no_network: None) -> None:
    found = workspace(run, entity="me")
    assert (found.entity, found.project, found.name) == ("me", "bells", "Listen")
    shown = panels(found)
    assert list(shown) == ["val", "charts", "train"], "what can be heard comes first"
    assert shown["val"] == [
        ("MediaBrowser", ["val/samples"]),
        ("WeavePanelSummaryTable", "val/predictions"),
        ("LinePlot", ["val/clips/accuracy"]),
    ]
    assert shown["charts"] == [("LinePlot", ["loss"])]
    assert shown["train"] == [("LinePlot", ["train/loss"])]


def test_what_would_be_sent_names_the_keys(run: Path, no_network: None) -> None:
    spec = workspace(open_run(run), entity="me", project="other", name="Mine")._to_model().spec
    sent = json.loads(spec.model_dump_json(by_alias=True, exclude_none=True))
    [val, *_] = sent["section"]["panelBankConfig"]["sections"]
    assert val["panels"][0]["viewType"] == "Media Browser"
    assert val["panels"][0]["config"]["mediaKeys"] == ["val/samples"]
    assert val["panels"][2]["config"]["xAxis"] == "audio/step"
    assert '"val/predictions"' in json.dumps(val["panels"][1])


def test_the_run_that_is_going_on(wandb_offline: Path, require: Callable[[str], ModuleType]) -> None:
    require("wandb_workspaces")
    run = wandb.init(project="bells", dir=str(wandb_offline), settings=wandb.Settings(silent=True))
    tone = np.sin(np.arange(800) / 9)
    run.log({"val/plain": al.Audio(tone, RATE), "loss": 0.5, "table": wandb.Table(columns=["a"], data=[[1]])})
    with al.AudioLogger(run) as logger:
        logger.log("val/clips", tone, sample_rate=RATE)
    run.log({"loss": 0.25})
    found = workspace(run, entity="me")
    with pytest.raises(AudioValueError, match=r"Pass project=, or wandb's own run: of one that is going on"):
        workspace(run.dir, entity="me")
    run.finish()
    assert found.project == "bells"
    assert panels(found) == {
        "charts": [("WeavePanelSummaryTable", "table"), ("LinePlot", ["loss"])],
        "val": [("MediaBrowser", ["val/clips"]), ("MediaBrowser", ["val/plain"])],
    }
    assert workspace(run, entity="me", project="other").project == "other", "also when it has finished"


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"entity": None}, AudioTypeError, "got entity=None, wanted text: the user or team at W&B"),
        ({"entity": ""}, AudioValueError, "got entity='', wanted the user or team at W&B"),
        ({"project": 5}, AudioTypeError, "got project=5, wanted text: a project at W&B"),
        ({"name": None}, AudioTypeError, "got name=None, wanted text: what the workspace is called"),
        ({"run": 5}, AudioTypeError, r"got int, wanted a path, a Run of open_run, or a wandb\.Run"),
        ({"run": []}, AudioTypeError, r"got list, wanted a path, a Run of open_run, or a wandb\.Run"),
        ({"run": "nowhere"}, NotFoundError, "got 'nowhere', wanted a wandb run directory"),
    ],
)
def test_arguments_that_are_something_else(
    arguments: dict[str, Any], kind: type[Exception], message: str, run: Path, no_network: None
) -> None:
    with pytest.raises(kind, match=message):
        workspace(**{"run": run, "entity": "me", **arguments})


def test_a_run_that_shows_nothing(new_run: Callable[..., RunFolder], no_network: None) -> None:
    empty = new_run("abc")
    with pytest.raises(AudioValueError, match=r"does not say its project\. Pass project="):
        workspace(empty.folder, entity="me")
    with pytest.raises(NotFoundError, match="logged nothing that could be shown"):
        workspace(empty.folder, entity="me", project="bells")


def test_without_the_package_it_says_what_to_type(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb_workspaces", None)
    with pytest.raises(MissingDependencyError, match="pip install wandb-workspaces"):
        workspace(run, entity="me")

"""The examples of callbacks run, and leave a run with predictions to listen to."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import wandb

from audio_logging.runs import list_runs

EXAMPLES = Path(__file__).parents[2] / "examples"

PACKAGES = {
    "callback_ignite": ("torch", "ignite"),
    "callback_keras": ("torch", "keras"),
    "callback_lightning": ("torch", "lightning"),
    "callback_plain_torch": ("torch",),
    "callback_transformers": ("torch", "transformers", "accelerate"),
}


@pytest.mark.parametrize("name", PACKAGES)
def test_each_example_leaves_a_run_to_listen_to(
    name: str, wandb_offline: Path, require: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in PACKAGES[name]:
        require(package)
    monkeypatch.chdir(wandb_offline)
    monkeypatch.setenv("WANDB_PROJECT", "callbacks")
    runpy.run_path(str(EXAMPLES / f"{name}.py"))["main"](epochs=2, per_class=2)
    if wandb.run is not None:
        wandb.finish()
    wandb.teardown()
    (opened,) = list_runs(wandb_offline / "wandb")
    tables = [table for table in opened.tables() if table.key.endswith("/predictions")]
    assert len(tables) >= 2
    assert all(clip.file for table in tables for clip in table.clips())
    assert opened.problems == []
    assert not [key for key in opened.summary if key.startswith("audio_logging/errors")]


def test_every_example_of_a_callback_is_run() -> None:
    assert {path.stem for path in EXAMPLES.glob("callback_*.py")} == set(PACKAGES)

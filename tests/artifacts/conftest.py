"""A folder of offline runs that logged artifacts, written by the real wandb in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs.conftest import frame, make_run

__all__ = ["frame", "make_run"]

SCRIPT = """
import pathlib
import numpy as np
import soundfile
import wandb
import audio_logging as al

def tone(seed, caption=None, **options):
    samples = np.sin(np.arange(1600) / 10 + seed).astype("float32")
    return al.Audio(samples, 16000, caption=caption, **options)

def start(name, project="birds", **options):
    return wandb.init(project=project, name=name, settings=wandb.Settings(silent=True), **options)

def bells(labels):
    artifact = wandb.Artifact("bells", "dataset", description="all of them", metadata={"labels": labels})
    artifact.add(tone(1, "one", format="flac"), "clip")
    artifact.add(wandb.Audio(np.zeros(800, "float32"), 8000), "plain")
    rows = [[f"id{number}", tone(10 + number, label), label, [tone(20 + number), tone(30 + number)]]
            for number, label in enumerate(labels)]
    artifact.add(wandb.Table(columns=["clip_id", "audio", "label", "takes"], data=rows), "table")
    with artifact.new_file("note.txt") as file:
        file.write("hello")
    with artifact.new_file("raw/far.wav", "wb") as file:
        file.write(raw.read_bytes())
    artifact.add(al.Audio("https://example.com/x.wav"), "far")
    return artifact

raw = pathlib.Path("raw.wav")
soundfile.write(raw, np.zeros((100, 2), "float32"), 44100)

run = start("first")
run.log_artifact(bells(["dog", "cat"]), aliases=["good"])
run.finish()

run = start("second")
run.log_artifact(bells(["dog", "bird", "cow"]), aliases=["good", "latest"])
table = wandb.Table(columns=["id", "audio"], data=[[1, tone(40, "t")]])
run.log({"val": table})
summary = wandb.Artifact("summary", "report")
summary.add(table, "again")
run.log_artifact(summary)
run.finish()

run = start("third", group="g")
run.log_artifact(bells(["dog", "cat"]))
run.finish()

run = start("elsewhere", project="fish")
other = wandb.Artifact("summary", "report", metadata={"other": True})
other.add(tone(5), "clip")
run.log_artifact(other)
run.finish()
wandb.teardown()
"""


def environment(folder: Path) -> dict[str, str]:
    """Return an environment in which wandb writes below the folder only."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("WANDB_")},
        "WANDB_MODE": "offline",
        "WANDB_DIR": str(folder),
        "WANDB_DATA_DIR": str(folder / "data"),
        "WANDB_CACHE_DIR": str(folder / "cache"),
        "WANDB_CONFIG_DIR": str(folder / "config"),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }


def write(folder: Path, script: str) -> Path:
    """Let a script log with the real wandb, offline; return the folder with its runs."""
    command = [sys.executable, "-W", "ignore", "-c", script]
    result = subprocess.run(command, env=environment(folder), cwd=folder, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return folder / "wandb"


@pytest.fixture(scope="session")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with four finished runs; not to be changed."""
    return write(tmp_path_factory.mktemp("logged"), SCRIPT)

"""docs/offline.md, tried as written: every block, in order, on a cluster and at home."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_wandb import Server, environment, without_wandb
from tests.online.conftest import server

__all__ = ["server"]

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"```(python|sh)\n(.*?)```", re.DOTALL)
HOME = "At home:"

COMMANDS = {
    "audio-logging": '#!/bin/sh\nexec "{python}" -m audio_logging "$@"\n',
    "python": '#!/bin/sh\nexec "{python}" "$@"\n',
    "wandb": '#!/bin/sh\nexec "{python}" -m wandb "$@"\n',
    "scp": '#!/bin/sh\ncp "{cluster}/${{1#cluster:}}" "$2"\n',
}


@pytest.fixture
def shell(tmp_path: Path, server: Server) -> Iterator[dict[str, str]]:
    """An environment with the commands of the guide, and a network of which only ``wandb sync`` knows."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in COMMANDS.items():
        (folder / name).write_text(script.format(python=sys.executable, cluster=tmp_path / "cluster"))
        (folder / name).chmod(0o755)
    variables = environment(server, tmp_path / "machine")
    for name in ("WANDB_MODE", "WANDB_DIR", "WANDB_DATA_DIR", "WANDB_ARTIFACT_DIR"):
        variables.pop(name)
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    yield {**without_wandb(), **variables, "PATH": path, "PYTHONPATH": str(ROOT)}


def run_blocks(text: str, folder: Path, variables: dict[str, str]) -> str:
    folder.mkdir()
    shown = ""
    for language, content in BLOCK.findall(text):
        if language == "python":
            (folder / content.splitlines()[0].removeprefix("# ")).write_text(content)
            continue
        done = subprocess.run(
            ["sh", "-e", "-c", content], cwd=folder, env=variables, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{content}\n{done.stdout}\n{done.stderr}"
        shown += done.stdout
    return shown


def test_the_guide_works_as_written(tmp_path: Path, shell: dict[str, str], server: Server) -> None:
    on_cluster, _, at_home = (ROOT / "docs" / "offline.md").read_text().partition(HOME)
    shown = run_blocks(on_cluster, tmp_path / "cluster", {**shell, "WANDB_DATA_DIR": str(tmp_path / "cluster")})
    assert "group fold-1: 1 run, " in shown
    assert "v0 ['latest'] {'count': 1}" in shown
    assert "AudioClip(1.00 s, 16000 Hz, 1 ch, " in shown
    assert "val-samples:v0 -> val-samples:v0: 0 added" in shown
    assert "packed 1 run, " in shown
    assert "note:" not in shown
    (tmp_path / "cluster" / "artifacts").rename(tmp_path / "wiped")
    (tmp_path / "cluster" / "wandb").rename(tmp_path / "wiped too")
    shown = run_blocks(at_home, tmp_path / "home", {**shell, "WANDB_DATA_DIR": str(tmp_path / "home-data")})
    assert "unpacked 1 run, " in shown
    assert "first fold-1 True 0.5" in shown
    assert "an owl" in shown
    [run] = server.store.runs.values()
    assert sum("val/predictions" in row for row in run.history) == 3
    assert sorted(version.collection.split("-")[0] for version in server.store.artifacts.values()) == [
        "clips", "run", "run", "run", "val"
    ]  # fmt: skip

"""Runs to pack, written by the real wandb; and packs made header by header."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.artifacts.conftest import logged, write
from tests.runs.conftest import frame, make_run

__all__ = ["frame", "logged", "make_run"]

RUN = "offline-run-20261120_083536-abc123"

MakePack = Callable[..., Path]

SCRIPT = """
import numpy as np
import wandb
import audio_logging as al

def tone(seed):
    return np.sin(np.arange(1600) / 10 + seed).astype("float32")

run = wandb.init(project="birds", name="trained", group="fold", settings=wandb.Settings(silent=True))
with al.AudioLogger(run) as logger:
    for step in range(3):
        logger.log("val/clip", tone(step), sample_rate=16000, caption=f"c{step}", step=step)
    logger.log("val/same", tone(0), sample_rate=16000, step=0)
run.log({"plain": wandb.Audio(tone(9), 16000, caption="plain"), "loss": 0.5})
samples = [{"audio": tone(10 + number), "label": "ab"[number], "sample_rate": 16000} for number in range(2)]
predictions = al.PredictionLogger(samples, lambda model, clips: [{"label": "a"} for _ in clips])
with predictions.session(run) as log:
    log.step(epoch=0, model=None)
artifact = wandb.Artifact("set", "dataset", metadata={"n": 1})
artifact.add(al.Audio(tone(9), 16000, caption="in set"), "clip")
run.log_artifact(artifact)
run.finish()
wandb.teardown()
"""


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a finished run that has clips, tables and artifacts; not to be changed."""
    return write(tmp_path_factory.mktemp("trained"), SCRIPT)


@pytest.fixture
def make_pack(tmp_path: Path) -> MakePack:
    """Write a pack of given members; `sums=False` leaves the hashes out, `change` changes the headers."""

    def make(members: dict[str, bytes | tuple[str, str]], *, sums: bool = True, change: Any = None) -> Path:
        path = tmp_path / "made.tar"
        lines = []
        with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                if isinstance(content, tuple):
                    info.type, info.linkname = content[0].encode("latin-1"), content[1]
                    content = b""
                info.size = len(content)
                if change is not None:
                    change(info)
                archive.addfile(info, io.BytesIO(content))
                linked = members.get(info.linkname, b"")
                stored = linked if isinstance(linked, bytes) and info.linkname else content
                lines.append(f"{hashlib.sha256(stored).hexdigest()}  {name}\n")
            if sums:
                listed = "".join(lines).encode()
                info = tarfile.TarInfo("SHA256SUMS")
                info.size = len(listed)
                archive.addfile(info, io.BytesIO(listed))
        return path

    return make

"""Run directories to read: built byte by byte, and written by the real wandb, offline, in a process of its own."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

pb: Any = import_module("wandb.proto.wandb_internal_pb2")  # made at run time, unknown to mypy

BLOCK = 32768

Frame = Callable[[Iterable[bytes]], bytes]
History = Callable[..., bytes]
MakeRun = Callable[..., Path]
WriteRun = Callable[[Path, str], Path]


@pytest.fixture(scope="session")
def frame() -> Frame:
    """Frame records as wandb-core does (core/internal/transactionlog), written apart from the reader."""
    return _frame


def _frame(records: Iterable[bytes]) -> bytes:
    out = bytearray(b":W&B\xe1\xbe\x00")
    for record in records:
        left, first = record, True
        while True:
            room = BLOCK - len(out) % BLOCK
            if room < 7:
                out += bytes(room)
                continue
            part, left = left[: room - 7], left[room - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[(first, not left)]
            out += struct.pack("<IHB", zlib.crc32(bytes([kind]) + part), len(part), kind) + part
            first = False
            if not left:
                break
    return bytes(out)


@pytest.fixture(scope="session")
def history() -> History:
    """Make the record of one row; values are JSON, a tuple as key is a path of nested keys."""

    def make(row: dict[Any, Any], step: int = 0) -> bytes:
        record = pb.Record()
        for key, value in {**row, "_step": step}.items():
            item = record.history.item.add()
            item.nested_key.extend(key if isinstance(key, tuple) else (key,))
            item.value_json = json.dumps(value)
        record.history.step.num = step
        return bytes(record.SerializeToString())

    return make


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """Build a run directory of given bytes."""

    def make(
        record: bytes | None = None,
        sidecar: bytes | None = None,
        media: dict[str, bytes] | None = None,
        name: str = "offline-run-20261120_083536-abc123",
    ) -> Path:
        folder = tmp_path / "wandb" / name
        (folder / "files").mkdir(parents=True)
        if record is not None:
            (folder / f"run-{name.rpartition('-')[2]}.wandb").write_bytes(record)
        files = {} if sidecar is None else {"audio_logging/index.jsonl": sidecar}
        for path, content in {**files, **(media or {})}.items():
            target = folder / "files" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return folder

    return make


@pytest.fixture(scope="session")
def wav() -> Callable[..., bytes]:
    """Make a WAV file with struct alone."""

    def make(frames: int = 100, sample_rate: int = 16000, channels: int = 1) -> bytes:
        size = frames * channels * 2
        head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, channels, sample_rate,
                           sample_rate * channels * 2, channels * 2, 16)  # fmt: skip
        return head + struct.pack("<4sI", b"data", size) + bytes(size)

    return make


PREAMBLE = """
import os, signal, sys, time
import numpy as np
import wandb

def tone(seed, caption=None, frames=1600, rate=16000, channels=1):
    samples = np.sin(np.arange(frames * channels) / 10 + seed).astype("float32").reshape(frames, channels)
    return wandb.Audio(samples, rate, caption=caption)

settings = wandb.Settings(silent=True)
"""


def wandb_environment(folder: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("WANDB_")},
        "WANDB_MODE": "offline",
        "WANDB_DIR": str(folder),
        "WANDB_DATA_DIR": str(folder / "data"),
        "WANDB_CACHE_DIR": str(folder / "cache"),
        "WANDB_CONFIG_DIR": str(folder / "config"),
    }


@pytest.fixture(scope="session")
def start_run() -> Callable[[Path, str], subprocess.Popen[str]]:
    """Start a script that logs with the real wandb, offline, under the given folder."""

    def start(folder: Path, script: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", PREAMBLE + textwrap.dedent(script)],
            env=wandb_environment(folder),
            cwd=folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return start


@pytest.fixture(scope="session")
def write_run(start_run: Callable[[Path, str], subprocess.Popen[str]]) -> WriteRun:
    """Let a script log with the real wandb; return its run directory."""

    def write(folder: Path, script: str) -> Path:
        process = start_run(folder, script)
        _, errors = process.communicate(timeout=60)
        [run] = (folder / "wandb").glob("offline-run-*")
        assert process.returncode in (0, -9), errors
        return run

    return write


@pytest.fixture(scope="session")
def real_run(tmp_path_factory: pytest.TempPathFactory, write_run: WriteRun) -> Path:
    """One finished run with everything in it."""
    return write_run(
        tmp_path_factory.mktemp("real"),
        """
        run = wandb.init(project="bells", name="nice name", group="fold-1", job_type="train", notes="why",
                         tags=["a", "b"], config={"lr": 0.1, "net": {"depth": 3, "sizes": [1, 2]}}, settings=settings)
        run.define_metric("audio/*", step_metric="audio/step")
        run.log({"loss": 1.5, "a": {"b": {"c": 2}, "clip": tone(1)}, "nan": float("nan"), "inf": float("inf"),
                 "big": 2**60, "text": "hällo", "list": [1, 2]})
        run.log({"audio/clip": tone(2, "hi", channels=2), "audio/step": 50})
        run.log({"pair": [tone(3, "x"), tone(4)]})
        table = wandb.Table(columns=["id", "audio", "label", "score"])
        table.add_data(1, tone(5, "c5"), "dog", 0.5)
        table.add_data(2, tone(6), "cat", 0.25)
        run.log({"val/table": table}, step=10)
        growing = wandb.Table(columns=["id", "audio"], log_mode="INCREMENTAL")
        for number in range(2):
            growing.add_data(number, tone(20 + number))
            run.log({"growing": growing}, step=11 + number)
        run.config.update({"late": 7})
        run.summary["best"] = 3
        run.summary["nested"] = {"q": {"r": 1}}
        run.summary["nested"]["q"]["s"] = 4
        run.summary["gone"] = 1
        del run.summary["gone"]
        run.summary["favourite"] = tone(30)
        artifact = wandb.Artifact("set", "dataset", description="bells", metadata={"clips": 2})
        artifact.add(tone(7, "in artifact"), "clip")
        with artifact.new_file("note.txt") as file:
            file.write("hello")
        artifact.add(table, "again")
        artifact.add_reference("https://example.com/x.wav", "far.wav", checksum=False)
        run.log_artifact(artifact, aliases=["best"])
        run.log_artifact(artifact, aliases=["again"])
        run.finish()
        wandb.teardown()
        """,
    )

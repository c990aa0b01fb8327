"""Run directories of given lines, catalogs that end with their test, and a run that wandb really wrote."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from audio_logging.dashboard.catalog.catalog import Catalog

PATIENCE = 60.0
"""[s] For what other threads and programs do; never what is tested."""


class RunFolder:
    """A run directory that a test writes into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sidecar = folder / "files" / "audio_logging" / "index.jsonl"
        self.sidecar.parent.mkdir(parents=True)
        (folder / "files" / "media" / "audio").mkdir(parents=True)

    def put(self, path: str, content: bytes) -> Path:
        target = self.folder / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    def tell(self, *lines: dict[str, Any]) -> None:
        """Add lines to the sidecar, as the logger does: each is there whole."""
        self.write(b"".join(json.dumps({"key": "val", "index": 0, **line}).encode() + b"\n" for line in lines))

    def write(self, content: bytes) -> None:
        with self.sidecar.open("ab") as file:
            file.write(content)

    def age(self) -> None:
        """Let the run be one that was killed yesterday."""
        yesterday = time.time() - 86_400
        for path in (self.sidecar, self.folder / "files" / "media" / "audio"):
            if path.exists():
                os.utime(path, (yesterday, yesterday))


@pytest.fixture
def new_run(tmp_path: Path) -> Callable[..., RunFolder]:
    """Make a run directory below ``tmp_path / "wandb"``."""

    def make(
        run_id: str = "abc", *lines: dict[str, Any], date: str = "20261120_083536", home: str = "wandb"
    ) -> RunFolder:
        run = RunFolder(tmp_path / home / f"offline-run-{date}-{run_id}")
        run.tell(*lines)
        return run

    return make


@pytest.fixture
def open_catalog(tmp_path: Path) -> Iterator[Callable[..., Catalog]]:
    """Open catalogs, of ``tmp_path / "wandb"`` unless told otherwise, and wait until they are through."""
    opened: list[Catalog] = []

    def make(*paths: Path, cache: Path | None = None, wait: bool = True) -> Catalog:
        catalog = Catalog(paths or [tmp_path / "wandb"], cache=cache or tmp_path / "cache")
        opened.append(catalog)
        catalog.start()
        assert not wait or catalog.wait(PATIENCE)
        return catalog

    yield make
    for catalog in opened:
        catalog.close()


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], Any]], Any]:
    """``until(test)`` returns what the test returns when that is true at last."""

    def wait(test: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not (found := test()):
            assert time.monotonic() < deadline, "it did not come true"
            time.sleep(0.01)
        return found

    return wait


@pytest.fixture(scope="session")
def wav() -> bytes:
    """A WAV file of 100 frames at 16 kHz, made by hand."""
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 236, b"WAVE", b"fmt ", 16, 1, 1, 16000, 32000, 2, 16)
    return head + struct.pack("<4sI", b"data", 200) + bytes(200)


LOGGING = """
import numpy as np, wandb
import audio_logging as al
tone = lambda seed: wandb.Audio(np.sin(np.arange(800) / 10 + seed).astype("float32") / 2, 8000, caption=f"tone {seed}")
samples = [{"audio": np.sin(np.arange(800) * (n + 1) / 9) / 2, "sample_rate": 8000, "label": f"l{n % 2}", "id": f"s{n}"}
           for n in range(4)]
def answer(model, clips):
    return [{"scores": {"l0": 0.75, "l1": 0.25}, "embedding": [model, n, 1.0], "loss": n + model / 2}
            for n, clip in enumerate(clips)]
with wandb.init(project="bells", name="real", group="g", tags=["a"], config={"lr": 0.1}) as run:
    with al.PredictionLogger(samples, answer, name="val").session(run) as log:
        log.step(epoch=0, step=10, model=0)
        log.step(epoch=1, step=20, model=1)
    table = wandb.Table(columns=["take", "label", "x", "y", "clip_id", "correct"])
    table.add_data(tone(1), "l0", 0.5, 1.5, "s0", True)
    table.add_data(tone(2), "l1", -1.0, 2.5, "s1", False)
    run.log({"mine": table, "plain": tone(3)}, step=100)
    run.summary["best"] = 0.5
"""


@pytest.fixture(scope="session")
def real_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one finished run: samples, predictions at two steps, a table of the user's, a clip of wandb's."""
    pytest.importorskip("wandb")
    home = tmp_path_factory.mktemp("real")
    told = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    told |= {"WANDB_DIR": str(home), "WANDB_MODE": "offline", "WANDB_SILENT": "true", "NETRC": str(home / "no-netrc")}
    for name in ("DATA", "CACHE", "CONFIG", "ARTIFACT"):
        told[f"WANDB_{name}_DIR"] = str(home / "other")
    subprocess.run([sys.executable, "-c", LOGGING], env=told, check=True, timeout=PATIENCE, cwd=home)
    return home / "wandb"

"""The real wandb client, online, against the fake server; and processes of their own that have empty caches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pytest
import wandb

from tests.fake_wandb import Server, environment, without_wandb

ROOT = Path(__file__).parents[2]

SECONDS_A_PROCESS = 60
SECONDS_FOR_HOME = 10

Script: TypeAlias = Callable[..., Any]
Read: TypeAlias = Callable[[Mapping[str, Sequence[str]]], Any]
Noise: TypeAlias = Callable[..., npt.NDArray[np.float32]]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server for the tests of one module; it must have understood everything that it was sent."""
    with Server() as server:
        server.before = lambda operation, variables: _wait_for_home(server, operation, variables)
        yield server
    assert server.problems == []
    assert server.store.broken_references() == []


def _wait_for_home(server: Server, operation: str, variables: dict[str, Any]) -> None:
    """Hold up a question for an artifact until it is there: wandb-core uploads several at a time, in no order."""
    end = time.monotonic() + SECONDS_FOR_HOME
    while operation == "ClientIDMapping" and variables["clientID"] not in server.store.client_ids:
        if time.monotonic() > end:
            return
        time.sleep(0.01)


@pytest.fixture(scope="module")
def online(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A wandb in this process that logs to the server; the folder is where it keeps its files."""
    folder = tmp_path_factory.mktemp("online")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("WANDB_")]:
            patch.delenv(name)
        for name, value in environment(server, folder).items():
            patch.setenv(name, value)
        wandb.teardown()  # wandb reads the environment once a session
        yield folder
        if wandb.run is not None:
            wandb.finish()
        wandb.teardown()


@pytest.fixture(scope="module")
def script(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Script:
    """``script(name, *arguments)`` runs a module of tests/online/scripts with empty caches; returns what it prints."""

    def run(name: str, *arguments: str, folder: Path | None = None, **variables: str) -> Any:
        folder = folder or tmp_path_factory.mktemp(name)
        done = subprocess.run(
            [sys.executable, "-m", f"tests.online.scripts.{name}", *arguments],
            cwd=ROOT,
            env={**without_wandb(), **environment(server, folder), **variables},
            capture_output=True,
            text=True,
            timeout=SECONDS_A_PROCESS,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture(scope="module")
def read(script: Script) -> Read:
    """``read({artifact: [entry, ...]})`` gets and downloads them in a process with empty caches."""
    return lambda wanted: script("read_artifacts", json.dumps(wanted))


@pytest.fixture(scope="session")
def noise() -> Noise:
    """``noise(seed)`` makes samples that no other seed has [shape=(frames, channels)], peak below 1."""

    def make(seed: int, *, frames: int = 4000, channels: int = 1) -> npt.NDArray[np.float32]:
        values = np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, channels))
        return values.astype(np.float32)

    return make

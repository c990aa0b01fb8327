"""A run that wandb really wrote, and the application over it, in process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from audio_logging.dashboard.analysis import Analyser
from audio_logging.dashboard.catalog.catalog import Catalog
from audio_logging.dashboard.server.access import Access
from audio_logging.dashboard.server.app import build_app
from audio_logging.dashboard.server.hosts import HostNames
from audio_logging.dashboard.server.notes import Notes
from audio_logging.dashboard.server.service import Service

testclient = pytest.importorskip("starlette.testclient")

PORT = 8000
PAGE = f"http://127.0.0.1:{PORT}"
PATIENCE = 60.0
"""[s] For what other programs do; never what is tested."""

LOGGING = """
import numpy as np, wandb
import audio_logging as al
time = np.arange(16000) / 16000
tone = (0.5 * np.sin(2 * np.pi * 1000 * time)).astype(np.float32)
with wandb.init(project="served", name="first <try>") as run, al.AudioLogger(run, format="wav") as logger:
    for step in range(3):
        captions = [f"clip {step}.0", '<img src=x onerror="alert(1)">', "\\u202e\\u9ce5"]
        logger.log("val/tone", [tone / (step + number + 1) for number in range(3)], sample_rate=16000,
                   caption=captions, step=step)
    logger.log("long", np.tile(tone, 30), sample_rate=16000, step=2)
"""


@pytest.fixture(scope="session")
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one run: 3 steps of 3 clips of 1 s, and one of 30 s."""
    pytest.importorskip("wandb")
    home = tmp_path_factory.mktemp("served")
    told = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    told |= {"WANDB_DIR": str(home), "WANDB_MODE": "offline", "WANDB_SILENT": "true", "NETRC": str(home / "no-netrc")}
    for name in ("DATA", "CACHE", "CONFIG", "ARTIFACT"):
        told[f"WANDB_{name}_DIR"] = str(home / "other")
    subprocess.run([sys.executable, "-c", LOGGING], env=told, check=True, timeout=PATIENCE, cwd=home)
    return home / "wandb"


@pytest.fixture(scope="session")
def catalog(runs_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with Catalog([runs_folder], cache=tmp_path_factory.mktemp("cache")) as catalog:
        assert catalog.wait(PATIENCE)
        yield catalog


@dataclass
class Served:
    """The application, and a browser before its page."""

    client: Any
    access: Access
    service: Service

    def get(self, address: str, **options: Any) -> Any:
        return self.client.get(address, **options)

    def json(self, address: str) -> Any:
        answer = self.get(address)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def enter(self) -> Any:
        """Open the printed address; the cookie stays."""
        return self.get(self.access.address("/"))

    def rows(self, query: str = "") -> list[dict[str, Any]]:
        rows = self.json(f"/api/clips?{query}")["rows"]
        assert isinstance(rows, list)
        return rows

    def post(self, clip: str, value: Any, **headers: str) -> Any:
        sent = {
            "Origin": PAGE,
            "Sec-Fetch-Site": "same-origin",
            **{name.replace("_", "-"): headers[name] for name in headers},
        }
        return self.client.post(f"/api/notes/{clip}", json=value, headers=sent)


Serve = Callable[..., Served]


@pytest.fixture
def serve(catalog: Catalog) -> Iterator[Serve]:
    """``serve(notes=..., allowed=(), host=...)`` starts an application that nobody has entered yet."""
    clients = []

    def make(*, notes: Path | None = None, allowed: tuple[str, ...] = (), host: str = "127.0.0.1") -> Served:
        service = Service(catalog=catalog, analyser=Analyser(None), notes=Notes(notes), title="served")
        access = Access(PORT)
        app = build_app(service, access, HostNames(host, allowed))
        client = testclient.TestClient(app, base_url=PAGE, raise_server_exceptions=False, follow_redirects=False)
        client.__enter__()
        clients.append(client)
        return Served(client, access, service)

    yield make
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def served(serve: Serve) -> Served:
    """An application whose page is open."""
    served = serve()
    assert served.enter().status_code == 200
    return served


@pytest.fixture
def outside(serve: Serve) -> Served:
    """An application that nobody has entered yet."""
    return serve()

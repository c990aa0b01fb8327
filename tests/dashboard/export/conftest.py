"""What the tests of reports share: runs of real sounds, and reports read back."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.dashboard.conftest import RunFolder

RATE = 16_000


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))


def sound(seed: int = 0, seconds: float = 0.5, channels: int = 1, **options: Any) -> bytes:
    """Return a WAV file of noise."""
    memory = io.BytesIO()
    samples = np.random.default_rng(seed).uniform(-0.5, 0.5, (round(seconds * RATE), channels))
    soundfile.write(memory, samples, RATE, **{"format": "WAV", "subtype": "PCM_16", **options})
    return memory.getvalue()


PutClip = Callable[..., dict[str, Any]]


@pytest.fixture
def put_clip() -> PutClip:
    """``put_clip(run, content, key=...)`` stores a clip as the logger does; returns its line in the sidecar."""

    def put(run: RunFolder, content: bytes, extension: str = "wav", **line: Any) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        path = f"media/audio/{digest[:20]}.{extension}"
        run.put(path, content)
        told = {"path": path, "sha256": digest, "size": len(content), "format": extension, "step": 0, **line}
        run.tell(told)
        return told

    return put


@pytest.fixture
def run(new_run: Callable[..., RunFolder], put_clip: PutClip) -> RunFolder:
    """Six clips of two keys and three steps; two of them are the same sound."""
    run = new_run("abc")
    for step in (0, 10, 20):
        put_clip(
            run,
            sound(step),
            key="val",
            step=step,
            label="cat",
            prediction="dog" if step else "cat",
            caption=f"at {step}",
        )
        put_clip(run, sound(99, 1.0), key="music/reference", step=step, index=1, metrics={"loss": step / 10})
    run.age()
    return run


@dataclass(frozen=True)
class ReportRead:
    """A report, as a browser would see it."""

    page: str
    media: dict[str, bytes]

    @property
    def data(self) -> dict[str, Any]:
        [told] = re.findall(r'<script type="application/json" id="exported">(.*?)</script>', self.page, re.DOTALL)
        data: dict[str, Any] = json.loads(told)
        return data

    @property
    def rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.data["rows"]
        return rows

    def entry(self, row: dict[str, Any]) -> dict[str, Any]:
        entry: dict[str, Any] = self.data["media"][row["media"]]
        return entry

    def sound_of(self, row: dict[str, Any]) -> bytes:
        return self.media[self.entry(row)["element"]]


def read_report(path: Path) -> ReportRead:
    """Read a report, one file or a folder."""
    if path.is_dir():
        files = {
            file.stem: re.fullmatch(r'audioLoggingMedia\("(.*)","(.*)"\);\n', file.read_text())
            for file in (path / "media").iterdir()
        }
        assert all(found and found[1] == name for name, found in files.items())
        return ReportRead(
            (path / "index.html").read_text(encoding="utf-8"),
            {name: base64.b64decode(found[2]) for name, found in files.items() if found},
        )
    page = path.read_text(encoding="utf-8")
    found = re.findall(r'<script type="text/plain" id="(m\d+)">([^<]*)</script>', page)
    return ReportRead(page, {name: base64.b64decode(text) for name, text in found})

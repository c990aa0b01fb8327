"""View: the dashboard's own command in a process of its own, as a user starts it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["View"]

START_SECONDS = 30
"""[s] A machine with other work may take long to start a process."""


class View:
    """A running ``audio-logging view``.

    Parameters
    ----------
    paths : sequence of Path
        Folders of runs, or runs.
    home : Path
        Of its caches; the user's own are left alone.
    options : sequence of str
        More of the command line.

    Attributes
    ----------
    paths : tuple of Path
    url : str
        As it was printed, with the token.
    base : str
        The same without: ends with a slash.
    """

    def __init__(self, paths: Sequence[Path], home: Path, options: Sequence[str] = ()) -> None:
        command = [sys.executable, "-m", "audio_logging", "view", *map(str, paths), "--no-open", "--port", "0"]
        self.paths = tuple(paths)
        self.process = subprocess.Popen(
            [*command, *options],
            env={**os.environ, "XDG_CACHE_HOME": str(home), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: deque[str] = deque(maxlen=200)
        self._told = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self.url = ""
        self._reader.start()
        if not self._told.wait(START_SECONDS) or not self.url:
            self.close()
            raise RuntimeError(f"`{' '.join(command)}` printed no address but:\n{''.join(self.said)}")
        parts = urlsplit(self.url)
        self.base = f"{parts.scheme}://{parts.netloc}{parts.path}"
        self.token = parse_qs(parts.query).get("token", [""])[0]
        self.port = parts.port or 0
        self.client = httpx.Client(base_url=self.base, timeout=30, trust_env=False)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            found = re.search(r"https?://\S+", line)
            if found and not self.url:
                self.url = found[0]
                self._told.set()
        self._told.set()

    def sign_in(self) -> httpx.Client:
        """Return a client that has the cookie."""
        if not self.client.cookies:
            answer = self.client.get("", params={"token": self.token})
            assert answer.status_code == 200, (answer.status_code, answer.text[:200])
        return self.client

    def get(self, path: str, **parameters: Any) -> Any:
        """Return what the API answers; a list is sent as one parameter each."""
        answer = self.sign_in().get(path, params=parameters)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:300]}\n{''.join(self.said)}"
        return answer.json()

    def rows(self, **query: Any) -> list[dict[str, Any]]:
        """Return the rows that a query finds, at most 500."""
        rows: list[dict[str, Any]] = self.get("api/clips", limit=500, **query)["rows"]
        return rows

    def row(self, **query: Any) -> dict[str, Any]:
        """Return the one row that a query finds."""
        [row] = self.rows(**query)
        return row

    def wait_indexed(self, runs: int, patience: float = 30.0) -> None:
        """Wait until so many runs are there and read to their ends."""
        until = time.monotonic() + patience
        while True:
            found = self.get("api/runs")
            if len(found) >= runs and all(run["indexed"] for run in found):
                return
            assert time.monotonic() < until, found
            time.sleep(0.02)

    def run_id(self, name: str) -> str:
        """Return the id of the run that is called so."""
        [found] = [run["id"] for run in self.get("api/runs") if run["name"] == name]
        return str(found)

    def memory(self) -> int:
        """Return what this process and all below it hold in memory [bytes]."""
        return sum(_resident(process) for process in _tree(self.process.pid))

    def close(self) -> None:
        """End the process as Ctrl+C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()
        with contextlib.suppress(AttributeError):  # it never told its address
            self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _tree(process: int) -> Iterator[int]:
    yield process
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in children.read_text(encoding="ascii").split():
            yield from _tree(int(child))


def _resident(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0

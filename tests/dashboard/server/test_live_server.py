"""The command as people start it: another process, real connections."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from audio_logging.dashboard.server.connections import MOST_FILES
from tests.dashboard.server.conftest import LOGGING, PATIENCE

if sys.platform == "win32":
    pytest.skip("signals of another kind", allow_module_level=True)


class Viewing:
    """A running ``audio-logging view``, and a browser's connection to it."""

    def __init__(self, folder: Path, cache: Path, *options: str, files: int | None = None, **environment: str) -> None:
        limited = [] if files is None else ["sh", "-c", 'ulimit -n "$0" && exec "$@"', str(files)]
        self.process = subprocess.Popen(
            [*limited, sys.executable, "-m", "audio_logging", "view", str(folder), "--no-open", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "XDG_CACHE_HOME": str(cache), **environment},
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.address = next((word for word in self.line.split() if word.startswith("http")), "")
        parts = urlsplit(self.address)
        self.port = parts.port or 0
        self.cookie = f"audio_logging_{self.port}={parts.query.removeprefix('token=')}"

    def get(self, address: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", address, headers={"Cookie": self.cookie, **headers})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, address: str) -> Any:
        status, _, content = self.get(address)
        assert status == 200, content
        return json.loads(content)

    def send(self, *lines: str) -> bytes:
        """Send a request as it is, which no library would."""
        with self.connect() as connection:
            connection.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1"))
            return connection.makefile("rb").read()

    def request(self, address: str, *headers: str) -> bytes:
        """Return a request as it goes over the line."""
        lines = (f"GET {address} HTTP/1.1", "Host: localhost", f"Cookie: {self.cookie}", *headers, "", "")
        return "\r\n".join(lines).encode("latin-1")

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def end(self, number: int = signal.SIGINT) -> tuple[int, str]:
        """Send a signal; return the exit status, and what was printed as errors."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for another process, for ever as far as a test is concerned."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


View = Callable[..., Viewing]


@pytest.fixture
def view(runs_folder: Path, tmp_path: Path) -> Iterator[View]:
    """``view(folder, *options)`` starts the command; ``files=`` is how many it may have open."""
    started = []

    def start(folder: Path = runs_folder, *options: str, files: int | None = None, **environment: str) -> Viewing:
        started.append(Viewing(folder, tmp_path / "cache", *options, files=files, **environment))
        return started[-1]

    yield start
    for viewing in started:
        if viewing.process.poll() is None:
            viewing.process.kill()
        viewing.process.communicate()


@pytest.fixture(scope="module")
def viewing(runs_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewing]:
    """One that all tests share which only read."""
    viewing = Viewing(runs_folder, tmp_path_factory.mktemp("cache"))
    wait_until(lambda: viewing.json("/api/clips")["total"] == 10)
    yield viewing
    viewing.process.kill()
    viewing.process.communicate()


def test_one_line_is_printed_and_its_address_is_the_page(viewing: Viewing) -> None:
    assert viewing.line == f"Listen at {viewing.address} (Ctrl-C ends it)\n"
    parts = urlsplit(viewing.address)
    assert (parts.scheme, parts.hostname, parts.path) == ("http", "127.0.0.1", "/")
    status, headers, content = viewing.get(f"/?{parts.query}", Cookie="")
    assert (status, headers["set-cookie"].partition(";")[0]) == (200, viewing.cookie)
    assert b"<title>" in content


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly_while_pages_listen(view: View, number: int) -> None:
    viewing = view()
    with viewing.connect() as listening, viewing.connect() as idle:
        listening.sendall(viewing.request("/events"))
        idle.sendall(b"GET /api/about HTTP/1.1\r\n")  # never ends its request
        assert b"event: change" in read_until(listening, b"version")
        assert viewing.end(number) == (0, "")
        assert read_until(listening, b"\r\n0\r\n\r\n").endswith(b"0\r\n\r\n")  # the stream was ended, not cut


def read_until(connection: socket.socket, mark: bytes) -> bytes:
    held = b""
    while mark not in held:
        part = connection.recv(65536)
        if not part:
            return held
        held += part
    return held


def test_events_are_not_kept_nor_packed(viewing: Viewing) -> None:
    with viewing.connect() as listening:
        listening.sendall(viewing.request("/events", "Accept-Encoding: gzip"))
        head = read_until(listening, b"version").decode()
    assert "text/event-stream" in head and "cache-control: no-store" in head and "x-accel-buffering: no" in head
    assert "content-encoding" not in head and "content-security-policy: default-src 'none'" in head


def test_an_open_page_hears_of_a_run_that_begins(view: View, tmp_path: Path) -> None:
    folder = tmp_path / "wandb"
    folder.mkdir()
    viewing = view(folder)
    assert viewing.json("/api/runs") == []
    with viewing.connect() as listening:
        listening.sendall(viewing.request("/events"))
        stream = listening.makefile("rb")
        told = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
        told |= {"WANDB_DIR": str(tmp_path), "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
        writer = subprocess.Popen([sys.executable, "-c", LOGGING], env=told, cwd=tmp_path)
        try:
            while viewing.json("/api/clips")["total"] < 10:
                while not stream.readline().startswith(b"event: change"):
                    pass
        finally:
            writer.wait(PATIENCE)


def test_other_names_and_addresses_that_no_library_sends_are_refused(viewing: Viewing) -> None:
    end = (f"Cookie: {viewing.cookie}", "Connection: close")
    assert viewing.send("GET / HTTP/1.1", "Host: evil.example", *end).startswith(b"HTTP/1.1 400 ")
    assert viewing.send("GET / HTTP/1.1", "Host: localhost", "Host: evil.example", *end).startswith(b"HTTP/1.1 400 ")
    assert viewing.send("GET / HTTP/1.0", *end).startswith(b"HTTP/1.1 400 ")
    assert viewing.send("GET http://evil.example/ HTTP/1.1", "Host: localhost", *end).startswith(b"HTTP/1.1 404 ")
    assert viewing.send("GET / HTTP/1.1", "Host: localhost", *end).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "target",
    ["/media/../../../../etc/passwd", "/media/..", "/web/../server/app.py", "/web/..", "/web/..%2f..%2fcommand.py",
     "/web/%2e%2e%2fcommand.py", "/media/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "//etc/passwd", "/web//etc/passwd", "/../",
     "/web/./main.js", "*"],
)  # fmt: skip
def test_no_path_leads_out(viewing: Viewing, target: str) -> None:
    answer = viewing.send(f"GET {target} HTTP/1.1", "Host: localhost", f"Cookie: {viewing.cookie}", "Connection: close")
    assert answer.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 "))
    assert b"root:" not in answer and b"import" not in answer


def test_a_hundred_requests_at_once_are_all_answered(viewing: Viewing) -> None:
    clips = [row["id"] for row in viewing.json("/api/clips")["rows"]]
    addresses = [
        *(f"/media/{clip}" for clip in clips),
        *(f"/spectrogram/{clip}?width=100" for clip in clips),
        *(f"/api/levels/{clip}" for clip in clips),
        "/api/facets", "/api/runs", "/api/clips?q=clip", "/web/main.js", "/", "/api/points", "/api/notes",
    ]  # fmt: skip
    wanted = (addresses * 3)[:100]
    with ThreadPoolExecutor(100) as browsers:
        answers = list(browsers.map(viewing.get, wanted))
    assert {status for status, _, _ in answers} <= {200, 429}  # a full queue says so
    assert [status for status, _, _ in answers].count(200) > 60
    for address, (status, headers, content) in zip(wanted, answers, strict=True):
        if status == 200:
            assert int(headers["content-length"]) == len(content), address
    assert viewing.json("/api/about")["live"] is True


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of open files")
def test_clients_that_leave_in_the_middle_leave_nothing_open(view: View, big_run: Path) -> None:
    viewing = view(big_run)
    wait_until(lambda: viewing.json("/api/clips")["rows"])
    clip = viewing.json("/api/clips")["rows"][0]["id"]
    before = open_files(viewing)
    for _ in range(20):
        with viewing.connect() as connection:
            connection.sendall(
                f"GET /media/{clip} HTTP/1.1\r\nHost: localhost\r\nCookie: {viewing.cookie}\r\n\r\n".encode()
            )
            assert len(connection.recv(1000)) > 0
    wait_until(lambda: open_files(viewing) <= before)
    assert viewing.end() == (0, "")


def test_a_signal_in_the_middle_of_a_download_ends_it_quietly(view: View, big_run: Path) -> None:
    viewing = view(big_run)
    wait_until(lambda: viewing.json("/api/clips")["rows"])
    clip = viewing.json("/api/clips")["rows"][0]["id"]
    with viewing.connect() as connection:
        connection.sendall(viewing.request(f"/media/{clip}"))
        assert len(connection.recv(1000)) > 0
        assert viewing.end() == (0, "")


def open_files(viewing: Viewing) -> int:
    return sum(1 for _ in Path(f"/proc/{viewing.process.pid}/fd").iterdir())


@pytest.fixture
def big_run(runs_folder: Path, tmp_path: Path) -> Path:
    """The run, with one clip of 50 MB that a client does not take at once."""
    import shutil

    import numpy as np
    import soundfile

    folder = tmp_path / "big" / "wandb"
    shutil.copytree(runs_folder, folder, symlinks=True)
    [file] = folder.glob("offline-run-*/files/media/audio/long_*")
    samples = np.random.default_rng(0).integers(-30_000, 30_000, 25_000_000, dtype=np.int16)
    soundfile.write(file, samples, 16_000, format="WAV")
    [sidecar] = folder.glob("offline-run-*/files/audio_logging/index.jsonl")
    lines = [line for line in sidecar.read_text(encoding="utf-8").splitlines() if '"long"' in line]
    sidecar.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def test_connections_that_ask_for_nothing_keep_nobody_out(view: View) -> None:
    """Whoever reaches the port opens them without a token; this process may have 128 files open, them included."""
    viewing = view(files=128)
    with ExitStack() as held:
        listening = held.enter_context(viewing.connect())
        listening.sendall(viewing.request("/events"))
        assert b"event: change" in read_until(listening, b"version")
        for _ in range(200):
            held.enter_context(viewing.connect()).sendall(b"GET / HT")
        assert viewing.get("/api/about")[0] == 200
        clip = viewing.json("/api/clips?key=long")["rows"][0]["id"]
        assert viewing.get(f"/media/{clip}", Range="bytes=0-9")[0] == 206
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):  # nothing came, not even an end
            while listening.recv(65536):
                pass
    assert viewing.end() == (0, "")


@pytest.mark.skipif(not Path("/proc/self/limits").is_file(), reason="no list of limits")
def test_it_asks_for_more_files_than_shells_give(view: View) -> None:
    viewing = view()
    [line] = [
        line for line in Path(f"/proc/{viewing.process.pid}/limits").read_text().splitlines() if "open files" in line
    ]
    soft, hard = map(int, line.split()[3:5])
    assert soft >= min(hard, MOST_FILES)


def test_two_servers_do_not_log_each_other_out(view: View, viewing: Viewing) -> None:
    other = view()
    both = f"{viewing.cookie}; {other.cookie}"
    assert viewing.get("/api/about", Cookie=both)[0] == other.get("/api/about", Cookie=both)[0] == 200
    assert viewing.get("/api/about", Cookie=other.cookie)[0] == 403


def test_a_port_in_use_is_said_in_one_line(runs_folder: Path, viewing: Viewing, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "audio_logging", "view", str(runs_folder), "--no-open", "--port", str(viewing.port)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path)},
    )
    advice = f"port {viewing.port} is in use by another program; type --port 0 for a free one"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"audio-logging: {advice}\n")


class Proxy(BaseHTTPRequestHandler):
    """A proxy as Jupyter's: takes a prefix off, and hands the rest on with the browser's Host."""

    prefix = "/user/x/proxy/8000"
    port = 0

    def do_GET(self) -> None:
        if not self.path.startswith(self.prefix):
            self.send_error(404)
            return
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request("GET", self.path.removeprefix(self.prefix), headers=dict(self.headers.items()))
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def proxy(viewing: Viewing) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Proxy,), {"port": viewing.port}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def test_behind_a_prefix_everything_is_reached_by_relative_addresses(viewing: Viewing, proxy: int) -> None:
    httpx = pytest.importorskip("httpx")
    page = f"http://localhost:{proxy}{Proxy.prefix}/"
    with httpx.Client(timeout=PATIENCE) as browser:
        answer = browser.get(f"{page}?{urlsplit(viewing.address).query}")
        assert answer.status_code == 200
        [cookie] = browser.cookies.jar
        assert cookie.path == Proxy.prefix  # other pages behind the proxy are not sent it
        addresses = ["web/main.js", "web/style.css", "api/about", "api/clips", "api/runs"]
        clip = browser.get(f"{page}api/clips?key=long").json()["rows"][0]["id"]
        addresses += [
            f"media/{clip}",
            f"spectrogram/{clip}",
            f"api/peaks?id={clip}",
            f"api/levels/{clip}",
            f"api/clip/{clip}",
        ]
        for address in addresses:
            assert browser.get(page + address).status_code == 200, address
        assert browser.get(f"{page}media/{clip}", headers={"Range": "bytes=0-9"}).status_code == 206

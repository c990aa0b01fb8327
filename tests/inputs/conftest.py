"""A web server on loopback whose answers a test writes itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """Answers by path; `asked` is what was asked for."""

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def address(self, path: str, answer: Answer) -> str:
        """Return the address under which this answer is given."""
        self.answers[path] = answer
        return f"http://127.0.0.1:{self.port}{path}"

    def not_found(self, request: BaseHTTPRequestHandler) -> None:
        """Answer as a server does that does not have it."""
        self.send(request, b"", 404)

    def file(self, path: str, data: bytes) -> str:
        """Return the address of a file."""
        return self.address(path, lambda request: self.send(request, data))

    @staticmethod
    def send(request: BaseHTTPRequestHandler, data: bytes, status: int = 200, **headers: str) -> None:
        """Answer with a whole body."""
        request.send_response(status)
        for name, value in {"Content_Length": str(len(data)), **headers}.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(data)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that runs during the test."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            running.asked.append(self.path)
            try:
                answer: Answer = running.answers.get(self.path, running.not_found)
                answer(self)
            except OSError:
                pass  # the client has gone, as it should

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    running = Server(http.server_address[1])
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield running
    http.shutdown()
    http.server_close()
    thread.join()

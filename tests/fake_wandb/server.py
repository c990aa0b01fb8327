"""The HTTP side: GraphQL, the stream of a run's rows, and files up and down."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tests.fake_wandb.graphql import Operation, QueryError, Selection, parse, select
from tests.fake_wandb.operations import Operations
from tests.fake_wandb.store import Store, StoreError

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["API_KEY", "Server"]

API_KEY = "0123456789abcdef" * 2 + "01234567"
"""What the client must send; real ones have 40 characters, too."""


AUTHORIZATION = "Basic " + base64.b64encode(f"api:{API_KEY}".encode()).decode()

WITH_KEY = ("graphql", "files", "artifactsV2")
"""Where the key is wanted; other addresses are like signed ones, which are their own permission."""


class Server:
    """A W&B server on loopback, for as long as the ``with`` block lasts.

    Attributes
    ----------
    store : Store
        What it was sent.
    operations : list of str
        The GraphQL operations that it was asked, in order.
    problems : list of str
        What it could not answer; tests assert that there is nothing.
    requests : list of str
        Method and path of everything else.
    before : callable
        ``before(operation, variables)`` is called ahead of each GraphQL operation, and may hold it up.
    """

    def __init__(self) -> None:
        self.store = Store()
        self.operations: list[str] = []
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.before: Callable[[str, dict[str, Any]], None] = lambda operation, variables: None
        self._lock = threading.RLock()
        self._http = _HttpServer(("127.0.0.1", 0), _handler_for(self))
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self._resolvers = Operations(self.store, self.url)

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def respond(self, method: str, path: str, headers: Any, body: bytes) -> tuple[HTTPStatus, bytes]:
        """Return the status and the body of the answer to a request.

        What does not fit is 400, never 500, which the client would try again for minutes.
        """
        try:
            return HTTPStatus.OK, self._route(method, path, headers, body)
        except Exception as error:
            problem = f"{method} {path}: {type(error).__name__}: {error}"
            self.problems.append(problem)
            return HTTPStatus.BAD_REQUEST, json.dumps({"errors": [{"message": problem}]}).encode()

    def _route(self, method: str, path: str, headers: Any, body: bytes) -> bytes:
        first, *rest = (unquote(part) for part in path.strip("/").split("/"))
        if first in WITH_KEY and headers.get("Authorization") != AUTHORIZATION:
            raise StoreError("got no key, or another one")
        if (method, first) == ("POST", "graphql"):
            return self._graphql(json.loads(body))
        self.requests.append(f"{method} {unquote(path)}")
        route = ROUTES.get((method, first))
        if route is None:
            raise StoreError("there is nothing here")
        with self._lock:
            return route(self.store, rest, headers, body)

    def _graphql(self, posted: dict[str, Any]) -> bytes:
        operation, variables = parse(posted["query"]), posted.get("variables") or {}
        self.before(operation.name, variables)
        with self._lock:
            self.operations.append(operation.name)
            data = {field.key: self._answer(operation, field, variables) for field in operation.fields}
            return json.dumps({"data": data}).encode()

    def _answer(self, operation: Operation, field: Selection, variables: dict[str, Any]) -> Any:
        if not self._resolvers.knows(field.name):
            raise QueryError(f"unknown operation {operation.name}: {field.name}")
        return select(self._resolvers.answer(field.name, variables), field.inner)


def _take_stream(store: Store, path: list[str], headers: Any, body: bytes) -> bytes:
    entity, project, name, _ = path
    run, posted = store.run(entity, project, name), json.loads(body)
    writer = headers.get("X-WANDB-ASYNC-CLIENT-ID", "")
    for file, chunk in (posted.get("files") or {}).items():
        run.add_lines(file, chunk["offset"], chunk["content"], writer)
    if posted.get("complete"):
        run.exit_code = posted.get("exitcode", 0)
    return b"{}"


def _take_run_file(store: Store, path: list[str], headers: Any, body: bytes) -> bytes:
    name, *parts = path
    store.runs[name].files["/".join(parts)] = body
    return b""


def _give_run_file(store: Store, path: list[str], headers: Any, body: bytes) -> bytes:
    name, *parts = path
    return store.runs[name].files["/".join(parts)]


def _take_object(store: Store, path: list[str], headers: Any, body: bytes) -> bytes:
    store.put_object(path[0], body)
    return b""


def _give_object(store: Store, path: list[str], headers: Any, body: bytes) -> bytes:
    return store.object(path[0])


def _take_manifest(store: Store, path: list[str], headers: Any, body: bytes) -> bytes:
    store.artifact(path[0]).manifest = json.loads(body)
    return b""


def _give_manifest(store: Store, path: list[str], headers: Any, body: bytes) -> bytes:
    return json.dumps(store.artifact(path[0]).manifest).encode()


def _give_artifact_file(store: Store, path: list[str], headers: Any, body: bytes) -> bytes:
    """Answer ``artifactsV2/<region>/<entity>/<project>/<collection>/<artifact that had it first>/<MD5>/<name>``."""
    return store.object(base64.b64encode(bytes.fromhex(path[5])).decode())


ROUTES: dict[tuple[str, str], Callable[[Store, list[str], Any, bytes], bytes]] = {
    ("POST", "files"): _take_stream,
    ("PUT", "run-files"): _take_run_file,
    ("GET", "run-files"): _give_run_file,
    ("PUT", "objects"): _take_object,
    ("GET", "objects"): _give_object,
    ("PUT", "manifests"): _take_manifest,
    ("GET", "manifests"): _give_manifest,
    ("GET", "artifactsV2"): _give_artifact_file,
}


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    # The client opens many connections at once; where five are the most, it waits seconds before it tries again.
    request_queue_size = 128


def _handler_for(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = server.respond(self.command, urlsplit(self.path).path, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - the names that http.server looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's signature
            pass

    return Handler

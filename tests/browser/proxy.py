"""PrefixProxy: what a Jupyter hub puts before a server, a path of its own."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from .view import View

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["PrefixProxy"]

PREFIX = "/user/x/proxy/8751/"
NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "host"}


class PrefixProxy:
    """Serves a view below a prefix, from a thread.

    Parameters
    ----------
    view : View
    keeps_host : bool
        Whether the server behind it is told the Host that the browser asked for.

    Attributes
    ----------
    url, base : str
        As a View's.
    """

    def __init__(self, view: View, *, keeps_host: bool) -> None:
        self._target, self._keeps_host = view.base, keeps_host
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "HEAD", "POST"])])
        config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
            assert self._thread.is_alive()
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.base = f"http://127.0.0.1:{port}{PREFIX}"
        self.url = f"{self.base}?{urlsplit(view.url).query}"

    async def _answer(self, request: Request) -> Response:
        if not request.url.path.startswith(PREFIX):
            return Response("the hub's own page", status_code=404)
        headers = [(k, v) for k, v in request.headers.items() if k not in NOT_PASSED_ON]
        if self._keeps_host:
            headers.append(("host", request.headers["host"]))
        url = self._target + request.url.path.removeprefix(PREFIX)
        client = httpx.AsyncClient(trust_env=False, timeout=60)
        asked = client.build_request(
            request.method, url, params=str(request.url.query), headers=headers, content=await request.body()
        )
        answer = await client.send(asked, stream=True)

        async def body() -> AsyncIterator[bytes]:
            try:
                async for part in answer.aiter_raw():
                    yield part
            finally:
                await answer.aclose()
                await client.aclose()

        passed = StreamingResponse(body(), answer.status_code)
        passed.raw_headers = [(k.lower(), v) for k, v in answer.headers.raw if k.decode().lower() not in NOT_PASSED_ON]
        return passed

    def close(self) -> None:
        """Stop."""
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

"""The guard before all routes: the name it is called by, who asks, from which page; and headers on every answer."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs, quote

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from audio_logging.dashboard.server.access import Access
from audio_logging.dashboard.server.answers import error_answer
from audio_logging.dashboard.server.entrance import refusal_page, reopening_page
from audio_logging.dashboard.server.hosts import HostNames
from audio_logging.dashboard.server.policy import SECURITY_HEADERS

__all__ = ["Guard"]

METHODS = ("GET", "HEAD", "POST")
PAGE = "/"
PREFIX_HEADERS = ("x-forwarded-prefix", "x-forwarded-context")
"""Where a proxy says which part of the path it has put before ours."""

MOST_QUERY = 64_000
"""[bytes] Of parameters; the longest of ours are some hundred ids, or a key of 10,000 characters."""

log = logging.getLogger("audio_logging.dashboard")


class Guard:
    """An ASGI application that lets through only what may pass.

    Parameters
    ----------
    app : ASGI application
    access : Access
    hosts : HostNames
    parts : iterable of str
        With what the application's own paths begin; "" for the page itself.
    """

    def __init__(self, app: ASGIApp, access: Access, hosts: HostNames, parts: Iterable[str]) -> None:
        self._app = app
        self._access = access
        self._hosts = hosts
        self._parts = frozenset(parts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the application answer."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _Answer(send, bodiless=scope["method"] == "HEAD"))
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        inner = self._without_prefix(scope)
        try:
            await (self._refusal(inner, scope["path"], answer) or self._app)(inner, receive, answer.send)
        except Exception:
            log.exception("the dashboard could not answer %s", inner["path"])
            if not answer.ended:
                raise  # closes the connection, so that half an answer does not look like a whole one

    def _without_prefix(self, scope: Scope) -> dict[str, Any]:
        """Take off what a proxy has put before the path and has not taken off itself; most do."""
        path, headers = str(scope["path"]), Headers(scope=scope)
        for name in PREFIX_HEADERS:
            prefix = headers.get(name, "").rstrip("/")
            rest = path.removeprefix(prefix)
            # A prefix may be called as a part of ours is: "/media" before a path that begins so anyway.
            if rest != path and prefix.startswith("/") and _begins_with(rest, self._parts):
                path = rest
                break
        return {**scope, "path": path, "raw_path": path.encode("utf-8", "surrogatepass"), "root_path": ""}

    def _refusal(self, scope: Scope, whole_path: str, answer: _Answer) -> Response | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._hosts.takes(hosts[0]):
            return error_answer(_unknown_host(hosts), 400)
        if scope["method"] not in METHODS:
            return error_answer(f"got {scope['method']:.20}, wanted GET", 405, {"Allow": ", ".join(METHODS)})
        if len(scope["query_string"]) > MOST_QUERY:
            return error_answer(f"the parameters are longer than {MOST_QUERY} bytes; ask for less at once", 400)
        if scope["path"] == "":
            return Response(status_code=307, headers={"Location": _with_slash(scope, whole_path)})
        if scope["path"] == PAGE:
            return self._page_refusal(scope, headers, answer)
        return self._part_refusal(scope, headers, hosts[0])

    def _page_refusal(self, scope: Scope, headers: Headers, answer: _Answer) -> Response | None:
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[-1]
        if token and self._access.takes_token(token):
            answer.add(b"set-cookie", self._access.cookie().encode("latin-1"))
            return None
        if self._access.takes_cookies(headers.get("cookie", "")):
            return None
        if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-dest") == "document":
            return reopening_page()
        return refusal_page(with_token=bool(token))

    def _part_refusal(self, scope: Scope, headers: Headers, host: str) -> Response | None:
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return error_answer("only the dashboard's own page may ask for this", 403)
        if not self._access.takes_cookies(headers.get("cookie", "")):
            return error_answer("the token is missing: open the address that audio-logging view printed", 403)
        if scope["method"] == "POST" and not self._is_own_page(headers, host):
            return error_answer("only the dashboard's own page may change something", 403)
        return None

    def _is_own_page(self, headers: Headers, host: str) -> bool:
        """Whether a browser says that our page sent it; every browser names the origin of a POST."""
        origin = headers.getlist("origin")
        return len(origin) == 1 and self._hosts.takes_origin(origin[0], host)


class _Answer:
    """What is sent, with our headers on it."""

    def __init__(self, send: Send, *, bodiless: bool) -> None:
        self._send = send
        self._headers = SECURITY_HEADERS
        self._bodiless = bodiless
        self.ended = False

    def add(self, name: bytes, value: bytes) -> None:
        """Add a header, before the answer begins."""
        self._headers = (*self._headers, (name, value))

    async def send(self, message: Message) -> None:
        """Send on."""
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
        elif message["type"] == "http.response.body":
            self.ended = not message.get("more_body", False)
            message = {**message, "body": b""} if self._bodiless else message
        await self._send(message)


def _begins_with(path: str, parts: frozenset[str]) -> bool:
    return path == "" or (path.startswith("/") and path.split("/")[1] in parts)


def _with_slash(scope: Scope, path: str) -> str:
    """Return the page's address with its slash, without which relative addresses would lead past it."""
    query = scope["query_string"].decode("latin-1")
    return f"./{quote(path.rpartition('/')[2])}/{'?' if query else ''}{query}"


def _unknown_host(hosts: list[str]) -> str:
    if len(hosts) != 1:
        return f"got {len(hosts)} Host headers, wanted one"
    name = hosts[0][:100]
    return f"this server does not answer to {name!r}; if that is your proxy, start it with --allowed-host {name}"

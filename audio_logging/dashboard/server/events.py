"""Server-sent events: open pages hear that there is something new, and ask for what they show of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from audio_logging.dashboard.server.answers import NEVER_STORED, error_answer

__all__ = ["Changes", "events_answer"]

QUIET = 15.0
"""[s] After so long a comment is sent: proxies close what is silent, and a client that left is noticed."""

APART = 0.25
"""[s] Between two events: a run that logs hundreds of clips a second makes few of them."""

MOST_LISTENERS = 200


class Versioned(Protocol):
    """What has versions: the catalog."""

    @property
    def version(self) -> int:
        """Grows with each change."""

    def subscribe(self, callback: Callable[[int], None], /) -> Callable[[], None]:
        """Call back from another thread after each change; returns what ends that."""


class Changes:
    """The catalog's changes, brought from its thread to all pages that listen.

    Parameters
    ----------
    catalog : Versioned
    """

    def __init__(self, catalog: Versioned) -> None:
        self._catalog = catalog
        self._listeners: set[asyncio.Event] = set()
        self._unsubscribe: Callable[[], None] | None = None
        self._closed = False

    @property
    def listeners(self) -> int:
        """How many pages listen."""
        return len(self._listeners)

    def start(self) -> None:
        """Begin, in the event loop's thread."""
        loop = asyncio.get_running_loop()

        def changed(_version: int) -> None:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(self._wake)

        self._unsubscribe = self._catalog.subscribe(changed)

    def close(self) -> None:
        """End all streams, in the event loop's thread."""
        self._closed = True
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._wake()

    async def stream(self) -> AsyncIterator[str]:
        """Yield what a page is sent: the version now, then each newer one; several changes at once are one event."""
        woken = asyncio.Event()
        self._listeners.add(woken)
        try:
            yield "retry: 1000\n\n"
            sent = None
            while not self._closed:
                woken.clear()
                version = self._catalog.version
                if version != sent:
                    sent = version
                    yield f'event: change\ndata: {{"version":{version}}}\n\n'
                    await self._pause()
                elif not await _is_set_within(woken, QUIET):
                    yield ": still here\n\n"
        finally:
            self._listeners.discard(woken)

    async def _pause(self) -> None:
        """Let further changes gather; what wakes the stream meanwhile is not lost, since versions are compared."""
        if not self._closed:
            await asyncio.sleep(APART)

    def _wake(self) -> None:
        for woken in self._listeners:
            woken.set()


def events_answer(changes: Changes, request: Request) -> Response:
    """Answer the stream.

    Parameters
    ----------
    changes : Changes
    request : Request

    Returns
    -------
    Response
    """
    if request.method != "GET":
        return error_answer("this is a stream: GET it", 405, {"Allow": "GET"})
    if changes.listeners >= MOST_LISTENERS:
        return error_answer("too many pages are open; close some", 429, {"Retry-After": "30"})
    headers = {"Cache-Control": NEVER_STORED, "X-Accel-Buffering": "no"}
    return StreamingResponse(changes.stream(), media_type="text/event-stream", headers=headers)


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except asyncio.TimeoutError:
        return False
    return True

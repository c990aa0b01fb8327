"""Connections: how many there are at once, and how long one may take to ask for something.

Everybody who reaches the port can open connections, without a token, and each of them takes one of the files that a
process may have open.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import sys
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

if sys.platform != "win32":
    import resource

__all__ = ["Connection", "ShortageNotice", "most_connections", "most_newcomers", "raise_file_limit"]

REQUEST_TIMEOUT = 10.0
"""[s] For a request's headers to arrive: from the first connecting, or later from the first of their bytes."""

MOST_CONNECTIONS = 512
MOST_FILES = 4096
"""To ask the system for; one that allows any number may still refuse a very large one."""

OWN_FILES = 32
"""Of the index, the notes, the libraries, and what a browser is started with."""

TURNS = 4
"""Of the event loop, from taking a connection until another one is closed for it."""

SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

log = logging.getLogger("audio_logging.dashboard")


class Connection(H11Protocol):
    """uvicorn's connection; it ends when a request does not arrive in time, or to make room for another one.

    Attributes
    ----------
    last_heard : float
        [s] When something came, by the loop's clock.
    """

    last_heard = 0.0
    _deadline: asyncio.TimerHandle | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether nothing is being answered; a page that listens to events is answered all the time."""
        # There is no cycle before the first request, whatever its type says.
        is_answering = self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]
        return not is_answering and not self.transport.is_closing()

    @property
    def is_stalled(self) -> bool:
        """Whether the client does not take what it is sent."""
        return self.transport.get_write_buffer_size() > 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self.last_heard = self.loop.time()
        self._deadline = self.loop.call_later(REQUEST_TIMEOUT, transport.abort)
        if len(self.connections) > most_connections():
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Read on; what comes after an answer begins another request, which has to arrive in time again."""
        super().data_received(data)
        self.last_heard = self.loop.time()
        if not self.is_waiting:
            self._end_deadline()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_TIMEOUT, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._end_deadline()
        super().connection_lost(exc)

    def _make_room(self) -> None:
        """End who has been silent for longest, so that nobody keeps others out by holding connections open.

        Where all are being answered, it is one that does not take its answer, such as a player that is paused: it asks
        for the rest when it goes on. What is still to be sent is dropped, else it would hold the connection.
        """
        others = [other for other in self.connections if isinstance(other, Connection) and other is not self]
        idle = [other for other in others if other.is_waiting] or [other for other in others if other.is_stalled]
        min(idle, key=lambda other: other.last_heard, default=self).transport.abort()

    def _end_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class ShortageNotice:
    """An event loop's exception handler that says only once that no more files can be opened.

    The loop tries again all the time to take the connections that wait, and would say so each time.
    """

    def __init__(self) -> None:
        self._is_said = False

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Say it, or leave other errors to the loop."""
        error = context.get("exception")
        if not isinstance(error, OSError) or error.errno not in SHORTAGES:
            loop.default_exception_handler(context)
        elif not self._is_said:
            self._is_said = True
            log.error("new connections have to wait until others end: %s", error.strerror)


def most_connections() -> int:
    """Return how many connections there may be at once: as many files are left for what is sent, and for newcomers."""
    return max(1, min(MOST_CONNECTIONS, (_file_limit() - OWN_FILES) // 3))


def most_newcomers() -> int:
    """Return how many connections the event loop may take in one turn."""
    return max(1, most_connections() // TURNS)


def raise_file_limit() -> None:
    """Let this process have as many files open as it may ask for, up to some thousands; Windows has no such limit."""
    if sys.platform != "win32":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            try:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            except (OSError, ValueError):  # macOS may have another limit behind this one
                pass


def _file_limit() -> int:
    if sys.platform == "win32":
        return MOST_FILES
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_FILES if soft == resource.RLIM_INFINITY else soft

"""Workers: blocking work in a few threads, with a queue that has an end, dropped when whoever asked is gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from audio_logging.errors import AudioLoggingError

__all__ = ["EndingError", "TooBusyError", "Workers", "until_gone"]

T = TypeVar("T")


class TooBusyError(AudioLoggingError, RuntimeError):
    """More is waiting already than can be done soon."""


class EndingError(AudioLoggingError, RuntimeError):
    """Nothing is taken any more."""


class Workers:
    """A few threads, and those who wait for one.

    Parameters
    ----------
    name : str
        Of the threads.
    threads : int
    most_waiting : int
        More are refused.
    """

    def __init__(self, name: str, *, threads: int, most_waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"audio-logging {name}")
        self._most = threads + most_waiting
        self._held = 0
        self._is_open = True
        self._running: set[threading.Event] = set()

    async def run(self, receive: Receive, work: Callable[[Callable[[], bool]], T]) -> T:
        """Do it in a thread.

        Parameters
        ----------
        receive : callable
            The request's; when it says that the client is gone, the work is given up.
        work : callable
            ``work(cancelled)``; long work asks `cancelled` from time to time.

        Returns
        -------
        object
            What it returned.

        Raises
        ------
        TooBusyError
            The queue is full.
        EndingError
            The server is ending.
        ClientDisconnect
            The client is gone.
        """
        self._check_open()
        if self._held >= self._most:
            raise TooBusyError("the server is busy with other clips; ask again in a second")
        gone = threading.Event()
        self._held += 1
        self._running.add(gone)
        done = asyncio.wrap_future(self._submit(work, gone))
        watch = asyncio.ensure_future(until_gone(receive))
        try:
            both: set[asyncio.Future[Any]] = {done, watch}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not done.done():
                raise ClientDisconnect
            return done.result()
        finally:
            gone.set()
            watch.cancel()
            done.cancel()

    async def do(self, work: Callable[[], T]) -> T:
        """Do something short in a thread, whoever waits; it is done even when nobody does any more.

        Raises
        ------
        EndingError
            The server is ending.
        """
        self._check_open()
        return await asyncio.wrap_future(self._pool.submit(work))

    def close(self) -> None:
        """Give up what waits, and tell what runs to stop; nothing more is taken."""
        self._is_open = False
        for gone in tuple(self._running):
            gone.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _check_open(self) -> None:
        if not self._is_open:
            raise EndingError("the dashboard is ending")

    def _submit(self, work: Callable[[Callable[[], bool]], T], gone: threading.Event) -> Future[T]:
        loop = asyncio.get_running_loop()
        future = self._pool.submit(work, gone.is_set)

        def left(_future: Future[T]) -> None:
            # A thread is counted until it has really ended, which may be after the loop, at the end of the program.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._leave, gone)

        future.add_done_callback(left)
        return future

    def _leave(self, gone: threading.Event) -> None:
        self._held -= 1
        self._running.discard(gone)


async def until_gone(receive: Receive) -> None:
    """Return when the client is gone.

    Parameters
    ----------
    receive : callable
        The request's.
    """
    while (await receive())["type"] != "http.disconnect":
        pass

"""One computation for all who ask the same at once, and the last answers at hand."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, wait

from audio_logging.dashboard.analysis.blocks import Cancel, Cancelled

__all__ = ["RecentAnswers", "SharedWork"]

ASKED_EVERY = 0.05
"""[s] How often one who waits for another's answer is asked whether it is still wanted."""


class RecentAnswers:
    """The answers used last, in memory.

    Parameters
    ----------
    max_bytes : int
        How much they may take; a quarter of it is too large for one.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._answers: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return an answer, or None."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def put(self, key: str, answer: bytes) -> None:
        """Keep an answer."""
        if len(answer) > self._max_bytes // 4:
            return
        with self._lock:
            self._size += len(answer) - len(self._answers.pop(key, b""))
            self._answers[key] = answer
            while self._size > self._max_bytes:
                self._size -= len(self._answers.popitem(last=False)[1])


class SharedWork:
    """Computes each thing once at a time: who asks for what another thread computes, waits for that."""

    def __init__(self) -> None:
        self._running: dict[str, Future[bytes]] = {}
        self._lock = threading.Lock()

    def do(self, key: str, compute: Callable[[], bytes], cancelled: Cancel = None) -> bytes:
        """Return what `compute` returns, here or in another thread.

        Parameters
        ----------
        key : str
            Names what is computed.
        compute : callable
            May raise Cancelled; then one of those who wait computes it.
        cancelled : callable, optional
            Asked while another thread computes.

        Returns
        -------
        bytes

        Raises
        ------
        Cancelled
            `cancelled` said so.
        """
        while True:
            with self._lock:
                theirs = self._running.get(key)
                mine: Future[bytes] = Future()
                if theirs is None:
                    self._running[key] = mine
            if theirs is None:
                return self._compute(key, compute, mine)
            try:
                return _wait(theirs, cancelled)
            except _TheyGaveUp:
                continue

    def _compute(self, key: str, compute: Callable[[], bytes], future: Future[bytes]) -> bytes:
        try:
            answer = compute()
        except BaseException as error:
            self._finish(key)
            given_up = isinstance(error, Cancelled) or not isinstance(error, Exception)
            future.set_exception(_TheyGaveUp() if given_up else error)
            raise
        self._finish(key)
        future.set_result(answer)
        return answer

    def _finish(self, key: str) -> None:
        with self._lock:
            del self._running[key]


class _TheyGaveUp(Exception):  # noqa: N818 - nobody sees it
    """The thread that computed was cancelled."""


def _wait(future: Future[bytes], cancelled: Cancel) -> bytes:
    while not wait([future], ASKED_EVERY).done:
        if cancelled is not None and cancelled():
            raise Cancelled("waiting for another's answer was cancelled")
    return future.result()

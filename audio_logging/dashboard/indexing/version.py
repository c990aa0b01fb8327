"""Version: a number that grows with each change, and who is told."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

__all__ = ["Version"]


class Version:
    """Grows in one thread, and is read in any.

    Attributes
    ----------
    number : int
    """

    def __init__(self) -> None:
        self.number = 0
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[int], None]] = []

    def grow(self) -> None:
        """Tell everybody of a change; what goes wrong in a callback is its own affair."""
        self.number += 1
        with self._lock:
            callbacks = list(self._callbacks)
        for callback in callbacks:
            with contextlib.suppress(Exception):
                callback(self.number)

    def subscribe(self, callback: Callable[[int], None]) -> Callable[[], None]:
        """Have a function called with each new number; return what ends that."""
        with self._lock:
            self._callbacks.append(callback)

        def unsubscribe() -> None:
            with self._lock, contextlib.suppress(ValueError):
                self._callbacks.remove(callback)

        return unsubscribe

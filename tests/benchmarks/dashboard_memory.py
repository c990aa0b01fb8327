"""MostMemory: what a server takes at most while something is done."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from tests.browser.view import View

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["MostMemory"]

EVERY = 0.05
"""[s] Often enough for work that takes a part of a second, seldom enough not to take its time."""


class MostMemory:
    """A context in which a view's memory is watched.

    Parameters
    ----------
    view : View

    Attributes
    ----------
    growth : int
        [bytes] By how much the view's processes grew at most.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._before = self._most = 0

    @property
    def growth(self) -> int:
        return self._most - self._before

    def __enter__(self) -> Self:
        self._before = self._most = self._view.memory()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(EVERY):
            self._most = max(self._most, self._view.memory())

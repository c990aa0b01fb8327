"""Answers: what was computed for a query, kept until something changes, for the next page of the same query."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

__all__ = ["Answers"]

KEPT = 12
"""An order of 100,000 clips takes 800 kB."""


class Answers:
    """A few answers, each of one state of things; from any thread."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, question: Hashable, state: Hashable, make: Callable[[], Any]) -> Any:
        """Return the answer to a question, made when none is kept of this state.

        Parameters
        ----------
        question : hashable
        state : hashable
            An answer of another state is replaced.
        make : callable

        Returns
        -------
        object
            Shared: not to be changed.
        """
        with self._lock:
            known = self._kept.get(question)
            if known is not None and known[0] == state:
                self._kept.move_to_end(question)
                return known[1]
        answer = make()
        with self._lock:
            self._kept[question] = (state, answer)
            self._kept.move_to_end(question)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return answer

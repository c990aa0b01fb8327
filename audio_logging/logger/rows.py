"""When rows go into the history, so that nobody loses one.

wandb counts steps for the user. A row that a library commits moves that count on, and a user who passes ``step=`` then
loses values without noticing. Two rows under one key that meet in the same open row leave only the later one. So:

- a row goes in with ``commit=False``: it joins the row that the user commits next, and no step is used up;
- it carries ``audio/step``, an axis of its own, and never ``step=``;
- the next row waits until the user has committed, unless it has the same ``audio/step`` and other keys;
- what still waits when the run finishes goes in then, a step each, when nobody's step can be lost any more.

``own=True`` commits at once, for users who never pass ``step=`` or log nothing else.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import wandb

from audio_logging import _wandb
from audio_logging.notices import warn_once
from audio_logging.schema import STEP_KEY

__all__ = ["Row", "RowQueue"]

MANY = 100
"""So many waiting rows are worth a word."""


@dataclass(frozen=True)
class Row:
    """One event: what goes into the history together.

    Attributes
    ----------
    values : dict
        What ``run.log`` takes.
    step : int
        Where it stands on the axis ``audio/step``.
    own : bool
        Whether it may use up a step of wandb's.
    """

    values: dict[str, Any] = field(repr=False)
    step: int
    own: bool = False


class RowQueue:
    """Hands rows over to a run, by the rule above.

    Parameters
    ----------
    run : wandb.Run
    on_error : callable
        ``on_error(exception)`` for a row that wandb does not take; the next one is tried.
    """

    def __init__(self, run: wandb.Run, on_error: Callable[[BaseException], None]) -> None:
        self._run = run
        self._on_error = on_error
        self._waiting: deque[Row] = deque()
        self._lock = threading.RLock()
        self._open: Row | None = None
        self._open_at = -1
        self._counted_at = -1
        self._axes: set[str] = set()

    @property
    def waiting(self) -> int:
        """How many rows have not been handed over."""
        return len(self._waiting)

    def put(self, row: Row) -> None:
        """Add a row behind the others and hand over what can be."""
        with self._lock:
            if not self._waiting:
                self._counted_at = -1
            self._waiting.append(row)
            self.hand_over()
            if len(self._waiting) >= MANY:
                self._say_that_many_wait()

    def hand_over(self) -> bool:
        """Hand over what can be.

        Returns
        -------
        bool
            Whether some still wait.
        """
        with self._lock:
            if not self._waiting or _wandb.is_finished(self._run):
                return False
            # Looked at first: what the user commits while we look is for the next time.
            step = _wandb.current_step(self._run)
            if self._open is not None and not self._waiting[0].own and step == self._counted_at:
                return True
            while self._waiting and self._may_go(self._waiting[0]):
                self._log(self._waiting.popleft())
            self._counted_at = step
            return bool(self._waiting)

    def drain(self) -> None:
        """Hand over all that wait, a step each: only for a run that is about to finish."""
        with self._lock:
            if self._waiting and self._open is not None and _wandb.open_step(self._run) == self._open_at:
                self._send({}, commit=True)
            while self._waiting:
                row = self._next_joined()
                self._define_axes(row)
                self._send({**row.values, STEP_KEY: row.step}, commit=True)
            self._open = None

    def _next_joined(self) -> Row:
        """Take the next row, together with those behind it that fit into it."""
        row = self._waiting.popleft()
        while self._waiting and _fits(self._waiting[0], row):
            row = Row({**row.values, **self._waiting.popleft().values}, row.step)
        return row

    def _may_go(self, row: Row) -> bool:
        return row.own or not self._is_in_the_way_of(row)

    def _is_in_the_way_of(self, row: Row) -> bool:
        """Whether an event of ours is in the row that is open, and would be overwritten."""
        if self._open is None or _fits(row, self._open):
            return False
        return _wandb.open_step(self._run) == self._open_at

    def _log(self, row: Row) -> None:
        self._define_axes(row)
        if row.own:
            self._log_own(row)
        else:
            self._log_shared(row)

    def _log_own(self, row: Row) -> None:
        if self._is_in_the_way_of(row):
            self._send({}, commit=True)
        self._send({**row.values, STEP_KEY: row.step}, commit=True)
        self._open = None

    def _log_shared(self, row: Row) -> None:
        before = self._open_at
        self._send({**row.values, STEP_KEY: row.step}, commit=False)
        # Asked for afterwards: the user may have committed in between, and then this row is in the later one.
        self._open_at = _wandb.open_step(self._run)
        joined = self._open is not None and self._open_at == before
        keys = {**self._open.values, **row.values} if joined and self._open else row.values
        self._open = Row(dict.fromkeys(keys), row.step)

    def _send(self, values: dict[str, Any], *, commit: bool) -> None:
        try:
            self._run.log(values, commit=commit)
        except Exception as error:
            self._on_error(error)

    def _define_axes(self, row: Row) -> None:
        """Make ``audio/step`` the x axis of each key; keys with stars, which would be patterns, keep wandb's own."""
        names = {"audio/*" if key.startswith("audio/") else key for key in row.values if "*" not in key}
        for name in sorted(names - self._axes):
            self._axes.add(name)
            self._define_axis(name)

    def _define_axis(self, name: str) -> None:
        try:
            self._run.define_metric(name, step_metric=STEP_KEY)
        except Exception as error:
            self._on_error(error)

    def _say_that_many_wait(self) -> None:
        warn_once(
            f"{len(self._waiting)} rows with audio wait for run.log to be called, since each needs a row of the "
            "history to join. They go in when the run finishes; their clips are on disk already. If you never pass "
            "step= to run.log, or log nothing else, pass rows='own'",
            "rows wait",
            str(self._run.id),
        )


def _fits(row: Row, other: Row) -> bool:
    """Whether two events can share a row: the same place on the axis, and no key twice."""
    return row.step == other.step and row.values.keys().isdisjoint(other.values)

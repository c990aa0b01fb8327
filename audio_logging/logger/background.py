"""A bounded hand-off to one background thread.

- Order: jobs run one after the other, in the order in which they were handed in.
- Bound: the bytes that waiting jobs hold. A full queue makes the caller wait, or refuses the job, as asked.
- Errors: a job that raises is reported to `on_error`, in the thread, and the next one runs, whatever `on_error` does.
- `flush` returns when everything handed in before it has run. `close` flushes, then ends the thread.
- A forked child has no such thread: there nothing is taken and nothing waits.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeAlias

__all__ = ["BackgroundWorker", "Job"]

Job: TypeAlias = Callable[[], None]

JOB_BYTES = 2048
"""[bytes] What a waiting job takes beside its samples, about: a million clips of ten samples are not for free."""

IDLE_SECONDS = 0.05
"""[s] How often the idle task runs while it has something to do."""


class BackgroundWorker:
    """Runs jobs in a thread of its own.

    Parameters
    ----------
    on_error : callable
        ``on_error(exception)``, called in the thread.
    idle_task : callable
        Called in the thread after jobs, and every 50 ms for as long as it returns True ("there is more to do").
    max_bytes : int
        What waiting jobs may hold together; a single larger job is taken when nothing else waits.
    name : str
        Of the thread.
    """

    def __init__(
        self,
        on_error: Callable[[BaseException], None],
        idle_task: Callable[[], bool],
        *,
        max_bytes: int,
        name: str = "audio_logging",
    ) -> None:
        self._on_error = on_error
        self._idle_task = idle_task
        self._max_bytes = max_bytes
        self._name = name
        self._jobs: deque[tuple[Job, int]] = deque()
        self._changed = threading.Condition(threading.Lock())
        # Rung only when the thread sleeps: it costs the caller half of what a condition does.
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._asleep = False
        self._bytes = 0
        self._handed_in = 0
        self._done = 0
        self._closing = False
        self._thread: threading.Thread | None = None
        self._process = os.getpid()

    @property
    def waiting(self) -> int:
        """How many jobs have not run yet."""
        return self._handed_in - self._done

    @property
    def is_ours(self) -> bool:
        """Whether this process is the one that made the worker, rather than a forked child."""
        return os.getpid() == self._process

    def submit(self, job: Job, nbytes: int, *, wait: bool) -> bool:
        """Hand in a job.

        Parameters
        ----------
        job : callable
        nbytes : int
            What it holds in memory.
        wait : bool
            Whether to wait for room; otherwise a job that finds the queue full is refused.

        Returns
        -------
        bool
            Whether it was taken: False when refused, when closed, and in a forked child.
        """
        if not self.is_ours:
            return False
        held = nbytes + JOB_BYTES
        with self._changed:
            while self._is_full(held) and not self._closing:
                if not wait:
                    return False
                self._changed.wait()
            if self._closing:
                return False
            self._jobs.append((job, held))
            self._bytes += held
            self._handed_in += 1
            if self._thread is None:
                self._start()
            asleep, self._asleep = self._asleep, False
        if asleep:
            self._bell.put(None)
        return True

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until all jobs handed in so far have run.

        Parameters
        ----------
        timeout : float, optional
            [s]

        Returns
        -------
        bool
            False when the time was up first.
        """
        if not self.is_ours or threading.current_thread() is self._thread:
            return True
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            goal = self._handed_in
            while self._done < goal:
                if not self._thread_lives():
                    self._start()
                left = 1.0 if deadline is None else min(1.0, deadline - time.monotonic())
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def close(self, timeout: float | None = None) -> bool:
        """Run what was handed in, then end the thread; nothing is taken afterwards.

        Parameters
        ----------
        timeout : float, optional
            [s]

        Returns
        -------
        bool
            False when the time was up first.
        """
        if not self.is_ours:
            return True
        flushed = self.flush(timeout)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        self._bell.put(None)
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        return flushed

    def _is_full(self, held: int) -> bool:
        """Whether a job has to wait; never one that another job hands in, which would wait for itself."""
        too_much = self._bytes > 0 and self._bytes + held > self._max_bytes
        return too_much and threading.current_thread() is not self._thread

    def _start(self) -> None:
        if not self._thread_lives():
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def _thread_lives(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        more = False
        # In a method of its own, so that no job, and no clip that it holds, is kept while the thread waits.
        while (more_to_do := self._turn(more)) is not None:
            more = more_to_do

    def _turn(self, more: bool) -> bool | None:
        """Run the next job and, when no other one waits, the idle task.

        Returns
        -------
        bool or None
            Whether the idle task has more to do; None when all is done and the worker is closing.
        """
        taken = self._next(more)
        if taken is None:
            return None
        job, nbytes = taken
        self._guard(job)
        with self._changed:
            self._bytes -= nbytes
            self._done += job is not _nothing
            self._changed.notify_all()
            idle = not self._jobs
        return self._guard(self._idle_task) if idle else more

    def _next(self, more: bool) -> tuple[Job, int] | None:
        while True:
            with self._changed:
                if self._jobs:
                    return self._jobs.popleft()
                if self._closing:
                    return None
                self._asleep = True
            if not self._woken(IDLE_SECONDS if more else None):
                return (_nothing, 0)

    def _woken(self, seconds: float | None) -> bool:
        """Sleep until the bell rings; False when the time was up first."""
        try:
            self._bell.get(timeout=seconds)
        except Empty:
            return False
        return True

    def _guard(self, job: Callable[[], bool | None]) -> bool:
        try:
            return bool(job())
        except BaseException as error:
            # A warning that the user has made an error (python -W error) may come back from on_error.
            with suppress(BaseException):
                self._on_error(error)
            return False


def _nothing() -> None:
    """Stands for a job when only the idle task is due."""

"""Reading ahead with threads.

Order: results come in the order of the tasks, whichever thread is first. Memory: at most `ahead` results wait beside
the one in use. Errors: what a thread raises is raised here, at the place of its result. End: when the results are used
up, an error came, or the iterator is closed or dropped, no thread is left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from audio_logging.datasets.errors import ReaderDiedError

__all__ = ["THREAD_NAME", "in_order"]

THREAD_NAME = "audio_logging-reader"
"""What the names of the threads begin with."""

Task = TypeVar("Task")
Result = TypeVar("Result")


def in_order(
    function: Callable[[Task], Result], tasks: Iterable[Task], *, threads: int, ahead: int
) -> Generator[Result, None, None]:
    """Yield ``function(task)`` for every task.

    Parameters
    ----------
    function : callable
        Called in the threads; without threads here, when its result is asked for.
    tasks : iterable
        Taken one at a time.
    threads : int >= 0
        How many work at once.
    ahead : int >= 0
        How many results are made before they are asked for; at least as many as there are threads.

    Yields
    ------
    object
        The results, in order.

    Raises
    ------
    ReaderDiedError
        A thread was told to exit.

    Examples
    --------
    >>> list(in_order(abs, [-1, 2, -3], threads=2, ahead=2))
    [1, 2, 3]
    """
    if not threads:
        yield from map(function, tasks)
        return
    executor = ThreadPoolExecutor(threads, THREAD_NAME)
    waiting: deque[Future[Result]] = deque()
    try:
        for task in tasks:
            waiting.append(executor.submit(function, task))
            if len(waiting) > max(threads, ahead):
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _result(future: Future[Result]) -> Result:
    try:
        return future.result()
    except (SystemExit, GeneratorExit) as error:
        raise ReaderDiedError(f"a thread that reads ahead was ended by {error!r}; iterate again") from error

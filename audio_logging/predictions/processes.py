"""The processes that train one model together, as torch.distributed has them; alone is a team of one.

What is gathered goes over a gloo group of its own: on the CPU, whatever the training uses, and with a time limit of its
own. A process that failed, or that never comes, costs the others that time once. From then on nothing is gathered.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from audio_logging.errors import AudioLoggingError

__all__ = ["ProcessError", "Processes", "process_count", "rank_of_this"]

T = TypeVar("T")

_groups: dict[float, tuple[Any, Any]] = {}
"""Groups that were made, by their time limit, with what they were made of: making one takes all processes."""


class ProcessError(AudioLoggingError, RuntimeError):
    """A process that trains with this one did not answer."""


def rank_of_this() -> int:
    """Return which of the processes that train together this one is; 0 when it is alone.

    Returns
    -------
    int
        By torch.distributed, or before that is set up by the environment variable ``RANK`` that launchers set.
    """
    distributed = _distributed()
    if distributed is not None:
        return int(distributed.get_rank())
    rank = os.environ.get("RANK", "0")
    return int(rank) if rank.isdigit() else 0


def process_count() -> int:
    """Return how many processes train together, by torch.distributed."""
    distributed = _distributed()
    return 1 if distributed is None else int(distributed.get_world_size())


class Processes:
    """The processes that train together. All of them have to make this, and to make the same calls, in one order.

    Parameters
    ----------
    timeout : float
        [s] How long to wait for the slowest.

    Attributes
    ----------
    rank, count : int
    """

    def __init__(self, timeout: float) -> None:
        distributed = _distributed()
        self.rank = 0 if distributed is None else int(distributed.get_rank())
        self.count = process_count()
        self._timeout = timeout
        self._distributed = distributed
        self._group = None if self.count == 1 else _group(distributed, timeout)
        self._broken = False

    @property
    def is_first(self) -> bool:
        """Whether this is rank 0."""
        return self.rank == 0

    def gather(self, value: T) -> list[T]:
        """Bring a value of each process to the first.

        Parameters
        ----------
        value : object
            Is pickled.

        Returns
        -------
        list
            By rank; empty in all processes but the first.

        Raises
        ------
        ProcessError
            A process did not answer in time, now or before.
        """
        if self._group is None:
            return [value]
        gathered: list[Any] | None = [None] * self.count if self.is_first else None
        self._attempt(lambda: self._distributed.gather_object(value, gathered, dst=0, group=self._group))
        return gathered or []

    def from_first(self, value: T) -> T:
        """Return the value that the first process passes, in all of them.

        Parameters
        ----------
        value : object
            Is pickled in the first process, and passed over in the others.

        Returns
        -------
        object

        Raises
        ------
        ProcessError
            A process did not answer in time, now or before.
        """
        if self._group is None:
            return value
        values = [value]
        self._attempt(lambda: self._distributed.broadcast_object_list(values, src=0, group=self._group))
        return values[0]

    def _attempt(self, call: Callable[[], object]) -> None:
        if self._broken:
            raise ProcessError(self._said("did not answer before"))
        try:
            call()
        except Exception as error:
            self._broken = True
            raise ProcessError(self._said(f"did not answer within {self._timeout:g} s")) from error

    def _said(self, what: str) -> str:
        return f"one of {self.count} processes {what}, so nothing is gathered from now on; this is rank {self.rank}"


def _distributed() -> Any:
    """Return torch.distributed, if this process belongs to a group."""
    distributed = getattr(sys.modules.get("torch"), "distributed", None)
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return distributed


def _group(distributed: Any, timeout: float) -> Any:
    world, group = _groups.get(timeout, (None, None))
    if world is not distributed.group.WORLD:
        group = distributed.new_group(backend="gloo", timeout=timedelta(seconds=timeout))
        _groups[timeout] = (distributed.group.WORLD, group)
    return group

"""Which files every batch of an epoch takes, and where an iteration stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from audio_logging.datasets.batches import BatchTask
from audio_logging.datasets.shuffle import epoch_order

__all__ = ["EpochPlan", "Position"]

_UNBATCHED_BUFFER = 1024
_BUFFERED_BATCHES = 8


@dataclass(frozen=True)
class EpochPlan:
    """The order of files in every epoch.

    Parameters
    ----------
    count : int
        Number of files.
    batch_size : int, optional
        Files a batch; None for one at a time, unbatched.
    shuffle : bool
        Whether the order changes within Keras's buffer: 8 batches, or 1024 files.
    reshuffle : bool
        Whether it changes from epoch to epoch; so do random windows.
    seed : int
        Order and windows follow from it.
    random_windows : bool
        Whether there are any.
    """

    count: int
    batch_size: int | None
    shuffle: bool
    reshuffle: bool
    seed: int
    random_windows: bool

    @property
    def batches(self) -> int:
        """Batches an epoch; the last may be short."""
        return -(-self.count // (self.batch_size or 1))

    def tasks(self, epoch: int, *, first: int = 0, every: int = 1) -> Iterator[BatchTask]:
        """Yield the batches of an epoch.

        Parameters
        ----------
        epoch : int >= 0
            Which one.
        first : int >= 0
            The batch to begin with.
        every : int > 0
            Only every so many-th.

        Yields
        ------
        BatchTask
        """
        epoch = epoch if self.reshuffle else 0
        order, places = self._order(epoch), self._places(epoch)
        size = self.batch_size or 1
        batches = iter(lambda: list(islice(order, size)), [])
        for indices in islice(batches, first, None, every):
            yield BatchTask(indices, [places[index] for index in indices] if places else [0.0] * len(indices))

    def _order(self, epoch: int) -> Iterator[int]:
        if not self.shuffle:
            return iter(range(self.count))
        buffer_size = _UNBATCHED_BUFFER if self.batch_size is None else _BUFFERED_BATCHES * self.batch_size
        return epoch_order(self.count, buffer_size, self.seed, epoch)

    def _places(self, epoch: int) -> list[float]:
        if not self.random_windows:
            return []
        places: list[float] = np.random.default_rng([self.seed % 2**32, epoch]).random(self.count).tolist()
        return places


@dataclass
class Position:
    """Where an iteration stands.

    Parameters
    ----------
    epoch : int
        The epoch it is in, from 0.
    batch : int
        How many batches of it were handed out.
    """

    epoch: int = 0
    batch: int = 0

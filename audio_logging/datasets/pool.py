"""Memory for batches, used again when the last batch in it is gone.

Fresh memory costs more than reading and converting a file: the kernel clears every page of it. So a batch is a view of
a block, and when nothing refers to the batch any more, nor to any view of it, the block waits for the next one. That is
the moment at which ordinary memory would be freed, so a batch that somebody holds is never written to.
"""

from __future__ import annotations

import math
import weakref
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np

from audio_logging._types import Samples

__all__ = ["ArrayPool"]

_SMALLEST = 1 << 16
"""[samples] Below this, the allocator's own memory is as quick."""


class ArrayPool:
    """Hands out float32 arrays.

    Parameters
    ----------
    spares : int > 0
        How many blocks wait for the next batch: as many as are out at once, or the rest is made anew every epoch.

    Examples
    --------
    >>> pool = ArrayPool()
    >>> pool.take((2, 3, 1)).shape
    (2, 3, 1)
    """

    def __init__(self, spares: int = 2) -> None:
        self._spares = spares
        self._spare: deque[memoryview] = deque(maxlen=spares)
        self._lent: dict[int, tuple[weakref.ref[Any], memoryview]] = {}

    def take(self, shape: tuple[int, ...]) -> Samples:
        """Return an array with unspecified content.

        Parameters
        ----------
        shape : tuple of int
            Its shape.

        Returns
        -------
        ndarray, float32, contiguous
            Nobody else's, for as long as the caller holds it or a view of it.
        """
        count = math.prod(shape)
        if count < _SMALLEST:
            return np.empty(shape, np.float32)
        block = self._block(count)
        whole = np.frombuffer(block, np.float32)
        key = id(whole)
        self._lent[key] = (weakref.ref(whole, lambda _: self._take_back(key)), block)
        return whole[:count].reshape(shape)

    def __reduce__(self) -> tuple[type[ArrayPool], tuple[int]]:
        return ArrayPool, (self._spares,)

    def _block(self, count: int) -> memoryview:
        """Return the smallest spare block that is large enough, or a new one with some room for longer clips.

        Blocks are popped and put back one at a time: when threads meet here, one of them finds fewer spares, no more.
        """
        spares = sorted(self._pop_all(), key=len)
        places = [place for place, block in enumerate(spares) if len(block) >= count]
        chosen = spares.pop(places[0]) if places else None
        self._spare.extend(spares)
        return np.empty(count + count // 8, np.float32).data if chosen is None else chosen

    def _pop_all(self) -> Iterator[memoryview]:
        while self._spare:
            try:
                yield self._spare.popleft()
            except IndexError:
                return

    def _take_back(self, key: int) -> None:
        _, block = self._lent.pop(key)
        self._spare.append(block)

"""The order of the files: Keras's shuffle before the split, and tf.data's reshuffle of every epoch.

Keras shuffles twice. `permutation` is the first shuffle, once and over everything, with numpy's old generator.
`epoch_order` is the second, which tf.data makes anew for every epoch within a buffer of a few batches: a file moves
forward by less than the buffer, and the order of an epoch follows from the seed and the number of the epoch alone.

References
----------
Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Philox-4x32-10); TensorFlow 2.21,
``tensorflow/core/kernels/data/shuffle_dataset_op.cc`` and ``tsl/lib/random/philox_random.h``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

__all__ = ["epoch_order", "permutation"]

DEFAULT_GRAPH_SEED = 87654321
"""What TensorFlow takes for the seed that ``tf.random.set_seed`` would set (``DEFAULT_GRAPH_SEED`` in its Python)."""

_ROUNDS = 10
_DRAWS = 1 << 13
"""Random words that are made at once."""
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)

Words = npt.NDArray[np.uint64]


def permutation(count: int, seed: int) -> list[int]:
    """Return the order in which Keras lists `count` files after its shuffle before the split.

    Parameters
    ----------
    count : int >= 0
        Number of files.
    seed : int in [0, 2**32)
        Keras's ``seed``.

    Returns
    -------
    list of int
        For every place the index of the file that comes to stand there.

    Raises
    ------
    ValueError, TypeError
        numpy's own, for a seed that is out of range or not an integer.

    Examples
    --------
    >>> permutation(5, seed=1337)
    [3, 2, 1, 0, 4]
    """
    order = list(range(count))
    np.random.RandomState(seed).shuffle(order)  # Keras's generator: another would give another split
    return order


def epoch_order(count: int, buffer_size: int, seed: int, epoch: int) -> Iterator[int]:
    """Yield the order of one epoch, the same that ``tf.data.Dataset.shuffle(buffer_size, seed)`` gives.

    Parameters
    ----------
    count : int >= 0
        Number of elements.
    buffer_size : int > 0
        How many elements wait to be drawn at any time.
    seed : int
        The seed given to ``shuffle``.
    epoch : int >= 0
        Which pass over the dataset, from 0.

    Yields
    ------
    int
        The elements in the order of this epoch; drawn as they are asked for, so that the first batch need not wait.

    Examples
    --------
    >>> list(epoch_order(8, buffer_size=4, seed=7, epoch=0))
    [0, 4, 2, 3, 5, 6, 1, 7]
    >>> list(epoch_order(8, buffer_size=4, seed=7, epoch=1))
    [1, 3, 0, 4, 6, 7, 5, 2]
    """
    size = min(buffer_size, count)
    ring = list(range(size))
    for taken, offset in enumerate(_offsets(count, buffer_size, seed, epoch)):
        head, drawn = taken % size, (taken + offset) % size
        yield ring[drawn]
        ring[drawn] = ring[head]  # what is drawn is replaced by the head, and the head by the next element
        ring[head] = taken + size


def _offsets(count: int, buffer_size: int, seed: int, epoch: int) -> Iterator[int]:
    """Yield for every draw how far behind the head it is."""
    key, counter = _epoch_seeds(seed, epoch)
    for start in range(0, count, _DRAWS):
        places = np.arange(start, min(start + _DRAWS, count))
        waiting = np.minimum(buffer_size, count - places).astype(np.uint64)
        yield from (_words(key, counter, start, len(places)) % waiting).tolist()


def _epoch_seeds(seed: int, epoch: int) -> tuple[int, int]:
    """Return the two words that seed the generator of an epoch."""
    low, high = DEFAULT_GRAPH_SEED, seed % (2**31 - 1)
    first, second = _words(low, high, 2 * epoch, 2).tolist()
    return first, second


def _words(key: int, counter_high: int, start: int, count: int) -> Words:
    """Return `count` words of the Philox stream from word `start` on."""
    first, last = start // 4, -(-(start + count) // 4)
    blocks = np.arange(first, last, dtype=np.uint64)
    counters = [blocks & _LOW, blocks >> _HALF, np.full_like(blocks, counter_high), np.zeros_like(blocks)]
    words = np.stack(_philox(counters, key), axis=1).reshape(-1)
    return words[start - 4 * first :][:count]


def _philox(counters: list[Words], key: int) -> list[Words]:
    """Encrypt counters, ten rounds of Philox-4x32."""
    a, b, c, d = counters
    for step in range(_ROUNDS):
        low_key, high_key = (
            np.uint64((part + step * add) % 2**32) for part, add in zip((key, 0), _KEY_STEPS, strict=True)
        )
        left, right = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a, b, c, d = (right >> _HALF) ^ b ^ low_key, right & _LOW, (left >> _HALF) ^ d ^ high_key, left & _LOW
    return [a, b, c, d]

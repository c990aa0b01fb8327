from __future__ import annotations

import threading

import numpy as np
import pytest

from audio_logging._types import AnyArray
from audio_logging.inputs.buffers import BufferPool

LARGE = 200_000


@pytest.mark.parametrize(
    "array",
    [
        np.arange(LARGE, dtype=np.float32),
        np.arange(LARGE, dtype=">i4").reshape(2, -1),
        np.asfortranarray(np.arange(LARGE, dtype=np.float64).reshape(2, -1)),
        np.arange(LARGE, dtype=np.float32)[::2],
        np.zeros((0, 2), np.float32),
        np.arange(3, dtype=np.int16),
    ],
)
def test_a_copy_is_equal_and_out_of_reach(array: AnyArray) -> None:
    copied = BufferPool().copy(array)
    np.testing.assert_array_equal(copied, array)
    assert copied.dtype == array.dtype and copied.flags.writeable and not np.shares_memory(copied, array)


def test_memory_is_used_again_only_when_nobody_looks_at_it() -> None:
    pool = BufferPool()
    first = pool.copy(np.ones(LARGE))
    address, view = first.ctypes.data, first[10:20]
    second = pool.copy(np.zeros(LARGE))
    assert second.ctypes.data != address
    del first
    assert pool.copy(np.zeros(LARGE)).ctypes.data != address
    np.testing.assert_array_equal(view, np.ones(10))
    del view
    assert address in {pool.copy(np.zeros(LARGE)).ctypes.data for _ in range(2)}


def test_no_more_is_kept_than_allowed() -> None:
    pool = BufferPool(most=LARGE * 8)
    arrays = [pool.copy(np.zeros(LARGE)) for _ in range(4)]
    assert len({array.ctypes.data for array in arrays}) == 4
    assert pool.kept == LARGE * 8
    pool.clear()
    assert pool.kept == 0


def test_threads_do_not_get_each_others_memory() -> None:
    pool, wrong = BufferPool(), []

    def copy_many(number: int) -> None:
        for _ in range(50):
            copied = pool.copy(np.full(LARGE, number, np.float32))
            if not (copied == number).all():
                wrong.append(number)

    threads = [threading.Thread(target=copy_many, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong

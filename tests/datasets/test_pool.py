from __future__ import annotations

import gc
import pickle
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from audio_logging.datasets.pool import ArrayPool

LARGE = (4, 50_000, 1)


def test_arrays_have_the_shape_asked_for() -> None:
    pool = ArrayPool()
    for shape in ((0, 5, 1), (3, 0, 2), (2, 3, 1), LARGE):
        array = pool.take(shape)
        assert array.shape == shape
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert array.flags.writeable


def test_memory_is_used_again_when_nobody_holds_the_array() -> None:
    pool = ArrayPool()
    array = pool.take(LARGE)
    address = array.ctypes.data
    del array
    assert pool.take(LARGE).ctypes.data == address


@pytest.mark.parametrize("hold", ["array", "view", "slice", "transpose", "memoryview", "list"])
def test_memory_that_somebody_holds_is_never_handed_out(hold: str) -> None:
    pool = ArrayPool()
    array = pool.take(LARGE)
    array[...] = 7
    held = {
        "array": array,
        "view": array.view(),
        "slice": array[1:2, ::2],
        "transpose": array.T,
        "memoryview": array.data,
        "list": [array[0]],
    }[hold]
    del array
    gc.collect()
    for _ in range(5):
        pool.take(LARGE)[...] = 1
    assert np.asarray(held).min() == 7


def test_a_batch_in_a_tensor_is_never_handed_out(require: Callable[[str], Any]) -> None:
    torch = require("torch")
    pool = ArrayPool()
    tensor = torch.from_numpy(pool.take(LARGE)).fill_(7)[1:]
    for _ in range(5):
        pool.take(LARGE)[...] = 1
    assert tensor.min() == 7


def test_few_blocks_wait_however_many_were_held() -> None:
    pool = ArrayPool()
    tracemalloc.start()
    held = [pool.take(LARGE) for _ in range(10)]
    held.clear()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2.5 * 4 * 200_000


def test_longer_clips_get_larger_blocks() -> None:
    pool = ArrayPool()
    pool.take(LARGE)
    large = pool.take((4, 500_000, 1))
    large[...] = 1
    assert large.sum() == large.size


def test_a_short_last_batch_does_not_cost_the_large_blocks() -> None:
    pool = ArrayPool()
    first, second = pool.take(LARGE), pool.take(LARGE)
    addresses = {first.ctypes.data, second.ctypes.data}
    del first, second
    for _ in range(3):
        short = pool.take((2, 50_000, 1))
        del short
        both = [pool.take(LARGE), pool.take(LARGE)]
        assert {array.ctypes.data for array in both} == addresses
        del both


def test_threads_never_share_an_array() -> None:
    pool = ArrayPool()
    clashes = []

    def work(number: int) -> None:
        for _ in range(60):
            array = pool.take((2, 40_000, 1))
            array[...] = number
            if not (array == number).all():
                clashes.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not clashes


def test_a_copy_in_another_process_begins_empty() -> None:
    pool = ArrayPool()
    held = pool.take(LARGE)
    copy = pickle.loads(pickle.dumps(pool))
    assert copy.take(LARGE).ctypes.data != held.ctypes.data


def test_as_many_blocks_wait_as_are_out_at_once() -> None:
    pool = ArrayPool(spares=3)
    batches = [pool.take((100_000,)) for _ in range(4)]
    addresses = {batch.ctypes.data for batch in batches}
    del batches
    again = [pool.take((100_000,)) for _ in range(3)]
    assert {batch.ctypes.data for batch in again} < addresses

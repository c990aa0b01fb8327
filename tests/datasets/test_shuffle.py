from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_logging.datasets.shuffle import epoch_order, permutation

# Recorded from tf.data.Dataset.range(count).shuffle(buffer_size, seed=seed), TensorFlow 2.21: the first three epochs.
TENSORFLOW = {
    (10, 3, 0): [[0, 2, 3, 5, 1, 4, 6, 7, 8, 9], [0, 3, 2, 5, 4, 6, 8, 1, 9, 7], [1, 3, 2, 5, 6, 0, 8, 9, 4, 7]],
    (10, 100, 7): [[2, 8, 6, 5, 9, 1, 0, 3, 7, 4], [9, 1, 3, 0, 6, 4, 7, 8, 2, 5], [1, 9, 4, 2, 8, 3, 5, 7, 6, 0]],
    (20, 20, 2147483647): [
        [12, 11, 18, 13, 17, 1, 5, 9, 2, 6, 10, 14, 3, 4, 8, 16, 7, 0, 15, 19],
        [19, 5, 8, 0, 11, 6, 16, 15, 7, 14, 9, 4, 17, 18, 2, 3, 12, 10, 13, 1],
        [17, 2, 1, 5, 8, 0, 18, 11, 14, 19, 12, 13, 16, 3, 7, 6, 4, 9, 10, 15],
    ],
    (20, 20, 4294967295): [
        [0, 12, 9, 8, 13, 1, 17, 19, 6, 10, 7, 2, 14, 18, 15, 4, 5, 3, 11, 16],
        [18, 19, 15, 16, 10, 6, 13, 3, 14, 2, 7, 5, 12, 17, 9, 8, 1, 0, 4, 11],
        [15, 12, 0, 13, 6, 10, 7, 19, 4, 14, 1, 8, 18, 11, 16, 5, 9, 17, 2, 3],
    ],
    (40, 16, 1337): [
        [
            14,
            6,
            16,
            4,
            8,
            5,
            12,
            9,
            0,
            3,
            22,
            24,
            15,
            26,
            18,
            1,
            2,
            30,
            33,
            20,
            17,
            11,
            19,
            34,
            23,
            38,
            29,
            10,
            32,
            37,
            27,
            36,
            28,
            25,
            39,
            35,
            31,
            21,
            13,
            7,
        ],
        [
            7,
            10,
            11,
            14,
            3,
            15,
            4,
            19,
            20,
            5,
            16,
            2,
            17,
            28,
            26,
            23,
            9,
            29,
            24,
            30,
            8,
            6,
            22,
            0,
            34,
            33,
            27,
            12,
            18,
            32,
            35,
            25,
            31,
            36,
            37,
            21,
            13,
            38,
            1,
            39,
        ],
        [
            10,
            8,
            15,
            11,
            3,
            1,
            9,
            20,
            16,
            22,
            5,
            23,
            13,
            21,
            18,
            25,
            6,
            12,
            2,
            30,
            7,
            19,
            37,
            31,
            29,
            32,
            24,
            0,
            35,
            36,
            14,
            27,
            33,
            38,
            34,
            28,
            39,
            17,
            4,
            26,
        ],
    ],
}


@pytest.mark.parametrize("case", TENSORFLOW, ids=str)
def test_orders_are_those_recorded_from_tensorflow(case: tuple[int, int, int]) -> None:
    count, buffer_size, seed = case
    assert [list(epoch_order(count, buffer_size, seed, epoch)) for epoch in range(3)] == TENSORFLOW[case]


@given(count=st.integers(0, 200), seed=st.integers(0, 2**32 - 1))
def test_permutation_is_numpys_shuffle_of_a_list(count: int, seed: int) -> None:
    expected = list(range(count))
    np.random.RandomState(seed).shuffle(expected)
    assert permutation(count, seed) == expected


@given(count=st.integers(0, 200), size=st.integers(1, 250), seed=st.integers(0, 2**40), epoch=st.integers(0, 2**60))
def test_an_epoch_has_every_element_once_and_none_before_it_entered_the_buffer(
    count: int, size: int, seed: int, epoch: int
) -> None:
    order = list(epoch_order(count, size, seed, epoch))
    assert sorted(order) == list(range(count))
    assert all(element < place + size for place, element in enumerate(order))


def test_epochs_and_seeds_differ() -> None:
    orders = {tuple(epoch_order(50, 20, seed, epoch)) for seed in range(4) for epoch in range(4)}
    assert len(orders) == 16


def test_a_buffer_of_one_keeps_the_order() -> None:
    assert list(epoch_order(9, 1, seed=3, epoch=5)) == list(range(9))


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_that_numpy_refuses_are_refused(seed: int) -> None:
    with pytest.raises(ValueError, match=r"Seed must be between 0 and 2\*\*32 - 1"):
        permutation(3, seed)

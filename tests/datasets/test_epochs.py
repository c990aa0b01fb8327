from __future__ import annotations

from dataclasses import replace

import pytest

from audio_logging.datasets.epochs import EpochPlan
from audio_logging.datasets.shuffle import epoch_order

PLAN = EpochPlan(count=50, batch_size=8, shuffle=True, reshuffle=True, seed=3, random_windows=False)


def order_of(plan: EpochPlan, epoch: int) -> list[int]:
    return [index for task in plan.tasks(epoch) for index in task.indices]


def test_the_buffer_is_8_batches_or_1024_files() -> None:
    assert order_of(replace(PLAN, batch_size=2), 1) == list(epoch_order(50, 16, 3, 1))
    assert order_of(replace(PLAN, batch_size=None, count=1100), 0) == list(epoch_order(1100, 1024, 3, 0))


@pytest.mark.parametrize(("size", "batches", "last"), [(8, 7, 2), (50, 1, 50), (None, 50, 1), (1, 50, 1), (60, 1, 50)])
def test_the_last_batch_is_short(size: int | None, batches: int, last: int) -> None:
    tasks = list(replace(PLAN, batch_size=size).tasks(0))
    assert len(tasks) == batches == replace(PLAN, batch_size=size).batches
    assert len(tasks[-1].indices) == last


def test_epochs_are_the_same_when_not_reshuffled() -> None:
    fixed = replace(PLAN, reshuffle=False, random_windows=True)
    assert list(fixed.tasks(0)) == list(fixed.tasks(5))
    assert order_of(fixed, 3) == order_of(PLAN, 0)
    assert order_of(PLAN, 1) != order_of(PLAN, 0)


def test_an_epoch_can_be_entered_anywhere_and_shared() -> None:
    every = list(PLAN.tasks(2))
    assert list(PLAN.tasks(2, first=5)) == every[5:]
    assert [list(PLAN.tasks(2, first=worker, every=3)) for worker in range(3)] == [
        every[worker::3] for worker in range(3)
    ]
    assert list(PLAN.tasks(2, first=7)) == []


def test_random_places_follow_the_file_and_not_the_order() -> None:
    by_file = {}
    for size in (8, 3):
        plan = replace(PLAN, batch_size=size, random_windows=True)
        places = {
            index: place for task in plan.tasks(4) for index, place in zip(task.indices, task.places, strict=True)
        }
        by_file[size] = places
    assert by_file[8] == by_file[3]
    assert len(set(by_file[8].values())) == 50


def test_places_are_zero_without_random_windows() -> None:
    assert {place for task in PLAN.tasks(0) for place in task.places} == {0.0}

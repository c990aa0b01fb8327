from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_logging.errors import AudioValueError
from audio_logging.predictions.selection import Budget, Cadence, Spending, When, check_select, choose


def due_at(when: When, steps: Sequence[int]) -> list[int]:
    """Return the steps at which calls at all of them are due."""
    cadence = Cadence(when)
    return [step for step in steps if cadence.is_due(epoch=None, step=step, metrics={})]


def due_epochs(when: When, epochs: Sequence[int]) -> list[int]:
    cadence = Cadence(when)
    return [epoch for epoch in epochs if cadence.is_due(epoch=epoch, step=None, metrics={})]


ONLY: dict[str, Any] = {"first": False, "last": False}


def test_only_the_first_call_is_due_by_default() -> None:
    assert due_at(When(), range(10)) == [0]


def test_every_n_steps_goes_by_crossing_not_by_remainder() -> None:
    assert due_at(When(every_n_steps=100, **ONLY), [7, 50, 99, 103, 150, 199, 201, 400, 401, 450, 500]) == [
        103,
        201,
        400,
        500,
    ]


def test_a_step_that_stands_still_or_jumps_is_due_once() -> None:
    # Two optimizers advance Lightning's step by two; accumulation lets it stand still.
    assert due_at(When(every_n_steps=3, **ONLY), [2, 2, 4, 4, 6, 6, 8, 8, 10]) == [4, 6, 10]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.integers(1, 70))
def test_no_multiple_is_missed_and_none_is_met_twice(jumps: list[int], every: int) -> None:
    steps = np.cumsum(jumps).tolist()
    due = due_at(When(every_n_steps=every, **ONLY), steps)
    reached = [next(step for step in steps if step >= mark) for mark in range(every, steps[-1] + 1, every)]
    assert due == sorted(set(reached))


def test_every_n_epochs_counts_from_zero_or_from_one() -> None:
    assert due_epochs(When(every_n_epochs=1, **ONLY), range(4)) == [0, 1, 2, 3]
    assert due_epochs(When(every_n_epochs=2, **ONLY), range(1, 7)) == [2, 4, 6]
    assert due_epochs(When(every_n_epochs=2), range(6)) == [0, 2, 4]


def test_at_steps_is_the_first_call_at_or_after_each() -> None:
    assert due_at(When(at_steps=[0, 10, 11, 100], **ONLY), [0, 5, 10, 12, 99, 250, 300]) == [0, 10, 12, 250]


def test_best_is_every_call_that_beats_all_before() -> None:
    cadence = Cadence(When(best=("val_loss", "min"), **ONLY))
    losses = [3.0, 4.0, 2.0, 2.0, float("nan"), None, "two", 1.5]
    due = [cadence.is_due(epoch=epoch, step=None, metrics={"val_loss": loss}) for epoch, loss in enumerate(losses)]
    assert due == [True, False, True, False, False, False, False, True]


def test_best_can_be_the_largest_and_takes_numbers_of_any_kind() -> None:
    cadence = Cadence(When(best=("acc", "max"), **ONLY))
    scores: list[Any] = [np.float32(0.5), np.array(0.7), 0.6]
    assert [cadence.is_due(epoch=None, step=i, metrics={"acc": acc}) for i, acc in enumerate(scores)] == [
        True,
        True,
        False,
    ]


def test_the_last_call_is_due_at_the_end_unless_it_was_logged() -> None:
    cadence = Cadence(When(every_n_steps=10))
    assert not cadence.is_due_at_end()
    cadence.is_due(epoch=None, step=10, metrics={})
    assert not cadence.is_due_at_end()
    cadence.is_due(epoch=None, step=11, metrics={})
    assert cadence.is_due_at_end()
    assert not Cadence(When(last=False)).is_due_at_end()


def test_what_was_missed_is_due_at_the_end() -> None:
    cadence = Cadence(When())
    cadence.is_due(epoch=None, step=1, metrics={})
    cadence.missed()
    assert cadence.is_due_at_end()


def test_what_was_postponed_is_due_at_the_next_call() -> None:
    cadence = Cadence(When(every_n_epochs=1))
    assert cadence.is_due(epoch=1, step=10, metrics={})
    cadence.postpone()
    assert cadence.watches_steps
    assert cadence.is_due(epoch=None, step=11, metrics={})
    assert not cadence.is_due(epoch=None, step=12, metrics={})


def test_steps_are_watched_only_while_they_can_be_due() -> None:
    assert Cadence(When(every_n_steps=5)).watches_steps
    assert Cadence(When(at_steps=(5,))).watches_steps
    cadence = Cadence(When(every_n_epochs=1))
    assert cadence.watches_steps
    cadence.is_due(epoch=None, step=1, metrics={})
    assert not cadence.watches_steps


def test_counts_that_fall_back_begin_anew() -> None:
    when = When(every_n_epochs=2, best=("loss", "min"))
    cadence = Cadence(when)
    calls = [(0, 5.0), (1, 1.0), (2, 9.0), (0, 5.0), (1, 6.0), (2, 4.0)]
    due = [cadence.is_due(epoch=epoch, step=None, metrics={"loss": loss}) for epoch, loss in calls]
    assert due == [True, True, True, True, False, True]


def test_a_resumed_cadence_goes_on_as_if_nothing_had_happened() -> None:
    when = When(every_n_steps=100, at_steps=(130,), best=("loss", "min"))
    whole, first = Cadence(when), Cadence(when)
    calls = [(50, 3.0), (110, 2.0), (120, 4.0), (140, 5.0), (190, 1.0), (210, 3.0)]
    expected = [whole.is_due(epoch=None, step=step, metrics={"loss": loss}) for step, loss in calls]
    got = [first.is_due(epoch=None, step=step, metrics={"loss": loss}) for step, loss in calls[:3]]
    second = Cadence(when)
    second.load_state_dict(first.state_dict())
    got += [second.is_due(epoch=None, step=step, metrics={"loss": loss}) for step, loss in calls[3:]]
    assert got == expected == [True, True, False, True, True, True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"every_n_epochs": 0}, r"got every_n_epochs=0, wanted a positive whole number"),
        ({"every_n_steps": 1.5}, r"got every_n_steps=1\.5, wanted a positive whole number"),
        ({"at_steps": (1, "two")}, r"got at_steps=\(1, 'two'\), wanted whole numbers"),
        ({"best": ("loss", "least")}, r"got best=\('loss', 'least'\), wanted for example \('val_loss', 'min'\)"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(AudioValueError, match=message):
        When(**arguments)


def test_numbers_of_numpy_are_whole_numbers_too() -> None:
    assert due_at(When(every_n_steps=np.int64(2), **ONLY), [1, 2, 3, 4]) == [2, 4]  # type: ignore[arg-type]


def test_a_budget_of_bytes_is_spent_once_it_is_reached() -> None:
    spending = Spending(Budget(bytes_per_run=1000))
    assert spending.objection(1.0) is None
    spending.bytes = 1000
    assert spending.objection(1.0) == "1000 bytes are stored, and the budget is bytes_per_run=1000"


def test_a_budget_of_time_leaves_short_trainings_alone() -> None:
    spending = Spending(Budget(time_fraction=0.1, free_seconds=30))
    spending.seconds = 29
    assert spending.objection(30.0) is None
    spending.seconds = 31
    assert spending.objection(100.0) == "it has taken 31 s of 100 s, and the budget is time_fraction=0.1"
    assert spending.objection(400.0) is None


def test_no_budget_is_no_limit() -> None:
    spending = Spending(Budget(bytes_per_run=None, time_fraction=None))
    spending.bytes, spending.seconds = 2**60, 1e9
    assert spending.objection(1.0) is None


@pytest.mark.parametrize("arguments", [{"bytes_per_run": -1}, {"time_fraction": 1.5}, {"time_fraction": -0.1}])
def test_a_budget_that_makes_no_sense_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(AudioValueError, match=rf"got {next(iter(arguments))}="):
        Budget(**arguments)


def test_first_takes_the_first() -> None:
    assert choose(5, "first", most=3) == [0, 1, 2]
    assert choose(2, "first", most=3) == [0, 1]
    assert choose(0, "first", most=3) == []


def test_random_is_the_same_for_the_same_seed_only() -> None:
    assert choose(1000, "random", most=5, seed=3) == choose(1000, "random", most=5, seed=3)
    assert choose(1000, "random", most=5, seed=3) != choose(1000, "random", most=5, seed=4)
    assert choose(3, "random", most=5) == [0, 1, 2]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40), st.integers(1, 12), st.integers(0, 5))
def test_stratified_takes_as_many_of_each_label_as_there_are(labels: list[str], most: int, seed: int) -> None:
    chosen = choose(len(labels), "stratified", most=most, labels=labels, seed=seed)
    assert len(chosen) == min(most, len(labels)) == len(set(chosen))
    counts = {label: sum(labels[position] == label for position in chosen) for label in set(labels)}
    for label, count in counts.items():
        assert count >= min(labels.count(label), most // len(counts))


def test_positions_keep_their_order_and_come_once() -> None:
    assert choose(10, [7, 3, 7, 1], most=5) == [7, 3, 1]
    with pytest.raises(AudioValueError, match="got position 10 in select, wanted 0 to 9"):
        choose(10, [10], most=5)


def test_a_choice_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(AudioValueError, match=r"got select='best', wanted 'first', 'random', 'stratified' or a list"):
        check_select("best", 16)
    with pytest.raises(AudioValueError, match=r"got select=\[1, 'a'\]"):
        check_select([1, "a"], 16)
    with pytest.raises(AudioValueError, match="without labels"):
        choose(3, "stratified", most=2)


def test_more_positions_than_clips_are_refused_rather_than_cut() -> None:
    check_select(range(16), 16)
    with pytest.raises(AudioValueError, match="got 17 positions in select and max_clips=16, wanted max_clips=17"):
        check_select(range(17), 16)

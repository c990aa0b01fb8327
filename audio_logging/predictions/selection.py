"""Which samples are logged, when, and how much: pure rules and the little that they remember."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from audio_logging.errors import AudioValueError

__all__ = ["Budget", "Cadence", "Select", "Spending", "When", "check_select", "choose"]

Select: TypeAlias = Literal["first", "random", "stratified"] | Sequence[int]


@dataclass(frozen=True)
class When:
    """When predictions are logged.

    Counts are compared by crossing, not by remainder: ``every_n_steps=100`` logs at the first call at or after each
    hundred, whichever steps the calls happen to come at.

    Attributes
    ----------
    every_n_epochs : int or None
    every_n_steps : int or None
    at_steps : sequence of int
        The first call at or after each of these.
    first : bool
        At the first call.
    last : bool
        At the end, unless the last call was logged.
    best : (str, "min" or "max") or None
        Whenever this metric, which the caller passes to ``step(metrics=...)``, is better than ever before.

    Examples
    --------
    >>> When(every_n_steps=1000, best=("val_loss", "min"))
    When(every_n_epochs=None, every_n_steps=1000, at_steps=(), first=True, last=True, best=('val_loss', 'min'))
    """

    every_n_epochs: int | None = None
    every_n_steps: int | None = None
    at_steps: Sequence[int] = ()
    first: bool = True
    last: bool = True
    best: tuple[str, Literal["min", "max"]] | None = None

    def __post_init__(self) -> None:
        for name in ("every_n_epochs", "every_n_steps"):
            number = getattr(self, name)
            if number is not None and (_whole(number) or 0) <= 0:
                raise AudioValueError(f"got {name}={number!r}, wanted a positive whole number or None")
        if any(_whole(step) is None for step in self.at_steps):
            raise AudioValueError(f"got at_steps={self.at_steps!r}, wanted whole numbers")
        if self.best is not None and tuple(self.best)[1:] not in (("min",), ("max",)):
            raise AudioValueError(f"got best={self.best!r}, wanted for example ('val_loss', 'min')")

    @property
    def watches_steps(self) -> bool:
        """Whether a call between two epochs can be due; if not, there is no need to make one for each step."""
        return self.every_n_steps is not None or bool(self.at_steps)


class Cadence:
    """Says whether a call is due, and remembers what it needs for that.

    Parameters
    ----------
    when : When
    """

    def __init__(self, when: When) -> None:
        self._when = when
        self._epoch: int | None = None
        self._step: int | None = None
        self._best: float | None = None
        self._called = False
        self._owed = False
        self._logged_last_call = False

    @property
    def watches_steps(self) -> bool:
        """Whether a call between two epochs can be due now."""
        return self._owed or self._when.watches_steps or (self._when.first and not self._called)

    def is_due(self, *, epoch: int | None, step: int | None, metrics: Mapping[str, Any]) -> bool:
        """Return whether predictions are to be logged now.

        Parameters
        ----------
        epoch, step : int or None
            Where training stands.
        metrics : dict
            Of the latest validation.

        Returns
        -------
        bool
        """
        self._forget_if_restarted(epoch, step)
        due = self._owed or (self._when.first and not self._called)
        due |= _crossed(self._epoch, epoch, self._when.every_n_epochs)
        due |= _crossed(self._step, step, self._when.every_n_steps)
        due |= _passed(self._step, step, self._when.at_steps)
        due |= self._is_best(metrics)
        self._called, self._owed = True, False
        self._epoch = self._epoch if epoch is None else epoch
        self._step = self._step if step is None else step
        self._logged_last_call = bool(due)
        return bool(due)

    def is_due_at_end(self) -> bool:
        """Return whether the last state is to be logged and was not."""
        return self._when.last and self._called and not self._logged_last_call

    def missed(self) -> None:
        """Say that what was due was not logged after all."""
        self._logged_last_call = False

    def postpone(self) -> None:
        """Say that what was due cannot be logged yet: the next call is due instead."""
        self._owed, self._logged_last_call = True, False

    def logged(self) -> None:
        """Say that the last call is logged, though it was not due: the same state of the model was."""
        self._owed, self._logged_last_call = False, True

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed training needs."""
        counts = {"epoch": self._epoch, "step": self._step, "best": self._best}
        return {**counts, "called": self._called, "owed": self._owed}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self._epoch, self._step, self._best = state.get("epoch"), state.get("step"), state.get("best")
        self._called, self._owed = bool(state.get("called")), bool(state.get("owed"))

    def _forget_if_restarted(self, epoch: int | None, step: int | None) -> None:
        """Begin anew where counts fall back, as in a second training with the same model."""
        if _fell(self._epoch, epoch) or _fell(self._step, step):
            self._epoch = self._step = self._best = None
            self._called = self._owed = False

    def _is_best(self, metrics: Mapping[str, Any]) -> bool:
        if self._when.best is None:
            return False
        name, direction = self._when.best
        value = _number(metrics.get(name))
        if value is None:
            return False
        better = self._best is None or (value < self._best if direction == "min" else value > self._best)
        self._best = value if better else self._best
        return better


@dataclass(frozen=True)
class Budget:
    """How much prediction logging may cost; what goes beyond it is skipped, with one warning, and counted.

    Attributes
    ----------
    bytes_per_run : int or None
        Stored audio and tables.
    time_fraction : float or None
        Share of the wall time since `begin` that predicting and handing over may take.
    free_seconds : float
        [s] The first seconds do not count, so that short trainings are logged whole.
    """

    bytes_per_run: int | None = 2**30
    time_fraction: float | None = 0.05
    free_seconds: float = 30.0

    def __post_init__(self) -> None:
        if self.bytes_per_run is not None and self.bytes_per_run < 0:
            raise AudioValueError(f"got bytes_per_run={self.bytes_per_run!r}, wanted 0 or more, or None")
        if self.time_fraction is not None and not 0 <= self.time_fraction <= 1:
            raise AudioValueError(f"got time_fraction={self.time_fraction!r}, wanted 0 to 1, or None")


class Spending:
    """What has been spent of a budget.

    Parameters
    ----------
    budget : Budget
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.bytes = 0
        self.seconds = 0.0

    def objection(self, elapsed: float) -> str | None:
        """Return why there should be no more logging now, or None.

        Parameters
        ----------
        elapsed : float
            [s] Since the training began.

        Returns
        -------
        str or None
        """
        budget = self._budget
        if budget.bytes_per_run is not None and self.bytes >= budget.bytes_per_run:
            return f"{self.bytes} bytes are stored, and the budget is bytes_per_run={budget.bytes_per_run}"
        if budget.time_fraction is None or self.seconds <= budget.free_seconds:
            return None
        if self.seconds > budget.time_fraction * elapsed:
            return (
                f"it has taken {self.seconds:.0f} s of {elapsed:.0f} s, and the budget is "
                f"time_fraction={budget.time_fraction:g}"
            )
        return None


def choose(count: int, select: Select, *, most: int, labels: Sequence[Any] | None = None, seed: int = 0) -> list[int]:
    """Choose which samples to log, the same ones whenever the arguments are the same.

    Parameters
    ----------
    count : int
        How many there are.
    select : {"first", "random", "stratified"} or sequence of int
        "stratified" takes turns through the labels; a sequence names the samples itself.
    most : int
        How many to choose at most.
    labels : sequence, optional
        One a sample, for "stratified".
    seed : int
        For "random" and "stratified".

    Returns
    -------
    list of int
        Positions, rising but for a sequence, whose order is kept.

    Raises
    ------
    AudioValueError
        Another word, a position that does not exist, or no labels for "stratified".

    Examples
    --------
    >>> choose(6, "stratified", most=4, labels=["a", "a", "a", "b", "b", "c"], seed=1)
    [1, 2, 3, 5]
    """
    if not isinstance(select, str):
        return _checked_positions(select, count, most)
    if select == "first":
        return list(range(min(count, most)))
    if select == "random":
        return sorted(random.Random(seed).sample(range(count), min(count, most)))
    if select == "stratified":
        if labels is None:
            raise AudioValueError("got select='stratified' for samples without labels, wanted 'first' or 'random'")
        return _stratified(labels, most, seed)
    raise AudioValueError(_no_choice(select))


def check_select(select: Any, most: int) -> None:
    """Raise when this is no way to choose samples.

    Parameters
    ----------
    select : {"first", "random", "stratified"} or sequence of int
    most : int

    Raises
    ------
    AudioValueError
        Another word, no whole numbers, or more positions than `most`: none is left out without a word.
    """
    if isinstance(select, str):
        if select not in ("first", "random", "stratified"):
            raise AudioValueError(_no_choice(select))
        return
    if any(_whole(position) is None for position in select):
        raise AudioValueError(_no_choice(select))
    count = len(set(select))
    if count > most:
        raise AudioValueError(f"got {count} positions in select and max_clips={most}, wanted max_clips={count}")


def _no_choice(select: Any) -> str:
    return f"got select={select!r}, wanted 'first', 'random', 'stratified' or a list of positions"


def _stratified(labels: Sequence[Any], most: int, seed: int) -> list[int]:
    groups: dict[str, list[int]] = {}
    for position, label in enumerate(labels):
        groups.setdefault(str(label), []).append(position)
    generator = random.Random(seed)
    for label in sorted(groups):
        generator.shuffle(groups[label])
    turns = [(turn, label, position) for label, group in groups.items() for turn, position in enumerate(group[:most])]
    return sorted(position for _, _, position in sorted(turns)[:most])


def _checked_positions(select: Sequence[int], count: int, most: int) -> list[int]:
    positions = list(dict.fromkeys(int(position) for position in select))[:most]
    for position in positions:
        if not 0 <= position < count:
            raise AudioValueError(f"got position {position} in select, wanted 0 to {count - 1}")
    return positions


def _crossed(before: int | None, now: int | None, every: int | None) -> bool:
    if every is None or now is None:
        return False
    if before is None:
        return every == 1 or now // every > 0
    return now // every > before // every


def _fell(before: int | None, now: int | None) -> bool:
    return before is not None and now is not None and now < before


def _passed(before: int | None, now: int | None, marks: Sequence[int]) -> bool:
    if now is None:
        return False
    return any((before is None or before < mark) and mark <= now for mark in marks)


def _whole(value: Any) -> int | None:
    try:
        return operator.index(value)
    except TypeError:
        return None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None

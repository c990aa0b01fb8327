"""Side by side: subjects take turns in random order in one process, and are compared pair by pair.

The machines this runs on are shared and noisy. A burst of noise then hits all subjects of a round alike, so that the
median of the rounds' ratios says more than the ratio of two medians; the best of all rounds says what is possible.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any, TypeAlias, TypeVar

__all__ = [
    "FULL",
    "QUICK",
    "Effort",
    "Measure",
    "Rounds",
    "Subject",
    "compare",
    "in_fresh_process",
    "in_turn",
    "nothing",
    "once",
    "take_turns",
]

T = TypeVar("T")

Rounds: TypeAlias = Mapping[str, tuple[float, ...]]
"""What was measured, by subject, one figure a round."""


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes
    ----------
    seconds : float
        [s] When a comparison has taken as long, no further round begins.
    fewest, most : int
        Rounds of a comparison.
    scale : float
        Of the lengths and numbers of clips, 1.0 is what the tables say.
    """

    seconds: float
    fewest: int
    most: int
    scale: float = 1.0

    def count(self, number: int) -> int:
        """Return how many of a number of things to take."""
        return max(1, round(number * self.scale))


FULL = Effort(seconds=2.0, fewest=7, most=40)
QUICK = Effort(seconds=0.0, fewest=1, most=1, scale=0.02)


def nothing(*_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Subject:
    """What takes its turn.

    Attributes
    ----------
    call : callable
        Gets what `take_turns` prepared for it; this is measured.
    settle : callable
        Called after it: no background work of one subject may run while another one is measured.
    """

    call: Callable[[Any], object]
    settle: Callable[[], object] = nothing


@dataclass(frozen=True)
class Measure:
    """One line of a table: a figure of ours beside a figure of a peer, or a limit, from the same run.

    Attributes
    ----------
    what : str
    ours, theirs : float
        Medians.
    unit : str
    peer : str
        Whose figure is beside ours.
    ratio : float
        Ours to theirs: the median over the rounds.
    best_ratio : float
        Our best round to their best.
    goal : float or None
        The most that `ratio` may be.
    """

    what: str
    ours: float
    theirs: float
    unit: str
    peer: str
    ratio: float
    best_ratio: float
    goal: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None without one."""
        return None if self.goal is None else self.ratio <= self.goal


def in_turn(calls: Mapping[str, Callable[[], T]], effort: Effort, *, warm_up: bool = True) -> dict[str, tuple[T, ...]]:
    """Call each in turn, in a new random order each round.

    Parameters
    ----------
    calls : dict of callable
    effort : Effort
    warm_up : bool
        Whether one more round goes first that is not counted.

    Returns
    -------
    dict of tuple
        What they returned, by name, one item a round.
    """
    returned: dict[str, list[T]] = {name: [] for name in calls}
    begun = time.perf_counter()
    for number in range(effort.most + warm_up):
        if number >= effort.fewest + warm_up and time.perf_counter() - begun > effort.seconds:
            break
        for name in random.sample(list(calls), len(calls)):
            returned[name].append(calls[name]())
    return {name: tuple(every[warm_up:]) for name, every in returned.items()}


def take_turns(
    subjects: Mapping[str, Subject],
    effort: Effort,
    *,
    prepare: Callable[[], Any] = nothing,
    before: Callable[[], object] = nothing,
    clock: Callable[[], float] = time.perf_counter,
) -> Rounds:
    """Measure how long subjects take, in turn.

    Parameters
    ----------
    subjects : dict of Subject
    effort : Effort
    prepare : callable
        Returns what a subject's call gets; made anew for each call, and held until the clock has stopped.
    before : callable
        Called right before the clock starts.
    clock : callable
        Returns seconds.

    Returns
    -------
    dict of tuple of float
        [s] By subject, one figure a round.
    """
    calls = {name: partial(_one_turn, subject, prepare, before, clock) for name, subject in subjects.items()}
    return in_turn(calls, effort)


def _one_turn(
    subject: Subject, prepare: Callable[[], Any], before: Callable[[], object], clock: Callable[[], float]
) -> float:
    value = prepare()
    before()
    started = clock()
    held = subject.call(value)
    elapsed = clock() - started
    del held
    subject.settle()
    return elapsed


def in_fresh_process(call: Callable[..., T], *arguments: object) -> T:
    """Call where nothing else has grown the heap, imported a module or started a thread.

    Parameters
    ----------
    call : callable
        Of a module, by name.
    *arguments
        Pickled, as is what it returns.

    Returns
    -------
    object
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(call, *arguments).result()


def compare(
    what: str,
    rounds: Rounds,
    ours: str,
    peer: str,
    *,
    named: str | None = None,
    unit: str = "ms",
    factor: float = 1e3,
    plus: float = 0.0,
    goal: float | None = None,
) -> Measure:
    """Set one subject beside another one.

    Parameters
    ----------
    what : str
        What was done.
    rounds : dict
    ours, peer : str
        Which subjects.
    named : str, optional
        What to call the peer; default: its own name.
    unit : str
    factor : float
        From what was measured to `unit`.
    plus : float
        Added to the peer's figures, before `factor`.
    goal : float, optional
        The most that the ratio may be.

    Returns
    -------
    Measure
    """
    own = rounds[ours]
    other = [figure + plus for figure in rounds[peer]]
    return Measure(
        what,
        statistics.median(own) * factor,
        statistics.median(other) * factor,
        unit,
        named or peer,
        statistics.median(a / b for a, b in zip(own, other, strict=True)),
        min(own) / min(other),
        goal,
    )


def once(what: str, ours: float, theirs: float, unit: str, peer: str, *, goal: float | None = None) -> Measure:
    """Set two figures beside each other that no noise changes, such as bytes.

    Parameters
    ----------
    what : str
    ours, theirs : float
        [unit]
    unit, peer : str
    goal : float, optional
        The most that the ratio may be.

    Returns
    -------
    Measure
    """
    ratio = ours / theirs
    return Measure(what, ours, theirs, unit, peer, ratio, ratio, goal)

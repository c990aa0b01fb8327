"""How the processes that train together share the work: rank 0 alone, all for rank 0, or each for itself.

One interface over the three, so that nobody else asks how many processes there are. `Together` and `Apart` have to be
made, and called, by all processes at once.
"""
# ruff: noqa: D102 - the protocol documents the methods

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import wandb

from audio_logging.errors import AudioLoggingError, NoRunError
from audio_logging.predictions.prediction import Prediction
from audio_logging.predictions.processes import Processes, rank_of_this
from audio_logging.predictions.samples import Sample
from audio_logging.predictions.sharing import Collected, Sharing
from audio_logging.predictions.starting import StartRun, find_run, join_run

__all__ = ["Alone", "Apart", "FoundRun", "Outcome", "Team", "Together", "find_team"]

Outcome: TypeAlias = Literal["logged", "waits", "failed"]
"""What became of an event."""


@dataclass(frozen=True)
class FoundRun:
    """The run that a training is logged to.

    Attributes
    ----------
    key : str
        Tells it from other runs, in all processes alike.
    run : wandb.Run or None
        None in processes that only predict.
    is_disabled : bool
        Whether nothing is logged.
    started : bool
        Whether it was started here, and so has to be finished here.
    """

    key: str
    run: wandb.Run | None
    is_disabled: bool = False
    started: bool = False


class Team(Protocol):
    """What a PredictionLogger wants of the processes."""

    @property
    def logs(self) -> bool:
        """Whether this process takes part at all."""

    @property
    def is_together(self) -> bool:
        """Whether all processes run the model, and as often."""

    def find_run(self, run: wandb.Run | None, start: StartRun) -> FoundRun:
        """Return the run to log to; raises NoRunError where there is none."""

    def share(self, choose: Callable[[], Sequence[Sample]], most: int) -> tuple[Sequence[Sample], Sequence[Sample]]:
        """Return the samples that this process logs, and those that it predicts."""

    def agree(self, due: bool) -> bool:
        """Return whether predictions are logged now: as the first process says, since clocks and metrics differ."""

    def collect(self, predictions: Sequence[tuple[Sample, Prediction]], problem: BaseException | None) -> Collected:
        """Return what this process logs."""

    def settle(self, outcome: Outcome) -> Outcome:
        """Return what became of an event, in all processes alike."""

    def name_for(self, name: str, run: wandb.Run | None) -> str:
        """Return the group of keys that this process logs under."""


class Alone:
    """Rank 0 predicts and logs; the others do nothing.

    Parameters
    ----------
    is_main : bool
        Whether this is rank 0.
    """

    is_together = False

    def __init__(self, is_main: bool) -> None:
        self._is_main = is_main

    @property
    def logs(self) -> bool:
        return self._is_main

    def find_run(self, run: wandb.Run | None, start: StartRun) -> FoundRun:
        return _found(*find_run(run, start))

    def share(self, choose: Callable[[], Sequence[Sample]], most: int) -> tuple[Sequence[Sample], Sequence[Sample]]:  # noqa: ARG002
        chosen = choose()
        return chosen, chosen

    def agree(self, due: bool) -> bool:
        return due

    def collect(self, predictions: Sequence[tuple[Sample, Prediction]], problem: BaseException | None) -> Collected:  # noqa: ARG002
        return Collected(list(predictions))

    def settle(self, outcome: Outcome) -> Outcome:
        return outcome

    def name_for(self, name: str, run: wandb.Run | None) -> str:  # noqa: ARG002 - part of the interface
        return name


class Apart(Alone):
    """Each process predicts its part and logs it itself, to one run in W&B's shared mode or to one of its own.

    Parameters
    ----------
    processes : Processes
    """

    def __init__(self, processes: Processes) -> None:
        super().__init__(is_main=True)
        self._processes = processes

    def find_run(self, run: wandb.Run | None, start: StartRun) -> FoundRun:
        return _found(*join_run(self._processes, run, start))

    def share(self, choose: Callable[[], Sequence[Sample]], most: int) -> tuple[Sequence[Sample], Sequence[Sample]]:
        chosen, problem = _chosen(choose)
        share = Sharing(self._processes, chosen, most).share
        if problem is not None:
            raise problem
        own = list({sample.clip_id: sample for sample in share}.values())
        return own, own

    def name_for(self, name: str, run: wandb.Run | None) -> str:
        is_one_run = run is not None and run.settings.mode == "shared"
        return f"{name}/rank{self._processes.rank}" if is_one_run else name


class Together:
    """Each process predicts its part, and rank 0 logs them all.

    Parameters
    ----------
    processes : Processes
    """

    logs = True
    is_together = True

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._sharing: Sharing | None = None

    def find_run(self, run: wandb.Run | None, start: StartRun) -> FoundRun:
        found: FoundRun | None = None
        problem: AudioLoggingError | None = None
        if self._processes.is_first:
            try:
                found = _found(*find_run(run, start))
            except AudioLoggingError as error:
                problem = error
        told = self._processes.from_first(None if found is None else (found.key, found.is_disabled))
        if problem is not None:
            raise problem
        if told is None:
            raise NoRunError("rank 0 has no W&B run to log to")
        return found if found is not None else FoundRun(told[0], None, told[1])

    def share(self, choose: Callable[[], Sequence[Sample]], most: int) -> tuple[Sequence[Sample], Sequence[Sample]]:
        chosen, problem = _chosen(choose)
        self._sharing = Sharing(self._processes, chosen, most)
        if problem is not None and not self._sharing.samples:
            raise problem
        return self._sharing.samples, self._sharing.share

    def agree(self, due: bool) -> bool:
        return self._processes.from_first(due)

    def collect(self, predictions: Sequence[tuple[Sample, Prediction]], problem: BaseException | None) -> Collected:
        return Collected() if self._sharing is None else self._sharing.collect(predictions, problem)

    def settle(self, outcome: Outcome) -> Outcome:
        return self._processes.from_first(outcome)

    def name_for(self, name: str, run: wandb.Run | None) -> str:  # noqa: ARG002 - part of the interface
        return name


def find_team(*, gathers: bool, shared: bool, timeout: float, is_main: bool | None) -> Team:
    """Return how this process works together with the others.

    Parameters
    ----------
    gathers, shared : bool
        Whether rank 0 logs what all predict; whether each logs for itself.
    timeout : float
        [s] How long processes wait for each other.
    is_main : bool or None
        Whether this is rank 0, for the case that it works alone; None: find out.

    Returns
    -------
    Team
    """
    if shared:
        return Apart(Processes(timeout))
    if gathers:
        return Together(Processes(timeout))
    return Alone(is_main if is_main is not None else rank_of_this() == 0)


def _found(run: wandb.Run, started: bool) -> FoundRun:
    return FoundRun(f"{run.id} {id(run)}", run, bool(run.disabled), started)


def _chosen(choose: Callable[[], Sequence[Sample]]) -> tuple[Sequence[Sample], AudioLoggingError | None]:
    """Choose, or say why not: the other processes wait to hear of it."""
    try:
        return choose(), None
    except AudioLoggingError as error:
        return [], error

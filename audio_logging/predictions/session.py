"""PredictionSession: one training as a PredictionLogger sees it: what is due, what is predicted, what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audio_logging import _wandb
from audio_logging.errors import AudioLoggingError, AudioValueError, PredictionError
from audio_logging.logger.audio_logger import AudioLogger
from audio_logging.notices import warn_once
from audio_logging.predictions.events import PredictionEvents
from audio_logging.predictions.observations import Observations
from audio_logging.predictions.predicting import Predictor
from audio_logging.predictions.prediction import Prediction
from audio_logging.predictions.processes import process_count
from audio_logging.predictions.reporting import Reporter
from audio_logging.predictions.samples import Sample
from audio_logging.predictions.selection import Cadence, Spending, When
from audio_logging.predictions.teams import FoundRun, Outcome, Team
from audio_logging.predictions.undisturbed import is_spread

__all__ = ["PredictionSession", "SessionSetup"]


@dataclass(frozen=True)
class SessionSetup:
    """What all sessions of a PredictionLogger have in common; the words are those of its parameters."""

    name: str
    when: When
    predictor: Predictor
    spectrogram: bool
    max_clips: int
    errors: Reporter


class PredictionSession:
    """Logs predictions while one training goes on. With several processes all of them make the same calls.

    Parameters
    ----------
    setup : SessionSetup
    team : Team
    found : FoundRun
    logger : AudioLogger or None
        None in processes that only predict.
    cadence : Cadence
    spending : Spending
    """

    def __init__(
        self,
        setup: SessionSetup,
        team: Team,
        found: FoundRun,
        logger: AudioLogger | None,
        *,
        cadence: Cadence,
        spending: Spending,
    ) -> None:
        self.found = found
        self.logger = logger
        self.events: PredictionEvents | None = None
        self._setup, self._team, self._errors = setup, team, setup.errors
        self._cadence, self._spending = cadence, spending
        self._observed = Observations()
        self._chosen: Sequence[Sample] = ()
        self._share: Sequence[Sample] = ()
        self._last: dict[str, Any] = {}
        self._tried_step: int | None = None
        self._begun = time.monotonic()

    @property
    def watches_steps(self) -> bool:
        """Whether `step` can be due between two epochs."""
        return not self.found.is_disabled and self._cadence.watches_steps

    def log_samples(
        self, choose: Callable[[], Sequence[Sample]], *, listed: bool, before: PredictionEvents | None
    ) -> None:
        """Log the samples, unless they are in this run already.

        Parameters
        ----------
        choose : callable
        listed : bool
            Whether the history gets a list of them.
        before : PredictionEvents or None
            Of an earlier training with the same run, which has logged them.
        """
        if self.found.is_disabled:
            return
        with self._errors.guard("the samples were not logged"):
            logged, self._share = self._team.share(choose, self._setup.max_clips)
            self._chosen = choose()
            if self.logger is None:
                return
            if before is not None:
                before.go_on_with(self.logger)
                self.events = before
                return
            name = self._team.name_for(self._setup.name, self.found.run)
            self.events = PredictionEvents(
                self.logger, name, logged, spending=self._spending, spectrogram=self._setup.spectrogram
            )
            self.events.log_samples(listed=listed)

    def step(self, *, epoch: int | None, step: int | None, model: Any, metrics: Mapping[str, Any] | None) -> bool:
        """Log predictions if they are due; see :meth:`audio_logging.PredictionLogger.step`."""
        if self.found.is_disabled:
            return False
        self._errors.raise_pending()
        self._last = {"epoch": epoch, "step": step, "model": model}
        due = self._cadence.is_due(epoch=epoch, step=step, metrics=metrics or {})
        if step is not None and step == self._tried_step:
            self._cadence.logged()
            return False
        if due and not self._can_predict():
            self._cadence.postpone()
            return False
        watched = self._setup.when.best is not None and metrics is not None
        return self._is_agreed(due, ask=due or watched) and self._log_event(**self._last)

    def observe(self, ids: Sequence[Any], outputs: Any) -> None:
        """Take outputs of a validation; see :meth:`audio_logging.PredictionLogger.observe`."""
        with self._errors.guard("outputs of the validation cannot be used"):
            outputs = list(outputs)
            if len(ids) != len(outputs):
                raise AudioValueError(f"got {len(ids)} ids for {len(outputs)} outputs, wanted one an output")
            known = {str(sample.position): sample.clip_id for sample in self._chosen}
            known.update({sample.clip_id: sample.clip_id for sample in self._chosen})
            named = [known.get(str(key.item() if hasattr(key, "item") else key)) for key in ids]
            self._observed.add({name: output for name, output in zip(named, outputs, strict=True) if name is not None})

    def end(self, *, model: Any, failed: bool) -> None:
        """Log the last state if it was not, write what waits, and finish the run if it was started here."""
        try:
            if not failed and not self.found.is_disabled:
                self._log_last(model)
        finally:
            self._last = {}
            self._close(failed=failed)

    def _can_predict(self) -> bool:
        """Whether there is a `predict`, or a validation at this very place whose outputs can be used."""
        return self._observed.are_of(self._place()) or self._setup.predictor.predict is not None

    def _place(self) -> int | None:
        step: int | None = self._last["step"]
        return step if step is not None else self._last["epoch"]

    def _is_agreed(self, due: bool, *, ask: bool) -> bool:
        due = due and self._is_affordable()
        agreed = False
        if ask:
            with self._errors.guard("the processes could not agree"):
                agreed = self._team.agree(due)
            if not agreed:
                self._cadence.missed()
        return agreed

    def _is_affordable(self) -> bool:
        objection = self._spending.objection(time.monotonic() - self._begun)
        if objection is None:
            return True
        self._errors.count_skipped()
        warn_once(
            f"{self._setup.name}: predictions are not logged for now: {objection}. What is skipped is counted in the "
            "run's summary as audio_logging/skipped. Pass budget=Budget(...) to allow more, or log less often with "
            "when=",
            "budget",
            self._setup.name,
            self.found.key,
        )
        return False

    def _log_last(self, model: Any) -> None:
        if self.found.run is not None and _wandb.is_finished(self.found.run):
            return
        due = bool(self._last) and self._cadence.is_due_at_end() and self._can_predict()
        if self._is_agreed(due, ask=True):
            self._log_event(**{**self._last, **({} if model is None else {"model": model})})

    def _log_event(self, *, epoch: int | None, step: int | None, model: Any) -> bool:
        started = time.monotonic()
        outcome: Outcome = "failed"
        with self._errors.guard("predictions were not logged"):
            made, problem = self._predicted(model)
            collected = self._team.collect(made, problem)
            waits = self._setup.predictor.predict is None and problem is None
            outcome = self._team.settle("logged" if collected.predictions else "waits" if waits else "failed")
            if self.events is not None and collected.predictions:
                self.events.log_predictions(collected.predictions, epoch=epoch, step=step)
            self._report(problem, collected.problems)
        self._spending.seconds += time.monotonic() - started
        return self._take_down(outcome, step)

    def _report(self, problem: BaseException | None, elsewhere: Sequence[str]) -> None:
        for text in elsewhere:
            self._errors.report(PredictionError(text))
        if problem is not None:
            raise problem

    def _take_down(self, outcome: Outcome, step: int | None) -> bool:
        if outcome == "waits":
            self._cadence.postpone()
            return False
        self._tried_step = step
        if outcome == "failed":
            self._cadence.missed()
        return outcome == "logged"

    def _predicted(self, model: Any) -> tuple[list[tuple[Sample, Prediction]], AudioLoggingError | None]:
        """Predict, or take what validation has predicted; or say why not: the other processes wait to hear of it."""
        try:
            if not self._observed.are_of(self._place()):
                self._check_is_whole(model)
                return self._setup.predictor.run(model, self._share), None
            outputs = self._observed.outputs
            samples = [sample for sample in self._chosen if sample.clip_id in outputs]
            return self._setup.predictor.use([outputs[sample.clip_id] for sample in samples], samples), None
        except AudioLoggingError as error:
            return [], error

    def _check_is_whole(self, model: Any) -> None:
        """Raise rather than wait for other processes, which would never come."""
        if not self._team.is_together and process_count() > 1 and is_spread(model):
            raise PredictionError(
                "the model is spread over several processes, and this one alone cannot run it. Pass predict_on='all'"
            )

    def _close(self, *, failed: bool) -> None:
        try:
            if self.logger is not None:
                self.logger.close()
        except Exception as error:
            if not failed:
                raise
            self._errors.warn(error)  # what training failed with must not be hidden behind this
        finally:
            if self.found.run is not None and self.found.started:
                self.found.run.finish(exit_code=int(failed))

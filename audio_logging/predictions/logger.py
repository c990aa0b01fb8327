"""PredictionLogger: the same few samples, and what the model makes of them while it learns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Literal

import wandb

from audio_logging._types import FormatName
from audio_logging.errors import AudioValueError, LoggerClosedError
from audio_logging.logger.audio_logger import AudioLogger, OnError
from audio_logging.notices import warn_once
from audio_logging.predictions.predicting import Predict, Predictor
from audio_logging.predictions.prediction import Activation, PredictionReader
from audio_logging.predictions.reporting import Reporter
from audio_logging.predictions.samples import Sample, choose_samples, class_names_of
from audio_logging.predictions.selection import Budget, Cadence, Select, Spending, When, check_select
from audio_logging.predictions.session import PredictionSession, SessionSetup
from audio_logging.predictions.spectrogram import require_pillow
from audio_logging.predictions.starting import StartRun
from audio_logging.predictions.tasks import Metric, TaskName, find_task
from audio_logging.predictions.teams import FoundRun, find_team
from audio_logging.predictions.undisturbed import undisturbed

__all__ = ["PredictionLogger"]

MAX_CLIPS = 16
MAX_SECONDS = 10.0
TOP_K = 5

TIMEOUT = 300.0
"""[s] A generator may take minutes for its share of the samples."""


class PredictionLogger:
    """Logs a fixed choice of samples once, and a table of predictions on them again and again.

    The samples go into the run as an artifact and as a list to listen to. Each event then adds one table that refers
    to those clips instead of copying them, offline too. Training goes on as if nothing happened: the modes of the
    model's modules, gradient mode and the random generators of Python, numpy and torch are put back, errors are
    counted, and all writing is done in the background.

    Parameters
    ----------
    samples : data set
        A sequence or iterable of dictionaries (``audio``, ``label``, and where there are any ``reference``, ``text``,
        ``clip_id``, ``sample_rate``), of ``(audio, label)`` pairs, ``(waveform, sample_rate, label, ...)`` tuples or
        clips; a torch or Hugging Face data set; an AudioDataset; or ``(clips, labels)`` arrays.
    predict : callable or None
        ``predict(model, clips)``: from a list of :class:`audio_logging.AudioClip` to a list with one dictionary a
        clip. Taken from it: ``label``, ``score``, ``scores`` (a dictionary, or a row in the order of the class
        names), ``logits``, ``audio`` (with ``sample_rate``, unless it is as long as the input, and ``length`` [frames]
        if it is padded), ``text``, ``embedding``, and anything else that is a number. A row of scores a clip will do,
        too, or a dictionary of batches. None: only what `observe` hands in is logged.
    name : str
        Group of all that is logged.
    task : {"classification", "multilabel", "asr", "tts", "separation", "codec"}, optional
        Adds the metrics that go with it; "multilabel" takes all labels that score 0.5 or more.
    select : {"first", "random", "stratified"} or sequence of int
        Which samples; chosen once, the same in every event.
    max_clips : int
    max_seconds : float or None
        [s] Longer clips are cut at their end, for the model too.
    top_k : int
        How many classes are kept with their scores.
    metrics : dict of callable
        ``metric(prediction, reference)`` a clip: of clips when the model makes audio, else of texts, else of labels.
    when : When
    budget : Budget
    on_error : {"warn", "raise"}
        Whether errors in `predict`, in metrics and in logging are warned of and counted, or raised.
    predict_on : {"rank0", "all"}
        Which process of several predicts. With "all" each predicts a part of the samples, or its own ones, and rank 0
        gathers them by clip, so `begin`, `step` and `end` have to be called in all of them; for models that are spread
        over the processes, too.
    class_names : sequence of str, optional
        Names of labels that are numbers; default: those that the data set carries.
    sample_rate : int, optional
        [Hz] For samples that do not carry one.
    seed : int
        For the choice of samples, and for the random generators while predicting.
    batch_size : int, optional
        How many clips `predict` gets at once; default: all.
    format : {"flac", "wav", "ogg", "opus", "mp3"}
        What clips are stored as.
    spectrogram : bool
        Whether tables show a picture of each clip, too (needs pillow).
    activation : {"auto", "softmax", "sigmoid", "none"}
        How ``logits`` become scores. "auto": a single one by sigmoid, several by softmax ("multilabel": sigmoid),
        unless they are probabilities already.
    start_run : bool or dict
        Whether to start a run when there is none, or what to pass to ``wandb.init`` then: offline when W&B has no key.
        `end` finishes it.
    shared : bool
        Whether every process logs its part of the samples by itself: to one online run in W&B's shared mode, or
        offline to a run of its own in one group.
    timeout : float
        [s] How long processes wait for each other when they gather.

    Raises
    ------
    AudioValueError
        An argument out of range.

    Examples
    --------
    >>> import numpy as np, wandb
    >>> samples = [{"audio": np.zeros(8000), "sample_rate": 8000, "label": "silence"}]
    >>> predict = lambda model, clips: [{"scores": {"silence": 0.9, "noise": 0.1}} for clip in clips]
    >>> with PredictionLogger(samples, predict).session(wandb.init(mode="disabled")) as log:
    ...     logged = log.step(epoch=0, step=100)
    """

    def __init__(
        self,
        samples: Any,
        predict: Predict | None,
        *,
        name: str = "val",
        task: TaskName | None = None,
        select: Select = "first",
        max_clips: int = MAX_CLIPS,
        max_seconds: float | None = MAX_SECONDS,
        top_k: int = TOP_K,
        metrics: Mapping[str, Metric] | None = None,
        when: When | None = None,
        budget: Budget | None = None,
        on_error: OnError = "warn",
        predict_on: Literal["rank0", "all"] = "rank0",
        class_names: Sequence[str] | None = None,
        sample_rate: int | None = None,
        seed: int = 0,
        batch_size: int | None = None,
        format: FormatName = "flac",  # noqa: A002 - "format" is the public word
        spectrogram: bool = False,
        activation: Activation = "auto",
        start_run: StartRun = False,
        shared: bool = False,
        timeout: float = TIMEOUT,
    ) -> None:
        _check_positive(
            max_clips=max_clips, max_seconds=max_seconds, top_k=top_k, batch_size=batch_size, timeout=timeout
        )
        _check_word("on_error", on_error, ("warn", "raise"))
        _check_word("predict_on", predict_on, ("rank0", "all"))
        _check_word("activation", activation, ("auto", "softmax", "sigmoid", "none"))
        check_select(select, max_clips)
        if spectrogram:
            require_pillow()
        self.name = name
        self.when = when if when is not None else When(every_n_epochs=1)
        self.budget = budget if budget is not None else Budget()
        self._source = samples
        self._choice: dict[str, Any] = {
            "select": select,
            "most": max_clips,
            "seed": seed,
            "max_seconds": max_seconds,
            "sample_rate": sample_rate,
            "class_names": class_names if class_names is not None else class_names_of(samples),
        }
        self._errors = Reporter(name, on_error)
        predictor = self._predictor_for(predict, task, metrics or {}, top_k, activation, batch_size)
        self._setup = SessionSetup(name, self.when, predictor, spectrogram, max_clips, self._errors)
        self._sink: dict[str, Any] = {"on_error": on_error, "format": format}
        self._work: dict[str, Any] = {"gathers": predict_on == "all", "shared": shared, "timeout": timeout}
        self._start_run = start_run
        self._samples: list[Sample] | None = None
        self._cadence, self._spending = Cadence(self.when), Spending(self.budget)
        self._session: PredictionSession | None = None
        self._latest: PredictionSession | None = None
        self._is_idle = False
        self._state: Mapping[str, Any] | None = None

    def _predictor_for(
        self,
        predict: Predict | None,
        task: TaskName | None,
        metrics: Mapping[str, Metric],
        top_k: int,
        activation: Activation,
        batch_size: int | None,
    ) -> Predictor:
        chosen = find_task(task)
        return Predictor(
            predict,
            PredictionReader(
                top_k, self._choice["class_names"], self._errors.report, activation, chosen.several_labels
            ),
            {**chosen.metrics, **metrics},
            self._errors.report,
            chosen.input_is_reference,
            self._choice["seed"],
            batch_size,
        )

    @property
    def samples(self) -> Sequence[Sample]:
        """The samples that are logged; chosen when this is first asked for."""
        if self._samples is None:
            # The data set may draw random numbers, to cut or to augment: training must not notice.
            with undisturbed(None, seed=self._choice["seed"]):
                chosen = choose_samples(self._source, **self._choice, on_error=self._errors.report)
            if not chosen:
                raise AudioValueError(f"{self.name}: got no usable samples, wanted at least one")
            self._samples = chosen
        return self._samples

    @property
    def logger(self) -> AudioLogger | None:
        """What writes into the run; None before `begin`, after `end`, and in processes that do not log."""
        return None if self._session is None else self._session.logger

    @property
    def errors(self) -> Reporter:
        """What becomes of errors."""
        return self._errors

    @property
    def is_open(self) -> bool:
        """Whether `begin` was called, and `end` was not."""
        return self._session is not None or self._is_idle

    @property
    def watches_steps(self) -> bool:
        """Whether `step` can be due between two epochs; if not, it need not be called for each step."""
        return self._session is not None and self._session.watches_steps

    def name_classes(self, names: Sequence[str] | None) -> None:
        """Name labels that are numbers, where neither the caller nor the data set has, and no sample is chosen yet.

        Parameters
        ----------
        names : sequence of str or None
        """
        if names and self._choice["class_names"] is None and self._samples is None:
            self._choice["class_names"] = list(names)
            predictor = self._setup.predictor
            predictor = replace(predictor, read=replace(predictor.read, class_names=list(names)))
            self._setup = replace(self._setup, predictor=predictor)

    def begin(self, run: wandb.Run | None = None, *, is_main: bool | None = None) -> None:
        """Begin a training: choose the samples and log them, unless that was done for this run already.

        Parameters
        ----------
        run : wandb.Run, optional
            Default: ``wandb.run``.
        is_main : bool, optional
            Whether this is the process that logs; default: by torch.distributed or the environment variable ``RANK``.

        Raises
        ------
        NoRunError
            There is no run.
        AudioLoggingError
            With ``on_error="raise"``.
        """
        team = find_team(**self._work, is_main=is_main)
        self._is_idle = not team.logs
        if not team.logs:
            return
        found = team.find_run(run, self._start_run)
        latest = self._latest if self._latest is not None and self._latest.found.key == found.key else None
        if self._session is not None:
            if self._session is latest:
                return
            self.end(failed=True)
        state = self._take_state(is_same_run=latest is not None)
        logger = None if found.run is None else AudioLogger(found.run, **self._sink)
        self._errors.logger = logger
        self._session = PredictionSession(
            self._setup, team, found, logger, cadence=self._cadence, spending=self._spending
        )
        listed = not self._is_resumed(state, found)
        self._session.log_samples(lambda: self.samples, listed=listed, before=None if latest is None else latest.events)
        self._latest = self._session

    def step(
        self,
        *,
        epoch: int | None = None,
        step: int | None = None,
        model: Any = None,
        metrics: Mapping[str, Any] | None = None,
    ) -> bool:
        """Log predictions, if they are due.

        Parameters
        ----------
        epoch, step : int, optional
            Where training stands; the event stands at `step` on ``audio/step`` (at `epoch` without one). At one step
            predictions are logged once.
        model : object, optional
            Handed to `predict`.
        metrics : dict, optional
            Of the latest validation, for ``When(best=...)``.

        Returns
        -------
        bool
            Whether an event was logged.

        Raises
        ------
        LoggerClosedError
            `begin` was not called.
        AudioLoggingError
            With ``on_error="raise"``.
        """
        if self._session is not None:
            return self._session.step(epoch=epoch, step=step, model=model, metrics=metrics)
        if not self._is_idle:
            raise LoggerClosedError("step() was called before begin(); call begin() first, or use session(run)")
        return False

    def observe(self, ids: Sequence[Any], outputs: Any) -> None:
        """Hand in predictions that validation has made already; the next `step` uses them instead of `predict`.

        They are of the place in the training that this `step` names, and used for no other.

        Parameters
        ----------
        ids : sequence
            Clip ids, or positions in the data set. Those that were not chosen are passed over.
        outputs : list of dict, or array [shape=(clips, classes)]
            As `predict` returns.

        Raises
        ------
        LoggerClosedError
            `begin` was not called.
        AudioLoggingError
            With ``on_error="raise"``, when there is not one output an id.
        """
        if self._session is not None:
            self._session.observe(ids, outputs)
        elif not self._is_idle:
            raise LoggerClosedError("observe() was called before begin(); call begin() first, or use session(run)")

    def end(self, *, model: Any = None, failed: bool = False) -> None:
        """Log the last state if it was not, and write everything that still waits.

        Parameters
        ----------
        model : object, optional
            Default: the one of the last `step`.
        failed : bool
            Whether training ended with an error; the model is not run again then.

        Raises
        ------
        AudioLoggingError
            With ``on_error="raise"``.
        """
        session, self._session, self._is_idle = self._session, None, False
        if session is None:
            return
        try:
            session.end(model=model, failed=failed)
        finally:
            self._errors.logger = None

    @contextmanager
    def session(self, run: wandb.Run | None = None) -> Iterator[PredictionLogger]:
        """Call `begin` and, whatever happens, `end` around a training.

        Parameters
        ----------
        run : wandb.Run, optional
            Default: ``wandb.run``.

        Yields
        ------
        PredictionLogger
        """
        self.begin(run)
        try:
            yield self
        except BaseException:
            self.end(failed=True)
            raise
        self.end()

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed training needs to go on at the same cadence, with the same clips, within the budget.

        Returns
        -------
        dict
            Plain numbers and text.
        """
        run = None if self._latest is None else self._latest.found.run
        return {
            "cadence": self._cadence.state_dict(),
            "bytes": self._spending.bytes,
            "clips": [sample.identity for sample in self._samples or ()],
            "run": None if run is None else str(run.id),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`: the next `begin` is that of a training that is resumed.

        Parameters
        ----------
        state : dict
        """
        self._state = dict(state)

    def _take_state(self, *, is_same_run: bool) -> Mapping[str, Any] | None:
        """Begin to count anew, or go on from the state of a training that is resumed."""
        state, self._state = self._state, None
        self._cadence = Cadence(self.when)
        if not is_same_run:
            self._spending = Spending(self.budget)
        if state is not None:
            self._cadence.load_state_dict(state.get("cadence", {}))
            self._spending.bytes = max(self._spending.bytes, int(state.get("bytes", 0)))
        return state

    def _is_resumed(self, state: Mapping[str, Any] | None, found: FoundRun) -> bool:
        """Whether this run has the list of the samples already; warns if they are others."""
        before = [] if state is None else list(state.get("clips", ()))
        if state is None or not before or found.run is None or found.is_disabled:
            return False
        with self._errors.guard("the samples were not logged"):
            if before == [sample.identity for sample in self.samples]:
                return state.get("run") == str(found.run.id)
            warn_once(
                f"{self.name}: the samples are not those of the training that is resumed; predictions before and after "
                "are of different clips",
                "other samples",
                self.name,
            )
        return False


def _check_positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and not value > 0:
            raise AudioValueError(f"got {name}={value!r}, wanted more than 0")


def _check_word(name: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise AudioValueError(f"got {name}={word!r}, wanted one of {', '.join(map(repr, words))}")

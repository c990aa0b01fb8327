"""PredictionLogger: the same few samples, and what the model makes of them while it learns."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import wandb

from audio_logging._types import FormatName
from audio_logging.errors import AudioLoggingError, AudioValueError, LoggerClosedError, PredictionError
from audio_logging.logger import AudioLogger, OnError
from audio_logging.notices import warn_once
from audio_logging.prediction import Metric, Prediction, read_predictions
from audio_logging.prediction_events import PredictionEvents
from audio_logging.samples import Sample, choose_samples, class_names_of
from audio_logging.selection import Budget, Cadence, Select, Spending, When
from audio_logging.spectrogram import require_pillow
from audio_logging.undisturbed import undisturbed

__all__ = ["PredictionLogger"]

MAX_CLIPS = 16
MAX_SECONDS = 10.0
TOP_K = 5


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
    predict : callable
        ``predict(model, clips)``: from a list of :class:`audio_logging.AudioClip` to a list with one dictionary a
        clip. Taken from it: ``label``, ``score``, ``scores`` (a dictionary, or a row in the order of the class
        names), ``audio`` (with ``sample_rate``, unless it is as long as the input), ``text``, ``embedding``, and
        anything else that is a number. A row of scores a clip will do, too.
    name : str
        Group of all that is logged.
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
        Which process of several predicts; "all" needs a callback that gathers.
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
        predict: Callable[[Any, Any], Any],
        *,
        name: str = "val",
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
    ) -> None:
        _check_positive(max_clips=max_clips, max_seconds=max_seconds, top_k=top_k, batch_size=batch_size)
        if spectrogram:
            require_pillow()
        self.name = name
        self.when = when if when is not None else When(every_n_epochs=1)
        self.budget = budget if budget is not None else Budget()
        self._source, self._predict = samples, predict
        self._choice: dict[str, Any] = {
            "select": select,
            "most": max_clips,
            "seed": seed,
            "max_seconds": max_seconds,
            "sample_rate": sample_rate,
        }
        self._class_names = class_names if class_names is not None else class_names_of(samples)
        self._top_k, self._metrics, self._seed, self._batch_size = top_k, dict(metrics or {}), seed, batch_size
        self._on_error, self._format, self._spectrogram = on_error, format, spectrogram
        self._samples: list[Sample] | None = None
        self._cadence, self._spending = Cadence(self.when), Spending(self.budget)
        self._observed: dict[str, Any] = {}
        self._events: PredictionEvents | None = None
        self._logger: AudioLogger | None = None
        self._last: dict[str, Any] = {}
        self._is_main = predict_on == "all" or _rank() == 0

    @property
    def samples(self) -> Sequence[Sample]:
        """The samples that are logged; chosen when this is first asked for."""
        if self._samples is None:
            self._samples = choose_samples(
                self._source, **self._choice, class_names=self._class_names, on_error=self._report
            )
            if not self._samples:
                raise AudioValueError(f"{self.name}: got no usable samples, wanted at least one")
        return self._samples

    @property
    def logger(self) -> AudioLogger | None:
        """What writes into the run; None before `begin` and on ranks that do not log."""
        return self._logger

    def begin(self, run: wandb.Run | None = None) -> None:
        """Choose the samples and log them, unless that was done for this run already.

        Parameters
        ----------
        run : wandb.Run, optional
            Default: ``wandb.run``.

        Raises
        ------
        NoRunError
            There is no run.
        AudioLoggingError
            With ``on_error="raise"``.
        """
        if not self._is_main:
            return
        logger = self._logger
        if logger is not None and logger.run is (run if run is not None else wandb.run):
            return
        if logger is not None:
            self._start_anew(logger)
        self._logger = AudioLogger(run, on_error=self._on_error, format=self._format)
        self._begun = time.monotonic()
        with self._guard():
            self._events = PredictionEvents(
                self._logger, self.name, self.samples, spending=self._spending, spectrogram=self._spectrogram
            )
            self._events.log_samples()

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
            Where training stands; the event stands at `step` on ``audio/step`` (at `epoch` without one).
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
        if not self._is_main:
            return False
        if self._logger is None:
            raise LoggerClosedError("step() was called before begin(); call begin() first, or use session(run)")
        self._last = {"epoch": epoch, "step": step, "model": model}
        if not self._cadence.is_due(epoch=epoch, step=step, metrics=metrics or {}):
            return False
        return self._log_event(**self._last)

    def observe(self, ids: Sequence[Any], outputs: Any) -> None:
        """Hand in predictions that validation has made already; the next event uses them instead of `predict`.

        Parameters
        ----------
        ids : sequence
            Clip ids, or positions in the data set. Those that were not chosen are passed over.
        outputs : list of dict, or array [shape=(clips, classes)]
            As `predict` returns.

        Raises
        ------
        AudioValueError
            Not one output an id.
        """
        if not self._is_main:
            return
        outputs = list(outputs)
        if len(ids) != len(outputs):
            raise AudioValueError(f"got {len(ids)} ids for {len(outputs)} outputs, wanted one an output")
        chosen = {sample.clip_id: sample.clip_id for sample in self.samples}
        chosen.update({str(sample.position): sample.clip_id for sample in self.samples})
        for key, output in zip(ids, outputs, strict=True):
            clip_id = chosen.get(str(key.item() if hasattr(key, "item") else key))
            if clip_id is not None:
                self._observed[clip_id] = _detached(output)

    def end(self, *, model: Any = None, failed: bool = False) -> None:
        """Log the last state if it was not, and write everything that still waits.

        Parameters
        ----------
        model : object, optional
            Default: the one of the last `step`.
        failed : bool
            Whether training ended with an error; the model is not run again then.
        """
        if self._logger is None:
            return
        try:
            if not failed and self._cadence.is_due_at_end():
                self._log_event(**{**self._last, **({} if model is None else {"model": model})})
        finally:
            self._last = {}
            logger, self._logger, self._events = self._logger, None, None
            logger.close()

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
        """Return what a resumed training needs to go on at the same cadence, with the same clips, within the budget."""
        return {
            "cadence": self._cadence.state_dict(),
            "bytes": self._spending.bytes,
            "clip_ids": [sample.clip_id for sample in self._samples or ()],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`.

        Parameters
        ----------
        state : dict
        """
        self._cadence.load_state_dict(state.get("cadence", {}))
        self._spending.bytes = int(state.get("bytes", 0))
        before = list(state.get("clip_ids", ()))
        now = [sample.clip_id for sample in self.samples] if before else []
        if before != now:
            warn_once(
                f"{self.name}: the samples are not those of the training that is resumed; predictions before and after "
                "are of different clips",
                "other samples",
                self.name,
            )

    def _log_event(self, *, epoch: int | None, step: int | None, model: Any) -> bool:
        started = time.monotonic()
        objection = self._spending.objection(started - self._begun)
        if objection is not None:
            self._skip(objection)
            return False
        logged = False
        with self._guard():
            predictions = self._predictions(model)
            if self._events is not None and predictions:
                self._events.log_predictions(predictions, epoch=epoch, step=step, metrics=self._metrics)
                logged = True
        self._spending.seconds += time.monotonic() - started
        if not logged:
            self._cadence.missed()
        return logged

    def _predictions(self, model: Any) -> list[tuple[Sample, Prediction]]:
        if self._observed:
            observed, self._observed = self._observed, {}
            samples = [sample for sample in self.samples if sample.clip_id in observed]
            returned = [observed[sample.clip_id] for sample in samples]
        else:
            samples = list(self.samples)
            returned = self._run_predict(model, samples)
        read = read_predictions(returned, samples, top_k=self._top_k, class_names=self._class_names)
        return list(zip(samples, read, strict=True))

    def _run_predict(self, model: Any, samples: Sequence[Sample]) -> list[Any]:
        size = self._batch_size or len(samples)
        returned: list[Any] = []
        with undisturbed(model, seed=self._seed) as inner:
            for start in range(0, len(samples), size):
                batch = [sample.clip for sample in samples[start : start + size]]
                made = self._predict(inner, batch)
                if len(made) != len(batch):
                    raise PredictionError(
                        f"predict returned {len(made)} predictions for {len(batch)} clips, wanted one a clip"
                    )
                returned.extend(made)
        return returned

    def _skip(self, objection: str) -> None:
        self._cadence.missed()
        if self._logger is not None and self._logger.output is not None:
            self._logger.output.count("skipped")
        warn_once(
            f"{self.name}: predictions are not logged for now: {objection}. What is skipped is counted in the run's "
            "summary as audio_logging/skipped. Pass budget=Budget(...) to allow more, or log less often with when=",
            "budget",
            self.name,
            str(self._logger.run.id if self._logger is not None else ""),
        )

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """Report what goes wrong, so that training goes on."""
        try:
            yield
        except AudioLoggingError as error:
            self._report(error)
        except Exception as error:
            failure = PredictionError(f"{self.name}: predict failed: {type(error).__name__}: {error}")
            failure.__cause__ = error
            self._report(failure)

    def _report(self, error: BaseException) -> None:
        if self._logger is None:
            if self._on_error == "raise":
                raise error
            warn_once(f"{self.name}: {error}", "error", self.name, type(error).__name__)
            return
        self._logger.report(error)

    def _start_anew(self, logger: AudioLogger) -> None:
        logger.close()
        self._cadence, self._spending = Cadence(self.when), Spending(self.budget)
        self._observed = {}


def _rank() -> int:
    distributed = getattr(sys.modules.get("torch"), "distributed", None)
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return int(distributed.get_rank())
    rank = os.environ.get("RANK", "0")
    return int(rank) if rank.isdigit() else 0


def _check_positive(**values: float | None) -> None:
    for name, value in values.items():
        if value is not None and not value > 0:
            raise AudioValueError(f"got {name}={value!r}, wanted more than 0")


def _detached(output: Any) -> Any:
    """Keep an output without its graph, and out of reach of later changes."""
    if hasattr(output, "detach"):
        return output.detach().cpu().clone()
    if isinstance(output, Mapping):
        return {key: _detached(value) for key, value in output.items()}
    return output.copy() if hasattr(output, "copy") else output

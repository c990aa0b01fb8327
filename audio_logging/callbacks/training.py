"""What every callback does at the points of a training, whatever the framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from audio_logging._types import FormatName
from audio_logging.errors import NoRunError
from audio_logging.logger.audio_logger import OnError
from audio_logging.notices import warn_once
from audio_logging.predictions.logger import PredictionLogger
from audio_logging.predictions.predicting import Predict
from audio_logging.predictions.prediction import Activation
from audio_logging.predictions.samples import ClipShape
from audio_logging.predictions.selection import Budget, Select, When
from audio_logging.predictions.starting import StartRun
from audio_logging.predictions.tasks import Metric, TaskName

if TYPE_CHECKING:
    import wandb
    from typing_extensions import Unpack

__all__ = ["MakePredict", "PredictionOptions", "Training"]

MakePredict = Callable[[Callable[[], ClipShape]], Predict]
"""Makes the `predict` of a framework, given what tells how the data set holds clips."""


class PredictionOptions(TypedDict, total=False):
    """What all callbacks take beside samples and `predict`, see :class:`audio_logging.PredictionLogger`."""

    name: str
    task: TaskName | None
    select: Select
    max_clips: int
    max_seconds: float | None
    top_k: int
    metrics: Mapping[str, Metric] | None
    when: When | None
    budget: Budget | None
    on_error: OnError
    predict_on: Literal["rank0", "all"]
    class_names: Sequence[str] | None
    sample_rate: int | None
    seed: int
    batch_size: int | None
    format: FormatName
    spectrogram: bool
    activation: Activation
    start_run: StartRun
    shared: bool
    timeout: float


class Training:
    """A PredictionLogger that no framework has to be careful with.

    Where there is no run yet when training begins, it says so and looks again after each epoch.

    Parameters
    ----------
    samples : data set
    predict : callable or None
        None: what `default` makes, or nothing with `tap`.
    default : callable
        Makes the framework's own `predict`.
    tap : bool
        Whether the outputs of validation are used.
    **options
        As for :class:`audio_logging.PredictionLogger`.

    Attributes
    ----------
    log : PredictionLogger
    samples : data set
        As it was given.
    """

    def __init__(
        self,
        samples: Any,
        predict: Predict | None,
        default: MakePredict,
        *,
        tap: bool = False,
        **options: Unpack[PredictionOptions],
    ) -> None:
        if predict is None and not tap:
            predict = default(lambda: self.log.samples[0].shape)
        self.samples = samples
        self.log = PredictionLogger(samples, predict, **options)
        self._raises = options.get("on_error") == "raise"
        self._begin_again: Callable[[], None] | None = None

    @property
    def watches_steps(self) -> bool:
        """Whether `step` has to be called for each training step."""
        return self.log.watches_steps

    def begin(self, run: wandb.Run | None = None, *, is_main: bool | None = None) -> None:
        """Begin a training; one that failed before without a word ends here.

        Parameters
        ----------
        run : wandb.Run, optional
            Of the framework's own logger.
        is_main : bool, optional
            Whether this is the process that logs.
        """
        if self.log.is_open:
            self.log.end(failed=True)
        self._begin_again = lambda: self.log.begin(run, is_main=is_main)
        self._try_to_begin()

    def step(
        self,
        *,
        epoch: int | None = None,
        step: int | None = None,
        model: Any = None,
        metrics: Mapping[str, Any] | None = None,
    ) -> None:
        """Log predictions, if they are due.

        Parameters
        ----------
        epoch : int, optional
            How many were completed, where one has just been.
        step : int, optional
            How many times the optimizer has stepped.
        model : object
        metrics : dict, optional
            Of the latest validation.
        """
        if self._begin_again is not None and epoch is not None:
            self._try_to_begin()
        if self.log.is_open:
            self.log.step(epoch=epoch, step=step, model=model, metrics=metrics)

    def observe(self, take: Callable[[], tuple[Sequence[Any], Any]]) -> None:
        """Take outputs of a validation.

        Parameters
        ----------
        take : callable
            Returns ids and outputs, as :meth:`audio_logging.PredictionLogger.observe` takes them; may fail.
        """
        if self.log.is_open:
            with self.log.errors.guard("outputs of the validation cannot be used"):
                self.log.observe(*take())

    def end(self, *, step: int | None = None, model: Any = None, failed: bool = False) -> None:
        """End a training, with the last state logged where it is to be.

        Parameters
        ----------
        step : int, optional
        model : object
        failed : bool
        """
        self._begin_again = None
        if not failed and step is not None:
            self.step(step=step, model=model)
        self.log.end(model=model, failed=failed)

    def _try_to_begin(self) -> None:
        if self._begin_again is None:
            return
        try:
            self._begin_again()
            self._begin_again = None
        except NoRunError as error:
            if self._raises:
                raise
            warn_once(f"{self.log.name}: {error}. Until then nothing is logged", "no run", self.log.name)

"""attach(): a PredictionLogger for the engines of PyTorch-Ignite."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from ignite.engine import Engine, Events

from audio_logging.callbacks.tap import Tap, TapFunction, positions_of
from audio_logging.callbacks.torch_forward import TorchForward
from audio_logging.callbacks.training import PredictionOptions, Training
from audio_logging.predictions.logger import PredictionLogger
from audio_logging.predictions.predicting import Predict

if TYPE_CHECKING:
    import wandb
    from typing_extensions import Unpack

__all__ = ["attach"]


def attach(
    engine: Engine,
    samples: Any,
    predict: Predict | None = None,
    *,
    model: Any = None,
    evaluator: Engine | None = None,
    step: Callable[[], int] | None = None,
    tap: bool | TapFunction = False,
    run: wandb.Run | None = None,
    **options: Unpack[PredictionOptions],
) -> PredictionLogger:
    """Log what a model makes of a few samples while an engine trains it.

    A training that fails is written out when the next one begins, when the run finishes or when Python exits: an
    engine with a handler for exceptions would no longer raise them.

    Parameters
    ----------
    engine : Engine
        That trains.
    samples : data set
        As for :class:`audio_logging.PredictionLogger`.
    predict : callable, optional
        Default: the model itself, on clips of one length at a time, shaped as the data set has them.
    model : torch.nn.Module, optional
        Handed to `predict`.
    evaluator : Engine, optional
        That validates; its metrics are those of ``When(best=...)``.
    step : callable, optional
        Returns how many times the optimizer has stepped; default: the engine's iterations, which are more when
        gradients are accumulated.
    tap : bool or callable
        Whether to use the evaluator's outputs instead of running the model again. Clips are found by ``clip_id``,
        ``id`` or ``index`` in its outputs or batches, or by counting, for a loader that goes through the same data set
        in order. A function ``tap(outputs, batch)`` returns ids or positions, and outputs.
    run : wandb.Run, optional
        Default: ``wandb.run``.
    **options
        As for :class:`audio_logging.PredictionLogger`.

    Returns
    -------
    PredictionLogger

    Examples
    --------
    >>> attach(trainer, val_samples, model=model, task="classification")  # doctest: +SKIP
    """
    training = Training(samples, predict, TorchForward, tap=bool(tap), **options)
    step_now = step if step is not None else lambda: int(engine.state.iteration)

    def on_iteration() -> None:
        if training.watches_steps and (now := step_now()):
            training.step(step=now, model=model)

    def on_epoch() -> None:
        training.step(epoch=engine.state.epoch, step=step_now(), model=model)

    def on_validated(evaluator: Engine) -> None:
        training.step(step=step_now(), model=model, metrics=evaluator.state.metrics)

    engine.add_event_handler(Events.STARTED, lambda: training.begin(run))
    engine.add_event_handler(Events.ITERATION_COMPLETED, on_iteration)
    engine.add_event_handler(Events.EPOCH_COMPLETED, on_epoch)
    engine.add_event_handler(Events.COMPLETED, lambda: training.end(step=step_now(), model=model))
    if evaluator is not None and tap:
        _tap(evaluator, training, Tap(tap if callable(tap) else None))
    if evaluator is not None:
        evaluator.add_event_handler(Events.COMPLETED, on_validated)
    return training.log


def _tap(evaluator: Engine, training: Training, tap: Tap) -> None:
    def on_started() -> None:
        tap.begin(positions_of(evaluator.state.dataloader, training.samples))

    def on_batch() -> None:
        training.observe(partial(tap.take, evaluator.state.output, evaluator.state.batch))

    evaluator.add_event_handler(Events.STARTED, on_started)
    evaluator.add_event_handler(Events.ITERATION_COMPLETED, on_batch)

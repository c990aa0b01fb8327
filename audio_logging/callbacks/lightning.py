"""AudioCallback for Lightning."""
# ruff: noqa: ARG002, D102 - the framework documents its hooks and says what they take

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from audio_logging.callbacks.tap import Tap, TapFunction, positions_of
from audio_logging.callbacks.torch_forward import TorchForward
from audio_logging.callbacks.training import PredictionOptions, Training
from audio_logging.predictions.logger import PredictionLogger
from audio_logging.predictions.predicting import Predict

if TYPE_CHECKING:
    import wandb
    from lightning.pytorch import Callback, LightningModule, Trainer
    from typing_extensions import Unpack
elif "pytorch_lightning" in sys.modules and "lightning.pytorch" not in sys.modules:
    from pytorch_lightning import Callback  # the user's script imports Lightning by its other name
else:
    from lightning.pytorch import Callback

__all__ = ["AudioCallback"]


class AudioCallback(Callback):
    """Logs what a model makes of a few samples while ``Trainer.fit`` runs.

    Logs to the run of the trainer's ``WandbLogger``, or else to ``wandb.run``. Its state goes into checkpoints.

    Parameters
    ----------
    samples : data set
        As for :class:`audio_logging.PredictionLogger`.
    predict : callable, optional
        Default: the module itself, on clips of one length at a time, shaped as the data set has them. A classifier's
        outputs become scores, audio as long as the input is kept as audio.
    tap : bool or callable
        Whether to use what ``validation_step`` returns instead of running the model again: a dictionary with
        ``logits`` or the like. Clips are found by ``clip_id``, ``id`` or ``index`` in it or in the batch, or by
        counting, where the first validation loader goes through the same data set in order. A function
        ``tap(outputs, batch)`` returns ids or positions, and outputs.
    run : wandb.Run, optional
        Default: as said.
    **options
        As for :class:`audio_logging.PredictionLogger`.

    Attributes
    ----------
    prediction_logger : PredictionLogger

    Examples
    --------
    >>> Trainer(callbacks=[AudioCallback(val_samples, task="classification")])  # doctest: +SKIP
    """

    def __init__(
        self,
        samples: Any,
        predict: Predict | None = None,
        *,
        tap: bool | TapFunction = False,
        run: wandb.Run | None = None,
        **options: Unpack[PredictionOptions],
    ) -> None:
        super().__init__()
        self._training = Training(samples, predict, TorchForward, tap=bool(tap), **options)
        self._tap = Tap(tap if callable(tap) else None) if tap else None
        self._run = run
        self._step = 0

    @property
    def prediction_logger(self) -> PredictionLogger:
        """What logs."""
        return self._training.log

    @property
    def state_key(self) -> str:
        """What the state is called in checkpoints: several of these in one trainer differ by their names."""
        return f"{type(self).__qualname__}[{self._training.log.name}]"

    def state_dict(self) -> dict[str, Any]:
        return self._training.log.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._training.log.load_state_dict(state_dict)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._step = trainer.global_step
        self._training.begin(self._run or _run_of(trainer), is_main=trainer.is_global_zero)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *args: Any) -> None:
        # The step stands still while gradients are accumulated, and goes on by two with two optimizers.
        if self._training.watches_steps and trainer.global_step != self._step:
            self._step = trainer.global_step
            self._training.step(step=self._step, model=pl_module)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._tap is not None and _is_fitting(trainer):
            self._tap.begin(positions_of(_first_loader(trainer), self._training.samples))

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if self._tap is not None and dataloader_idx == 0 and _is_fitting(trainer):
            take = partial(self._tap.take, outputs, batch)
            self._training.observe(take)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if _is_fitting(trainer):
            self._training.step(step=trainer.global_step, model=pl_module, metrics=trainer.callback_metrics)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._training.step(epoch=trainer.current_epoch + 1, step=trainer.global_step, model=pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._training.end(step=trainer.global_step, model=pl_module)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._training.end(failed=True)


def _is_fitting(trainer: Trainer) -> bool:
    """Whether this is a validation of a training, and not the sanity check before it."""
    return not trainer.sanity_checking and trainer.state.fn == "fit"


def _run_of(trainer: Trainer) -> Any:
    """Return the run of the trainer's WandbLogger; other processes have none, and no other logger is woken."""
    own = [logger for logger in trainer.loggers if type(logger).__name__ == "WandbLogger"]
    return own[0].experiment if own and trainer.is_global_zero else None


def _first_loader(trainer: Trainer) -> Any:
    loaders: Any = trainer.val_dataloaders
    if isinstance(loaders, Mapping):
        loaders = list(loaders.values())
    if isinstance(loaders, (list, tuple)):
        return loaders[0] if loaders else None
    return loaders

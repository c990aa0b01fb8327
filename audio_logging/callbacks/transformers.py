"""AudioCallback for the Trainer of Transformers."""
# ruff: noqa: ARG002, D102 - the framework documents its hooks and says what they take

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

from audio_logging.callbacks.training import PredictionOptions, Training
from audio_logging.callbacks.transformers_forward import TransformersForward
from audio_logging.predictions.logger import PredictionLogger
from audio_logging.predictions.outputs import rows_of_outputs
from audio_logging.predictions.predicting import Predict
from audio_logging.storage.naming import artifact_name

if TYPE_CHECKING:
    import wandb
    from transformers import TrainerControl, TrainerState, TrainingArguments
    from typing_extensions import Unpack

__all__ = ["AudioCallback"]

EPOCH_TOLERANCE = 1e-3
"""The trainer counts epochs as a float."""


class AudioCallback(TrainerCallback):
    """Logs what a model makes of a few samples while ``Trainer.train`` runs.

    Logs to ``wandb.run``, which the trainer's own W&B callback has started by then. Its state lies beside the
    trainer's in each checkpoint.

    Parameters
    ----------
    samples : data set
        As for :class:`audio_logging.PredictionLogger`.
    predict : callable, optional
        Default: the model on what the trainer's ``processing_class`` (a feature extractor or processor) makes of the
        clips, of one length at a time, resampled for it where need be. Logits become scores with the names of
        ``model.config.id2label``, logits over time become text by the processor, audio is kept as audio.
    run : wandb.Run, optional
        Default: ``wandb.run``.
    tap : bool
        Whether to use outputs of the evaluation instead of running the model again; pass
        ``compute_metrics=callback.observing(compute_metrics)`` to the trainer.
    **options
        As for :class:`audio_logging.PredictionLogger`.

    Attributes
    ----------
    prediction_logger : PredictionLogger

    Examples
    --------
    >>> trainer.add_callback(AudioCallback(val_samples, task="classification"))  # doctest: +SKIP
    """

    def __init__(
        self,
        samples: Any,
        predict: Predict | None = None,
        *,
        tap: bool = False,
        run: wandb.Run | None = None,
        **options: Unpack[PredictionOptions],
    ) -> None:
        self._forward = TransformersForward()
        self._training = Training(samples, predict, self._forward.shaped, tap=tap, **options)
        self._run = run

    @property
    def prediction_logger(self) -> PredictionLogger:
        """What logs."""
        return self._training.log

    def observing(
        self, compute_metrics: Callable[[Any], dict[str, Any]] | None = None
    ) -> Callable[[Any], dict[str, Any]]:
        """Return what to pass to the trainer as ``compute_metrics`` so that outputs of the evaluation are used.

        The evaluation's data set has to be that of the samples.

        Parameters
        ----------
        compute_metrics : callable, optional
            Your own, which is called as before.

        Returns
        -------
        callable
        """

        def observe(evaluated: Any) -> dict[str, Any]:
            self._training.observe(lambda: _rows_of(evaluated.predictions))
            return {} if compute_metrics is None else compute_metrics(evaluated)

        return observe

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._forward.processor = kwargs.get("processing_class")
        self._training.log.name_classes(_class_names(kwargs.get("model")))
        if state.global_step:
            self._training.log.load_state_dict(self._saved(args, state))
        self._training.begin(self._run, is_main=state.is_world_process_zero)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if self._training.watches_steps:
            self._training.step(step=state.global_step, model=kwargs.get("model"))

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        completed = int(state.epoch + EPOCH_TOLERANCE)
        self._training.step(epoch=completed, step=state.global_step, model=kwargs.get("model"))

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        metrics = kwargs.get("metrics") or {}
        self._training.step(step=state.global_step, model=kwargs.get("model"), metrics=metrics)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        file = self._state_file(args, state)
        if state.is_world_process_zero and file.parent.is_dir():
            with self._training.log.errors.guard("the state of the audio callback was not saved"):
                file.write_text(json.dumps(self._training.log.state_dict()), encoding="utf-8")

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self._training.end(step=state.global_step, model=kwargs.get("model"))

    def _state_file(self, args: TrainingArguments, state: TrainerState) -> Path:
        # Not by transformers' ExportableState: to restore, that makes the callback anew, without its samples.
        name = f"audio_logging-{artifact_name(self._training.log.name)}.json"
        return Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / name

    def _saved(self, args: TrainingArguments, state: TrainerState) -> dict[str, Any]:
        """Return the state in the checkpoint, or where that lies elsewhere one that counts from there."""
        try:
            return dict(json.loads(self._state_file(args, state).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            counts = {"epoch": int(state.epoch), "step": state.global_step, "best": None, "called": True}
            return {"cadence": counts}


def _class_names(model: Any) -> list[str] | None:
    names = getattr(getattr(model, "config", None), "id2label", None)
    return [str(names[number]) for number in sorted(names)] if names else None


def _rows_of(predictions: Any) -> tuple[Sequence[int], list[Any]]:
    first = predictions[0] if isinstance(predictions, tuple) else predictions
    return range(len(first)), rows_of_outputs(first, len(first))

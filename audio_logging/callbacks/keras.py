"""AudioCallback for Keras 3, on any of its backends."""
# ruff: noqa: ARG002, D102 - the framework documents its hooks and says what they take

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from audio_logging._types import AnyArray
from audio_logging.callbacks.lengths import predict_by_length
from audio_logging.callbacks.training import PredictionOptions, Training
from audio_logging.clip import AudioClip
from audio_logging.predictions.logger import PredictionLogger
from audio_logging.predictions.outputs import rows_of_outputs
from audio_logging.predictions.predicting import Predict
from audio_logging.predictions.samples import ClipShape

if TYPE_CHECKING:
    import wandb
    from typing_extensions import Unpack

__all__ = ["AudioCallback"]


class AudioCallback(keras.callbacks.Callback):
    """Logs what a model makes of a few samples while ``fit`` runs.

    Parameters
    ----------
    samples : data set
        As for :class:`audio_logging.PredictionLogger`.
    predict : callable, optional
        Default: the model itself, on clips as ``(clips, frames, channels)``, or ``(clips, frames)`` where its input
        has two axes, cut or padded to the length of its input where that is fixed. A classifier's outputs become
        scores, audio is cut to the length of its clip.
    run : wandb.Run, optional
        Default: ``wandb.run``.
    **options
        As for :class:`audio_logging.PredictionLogger`.

    Attributes
    ----------
    prediction_logger : PredictionLogger

    Examples
    --------
    >>> model.fit(data, callbacks=[AudioCallback(val_samples, task="classification")])  # doctest: +SKIP
    """

    def __init__(
        self,
        samples: Any,
        predict: Predict | None = None,
        *,
        run: wandb.Run | None = None,
        **options: Unpack[PredictionOptions],
    ) -> None:
        super().__init__()
        self._training = Training(samples, predict, KerasForward, **options)
        self._run = run

    @property
    def prediction_logger(self) -> PredictionLogger:
        """What logs."""
        return self._training.log

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._training.begin(self._run)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if self._training.watches_steps and (step := self._step()):
            self._training.step(step=step, model=self.model)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._training.step(epoch=epoch + 1, step=self._step(), model=self.model, metrics=logs or {})

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._training.end(step=self._step(), model=self.model)

    def _step(self) -> int:
        """Return how many times the optimizer has stepped: not at every batch when gradients are accumulated."""
        return int(self.model.optimizer.iterations)


class KerasForward:
    """The default `predict` of Keras models.

    Parameters
    ----------
    shape : callable
        Not asked: Keras's own data sets hold clips as ``(frames, channels)``.
    """

    def __init__(self, shape: Callable[[], ClipShape]) -> None:
        del shape

    def __call__(self, model: Any, clips: Sequence[AudioClip]) -> list[Any]:
        wanted = _input_shape(model)
        length = wanted[1] if len(wanted) > 1 else None

        def forward(batch: Sequence[AudioClip]) -> list[Any]:
            frames = length or batch[0].frames
            inputs = np.stack([_fitted(clip.samples, frames) for clip in batch])
            outputs = model(inputs[:, :, 0] if len(wanted) == 2 else inputs, training=False)
            rows = rows_of_outputs(keras.tree.map_structure(keras.ops.convert_to_numpy, outputs), len(batch), frames)
            return [_read(row, clip, model) for row, clip in zip(rows, batch, strict=True)]

        return forward(clips) if length else predict_by_length(clips, forward)


def _input_shape(model: Any) -> tuple[int | None, ...]:
    """Return the shape of the model's input; () for a subclass of Model that does not say."""
    shape = getattr(model, "input_shape", None)
    return shape if isinstance(shape, tuple) and not any(isinstance(axis, tuple) for axis in shape) else ()


def _fitted(samples: AnyArray, length: int) -> AnyArray:
    return np.pad(samples[:length], ((0, max(0, length - len(samples))), (0, 0)))


def _read(row: Any, clip: AudioClip, model: Any) -> Any:
    if not isinstance(row, Mapping):
        return row
    if "audio" in row:
        frames = max(np.shape(row["audio"]))
        return {"length": min(clip.frames, frames), "sample_rate": clip.sample_rate, **row}
    activated = getattr(_last_activation(model), "__name__", "") in ("sigmoid", "softmax")
    return {"scores" if activated and name == "logits" else name: value for name, value in row.items()}


def _last_activation(model: Any) -> Any:
    layers = getattr(model, "layers", None) or [None]
    return getattr(layers[-1], "activation", None)

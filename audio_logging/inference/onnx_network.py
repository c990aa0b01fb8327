"""OnnxNetwork: an ONNX model with the features that it is fed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from audio_logging._types import AnyArray
from audio_logging.inference.errors import ModelError
from audio_logging.inference.features import Features
from audio_logging.inference.network import Outputs, as_rows
from audio_logging.inference.onnx_runtime import OnnxModel
from audio_logging.inference.sound import SoundSpec
from audio_logging.inference.tensors import TensorSpec
from audio_logging.inference.windows import Piece

__all__ = ["OnnxNetwork"]

MASK = "attention_mask"
WINDOWS_AT_ONCE = 8
"""Windows whose features are made together where the model gets fewer."""

FLOATS = ("float32", "float16", "float64")


class OnnxNetwork:
    """Feeds windows to an ONNX model.

    Parameters
    ----------
    model : OnnxModel
    features : Features
    outputs : sequence of TensorSpec
        What to read.
    batch_size : int
        Windows at once, where the model leaves that open.

    Raises
    ------
    ModelError
        Inputs that it cannot feed: another rank, a fixed batch of several, a type that is no float, or one that is
        neither the audio nor its mask.
    """

    def __init__(self, model: OnnxModel, features: Features, outputs: Sequence[TensorSpec], *, batch_size: int) -> None:
        self._model, self._features = model, features
        self._outputs = tuple(output.name for output in outputs)
        self._audio, self._mask = _inputs(model.inputs)
        self._shape = _checked_shape(self._audio)
        self.sound = _sound(features.sound, self._audio.shape[-1], is_raw=not features.sound.pads)
        self.sizes = tuple(_size(output) for output in outputs)
        self._batch_size = 1 if len(self._audio.shape) == 1 or self._audio.shape[0] == 1 else batch_size
        self.most_windows = max(self._batch_size, WINDOWS_AT_ONCE)

    def run(self, piece: Piece) -> Outputs:
        """Return the outputs for the windows of a piece."""
        made = self._features.extract(piece)
        feeds = {self._audio.name: made["input_values"].astype(self._audio.dtype, copy=False)}
        if self._mask is not None:
            mask = made.get(MASK, np.ones(made["input_values"].shape[:2], np.int64))
            feeds[self._mask.name] = mask.astype(self._mask.dtype)
        batches = [self._run(feeds, first) for first in range(0, len(piece.lengths), self._batch_size)]
        return [
            as_rows(batches[0][index] if len(batches) == 1 else _joined(batches, index), len(piece.lengths), repr(name))
            for index, name in enumerate(self._outputs)
        ]

    def _run(self, feeds: dict[str, AnyArray], first: int) -> list[AnyArray]:
        """Run the windows from one on, as many as the model gets at once."""
        batch = {name: values[first : first + self._batch_size] for name, values in feeds.items()}
        batch[self._audio.name] = self._shaped(batch[self._audio.name])
        return self._model.run(batch, self._outputs)

    def _shaped(self, values: AnyArray) -> AnyArray:
        """Add the axes of size 1 that the input has, or take away that of the batch."""
        missing = len(self._shape) - values.ndim
        if missing < 0:
            return np.asarray(values[0])
        return values.reshape(len(values), *[1] * missing, *values.shape[1:]) if missing else values


def _inputs(inputs: Sequence[TensorSpec]) -> tuple[TensorSpec, TensorSpec | None]:
    """Return the input for the audio, and that for the mask if there is one."""
    audio = [tensor for tensor in inputs if tensor.name != MASK]
    mask = [tensor for tensor in inputs if tensor.name == MASK]
    if len(audio) != 1:
        raise ModelError(f"the model has the inputs {', '.join(map(str, inputs))}; wanted one for audio, and its mask")
    return audio[0], mask[0] if mask else None


def _checked_shape(audio: TensorSpec) -> tuple[int | None, ...]:
    shape = audio.shape
    if audio.dtype not in FLOATS:
        raise ModelError(f"the model's input is {audio}, wanted one of {', '.join(FLOATS)}")
    if not 1 <= len(shape) <= 4:
        raise ModelError(f"the model's input is {audio}, wanted (frames), (batch, frames) or (batch, frames, bands)")
    if len(shape) > 1 and shape[0] not in (None, 1):
        raise ModelError(f"the model's input is {audio}: a batch of exactly {shape[0]}; wanted 1, or an open one")
    return shape


def _sound(wanted: SoundSpec, last: int | None, *, is_raw: bool) -> SoundSpec:
    """Return what features and model take together: a waveform model may take one length only."""
    if not is_raw or last is None:
        return wanted
    if last == 1:
        raise ModelError("the last dimension of the model's input has size 1; wanted the frames there")
    return replace(wanted, frames=last)


def _joined(batches: Sequence[Sequence[AnyArray]], index: int) -> AnyArray:
    """Return one output of all batches; a model without a batch axis returns plain vectors."""
    parts = [batch[index] for batch in batches]
    return np.stack(parts) if parts[0].ndim == 1 else np.concatenate(parts)


def _size(output: TensorSpec) -> int | None:
    rest = output.shape[1:]
    known = [size for size in rest if size is not None]
    return int(np.prod(known)) if rest and len(known) == len(rest) else None

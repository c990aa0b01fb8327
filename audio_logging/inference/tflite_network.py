"""TFLiteNetwork: a TFLite model that takes a fixed number of samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audio_logging.inference.audio_format import AudioFormat
from audio_logging.inference.errors import ModelError
from audio_logging.inference.litert import LiteRTModel
from audio_logging.inference.network import Outputs, as_rows
from audio_logging.inference.sound import SoundSpec
from audio_logging.inference.tensors import TensorSpec
from audio_logging.inference.windows import Piece

__all__ = ["TFLiteNetwork"]


class TFLiteNetwork:
    """Feeds windows to a TFLite model, one at a time; samples of several channels lie one frame after the other.

    Parameters
    ----------
    model : LiteRTModel
    audio : AudioFormat
        What it takes.
    outputs : sequence of int
        Which to read.

    Raises
    ------
    ModelError
        Several inputs, open dimensions, or a size that is no multiple of the channels.
    """

    most_windows = 32
    """They are run one by one; this many are cut out and checked together."""

    def __init__(self, model: LiteRTModel, audio: AudioFormat, outputs: Sequence[int]) -> None:
        self._model, self._indices = model, tuple(outputs)
        frames = input_size(model.inputs) // audio.channels
        if frames * audio.channels != input_size(model.inputs):
            raise ModelError(
                f"Model input tensor size ({input_size(model.inputs)}) should be a multiplier of the number of "
                f"channels ({audio.channels})."
            )
        self.sound = SoundSpec(audio.sample_rate, audio.channels, frames)
        self.sizes = tuple(int(np.prod([size or 0 for size in model.outputs[i].shape])) for i in outputs)

    def run(self, piece: Piece) -> Outputs:
        """Return the outputs for the windows of a piece."""
        results = self._model.run(piece.samples, self._indices)
        names = [repr(self._model.outputs[index].name) for index in self._indices]
        return [as_rows(result, len(piece.lengths), name) for result, name in zip(results, names, strict=True)]


def input_size(inputs: Sequence[TensorSpec]) -> int:
    """Return how many numbers a model takes at once, of all channels.

    Raises
    ------
    ModelError
        Several inputs, or dimensions that are open: LiteRT runs a resized model, but leaves out the rest of the audio.
    """
    if len(inputs) != 1:
        raise ModelError(f"the model has {len(inputs)} inputs ({', '.join(map(str, inputs))}), wanted one, for audio")
    for dimension, size in enumerate(inputs[0].shape):
        if size is None or size < 1:
            raise ModelError(f"Invalid size: {-1 if size is None else size} for input tensor dimension: {dimension}.")
    return int(np.prod([size or 0 for size in inputs[0].shape]))

"""The default `predict` of PyTorch models: clips as the data set has them, in; scores or audio out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from audio_logging.callbacks.lengths import predict_by_length
from audio_logging.clip import AudioClip
from audio_logging.predictions.outputs import rows_of_outputs
from audio_logging.predictions.samples import ClipShape

__all__ = ["TorchForward"]


class TorchForward:
    """Calls a model on clips of one length at a time, so that no padding changes what it says.

    Parameters
    ----------
    shape : callable
        Tells how the data set holds clips, which is how the model gets them, with the batch in front.
    """

    def __init__(self, shape: Callable[[], ClipShape]) -> None:
        self._shape = shape

    def __call__(self, model: Any, clips: Sequence[AudioClip]) -> list[Any]:
        """Return what the model says of each clip."""

        def forward(batch: list[AudioClip]) -> list[Any]:
            return rows_of_outputs(model(to_tensor(batch, self._shape(), model)), len(batch), batch[0].frames)

        return predict_by_length(clips, forward)


def to_tensor(clips: Sequence[AudioClip], shape: ClipShape, model: Any) -> torch.Tensor:
    """Return clips of one length as a batch, on the device and of the type of the model's first floating parameter.

    Parameters
    ----------
    clips : sequence of AudioClip
    shape : {"frames", "frames_first", "channels_first"}
        Of each clip in the batch; clips of several channels have no "frames".
    model : torch.nn.Module

    Returns
    -------
    tensor [shape=(clips, frames), (clips, frames, channels) or (clips, channels, frames)]
    """
    batch = torch.from_numpy(np.stack([clip.samples for clip in clips]))
    if shape == "frames" and clips[0].channels == 1:
        batch = batch[:, :, 0]
    elif shape != "frames_first":
        batch = batch.transpose(1, 2).contiguous()
    tensors = [*model.parameters(), *model.buffers()] if isinstance(model, torch.nn.Module) else []
    like = next((tensor for tensor in tensors if tensor.is_floating_point()), None)
    return batch if like is None else batch.to(like.device, like.dtype)

"""The default `predict` of Transformers' models: clips through the processor, in; scores, text or audio out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from audio_logging.callbacks.lengths import predict_by_length
from audio_logging.callbacks.torch_forward import TorchForward
from audio_logging.clip import AudioClip
from audio_logging.predictions.outputs import as_array, rows_of_columns, rows_of_outputs
from audio_logging.predictions.predicting import Predict
from audio_logging.predictions.samples import ClipShape

__all__ = ["TransformersForward"]


class TransformersForward:
    """The default `predict` of Transformers' models.

    Attributes
    ----------
    processor : object or None
        The trainer's ``processing_class``; without one, the model gets the samples themselves.
    """

    def __init__(self) -> None:
        self.processor: Any = None
        self._without: Predict | None = None

    def shaped(self, shape: Callable[[], ClipShape]) -> TransformersForward:
        """Say how the data set holds clips, for models without a processor."""
        self._without = TorchForward(shape)
        return self

    def __call__(self, model: Any, clips: Sequence[AudioClip]) -> Any:
        """Return what the model says of each clip."""
        if self.processor is None and self._without is not None:
            return self._without(model, clips)
        return predict_by_length(clips, lambda batch: self._rows(model, batch))

    def _rows(self, model: Any, clips: Sequence[AudioClip]) -> list[Any]:
        rate = _rate_of(self.processor) or clips[0].sample_rate
        waves = [_resampled(clip, rate) for clip in clips]
        inputs = self.processor(waves, sampling_rate=rate, return_tensors="pt").to(model.device, model.dtype)
        decode = getattr(self.processor, "batch_decode", None)
        if decode is not None and getattr(model, "can_generate", bool)():
            return rows_of_columns({"text": decode(model.generate(**inputs), skip_special_tokens=True)}, len(clips))
        outputs = model(**inputs)
        logits = outputs.get("logits") if isinstance(outputs, Mapping) else None
        if decode is not None and getattr(logits, "ndim", 0) == 3:
            return rows_of_columns({"text": decode(as_array(logits).argmax(-1))}, len(clips))
        rows = rows_of_outputs(outputs, len(clips), len(waves[0]))
        return [{"sample_rate": rate, **row} if "audio" in row else row for row in rows]


def _rate_of(processor: Any) -> int | None:
    extractor = getattr(processor, "feature_extractor", processor)
    rate = getattr(extractor, "sampling_rate", None)
    return None if rate is None else int(rate)


def _resampled(clip: AudioClip, rate: int) -> npt.NDArray[np.float32]:
    mono = clip.samples.mean(axis=1, dtype=np.float32)
    return np.asarray(soxr.resample(mono, clip.sample_rate, rate), np.float32)

"""Predictor: runs the user's `predict` on samples in the middle of a training, and measures what comes back."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from audio_logging.errors import PredictionError
from audio_logging.predictions.prediction import Prediction, PredictionReader
from audio_logging.predictions.samples import Sample
from audio_logging.predictions.tasks import Metric
from audio_logging.predictions.undisturbed import undisturbed

__all__ = ["Predict", "Predictor"]

Predict: TypeAlias = Callable[[Any, Any], Any]
"""``predict(model, clips)``: from a list of AudioClip to a list with one dictionary a clip."""


@dataclass(frozen=True)
class Predictor:
    """Runs `predict`, reads what it returns and measures it, and leaves no trace in the training.

    Parameters
    ----------
    predict : callable or None
    read : PredictionReader
    metrics : dict of callable
        ``metric(prediction, reference)`` a clip: of clips when the model makes audio, else of texts, else of labels.
    on_error : callable
        Called with the error of a metric that fails; its value is None then.
    input_is_reference : bool
        Whether what is made is compared with the sample itself, where that has no reference.
    seed : int
        For the random generators meanwhile.
    batch_size : int, optional
        How many clips `predict` gets at once; default: all.
    """

    predict: Predict | None
    read: PredictionReader
    metrics: Mapping[str, Metric]
    on_error: Callable[[BaseException], None]
    input_is_reference: bool = False
    seed: int = 0
    batch_size: int | None = None

    def run(self, model: Any, samples: Sequence[Sample]) -> list[tuple[Sample, Prediction]]:
        """Predict samples.

        Parameters
        ----------
        model : object
            Handed to `predict`, in evaluation mode and without data parallel wrappers.
        samples : sequence of Sample

        Returns
        -------
        list of (Sample, Prediction)

        Raises
        ------
        PredictionError
            `predict` did not return one prediction a clip.
        """
        made: list[Prediction] = []
        with undisturbed(model, seed=self.seed) as inner:
            for batch in _batches(samples, self.batch_size):
                made += self.read(self._predicted(inner, batch), batch)
            return self._measured(samples, made)

    def use(self, outputs: Sequence[Any], samples: Sequence[Sample]) -> list[tuple[Sample, Prediction]]:
        """Read outputs that were computed elsewhere, as `run` does with those of `predict`."""
        with undisturbed(None, seed=self.seed):
            return self._measured(samples, self.read(list(outputs), samples))

    def _predicted(self, model: Any, samples: Sequence[Sample]) -> Any:
        assert self.predict is not None  # noqa: S101 - the caller has asked
        try:
            return self.predict(model, [sample.clip for sample in samples])
        except PredictionError:
            raise
        except Exception as error:
            raise PredictionError(f"predict failed: {type(error).__name__}: {error}") from error

    def _measured(self, samples: Sequence[Sample], made: Sequence[Prediction]) -> list[tuple[Sample, Prediction]]:
        pairs = list(zip(samples, made, strict=True))
        return [
            (
                sample,
                replace(prediction, measures={name: self._measure(name, prediction, sample) for name in self.metrics}),
            )
            for sample, prediction in pairs
        ]

    def _measure(self, name: str, prediction: Prediction, sample: Sample) -> float | None:
        subject, reference = self._compared(prediction, sample)
        if subject is None or reference is None:
            return None
        try:
            value = float(self.metrics[name](subject, reference))
        except Exception as error:
            failure = PredictionError(
                f"the metric {name!r} failed on {sample.clip_id}: {type(error).__name__}: {error}"
            )
            failure.__cause__ = error
            self.on_error(failure)
            return None
        return value if math.isfinite(value) else None

    def _compared(self, prediction: Prediction, sample: Sample) -> tuple[Any, Any]:
        if prediction.audio is not None:
            own = sample.clip if self.input_is_reference else None
            return prediction.audio, sample.reference if sample.reference is not None else own
        if prediction.text is not None:
            return prediction.text, sample.text
        return prediction.label, sample.label


def _batches(samples: Sequence[Sample], size: int | None) -> list[Sequence[Sample]]:
    size = size or max(1, len(samples))
    return [samples[start : start + size] for start in range(0, len(samples), size)]

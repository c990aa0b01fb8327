"""Predictor: from one input to its outcome, whichever model it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from audio_logging.clip import AudioClip
from audio_logging.errors import AudioLoggingError, AudioValueError
from audio_logging.inference.bulk.outcome import Outcome
from audio_logging.inference.classification import Classification
from audio_logging.inference.classifier import AudioClassifier
from audio_logging.inference.embedder import AudioEmbedder
from audio_logging.inference.scores import Aggregate, FunctionName, check_aggregate, check_function, check_top_k
from audio_logging.inference.windows import WindowPolicy
from audio_logging.inputs import as_clip

__all__ = ["PredictionOptions", "Predictor"]


@dataclass(frozen=True)
class PredictionOptions:
    """How inputs are predicted; the words are those of :func:`audio_logging.predict_dataset`."""

    top_k: int | None = 5
    aggregate: Aggregate = "mean"
    function_to_apply: FunctionName | None = None
    threshold: float | None = None
    policy: WindowPolicy = field(default_factory=WindowPolicy)

    def __post_init__(self) -> None:
        check_top_k(self.top_k)
        check_aggregate(self.aggregate)


@dataclass(frozen=True, eq=False)
class Predictor:
    """Predicts one input after the other; threads may share it, and it can be pickled.

    Attributes
    ----------
    model : AudioClassifier or AudioEmbedder
    options : PredictionOptions
    keeps_vectors : bool
        Whether outcomes have vectors.
    """

    model: AudioClassifier | AudioEmbedder
    options: PredictionOptions
    keeps_vectors: bool

    def __call__(self, index: int, path: str, value: Any) -> Outcome:
        """Return what becomes of an input; what is wrong with it is part of that.

        Parameters
        ----------
        index : int
        path : str
            What to call it.
        value : object
            A callable that returns the input, or the input: anything that :func:`audio_logging.as_clip` takes.

        Returns
        -------
        Outcome
        """
        try:
            return self._predicted(index, path, as_clip(value() if callable(value) else value))
        except (AudioLoggingError, OSError, MemoryError) as error:
            return Outcome(index, path, error=f"{type(error).__name__}: {error}")

    def check(self) -> None:
        """Refuse, before any input is read, what no input would change.

        Raises
        ------
        AudioValueError
            Windows that the model does not take, a function that is not known, or no embedding where one is wanted.
        """
        if self.keeps_vectors:
            check_has_vectors(self.model)
        check_function(self.options.function_to_apply)
        self.model.check_windows(self.options.policy)

    def _predicted(self, index: int, path: str, clip: AudioClip) -> Outcome:
        policy = self.options.policy
        cutting: dict[str, Any] = {"window": policy.window, "hop": policy.hop, "pad": policy.pad}
        if isinstance(self.model, AudioEmbedder):
            embedded = self.model.embed_windows(clip, **cutting)
            rows = [_timed(number, times) for number, times in enumerate(embedded.times.tolist())]
            return Outcome(index, path, rows, embedded.values if self.keeps_vectors else None)
        result = self.model.classify(
            clip,
            function_to_apply=self.options.function_to_apply,
            threshold=self.options.threshold,
            **cutting,
        )
        vectors = result.embeddings if self.keeps_vectors else None
        if self.options.aggregate == "none":
            return Outcome(index, path, self._window_rows(result), vectors)
        if vectors is not None:
            vectors = vectors.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
        return Outcome(index, path, [self._row(result, clip.duration)], vectors)

    def _row(self, result: Classification, duration: float) -> dict[str, Any]:
        best = list(result.top(self.options.top_k, aggregate=self.options.aggregate))
        summary = {"windows": len(result), "start": 0.0, "end": duration, "last_coverage": result.coverage}
        return {**summary, **(best[0] if best else {}), "scores": best}

    def _window_rows(self, result: Classification) -> list[dict[str, Any]]:
        rows = []
        for number, times in enumerate(result.times.tolist()):
            ranked = result.window(number, self.options.top_k)
            best: list[Mapping[str, Any]] = [{"label": row["label"], "score": row["score"]} for row in ranked]
            coverage = result.coverage if number == len(result) - 1 else 1.0
            head = best[0] if best else {}
            rows.append({**_timed(number, times), "last_coverage": coverage, **head, "scores": best})
        return rows


def _timed(number: int, times: list[float]) -> dict[str, Any]:
    return {"window": number, "windows": 1, "start": times[0], "end": times[1]}


def check_has_vectors(model: AudioClassifier | AudioEmbedder) -> None:
    """Refuse a classifier that gives no embedding.

    Raises
    ------
    AudioValueError
    """
    if isinstance(model, AudioClassifier) and not model.has_embedding:
        raise AudioValueError(
            "the model gives no embedding. Name one of its outputs (in a TFLite model, any tensor) with "
            "embedding=NAME, or use an AudioEmbedder; on the command line: --embedding NAME, or --embed-only"
        )

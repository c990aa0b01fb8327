"""CallableNetwork: any function, or a Transformers pipeline object, in place of a model file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audio_logging.clip import AudioClip
from audio_logging.errors import AudioLoggingError, PredictionError
from audio_logging.inference.errors import ModelError
from audio_logging.inference.network import Outputs, as_rows
from audio_logging.inference.sound import SoundSpec
from audio_logging.inference.windows import Piece

__all__ = ["CallableNetwork", "is_transformers_pipeline", "transformers_network"]


class CallableNetwork:
    """Calls a function with the windows as clips. One call at a time, since few functions can be called from threads.

    Parameters
    ----------
    function : callable
        ``function(clips)``: from a list of clips to one row a clip: a dictionary from labels to scores, a list of
        ``{"label", "score"}``, a dictionary with one of these under ``"scores"``, or, with `labels`, numbers in their
        order. Always all of its classes.
    labels : sequence of str, optional
        Default: those of the first row that it returns.
    sample_rate : int, optional
        [Hz] What clips are resampled to. Default: their own.
    batch_size : int
        How many clips of one length it gets at once.
    """

    def __init__(
        self,
        function: Callable[[list[AudioClip]], Any],
        *,
        labels: Sequence[str] | None,
        sample_rate: int | None,
        batch_size: int,
    ) -> None:
        self._function = function
        self._labels = None if labels is None else tuple(labels)
        self._lock = threading.Lock()
        self.sound = SoundSpec(sample_rate)
        self.most_windows = batch_size

    @property
    def labels(self) -> tuple[str, ...] | None:
        """Names of the classes; None before the first call where nobody gave them."""
        return self._labels

    @property
    def sizes(self) -> tuple[int | None, ...]:
        """How many classes there are."""
        return (None if self._labels is None else len(self._labels),)

    def run(self, piece: Piece) -> Outputs:
        """Return the scores of the windows of a piece, in the order of the labels."""
        clips = [AudioClip(window, piece.sample_rate) for window in piece.samples]
        with self._lock:
            rows = self._called(clips)
            scores = np.array([self._scores(row) for row in rows], np.float32)
        return [as_rows(scores, len(clips), "of the callable")]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())

    def _called(self, clips: list[AudioClip]) -> list[Any]:
        try:
            rows = self._function(clips)
        except AudioLoggingError:
            raise
        except Exception as error:
            raise PredictionError(f"the callable failed: {type(error).__name__}: {error}") from error
        if isinstance(rows, (str, Mapping)) or not hasattr(rows, "__iter__"):
            raise PredictionError(f"the callable returned {type(rows).__name__}, wanted a list with one row a clip")
        rows = list(rows)
        if len(rows) != len(clips):
            raise PredictionError(f"the callable returned {len(rows)} rows for {len(clips)} clips, wanted one a clip")
        return rows

    def _scores(self, row: Any) -> list[float]:
        if isinstance(row, Mapping) and "scores" in row:
            row = row["scores"]
        named = _named(row)
        if named is None:
            return self._numbers(row)
        if self._labels is None:
            self._labels = tuple(named)
        if named.keys() != set(self._labels):
            raise PredictionError(
                f"the callable returned the labels {list(named)[:8]}, and before {list(self._labels)[:8]}; wanted all "
                "of its classes each time"
            )
        return [named[label] for label in self._labels]

    def _numbers(self, row: Any) -> list[float]:
        values: npt.NDArray[Any] = np.asarray(row.detach().cpu().float() if hasattr(row, "detach") else row)
        if values.ndim != 1 or values.dtype.kind not in "biuf":
            raise PredictionError(f"the callable returned {row!r:.100}, wanted scores by label, or one number a class")
        if self._labels is None:
            raise PredictionError("the callable returned numbers without names; pass labels=[...]")
        if len(values) != len(self._labels):
            raise PredictionError(
                f"the callable returned {len(values)} scores, wanted {len(self._labels)}, one a label"
            )
        return [float(value) for value in values]


def _named(row: Any) -> dict[str, float] | None:
    """Return scores by label, or None for bare numbers."""
    try:
        if isinstance(row, Mapping):
            return {str(label): float(score) for label, score in row.items()}
        if isinstance(row, (list, tuple)) and row and isinstance(row[0], Mapping):
            # Sorted by name: the order that they come in is that of one clip's scores.
            return {
                str(item["label"]): float(item["score"]) for item in sorted(row, key=lambda item: str(item["label"]))
            }
    except (TypeError, ValueError, KeyError) as error:
        raise PredictionError(f"the callable returned {row!r:.100}, wanted scores by label") from error
    return None


def is_transformers_pipeline(value: Any) -> bool:
    """Whether something is a Transformers pipeline for audio classification; Transformers is not imported."""
    return getattr(value, "task", None) == "audio-classification" and hasattr(value, "feature_extractor")


def transformers_network(pipe: Any, *, batch_size: int) -> CallableNetwork:
    """Return a network that calls a Transformers pipeline; it returns the model's outputs before any function.

    Parameters
    ----------
    pipe : transformers.AudioClassificationPipeline
    batch_size : int

    Returns
    -------
    CallableNetwork

    Raises
    ------
    ModelError
        Two classes of one name.
    """
    names = pipe.model.config.id2label
    labels = [str(names[index]) for index in range(len(names))]
    if len(set(labels)) < len(labels):
        raise ModelError("the pipeline's model has two classes of one name; wanted each once")
    rate = int(pipe.feature_extractor.sampling_rate)

    def outputs(clips: list[AudioClip]) -> list[Any]:
        inputs = [{"raw": clip.samples[:, 0].copy(), "sampling_rate": rate} for clip in clips]
        # top_k=None meant 5, or all, in different releases (transformers 35736)
        rows: list[Any] = pipe(inputs, top_k=len(labels), function_to_apply="none")
        return rows

    return CallableNetwork(outputs, labels=labels, sample_rate=rate, batch_size=batch_size)

"""Prediction: what a model says of one clip, in one form whatever the user's `predict` returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from audio_logging.clip import AudioClip
from audio_logging.errors import PredictionError
from audio_logging.inputs import ArraySource, Reading, to_source
from audio_logging.samples import Sample, label_name

__all__ = ["Metric", "Prediction", "read_predictions"]

Metric = Callable[[Any, Any], Any]
"""``metric(prediction, reference)``: clips for models that make audio, else texts, else labels."""

RATE_TOLERANCE = 0.05
"""A clip made without a rate has that of its input if its length is the same within this: padding, not resampling."""


@dataclass(frozen=True)
class Prediction:
    """What a model says of one clip.

    Attributes
    ----------
    label : str or None
    score : float or None
        Of the label.
    scores : tuple of (str, float)
        The best classes, best first.
    audio : AudioClip or None
        What the model made.
    text : str or None
    embedding : list of float or None
    numbers : dict
        Everything else that is a number, by name.
    """

    label: str | None = None
    score: float | None = None
    scores: tuple[tuple[str, float], ...] = ()
    audio: AudioClip | None = None
    text: str | None = None
    embedding: list[float] | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)

    def subject(self) -> Any:
        """Return what metrics compare: the clip that was made, else the text, else the label."""
        return self.audio if self.audio is not None else self.text if self.text is not None else self.label

    def reference_in(self, sample: Sample) -> Any:
        """Return what to compare that with."""
        if self.audio is not None:
            return sample.reference
        return sample.text if self.text is not None else sample.label


def read_predictions(
    returned: Any, samples: Sequence[Sample], *, top_k: int, class_names: Sequence[str] | None
) -> list[Prediction]:
    """Bring what `predict` returned into one form.

    Parameters
    ----------
    returned : list of dict, or ndarray or tensor [shape=(clips, classes)]
        Dictionaries with any of ``label``, ``score``, ``scores`` (a dictionary, a row in the order of the class names,
        or a list of ``{"label", "score"}``), ``audio``, ``sample_rate``, ``text``, ``embedding``, and numbers; or one
        row of scores a clip.
    samples : sequence of Sample
    top_k : int
        How many classes to keep.
    class_names : sequence of str or None

    Returns
    -------
    list of Prediction

    Raises
    ------
    PredictionError
        Not one a clip, or something that is none of this.
    """
    rows = list(returned) if isinstance(returned, (list, tuple)) else _rows_of(returned)
    if len(rows) != len(samples):
        raise PredictionError(f"predict returned {len(rows)} predictions for {len(samples)} clips, wanted one a clip")
    return [_read(row, sample, top_k, class_names) for row, sample in zip(rows, samples, strict=True)]


def _read(row: Any, sample: Sample, top_k: int, class_names: Sequence[str] | None) -> Prediction:
    if isinstance(row, str):
        row = {"label": row}
    if isinstance(row, Prediction):
        return row
    if not isinstance(row, Mapping):
        row = {"scores": row}
    ranked = _ranked(row.get("scores"), class_names)
    label = label_name(row.get("label"), class_names) or (ranked[0][0] if ranked else None)
    score = _float(row.get("score"))
    return Prediction(
        label=label,
        score=score if score is not None else dict(ranked).get(label or ""),
        scores=tuple(ranked[:top_k]),
        audio=_clip(row, sample),
        text=None if row.get("text") is None else str(row["text"]),
        embedding=_embedding(row.get("embedding")),
        numbers=_numbers(row),
    )


def _rows_of(returned: Any) -> list[Any]:
    array = _array(returned)
    if array is None or array.ndim < 1:
        raise PredictionError(f"predict returned {type(returned).__name__}, wanted a list with one dictionary a clip")
    return list(array)


def _ranked(scores: Any, class_names: Sequence[str] | None) -> list[tuple[str, float]]:
    """Sort by score, best first, ties in the order given."""
    if scores is None:
        return []
    if isinstance(scores, Mapping):
        pairs = [(str(name), _float(value)) for name, value in scores.items()]
    elif isinstance(scores, (list, tuple)) and scores and isinstance(scores[0], Mapping):
        pairs = [(str(item.get("label")), _float(item.get("score"))) for item in scores]
    else:
        pairs = _named(scores, class_names)
    known = [(name, value) for name, value in pairs if value is not None]
    return sorted(known, key=lambda pair: -pair[1])


def _named(scores: Any, class_names: Sequence[str] | None) -> list[tuple[str, float | None]]:
    row = _array(scores)
    if row is None or row.ndim != 1 or row.dtype.kind not in "biuf":
        raise PredictionError(f"got scores {scores!r:.100}, wanted numbers, one a class")
    names = class_names if class_names is not None else [str(index) for index in range(len(row))]
    if len(names) != len(row):
        raise PredictionError(f"got {len(row)} scores for {len(names)} class names, wanted one a class")
    return [(name, _float(value)) for name, value in zip(names, row, strict=True)]


def _clip(row: Mapping[str, Any], sample: Sample) -> AudioClip | None:
    value = row.get("audio")
    if value is None:
        return None
    source = to_source(value)
    rate = row.get("sample_rate", row.get("sampling_rate"))
    if rate is None and isinstance(source, ArraySource) and source.sample_rate is None:
        rate = _rate_of_input(source, sample)
    return source.to_clip(Reading(rate, on_invalid="zero"))


def _rate_of_input(source: ArraySource, sample: Sample) -> int:
    longest = max(source.array.shape, default=0)
    if abs(longest - sample.clip.frames) > RATE_TOLERANCE * sample.clip.frames:
        raise PredictionError(
            f"predict returned audio of {longest} frames for a clip of {sample.clip.frames}, without its sample rate; "
            "wanted 'audio' with 'sample_rate' beside it"
        )
    return sample.clip.sample_rate


def _embedding(value: Any) -> list[float] | None:
    array = None if value is None else _array(value)
    return None if array is None else [float(number) for number in array.reshape(-1)]


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    taken = {"label", "score", "scores", "audio", "sample_rate", "sampling_rate", "text", "embedding"}
    read = {str(name): _float(value) for name, value in row.items() if name not in taken}
    return {name: value for name, value in read.items() if value is not None}


def _array(value: Any) -> Any:
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) in ("torch.bfloat16", "torch.float16") else value
    try:
        return np.asarray(value)
    except (TypeError, ValueError):
        return None


def _float(value: Any) -> float | None:
    if value is None or isinstance(value, (str, bytes)):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None

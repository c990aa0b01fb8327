"""Prediction: what a model says of one clip, in one form whatever the user's `predict` returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from audio_logging._types import AnyArray
from audio_logging.clip import AudioClip
from audio_logging.errors import AudioLoggingError, AudioValueError, PredictionError
from audio_logging.inputs import ArraySource, Reading, to_source
from audio_logging.predictions.outputs import as_array, rows_of_columns
from audio_logging.predictions.samples import LABEL_SEPARATOR, Sample, label_name

__all__ = ["Activation", "Prediction", "PredictionReader"]

Activation: TypeAlias = Literal["auto", "softmax", "sigmoid", "none"]

RATE_TOLERANCE = 0.05
"""A clip made without a rate has that of its input if its length is the same within this: padding, not resampling."""

SUM_TOLERANCE = 1e-2
"""Numbers in [0, 1] whose sum is 1 within this are probabilities already, in bfloat16 too."""

THRESHOLD = 0.5
"""A class of several at once is predicted from this score on."""

TAKEN = (
    "label",
    "score",
    "scores",
    "logits",
    "audio",
    "length",
    "sample_rate",
    "sampling_rate",
    "text",
    "embedding",
)
"""What has a meaning in what `predict` returns; everything else that is a number is kept by its name."""


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
    label_score : float or None
        What the sample's own label was given, also when it is not among the best.
    audio : AudioClip or None
        What the model made.
    text : str or None
    embedding : list of float or None
    numbers : dict
        Everything else that is a number, by name.
    measures : dict
        What metrics made of it, by name; None where there was nothing to compare, or the metric failed.
    """

    label: str | None = None
    score: float | None = None
    scores: tuple[tuple[str, float], ...] = ()
    label_score: float | None = None
    audio: AudioClip | None = None
    text: str | None = None
    embedding: list[float] | None = None
    numbers: Mapping[str, float] = field(default_factory=dict)
    measures: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class PredictionReader:
    """Brings what `predict` returned into one form.

    Parameters
    ----------
    top_k : int
        How many classes to keep.
    class_names : sequence of str or None
    activation : {"auto", "softmax", "sigmoid", "none"}
        How ``logits`` become scores. "auto": a single one by sigmoid, several by softmax, unless they are
        probabilities already.
    several_labels : bool
        Whether a clip can have several labels at once: all that score 0.5 or more; "auto" is sigmoid then.
    on_error : callable
        Called with the error of a row that cannot be read; that row stays, empty.
    """

    top_k: int
    class_names: Sequence[str] | None
    on_error: Callable[[BaseException], None]
    activation: Activation = "auto"
    several_labels: bool = False

    def __call__(self, returned: Any, samples: Sequence[Sample]) -> list[Prediction]:
        """Read the predictions of a batch.

        Parameters
        ----------
        returned : list of dict, dict of batches, or ndarray or tensor [shape=(clips, classes)]
            Dictionaries with any of ``label``, ``score``, ``scores`` (a dictionary, a row in the order of the class
            names, or a list of ``{"label", "score"}``), ``logits``, ``audio``, ``sample_rate``, ``length`` [frames]
            of the audio without padding, ``text``, ``embedding``, and numbers; or a label, or a row of scores, a clip.
        samples : sequence of Sample

        Returns
        -------
        list of Prediction

        Raises
        ------
        PredictionError
            Not one a clip, or something that is none of this.
        """
        rows = _rows_of(returned, len(samples))
        if len(rows) != len(samples):
            raise PredictionError(
                f"predict returned {len(rows)} predictions for {len(samples)} clips, wanted one a clip"
            )
        return [self._read_or_report(row, sample) for row, sample in zip(rows, samples, strict=True)]

    def _read_or_report(self, row: Any, sample: Sample) -> Prediction:
        try:
            return self._read(row, sample)
        except AudioLoggingError as error:
            failure = PredictionError(f"the prediction of {sample.clip_id} cannot be read: {error}")
            failure.__cause__ = error
            self.on_error(failure)
            return Prediction()

    def _read(self, row: Any, sample: Sample) -> Prediction:
        if isinstance(row, Prediction):
            return row
        fields = _fields_of(row)
        ranked = self._ranked(fields)
        known = dict(ranked)
        label = label_name(fields.get("label"), self.class_names)
        label = label if label is not None else self._best(ranked)
        score = _float(fields.get("score"))
        return Prediction(
            label=label,
            score=score if score is not None else known.get(label or ""),
            scores=tuple(ranked[: self.top_k]),
            label_score=known.get(sample.label or ""),
            audio=_clip(fields, sample),
            text=None if fields.get("text") is None else str(fields["text"]),
            embedding=_embedding(fields.get("embedding")),
            numbers=_numbers(fields),
        )

    def _best(self, ranked: Sequence[tuple[str, float]]) -> str | None:
        if not self.several_labels:
            return ranked[0][0] if ranked else None
        over = [name for name, score in ranked if score >= THRESHOLD]
        names = self.class_names
        ordered = over if names is None else [name for name in names if name in over]
        return LABEL_SEPARATOR.join(ordered) if ranked else None

    def _ranked(self, fields: Mapping[str, Any]) -> list[tuple[str, float]]:
        """Sort by score, best first, ties in the order given."""
        scores = fields.get("scores")
        if scores is None and fields.get("logits") is not None:
            scores = self._activated(_numbers_in(fields["logits"]))
        if scores is None:
            return []
        if isinstance(scores, Mapping):
            pairs = [(str(name), _float(value)) for name, value in scores.items()]
        elif isinstance(scores, (list, tuple)) and scores and isinstance(scores[0], Mapping):
            pairs = [(str(item.get("label")), _float(item.get("score"))) for item in scores]
        else:
            pairs = self._named(_numbers_in(scores))
        known = [(name, value) for name, value in pairs if value is not None]
        return sorted(known, key=lambda pair: -pair[1])

    def _activated(self, logits: AnyArray) -> AnyArray:
        if self.activation == "none" or (self.activation == "auto" and self._are_scores(logits)):
            return logits
        if self.activation == "sigmoid" or (self.activation == "auto" and (self.several_labels or logits.size == 1)):
            return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)))
        with np.errstate(invalid="ignore"):  # infinite logits have no softmax: it is NaN, and left out
            powers = np.exp(logits - logits.max())
            return np.asarray(powers / powers.sum())

    def _are_scores(self, values: AnyArray) -> bool:
        if values.size == 1 or not (np.all(values >= 0) and np.all(values <= 1)):
            return False
        return self.several_labels or abs(float(values.sum()) - 1) <= SUM_TOLERANCE

    def _named(self, row: AnyArray) -> list[tuple[str, float | None]]:
        if row.size == 1 and (self.class_names is None or len(self.class_names) == 2):  # one score decides between two
            row = np.array([1 - row[0], row[0]])
        names = self.class_names if self.class_names is not None else [str(index) for index in range(len(row))]
        if len(names) != len(row):
            raise PredictionError(f"got {len(row)} scores for {len(names)} class names, wanted one a class")
        return [(name, _float(value)) for name, value in zip(names, row, strict=True)]


def _rows_of(returned: Any, count: int) -> list[Any]:
    if isinstance(returned, Mapping):
        return rows_of_columns(returned, count)
    if isinstance(returned, (list, tuple, Iterator)):
        return list(returned)
    array = None if returned is None else as_array(returned)
    if array is None or array.ndim < 1 or array.dtype.kind not in "biufU":
        raise PredictionError(f"predict returned {type(returned).__name__}, wanted a list with one dictionary a clip")
    return list(array)


def _fields_of(row: Any) -> Mapping[str, Any]:
    if isinstance(row, Mapping):
        return row
    if row is None:
        return {}
    return {"label": row} if _is_label(row) else {"scores": row}


def _is_label(row: Any) -> bool:
    if isinstance(row, (str, int)):
        return True
    array = as_array(row) if getattr(row, "shape", None) == () else None
    return array is not None and array.dtype.kind in "biuU"


def _numbers_in(scores: Any) -> AnyArray:
    row = as_array(scores)
    if row is None or row.dtype.kind not in "biuf" or row.ndim > 1 or not row.size:
        raise PredictionError(f"got scores {scores!r:.100}, wanted numbers, one a class")
    return np.asarray(row.reshape(-1), np.float64)


def _clip(fields: Mapping[str, Any], sample: Sample) -> AudioClip | None:
    value = fields.get("audio")
    if value is None:
        return None
    source = to_source(value)
    rate = fields.get("sample_rate", fields.get("sampling_rate"))
    if rate is None and isinstance(source, ArraySource) and source.sample_rate is None:
        rate = _rate_of_input(source, sample)
    clip = source.to_clip(Reading(rate, on_invalid="zero"))
    return clip if fields.get("length") is None else _cut(clip, fields["length"])


def _cut(clip: AudioClip, length: Any) -> AudioClip:
    frames = _float(length)
    if frames is None or not 0 < frames <= clip.frames:
        raise AudioValueError(f"got length={length!r}, wanted 1 to {clip.frames} frames")
    if frames == clip.frames:
        return clip
    real = clip.stored[: int(frames)].copy()
    return AudioClip.adopt(real, clip.sample_rate, bits=clip.bits, invalid_samples=clip.invalid_samples)


def _rate_of_input(source: ArraySource, sample: Sample) -> int:
    longest = max(source.array.shape, default=0)
    if abs(longest - sample.clip.frames) > RATE_TOLERANCE * sample.clip.frames:
        raise PredictionError(
            f"predict returned audio of {longest} frames for a clip of {sample.clip.frames}, without its sample rate; "
            "wanted 'audio' with 'sample_rate' beside it"
        )
    return sample.clip.sample_rate


def _embedding(value: Any) -> list[float] | None:
    array = None if value is None else as_array(value)
    return None if array is None else [float(number) for number in array.reshape(-1)]


def _numbers(fields: Mapping[str, Any]) -> dict[str, float]:
    read = {str(name): _float(value) for name, value in fields.items() if name not in TAKEN}
    return {name: value for name, value in read.items() if value is not None}


def _float(value: Any) -> float | None:
    if value is None or isinstance(value, (str, bytes)):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None

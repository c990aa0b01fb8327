"""ClipRow: what the page is told of a clip, in strict JSON."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from audio_logging.dashboard.indexing.json_values import label_text, number, text
from audio_logging.runs import StoredClip

__all__ = ["VALUES", "ClipRow"]

MAX_CAPTION = 300
"""Characters that a list shows; the whole caption is asked for with the clip."""

MAX_LABEL = 10_000
"""Characters of a label or a prediction."""

MAX_METRICS = 200
MAX_SCORES = 1000
MAX_NAME = 1000
"""Characters of the name of a metric or of a score's label."""

_COLUMN_ROLES = frozenset({"reference", "generated"})
"""Columns of tables that are called as the logger calls the role of what is in them."""

_dump = json.JSONEncoder(separators=(",", ":")).encode


class ClipRow(NamedTuple):
    """One clip; None where nothing is known. Every text and number can be said in strict JSON.

    Attributes
    ----------
    uid : int
        Of 64 bits; the same in every indexing of the run.
    ordinal : float
        Place in its list, or row of its table; ``index`` in JSON.
    caption : str or None
        At most MAX_CAPTION characters; `caption_cut` tells whether there are more.
    correct : bool or None
        Whether label and prediction are the same text, or what a table's own column says.
    score : float or None
        Of the prediction among the scores, else the first of them, else a metric of that name.
    metrics : dict of str to number or None
    scores : list of [str, float] or None
    peak : float or None
        1.0 is full scale.
    file : str or None
        Absolute path, exactly as the operating system has it.
    recorded_path, source, table, column : str
        As in :class:`audio_logging.runs.StoredClip`.
    """

    uid: int
    key: str
    step: float | None
    ordinal: float
    table: str | None
    column: str | None
    role: str | None
    clip_id: str | None
    caption: str | None
    caption_cut: bool
    label: str | None
    prediction: str | None
    correct: bool | None
    score: float | None
    duration: float | None
    sample_rate: float | None
    channels: float | None
    frames: float | None
    format: str | None
    size: float | None
    peak: float | None
    clipped_samples: float | None
    sha256: str | None
    time: float | None
    source: str
    recorded_path: str
    file: str | None
    metrics: dict[str, float] | None
    scores: list[list[Any]] | None

    @classmethod
    def of(cls, clip: StoredClip, uid: int) -> ClipRow:
        """Make the row of a clip.

        Parameters
        ----------
        clip : StoredClip
        uid : int
            From `clip_ids.uid_of`.

        Returns
        -------
        ClipRow
        """
        label, prediction = label_text(clip.label), label_text(clip.prediction)
        caption = _text(clip.caption)
        cut = caption is not None and len(caption) > MAX_CAPTION
        scores, metrics = _scores(clip.scores), _metrics(clip.metrics)
        role = clip.role if clip.role is not None or clip.column not in _COLUMN_ROLES else clip.column
        index = number(clip.index)
        return cls(
            uid,
            text(clip.key),
            number(clip.step),
            0 if index is None else index,
            _text(clip.table),
            _text(clip.column),
            _text(role),
            _text(clip.clip_id),
            caption[:MAX_CAPTION] if cut and caption else caption,
            cut,
            _cut(label),
            _cut(prediction),
            _correct(clip.metrics, label, prediction),
            _score(scores, prediction, clip.metrics),
            number(clip.duration),
            number(clip.sample_rate),
            number(clip.channels),
            number(clip.frames),
            _text(clip.format),
            number(clip.size),
            number(clip.peak),
            number(clip.clipped_samples),
            _text(clip.sha256),
            number(clip.time),
            clip.source,
            text(clip.recorded_path),
            clip.file,
            metrics if clip.table is None else _without_answers(metrics),
            scores,
        )

    @property
    def level(self) -> float | None:
        """Level of the peak [dBFS]; None when it is silent."""
        return round(20 * math.log10(self.peak), 3) if self.peak and self.peak > 0 else None

    def merged(self, repeat: ClipRow) -> ClipRow:
        """Return the row with what only the repeat knows."""
        known = {
            name: value for name, value in repeat._asdict().items() if value is not None and getattr(self, name) is None
        }
        if "caption" in known:
            known["caption_cut"] = repeat.caption_cut
        if self.metrics and repeat.metrics:
            known["metrics"] = {**repeat.metrics, **self.metrics}
        return self._replace(**known) if known else self

    def to_json(self, run: str, clip: str) -> dict[str, Any]:
        """Return what a list shows; what is unknown is absent.

        Parameters
        ----------
        run, clip : str
            Their ids.

        Returns
        -------
        dict
            The contract's RowJson.
        """
        told: dict[str, Any] = {"id": clip, "run": run}
        told.update((name, value) for name, value in zip(_SHOWN, self[1:_SHOWN_END], strict=True) if value is not None)
        if not self.caption_cut:
            del told["caption_cut"]
        if self.metrics is not None:
            told["metrics"] = self.metrics
        if self.level is not None:
            told["level"] = self.level
        if self.file is None:
            told["missing"] = True
        return told

    def to_detail(self, run: str, clip: str, run_name: str, caption: str | None) -> dict[str, Any]:
        """Return everything that is known.

        Parameters
        ----------
        run, clip : str
            Their ids.
        run_name : str
        caption : str or None
            The whole of it.

        Returns
        -------
        dict
            The contract's DetailJson.
        """
        told = self.to_json(run, clip)
        told.pop("caption_cut", None)
        if caption is not None:
            told["caption"] = caption
        if self.scores is not None:
            told["scores"] = [{"label": label, "score": score} for label, score in self.scores]
        told.update(recorded_path=self.recorded_path, file_name=self.recorded_path.rpartition("/")[2])
        told.update(run_name=run_name, source=self.source)
        return told

    def to_values(self) -> tuple[Any, ...]:
        """Return the row as SQLite keeps it; the last two fields as one JSON, which takes half as long as two."""
        file = None if self.file is None else os.fsencode(self.file)
        more = _dump(self[_MORE:]) if self.metrics is not None or self.scores is not None else None
        return (*self[: _MORE - 1], file, more)

    @classmethod
    def of_values(cls, values: Sequence[Any]) -> ClipRow:
        """Return the row of what `to_values` returned."""
        *told, file, more = values
        told[_CUT] = bool(told[_CUT])
        if told[_CORRECT] is not None:
            told[_CORRECT] = bool(told[_CORRECT])
        told.append(None if file is None else os.fsdecode(file))
        return cls(*told, *(json.loads(more) if more else (None, None)))

    def searched(self, caption: str | None) -> str:
        """Return the text in which words are looked for: case folded, without what SQLite cannot compare."""
        parts = (self.label, self.prediction, self.clip_id, self.key, self.role, caption)  # the longest may be cut
        return "\n".join([part for part in parts if part]).casefold().replace("\0", " ")


_NAMES = tuple("index" if name == "ordinal" else name for name in ClipRow._fields)
_SHOWN = _NAMES[1 : _NAMES.index("source")]
_SHOWN_END = 1 + len(_SHOWN)
_CUT, _CORRECT, _MORE = map(_NAMES.index, ("caption_cut", "correct", "metrics"))

VALUES = (*ClipRow._fields[:_MORE], "more")
"""What `ClipRow.to_values` returns, by name."""


def _text(value: str | None) -> str | None:
    return None if value is None else text(value)


def _cut(label: str | None) -> str | None:
    return label if label is None or len(label) <= MAX_LABEL else label[:MAX_LABEL]


def _metrics(told: Mapping[str, Any] | None) -> dict[str, float] | None:
    if not told:
        return None
    found: dict[str, float] = {}
    for name, value in told.items():
        if type(value) is dict:
            found.update(_numbers((f"{name}.{inner}", item) for inner, item in value.items()))
        elif (known := number(value)) is not None:
            found[name if len(name) <= MAX_NAME and name.isascii() else text(name[:MAX_NAME])] = known
    return dict(islice(found.items(), MAX_METRICS)) if len(found) > MAX_METRICS else found or None


def _numbers(told: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, float]]:
    for name, value in told:
        if (known := number(value)) is not None:
            yield text(name[:MAX_NAME]), known


def _without_answers(metrics: dict[str, float] | None) -> dict[str, float] | None:
    """Leave out what a table's columns say that stands in fields of its own."""
    if not metrics:
        return None
    return {name: value for name, value in metrics.items() if name not in ("score", "correct")} or None


def _scores(told: Any) -> list[list[Any]] | None:
    if isinstance(told, list):
        pairs = [(item.get("label"), item.get("score")) for item in told[:MAX_SCORES] if type(item) is dict]
    elif isinstance(told, dict):
        pairs = sorted(told.items(), key=lambda pair: _descending(pair[1]))[:MAX_SCORES]
    else:
        return None
    found = []
    for label, score in pairs:
        known, name = number(score), label_text(label)
        if known is not None and name is not None:
            found.append([name[:MAX_NAME], known])
    return found or None


def _descending(score: Any) -> float:
    known = number(score)
    return math.inf if known is None else -known


def _correct(metrics: Mapping[str, Any] | None, label: str | None, prediction: str | None) -> bool | None:
    if label is not None and prediction is not None:
        return label == prediction
    told = metrics.get("correct") if metrics else None
    return told if isinstance(told, bool) else None


def _score(scores: list[list[Any]] | None, prediction: str | None, metrics: Mapping[str, Any] | None) -> float | None:
    if scores:
        score: float = next((score for label, score in scores if label == prediction), scores[0][1])
        return score
    return number(metrics.get("score")) if metrics else None

"""Samples: clips of a data set with what is known of each, chosen and read once."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from audio_logging.clip import AudioClip
from audio_logging.errors import AudioLoggingError, AudioValueError
from audio_logging.inputs import as_clip
from audio_logging.predictions.raw_samples import (
    Items,
    RawSample,
    as_items,
    class_names_of,
    labels_of,
    raw_sample,
    sample_rate_of,
)
from audio_logging.predictions.selection import Select, choose

__all__ = ["ClipShape", "Sample", "choose_samples", "class_names_of", "label_name"]

ClipShape: TypeAlias = Literal["frames", "frames_first", "channels_first"]
"""How the data set holds a clip: ``(frames,)``, ``(frames, channels)`` or ``(channels, frames)``."""

MOST_SCANNED = 10_000
"""How many samples are looked at for "random" of a stream, and for "stratified" where labels come with the audio."""

LABEL_SEPARATOR = ", "
"""Between the labels of a clip that has several."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One sample that was chosen, read.

    Attributes
    ----------
    clip_id : str
        Unique among the chosen.
    clip : AudioClip
        What the model gets, and what is logged: cut to the longest length asked for.
    position : int
        In the data set.
    label : str or None
    reference : AudioClip or None
        What a generated clip is compared with.
    text : str or None
    full_duration : float
        [s] Before cutting.
    shape : {"frames", "frames_first", "channels_first"}
        How the data set holds the clip, which is how its model wants it.
    """

    clip_id: str
    clip: AudioClip
    position: int
    label: str | None = None
    reference: AudioClip | None = None
    text: str | None = None
    full_duration: float = 0.0
    shape: ClipShape = "frames"

    @cached_property
    def identity(self) -> str:
        """What tells this sample from others, in whichever process: its name and a hash of its clip."""
        digest = hashlib.sha256(np.ascontiguousarray(self.clip.stored).data)
        digest.update(f"{self.clip_id} {self.clip.sample_rate} {self.clip.stored.shape}".encode("utf-8", "replace"))
        return digest.hexdigest()[:20]


def choose_samples(
    samples: Any,
    *,
    select: Select,
    most: int,
    seed: int,
    max_seconds: float | None,
    sample_rate: int | None,
    class_names: Sequence[str] | None,
    on_error: Callable[[BaseException], None],
) -> list[Sample]:
    """Choose samples of a data set and read them.

    Parameters
    ----------
    samples : data set
        A sequence or iterable of dictionaries, ``(audio, label)`` or ``(waveform, sample_rate, label, ...)`` tuples or
        plain clips; a torch or Hugging Face data set; a torch DataLoader, whose data set is taken; an AudioDataset; or
        a pair of an array of clips and its labels.
    select, most, seed
        As for :func:`audio_logging.predictions.selection.choose`.
    max_seconds : float or None
        [s] Longer clips are cut at their end.
    sample_rate : int or None
        [Hz] For bare samples; default: what the data set says of itself.
    class_names : sequence of str or None
        Names of labels that are numbers.
    on_error : callable
        Called with the error of a sample that cannot be read; it is left out.

    Returns
    -------
    list of Sample

    Raises
    ------
    AudioTypeError, AudioValueError
        No data set, or a choice that it does not allow.
    """
    names = class_names if class_names is not None else class_names_of(samples)
    rate = sample_rate if sample_rate is not None else sample_rate_of(samples)
    read = _Reader(rate, max_seconds, names)
    chosen: list[Sample] = []
    taken: set[str] = set()
    for position, get in _chosen_items(samples, select, most, seed):
        try:
            sample = read(get(), position, taken)
        except Exception as error:
            on_error(_of_sample(error, position))
            continue
        taken.add(sample.clip_id)
        chosen.append(sample)
    return chosen


def label_name(label: Any, class_names: Sequence[str] | None) -> str | None:
    """Return a label as text: a number or a one-hot row by its class name, where there are names.

    Parameters
    ----------
    label : object
        Text, a number, a row of zeros and ones, or a tuple of the numbers of several classes.
    class_names : sequence of str or None

    Returns
    -------
    str or None
    """
    if label is None or isinstance(label, str):
        return label
    if isinstance(label, bytes):
        return label.decode("utf-8", "replace")
    if isinstance(label, (tuple, list)) and label and all(isinstance(item, str) for item in label):
        return LABEL_SEPARATOR.join(label)
    if isinstance(label, tuple):
        return LABEL_SEPARATOR.join(label_name(item, class_names) or "" for item in label) or None
    return _number_name(np.asarray(label.detach().cpu() if hasattr(label, "detach") else label), class_names)


class _Reader:
    """Reads raw samples."""

    def __init__(self, sample_rate: int | None, max_seconds: float | None, class_names: Sequence[str] | None) -> None:
        self._sample_rate = sample_rate
        self._max_seconds = max_seconds
        self._class_names = class_names

    def __call__(self, raw: RawSample, position: int, taken: set[str]) -> Sample:
        whole = as_clip(raw.audio, self._rate(raw))
        reference = None if raw.reference is None else self._cut(_reference(raw, self._rate(raw), whole))
        return Sample(
            _unique(str(raw.clip_id if raw.clip_id is not None else _name_of(raw.audio, position)), taken),
            self._cut(whole),
            position,
            label_name(raw.label, self._class_names),
            reference,
            None if raw.text is None else str(raw.text),
            whole.duration,
            _shape_of(raw.audio, whole),
        )

    def _rate(self, raw: RawSample) -> Any:
        """Return the rate to read with; the one for the whole data set is only for clips without their own."""
        if raw.sample_rate is not None:
            return raw.sample_rate
        return self._sample_rate if _is_bare(raw.audio) else None

    def _cut(self, clip: AudioClip) -> AudioClip:
        if self._max_seconds is None or clip.duration <= self._max_seconds:
            return clip
        frames = max(1, int(self._max_seconds * clip.sample_rate))
        return AudioClip.adopt(clip.stored[:frames].copy(), clip.sample_rate, bits=clip.bits)


def _chosen_items(samples: Any, select: Select, most: int, seed: int) -> Iterator[tuple[int, Callable[[], RawSample]]]:
    items = as_items(samples)
    if not isinstance(items, Items):
        for position, item in _chosen_of_stream(items, select, most, seed):
            yield position, partial(raw_sample, item)
        return
    labels = _labels(labels_of(samples, items, MOST_SCANNED)) if select == "stratified" else None
    for position in choose(len(items), select, most=most, labels=labels, seed=seed):
        yield position, partial(items.__getitem__, position)


def _chosen_of_stream(
    stream: Iterable[Any], select: Select, most: int, seed: int
) -> Sequence[tuple[int, Any]] | Iterator[tuple[int, Any]]:
    """Choose from samples that come one after the other, without holding more of them than asked for."""
    if select == "first":
        return enumerate(itertools.islice(stream, most))
    if not isinstance(select, str):
        return _positions_of_stream(stream, [int(position) for position in select])
    groups: dict[str, _Reservoir] = {}
    for position, item in enumerate(itertools.islice(stream, MOST_SCANNED)):
        (label,) = _labels([raw_sample(item).label]) if select == "stratified" else ("",)
        groups.setdefault(label, _Reservoir(most, seed)).offer((position, item))
    kept = {position: item for group in groups.values() for position, item in group.kept}
    labels = {position: label for label, group in groups.items() for position, _ in group.kept}
    positions = sorted(kept)
    places = choose(len(positions), select, most=most, labels=[labels[place] for place in positions], seed=seed)
    return [(positions[place], kept[positions[place]]) for place in places]


def _positions_of_stream(stream: Iterable[Any], positions: Sequence[int]) -> list[tuple[int, Any]]:
    last = max(positions, default=-1)
    found = {place: item for place, item in enumerate(itertools.islice(stream, last + 1)) if place in positions}
    missing = sorted(set(positions) - set(found))
    if missing:
        raise AudioValueError(f"got position {missing[0]} in select, which these samples do not have")
    return [(position, found[position]) for position in dict.fromkeys(positions)]


class _Reservoir:
    """Keeps a fair choice of what it is offered (J. S. Vitter, "Random sampling with a reservoir", 1985)."""

    def __init__(self, most: int, seed: int) -> None:
        self.kept: list[Any] = []
        self._most = most
        self._offered = 0
        self._generator = random.Random(seed)

    def offer(self, item: Any) -> None:
        self._offered += 1
        if len(self.kept) < self._most:
            self.kept.append(item)
            return
        place = self._generator.randrange(self._offered)
        if place < self._most:
            self.kept[place] = item


def _labels(labels: Sequence[Any]) -> list[str]:
    named = [label_name(label, None) for label in labels]
    known = [label for label in named if label is not None]
    if len(known) < len(named):
        raise AudioValueError("got select='stratified' for samples without labels, wanted 'first' or 'random'")
    return known


def _of_sample(error: Exception, position: int) -> AudioLoggingError:
    failure = AudioLoggingError(f"sample {position} cannot be read and is left out: {type(error).__name__}: {error}")
    failure.__cause__ = error
    return failure


def _number_name(values: Any, class_names: Sequence[str] | None) -> str | None:
    if values.ndim == 1 and values.size > 1 and class_names and len(class_names) == values.size:
        named = zip(class_names, values, strict=True)
        return LABEL_SEPARATOR.join(name for name, value in named if value > 0.5) or None
    if values.size != 1:
        return str(values.tolist())
    value = values.reshape(-1)[0].item()
    if isinstance(value, (int, float)) and float(value).is_integer():
        number = int(value)
        return class_names[number] if class_names and 0 <= number < len(class_names) else str(number)
    return str(value)


def _reference(raw: RawSample, rate: Any, clip: AudioClip) -> AudioClip:
    if not _is_bare(raw.reference):
        return as_clip(raw.reference)
    return as_clip(raw.reference, rate if rate is not None else clip.sample_rate)


def _is_bare(value: Any) -> bool:
    """Whether these are samples that do not carry a rate."""
    return hasattr(value, "__array__") or hasattr(value, "__dlpack__") or isinstance(value, list)


def _shape_of(audio: Any, clip: AudioClip) -> ClipShape:
    if getattr(audio, "ndim", None) != 2:
        return "frames" if clip.channels == 1 else "channels_first"
    return "frames_first" if tuple(audio.shape) == (clip.frames, clip.channels) else "channels_first"


def _name_of(audio: Any, position: int) -> str:
    if isinstance(audio, (str, Path)):
        return Path(audio).name
    return f"{position:04d}"


def _unique(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name}-{number}" for number in itertools.count(2) if f"{name}-{number}" not in taken)

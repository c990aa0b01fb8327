"""Samples: clips of a data set with what is known of each, read from whatever form the user's data set has."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_logging.clip import AudioClip
from audio_logging.errors import AudioLoggingError, AudioTypeError, AudioValueError
from audio_logging.inputs import as_clip
from audio_logging.selection import Select, choose

__all__ = ["RawSample", "Sample", "choose_samples", "class_names_of"]

AUDIO_KEYS = ("audio", "input", "noisy", "mixture", "wav", "array", "path", "file")
LABEL_KEYS = ("label", "labels", "target", "class", "category")
REFERENCE_KEYS = ("reference", "clean", "target_audio")
TEXT_KEYS = ("text", "transcript", "transcription", "sentence")
ID_KEYS = ("clip_id", "id", "name")
RATE_KEYS = ("sample_rate", "sampling_rate")

MOST_SCANNED = 100_000
"""How many samples are looked at for a choice that needs all of them, when there is no end in sight."""


@dataclass(frozen=True)
class RawSample:
    """One sample as the data set has it, sorted into its parts.

    Attributes
    ----------
    audio : object
        What :func:`audio_logging.as_clip` takes.
    sample_rate : int or None
        [Hz]
    label, reference, text, clip_id : object or None
        A class; audio to compare predictions with; a transcript; a name.
    """

    audio: Any
    sample_rate: Any = None
    label: Any = None
    reference: Any = None
    text: Any = None
    clip_id: Any = None


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
    """

    clip_id: str
    clip: AudioClip
    position: int
    label: str | None = None
    reference: AudioClip | None = None
    text: str | None = None
    full_duration: float = 0.0


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
        plain clips; a torch or Hugging Face data set; an AudioDataset; or a pair of an array of clips and its labels.
    select, most, seed
        As for :func:`audio_logging.selection.choose`.
    max_seconds : float or None
        [s] Longer clips are cut at their end.
    sample_rate : int or None
        [Hz] For bare samples.
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
    positions, get = _choice(samples, select, most, seed)
    names = class_names if class_names is not None else class_names_of(samples)
    read = _Reader(sample_rate, max_seconds, names)
    chosen: list[Sample] = []
    taken: set[str] = set()
    for position in positions:
        try:
            sample = read(raw_sample(get(position)), position, taken)
        except (AudioLoggingError, OSError) as error:
            on_error(error)
            continue
        taken.add(sample.clip_id)
        chosen.append(sample)
    return chosen


def class_names_of(samples: Any) -> Sequence[str] | None:
    """Return the class names that a data set carries, or None.

    Parameters
    ----------
    samples : data set
        With ``class_names`` (Keras, AudioDataset), ``classes`` (torchvision's way) or ``features["label"].names``
        (Hugging Face).

    Returns
    -------
    sequence of str or None
    """
    for name in ("class_names", "classes"):
        names = getattr(samples, name, None)
        if isinstance(names, (list, tuple)) and names:
            return [str(item) for item in names]
    features = getattr(samples, "features", None)
    if isinstance(features, Mapping):
        for key in LABEL_KEYS:
            names = getattr(features.get(key), "names", None)
            if names:
                return [str(item) for item in names]
    return None


def raw_sample(item: Any) -> RawSample:
    """Sort one item of a data set into its parts.

    Parameters
    ----------
    item : dict, tuple or clip

    Returns
    -------
    RawSample

    Raises
    ------
    AudioTypeError
        A dictionary without audio.
    """
    if isinstance(item, RawSample):
        return item
    if isinstance(item, Mapping):
        return _from_mapping(item)
    if isinstance(item, (tuple, list)) and item and not _is_number(item[0]):
        return _from_tuple(item)
    return RawSample(item)


def _from_mapping(item: Mapping[str, Any]) -> RawSample:
    if "bytes" in item or ("array" in item and "sampling_rate" in item):
        audio: Any = item
    else:
        key = next((key for key in AUDIO_KEYS if item.get(key) is not None), None)
        if key is None:
            raise AudioTypeError(f"got a sample with {sorted(map(str, item))}, wanted one with 'audio' (and 'label')")
        audio = item[key]
    path = item.get("path") or (audio.get("path") if isinstance(audio, Mapping) else None)
    name = _first(item, ID_KEYS)
    return RawSample(
        audio,
        _first(item, RATE_KEYS),
        _first(item, LABEL_KEYS),
        _first(item, REFERENCE_KEYS),
        _first(item, TEXT_KEYS),
        name if name is not None else (Path(str(path)).name if path else None),
    )


def _from_tuple(item: Sequence[Any]) -> RawSample:
    if len(item) >= 3 and _is_number(item[1]) and not isinstance(item[1], float):
        return RawSample(item[0], item[1], item[2])
    if len(item) == 2:
        return RawSample(item[0], label=item[1])
    return RawSample(item)


class _Reader:
    """Reads raw samples."""

    def __init__(self, sample_rate: int | None, max_seconds: float | None, class_names: Sequence[str] | None) -> None:
        self._sample_rate = sample_rate
        self._max_seconds = max_seconds
        self._class_names = class_names

    def __call__(self, raw: RawSample, position: int, taken: set[str]) -> Sample:
        rate = raw.sample_rate if raw.sample_rate is not None else self._sample_rate
        whole = as_clip(raw.audio, rate)
        reference = None if raw.reference is None else self._cut(_reference(raw.reference, rate, whole))
        return Sample(
            _unique(str(raw.clip_id if raw.clip_id is not None else _name_of(raw.audio, position)), taken),
            self._cut(whole),
            position,
            label_name(raw.label, self._class_names),
            reference,
            None if raw.text is None else str(raw.text),
            whole.duration,
        )

    def _cut(self, clip: AudioClip) -> AudioClip:
        if self._max_seconds is None or clip.duration <= self._max_seconds:
            return clip
        frames = max(1, int(self._max_seconds * clip.sample_rate))
        return AudioClip.adopt(clip.stored[:frames].copy(), clip.sample_rate, bits=clip.bits)


def label_name(label: Any, class_names: Sequence[str] | None) -> str | None:
    """Return a label as text: a number or a one-hot row by its class name, where there are names.

    Parameters
    ----------
    label : object
    class_names : sequence of str or None

    Returns
    -------
    str or None
    """
    if label is None or isinstance(label, str):
        return label
    if hasattr(label, "detach"):
        label = label.detach().cpu()
    values = np.asarray(label)
    if values.ndim == 1 and values.size > 1 and class_names and len(class_names) == values.size:
        return ", ".join(name for name, value in zip(class_names, values, strict=True) if value > 0.5) or None
    if values.size != 1:
        return str(values.tolist())
    value = values.reshape(-1)[0].item()
    if isinstance(value, (int, float)) and float(value).is_integer():
        number = int(value)
        return class_names[number] if class_names and 0 <= number < len(class_names) else str(number)
    return str(value)


def _choice(samples: Any, select: Select, most: int, seed: int) -> tuple[list[int], Callable[[int], Any]]:
    samples = _as_sequence(samples, None if not isinstance(select, str) or select != "first" else most)
    labels = _labels_of(samples) if select == "stratified" else None
    return choose(len(samples), select, most=most, labels=labels, seed=seed), samples.__getitem__


def _as_sequence(samples: Any, needed: int | None) -> Any:
    """Return something with a length and positions."""
    if hasattr(samples, "file_paths") and hasattr(samples, "labels"):
        return _listed_files(samples)
    if isinstance(samples, tuple) and len(samples) == 2 and _is_batch(samples[0]):
        return _paired(*samples)
    if hasattr(samples, "__len__") and hasattr(samples, "__getitem__") and not isinstance(samples, Mapping):
        return samples
    if isinstance(samples, Iterable) and not isinstance(samples, (str, bytes, Mapping)):
        return list(itertools.islice(samples, MOST_SCANNED if needed is None else needed))
    raise AudioTypeError(
        f"got {type(samples).__name__} for samples, wanted a data set: a list of dictionaries or (audio, label) pairs, "
        "a torch or Hugging Face data set, an AudioDataset, or (clips, labels)"
    )


def _paired(clips: Any, labels: Any) -> list[RawSample]:
    if len(clips) != len(labels):
        raise AudioValueError(f"got {len(clips)} clips and {len(labels)} labels, wanted as many")
    return [RawSample(clip, label=label) for clip, label in zip(clips, labels, strict=True)]


def _listed_files(samples: Any) -> list[RawSample]:
    labels = samples.labels if samples.labels is not None else [None] * len(samples.file_paths)
    return [
        RawSample(path, label=label, clip_id=Path(path).name)
        for path, label in zip(samples.file_paths, labels, strict=True)
    ]


def _labels_of(samples: Any) -> list[Any]:
    labels = next(
        (getattr(samples, name) for name in ("labels", "targets") if hasattr(samples, name)),
        None,
    )
    if labels is None:
        labels = [raw_sample(samples[position]).label for position in range(min(len(samples), MOST_SCANNED))]
    if any(label is None for label in labels):
        raise AudioValueError("got select='stratified' for samples without labels, wanted 'first' or 'random'")
    return [label_name(label, None) for label in labels]


def _reference(reference: Any, rate: Any, clip: AudioClip) -> AudioClip:
    return as_clip(reference, rate if rate is not None or not _is_bare(reference) else clip.sample_rate)


def _is_bare(value: Any) -> bool:
    return hasattr(value, "__array__") or isinstance(value, list)


def _is_batch(value: Any) -> bool:
    return getattr(value, "ndim", 0) in (2, 3) or (isinstance(value, list) and bool(value) and not _is_number(value[0]))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) or getattr(value, "shape", None) == ()


def _first(item: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((item[key] for key in keys if item.get(key) is not None), None)


def _name_of(audio: Any, position: int) -> str:
    if isinstance(audio, (str, Path)):
        return Path(audio).name
    return f"{position:04d}"


def _unique(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name}-{number}" for number in itertools.count(2) if f"{name}-{number}" not in taken)

"""Raw samples: one item of a data set sorted into its parts, and every form that a data set comes in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_logging.errors import AudioTypeError, AudioValueError

__all__ = ["Items", "RawSample", "as_items", "class_names_of", "labels_of", "raw_sample", "sample_rate_of"]

AUDIO_KEYS = (
    "audio",
    "input",
    "noisy",
    "mixture",
    "waveform",
    "wav",
    "speech",
    "array",
    "samples",
    "input_values",
    "path",
    "file",
)
LABEL_KEYS = ("label", "labels", "target", "class", "category", "intent_class")
REFERENCE_KEYS = ("reference", "clean", "target_audio")
TEXT_KEYS = ("text", "transcript", "transcription", "sentence")
ID_KEYS = ("clip_id", "id", "name")
RATE_KEYS = ("sample_rate", "sampling_rate")

LOWEST_RATE = 1000
"""[Hz] A smaller whole number behind a waveform is a label: nobody records below 4 kHz, and few have 1000 classes."""


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


class Items:
    """The items of a data set that has positions.

    Parameters
    ----------
    count : int
    get : callable
        ``get(position)``; only whole numbers are handed to it, since Hugging Face's data sets take more than those.
    """

    def __init__(self, count: int, get: Callable[[int], Any]) -> None:
        self._count = count
        self._get = get

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, position: int) -> RawSample:
        return raw_sample(self._get(position))


def raw_sample(item: Any) -> RawSample:
    """Sort one item of a data set into its parts.

    Parameters
    ----------
    item : dict, tuple or clip
        A dictionary; ``(audio, label, ...)``; ``(waveform, sample_rate, label, ...)`` as torchaudio's data sets have
        it, when the second is a whole number of at least 1000; or what :func:`audio_logging.as_clip` takes.

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
    if isinstance(item, (tuple, list)) and len(item) >= 2 and not _is_number(item[0]) and not _is_row(item[0]):
        return _from_tuple(item)
    return RawSample(item)


def as_items(samples: Any) -> Items | Iterable[Any]:
    """Return the items of a data set, with positions where it has them.

    Parameters
    ----------
    samples : data set

    Returns
    -------
    Items, or iterable of what :func:`raw_sample` takes

    Raises
    ------
    AudioTypeError
        No data set.
    AudioValueError
        Not as many labels as clips.
    """
    samples = _without_loader(samples)
    if hasattr(samples, "file_paths"):
        return Items(len(samples.file_paths), _Files(samples))
    if isinstance(samples, tuple) and len(samples) == 2 and _is_batch(samples[0]):
        return Items(_paired_count(*samples), _Pairs(*samples))
    if isinstance(samples, (str, bytes, Mapping)):
        raise AudioTypeError(_no_data_set(samples))
    if hasattr(samples, "__len__") and hasattr(samples, "__getitem__") and not _is_stream(samples):
        return Items(len(samples), samples.__getitem__)
    if isinstance(samples, Iterable):
        return samples
    raise AudioTypeError(_no_data_set(samples))


def class_names_of(samples: Any) -> Sequence[str] | None:
    """Return the class names that a data set carries, or None.

    Parameters
    ----------
    samples : data set
        With ``class_names`` (Keras, AudioDataset), ``classes`` (torchvision's way) or ``features["label"].names``
        (Hugging Face), by itself or inside a torch Subset or DataLoader.

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
    inner = getattr(samples, "dataset", None)
    return None if inner is None else class_names_of(inner)


def sample_rate_of(samples: Any) -> Any:
    """Return the sample rate [Hz] that a data set says all its clips have, or None."""
    samples = _without_loader(samples)
    rates = (getattr(samples, name, None) for name in RATE_KEYS)
    return next((rate for rate in rates if _is_number(rate)), None)


def labels_of(samples: Any, items: Items, most: int) -> list[Any]:
    """Return the labels of the first samples, without reading audio where the data set allows it.

    Parameters
    ----------
    samples : data set
    items : Items
        As :func:`as_items` gave them.
    most : int
        How many to look at.

    Returns
    -------
    list
        None where a sample has no label.
    """
    count = min(len(items), most)
    known = _label_column(_without_loader(samples), len(items))
    if known is not None:
        return list(known[:count])
    return [items[position].label for position in range(count)]


class _Pairs:
    """A batch of clips and their labels."""

    def __init__(self, clips: Any, labels: Any) -> None:
        self._clips = clips
        self._labels = labels

    def __call__(self, position: int) -> RawSample:
        return RawSample(self._clips[position], label=self._labels[position])


class _Files:
    """The files that a data set lists; an AudioDataset reads them itself, as in its batches."""

    def __init__(self, samples: Any) -> None:
        self._paths = samples.file_paths
        self._labels = getattr(samples, "labels", None)
        self._names = class_names_of(samples)
        self._read = getattr(samples, "clip", None)

    def __call__(self, position: int) -> RawSample:
        path = Path(str(self._paths[position]))
        audio = self._read(position) if callable(self._read) else path
        return RawSample(audio, label=self._label(position, path), clip_id=path.name)

    def _label(self, position: int, path: Path) -> Any:
        if self._labels is not None:
            return self._labels[position]
        # Keras's own data set has no labels, but names classes after folders.
        folder = path.parent.name
        return folder if self._names is not None and folder in self._names else None


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
    if len(item) >= 3 and _is_number(item[1]) and _is_rate(item[1]):
        return RawSample(item[0], item[1], item[2])
    return RawSample(item[0], label=item[1])


def _paired_count(clips: Any, labels: Any) -> int:
    if len(clips) != len(labels):
        raise AudioValueError(f"got {len(clips)} clips and {len(labels)} labels, wanted as many")
    return len(clips)


def _without_loader(samples: Any) -> Any:
    """Return the data set inside a torch DataLoader, or an AudioDataset inside its torch form: what has no batches."""
    inner = getattr(samples, "dataset", None)
    if inner is not None and (hasattr(samples, "batch_sampler") or hasattr(inner, "file_paths")):
        return _without_loader(inner)
    return samples


def _is_stream(samples: Any) -> bool:
    """Whether this is a torch IterableDataset, which may have a length and inherits a way to index that only raises."""
    data: Any = getattr(getattr(sys.modules.get("torch"), "utils", None), "data", None)
    return data is not None and isinstance(samples, data.IterableDataset)


def _label_column(samples: Any, count: int) -> Sequence[Any] | None:
    for name in ("labels", "targets"):
        column: Any = getattr(samples, name, None)
        if hasattr(column, "__len__") and not isinstance(column, (str, Mapping)) and len(column) == count:
            return list(column)
    columns = getattr(samples, "column_names", None)
    if isinstance(columns, list):
        key = next((key for key in LABEL_KEYS if key in columns), None)
        return None if key is None else list(samples[key])
    return None


def _no_data_set(samples: Any) -> str:
    named = f", such as samples[{next(iter(samples))!r}]" if isinstance(samples, Mapping) and samples else ""
    return (
        f"got {type(samples).__name__} for samples, wanted a data set{named}: a list of dictionaries or (audio, label) "
        "pairs, a torch or Hugging Face data set, an AudioDataset, or (clips, labels)"
    )


def _is_batch(value: Any) -> bool:
    return getattr(value, "ndim", 0) in (2, 3) or (isinstance(value, list) and bool(value) and not _is_number(value[0]))


def _is_row(value: Any) -> bool:
    """Whether this is a frame or a channel, rather than ``(rate, samples)``."""
    return isinstance(value, (list, tuple)) and bool(value) and _is_number(value[0]) and _is_number(value[-1])


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) or getattr(value, "shape", None) == ()


def _is_rate(value: Any) -> bool:
    number = float(value)
    return number.is_integer() and number >= LOWEST_RATE and not isinstance(value, float)


def _first(item: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((item[key] for key in keys if item.get(key) is not None), None)

"""One clip or many? What users hand to a model, told apart before anything is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from audio_logging.clip import AudioClip
from audio_logging.inputs import as_clip

__all__ = ["AUDIO_KEYS", "Amount", "amount_of", "clip_of_item", "clips_of"]

Amount: TypeAlias = Literal["one", "list", "stream"]

AUDIO_KEYS = ("audio", "input", "wav", "file")
"""Where a data set's dictionaries have their clip."""


def amount_of(value: Any) -> Amount:
    """Tell a clip from a list of clips and from a data set.

    Parameters
    ----------
    value : object
        Anything that :func:`audio_logging.as_clip` takes; a list or tuple of that; or a data set: an AudioDataset, an
        object with ``__getitem__`` and ``__len__`` (PyTorch, Hugging Face), or an iterator.

    Returns
    -------
    {"one", "list", "stream"}
        A list of numbers, or of lists of numbers, is one clip, and so is a pair of a sample rate and samples. A list
        of arrays is many clips.
    """
    if isinstance(value, (list, tuple)):
        return "one" if _is_samples(value) else "list"
    if _is_clip(value):
        return "one"
    if hasattr(value, "file_paths") or isinstance(value, Iterator):
        return "stream"
    if hasattr(value, "__getitem__") and hasattr(value, "__len__"):
        return "stream"
    return "stream" if isinstance(value, Iterable) else "one"


def clips_of(values: Any, sample_rate: int | None) -> Iterator[AudioClip]:
    """Return the clips of a list or data set, one after the other.

    Parameters
    ----------
    values : list or data set
        Items of a data set may be dictionaries with ``audio``, pairs of audio and label, or tuples of samples, sample
        rate and more.
    sample_rate : int or None
        [Hz] For bare samples.

    Yields
    ------
    AudioClip
    """
    if isinstance(values, (list, tuple)):
        yield from (as_clip(value, sample_rate) for value in values)
    elif callable(getattr(values, "clip", None)) and hasattr(values, "file_paths"):
        yield from (values.clip(index) for index in range(len(values.file_paths)))
    else:
        yield from (clip_of_item(item, sample_rate) for item in _items(values))


def _items(values: Any) -> Iterable[Any]:
    if isinstance(values, Iterable):
        return values
    return (values[index] for index in range(len(values)))


def clip_of_item(item: Any, sample_rate: int | None) -> AudioClip:
    """Return the clip of one item of a data set.

    Parameters
    ----------
    item : object
        A dictionary with ``audio``, a pair of audio and label, a tuple of samples, sample rate and more, or a clip.
    sample_rate : int or None
        [Hz] For bare samples.

    Returns
    -------
    AudioClip
    """
    if isinstance(item, Mapping):
        key = next((key for key in AUDIO_KEYS if item.get(key) is not None), None)
        if key is not None:
            return as_clip(item[key], item.get("sampling_rate", item.get("sample_rate", sample_rate)))
    if isinstance(item, (tuple, list)) and len(item) > 1 and not _is_number(item[0]):
        torchaudio_style = len(item) > 2 and _is_number(item[1])
        return as_clip(item[0], int(item[1]) if torchaudio_style else sample_rate)
    return as_clip(item, sample_rate)


def _is_clip(value: Any) -> bool:
    if isinstance(value, (str, bytes, bytearray, memoryview, Mapping, AudioClip)) or hasattr(value, "__fspath__"):
        return True
    arrays = ("__array__", "__dlpack__", "__array_interface__", "read", "get_all_samples")
    return any(hasattr(value, name) for name in arrays) or type(value).__module__ == "array"


def _is_samples(value: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list is samples, or a tuple a pair of a rate and samples."""
    if not value:
        return False
    if isinstance(value, tuple) and len(value) == 2 and sum(map(_is_number, value)) == 1:
        return True
    first = value[0]
    if isinstance(first, (list, tuple)):
        return bool(first) and all(map(_is_number, first)) and not (isinstance(first, tuple) and _is_pair(first))
    return _is_number(first)


def _is_pair(value: tuple[Any, ...]) -> bool:
    return len(value) == 2 and sum(map(_is_number, value)) == 1


def _is_number(value: Any) -> bool:
    if isinstance(value, (str, bytes)):
        return False
    shape = getattr(value, "shape", None)
    return shape == () or (shape is None and isinstance(value, (int, float)))

"""InputList: the inputs of a bulk prediction, with a name for each, from a folder, a list or a data set."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_logging.errors import AudioFileNotFoundError, AudioTypeError, AudioValueError
from audio_logging.inference.many import AUDIO_KEYS, clip_of_item

__all__ = ["InputList", "list_inputs"]

SUFFIXES = frozenset(
    f".{name}"
    for name in ("aif", "aifc", "aiff", "au", "caf", "flac", "mp3", "mpga", "oga", "ogg", "opus", "rf64", "snd", "w64")
) | {".wav", ".wave"}
"""Files that a folder is searched for: what libsndfile reads under its usual names. Lists may name any file."""


@dataclass(frozen=True, eq=False)
class InputList:
    """Inputs in order.

    Attributes
    ----------
    names : sequence of str
        Paths, or "item 3" for what has none.
    get : callable
        ``get(index)`` returns the input, as :class:`~audio_logging.inference.bulk.predictor.Predictor` takes it.
    """

    names: Sequence[str]
    get: Callable[[int], Any]

    @property
    def digest(self) -> str:
        """What tells these inputs from others: a hash of their names."""
        digest = hashlib.sha256()
        for name in self.names:
            digest.update(name.encode("utf-8", "surrogateescape") + b"\0")
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[tuple[int, str, Any]]:
        return self.starting_at(0)

    def starting_at(self, first: int) -> Iterator[tuple[int, str, Any]]:
        """Return index, name and input of each, from one on."""
        return ((index, self.names[index], self.get(index)) for index in range(first, len(self.names)))


def list_inputs(inputs: Any, sample_rate: int | None = None) -> InputList:
    """Find the inputs.

    Parameters
    ----------
    inputs : path, list or data set
        A folder, which is searched with all that is below it; an audio file; a text file with a path or address a
        line, relative to its own folder; a list of anything that :func:`audio_logging.as_clip` takes; or a data set
        with a length.
    sample_rate : int, optional
        [Hz] For bare samples.

    Returns
    -------
    InputList

    Raises
    ------
    AudioFileNotFoundError
        No such file or folder.
    AudioValueError
        No inputs.
    AudioTypeError
        None of these.
    OSError
        A folder or list that cannot be read.
    """
    if isinstance(inputs, (str, os.PathLike)):
        found = _of_paths(_paths(Path(os.fspath(inputs))))
    elif hasattr(inputs, "file_paths"):
        found = _of_paths([os.fspath(path) for path in inputs.file_paths])
    elif hasattr(inputs, "__getitem__") and hasattr(inputs, "__len__"):
        found = _of_items(inputs, sample_rate)
    else:
        raise AudioTypeError(
            f"got {type(inputs).__name__}, wanted a folder, a list of files, or a data set with a length (so that it "
            "can be resumed)"
        )
    if not len(found):
        raise AudioValueError(f"got no audio files in {inputs!r:.200}, wanted at least one")
    return found


def _paths(path: Path) -> list[str]:
    if path.is_dir():
        return sorted(
            os.path.join(folder, name)  # noqa: PTH118 - Path drops "./", and is slow for a million files
            for folder, _, names in os.walk(path, onerror=_raise)
            for name in names
            if os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122
        )
    if not path.is_file():
        raise AudioFileNotFoundError(f"there is no file or folder {str(path)!r}")
    if path.suffix.lower() in SUFFIXES:
        return [str(path)]
    return _listed(path)


def _raise(error: OSError) -> None:
    """Say that a folder cannot be read, where os.walk would pass it over."""
    raise error


def _listed(path: Path) -> list[str]:
    with path.open(encoding="utf-8", errors="surrogateescape") as file:
        try:
            lines = [line.strip("\r\n") for line in file]
        except ValueError as error:
            raise AudioValueError(f"cannot read the list {str(path)!r}: {error}") from error
    if any("\0" in line for line in lines[:100]):
        raise AudioValueError(f"{str(path)!r} is no text; wanted a folder, an audio file or a text file of paths")
    return [line if "://" in line else str(path.parent / line) for line in lines if line.strip()]


def _of_paths(paths: Sequence[str]) -> InputList:
    return InputList(paths, lambda index: paths[index])


def _of_items(items: Any, sample_rate: int | None) -> InputList:
    if isinstance(items, (list, tuple)) and all(isinstance(item, (str, os.PathLike)) for item in items):
        return _of_paths([os.fspath(item) for item in items])
    names = [f"item {index}" for index in range(len(items))]
    if isinstance(items, (list, tuple)):  # a data set may have to read its items first
        names = [_name(item) or name for item, name in zip(items, names, strict=True)]
    return InputList(names, lambda index: lambda: clip_of_item(items[index], sample_rate))


def _name(item: Any) -> str | None:
    if isinstance(item, (str, os.PathLike)):
        return os.fspath(item)
    if isinstance(item, Mapping):
        audio = next((item[key] for key in AUDIO_KEYS if item.get(key) is not None), None)
        for value in (item.get("path"), audio.get("path") if isinstance(audio, Mapping) else audio):
            if isinstance(value, (str, os.PathLike)):
                return os.fspath(value)
    return None

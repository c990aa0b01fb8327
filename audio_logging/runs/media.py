"""Audio in the JSON of a history row or a table: found at any depth, alone and in lists, ours and plain wandb's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audio_logging.errors import AudioLoggingError
from audio_logging.runs.paths import Folder
from audio_logging.schema import AUDIO_FILE_TYPE, AUDIO_LIST_TYPE

__all__ = [
    "AUDIO_MARKS",
    "TABLE_MARKS",
    "FoundAudio",
    "FoundTable",
    "add_files",
    "audio_fields",
    "find_media",
    "is_audio",
]

MAX_DEPTH = 32
"""How deep in a row audio is looked for."""

TABLE_TYPES = frozenset({"table-file", "incremental-table-file"})

TABLE_MARKS = (b"table-file",)
AUDIO_MARKS = (AUDIO_FILE_TYPE.encode(), *TABLE_MARKS)
"""A row without any of these bytes has no tables or no clips, and need not be decoded."""

MAX_KEY_SIZE = 10_000
"""Keys of nested dicts are joined; past this a row is a trick to fill the memory with them."""

_WHOLE = ("size", "sample_rate", "frames", "channels", "clipped_samples")
_NUMBERS = ("duration", "peak")
_TEXTS = ("path", "sha256", "format", "caption")
_USABLE = frozenset(
    [(name, str) for name in _TEXTS]
    + [(name, int) for name in (*_WHOLE, *_NUMBERS)]
    + [(name, float) for name in _NUMBERS]
)


@dataclass(frozen=True, slots=True)
class FoundAudio:
    """One clip in a row: its key, its place in a list, and what is told of it, by sidecar names."""

    key: str
    index: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FoundTable:
    """One table in a row: its key and its JSON."""

    key: str
    value: dict[str, Any]


def find_media(row: dict[str, Any]) -> Iterator[FoundAudio | FoundTable]:
    """Find every clip and table in a row.

    Parameters
    ----------
    row : dict
        JSON, as in the history.

    Yields
    ------
    FoundAudio or FoundTable
        Keys of nested dicts are joined with dots.

    Examples
    --------
    >>> [found] = find_media({"val": {"clip": {"_type": "audio-file", "path": "media/audio/a.wav", "caption": "hi"}}})
    >>> found.key, found.index, found.fields
    ('val.clip', 0, {'path': 'media/audio/a.wav', 'caption': 'hi'})
    """
    for key, value in row.items():
        if isinstance(value, (dict, list)):
            yield from _find(key, value, MAX_DEPTH)


def add_files(row: dict[str, Any], files: Folder) -> dict[str, Any]:
    """Give each media value in a row a key ``"file"``: its absolute path, or None when it is missing or refused.

    Parameters
    ----------
    row : dict
        Changed in place.
    files : Folder
        The run's ``files`` folder.

    Returns
    -------
    dict
        The row.
    """
    _add_files(row, files, MAX_DEPTH)
    return row


def audio_fields(value: dict[str, Any]) -> dict[str, Any]:
    """Return what an ``audio-file`` JSON tells, by sidecar names; values of the wrong type are left out."""
    return {name: found for name, found in value.items() if (name, type(found)) in _USABLE}


def is_audio(value: Any) -> bool:
    """Whether a JSON value is one clip."""
    return isinstance(value, dict) and value.get("_type") == AUDIO_FILE_TYPE


def _add_files(value: Any, files: Folder, depth: int) -> None:
    if depth == 0:
        return
    if isinstance(value, list):
        for item in value:
            if isinstance(item, (dict, list)):
                _add_files(item, files, depth - 1)
    elif isinstance(value, dict):
        for item in list(value.values()):
            if isinstance(item, (dict, list)):
                _add_files(item, files, depth - 1)
        if isinstance(value.get("path"), str) and isinstance(value.get("_type"), str):
            value["file"] = _file(value["path"], files)


def _file(recorded: str, files: Folder) -> str | None:
    try:
        return files.find(recorded)
    except AudioLoggingError:
        return None


def _find(key: str, value: Any, depth: int) -> Iterator[FoundAudio | FoundTable]:
    if depth == 0 or len(key) > MAX_KEY_SIZE:
        return
    if isinstance(value, list):
        # What wandb makes of a list of mixed subclasses; utils.val_to_json asks for one type.
        clips = [item for item in value if is_audio(item)]
        yield from (FoundAudio(key, index, audio_fields(clip)) for index, clip in enumerate(clips))
    elif is_audio(value):
        yield FoundAudio(key, 0, audio_fields(value))
    elif isinstance(value, dict):
        kind = value.get("_type")
        if kind == AUDIO_LIST_TYPE:
            yield from _find_in_list(key, value)
        elif isinstance(kind, str) and kind in TABLE_TYPES:
            yield FoundTable(key, value)
        else:
            for name, inner in value.items():
                if isinstance(inner, (dict, list)):
                    yield from _find(f"{key}.{name}", inner, depth - 1)


def _find_in_list(key: str, value: dict[str, Any]) -> Iterator[FoundAudio]:
    clips = value.get("audio")
    if not isinstance(clips, list):
        return
    rates, durations, captions = (_list(value.get(name)) for name in ("sampleRates", "durations", "captions"))
    for index, clip in enumerate(clips):
        if not is_audio(clip):
            continue
        fields = audio_fields(clip)
        shared = {
            "sample_rate": _at(rates, index),
            "duration": _at(durations, index),
            "caption": _at(captions, index) or None,
        }
        for name, found in audio_fields(shared).items():
            fields.setdefault(name, found)
        yield FoundAudio(key, index, fields)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _at(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else None

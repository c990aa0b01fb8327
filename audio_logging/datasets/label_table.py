"""Labels that do not come from folders: a dictionary, or a CSV file, from file name to one label or several."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from audio_logging._types import StrPath
from audio_logging.datasets.errors import AudioReadError
from audio_logging.datasets.files import shown
from audio_logging.errors import AudioFileNotFoundError, AudioValueError

__all__ = ["LabelledFiles", "match_labels", "read_label_table"]

_PATH_COLUMNS = ("path", "file_path", "filepath", "file_name", "filename", "fname", "file")
_LABEL_COLUMNS = ("label", "labels", "class", "category", "target")
_SEPARATOR = ";"


@dataclass(frozen=True)
class LabelledFiles:
    """Files with their labels, in step.

    Parameters
    ----------
    paths : list of str
    labels : list, optional
        One a file; None when there are no labels.
    class_names : sequence of str, optional
        None when there are no labels.
    own_values : bool
        Whether labels are the caller's own values, which need not count the classes from 0.
    """

    paths: list[str]
    labels: list[Any] | None
    class_names: Sequence[str] | None
    own_values: bool = False

    def take(self, order: Sequence[int]) -> LabelledFiles:
        """Return the files at these places, in this order."""
        labels = None if self.labels is None else [self.labels[place] for place in order]
        return replace(self, paths=[self.paths[place] for place in order], labels=labels)


def read_label_table(path: StrPath) -> dict[str, list[str]]:
    """Read a CSV file with a header and a line for every file and label.

    Parameters
    ----------
    path : str or PathLike
        Of its columns one is called path, file_path, file_name, fname or file, and one label, labels, class, category
        or target; with two columns the names do not matter. Several labels of a file stand on several lines, or in
        one cell with ";" between them.

    Returns
    -------
    dict of str to list of str

    Raises
    ------
    AudioFileNotFoundError, AudioReadError
        It is not there, or cannot be read.
    AudioValueError
        It is no such table.
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except FileNotFoundError as error:
        raise AudioFileNotFoundError(f"{shown(os.fspath(path))}: there is no such table of labels") from error
    except UnicodeDecodeError as error:
        raise AudioValueError(f"{shown(os.fspath(path))}: is no CSV file in UTF-8 ({error.reason})") from error
    except OSError as error:
        raise AudioReadError(f"{shown(os.fspath(path))}: cannot be read: {error.strerror}") from error
    return _labels_of(shown(os.fspath(path)), list(csv.reader(text.splitlines(keepends=True))))


def match_labels(
    paths: list[str], directory: str, table: Mapping[Any, Any], class_names: Sequence[str] | None
) -> LabelledFiles:
    """Return the files that a table names, with the indices of their classes.

    Parameters
    ----------
    paths : list of str
        All audio files below `directory`.
    directory : str
        What the names in the table begin from.
    table : mapping
        From a path below `directory`, or a file name that is there once, with or without its ending, to one label or
        a list of labels.
    class_names : sequence of str, optional
        All classes, in order; default: all labels, sorted, whole numbers as numbers: "2" before "10".

    Returns
    -------
    LabelledFiles
        In the order of `paths`. Labels are numbers, or tuples of them when any file has a list.

    Raises
    ------
    AudioValueError
        The table names a file that is not there, or that is there twice, or a label that is not in `class_names`.
    """
    spellings = _spellings(paths, directory)
    chosen: dict[int, Any] = {}
    for name, label in table.items():
        place = _place_of(name, spellings, directory)
        if place in chosen:
            raise AudioValueError(f"`labels` names the file {shown(paths[place])} twice, the second time as {name!r}")
        chosen[place] = label
    order = sorted(chosen)
    labels = [chosen[place] for place in order]
    names = class_names if class_names is not None else _all_names(labels)
    return LabelledFiles([paths[place] for place in order], _indices(labels, names), names)


def _labels_of(path: str, lines: list[list[str]]) -> dict[str, list[str]]:
    if not lines:
        raise AudioValueError(f"{path}: this table of labels is empty; wanted a header such as path,label")
    path_column, label_column = _columns(path, [name.strip().lower() for name in lines[0]])
    table: dict[str, list[str]] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        if len(line) <= max(path_column, label_column):
            raise AudioValueError(f"{path}: line {number} has {len(line)} columns, the header has {len(lines[0])}")
        labels = [label.strip() for label in line[label_column].split(_SEPARATOR)]
        table.setdefault(line[path_column].strip(), []).extend(label for label in labels if label)
    return table


def _columns(path: str, header: list[str]) -> tuple[int, int]:
    path_columns = [name for name in _PATH_COLUMNS if name in header]
    label_columns = [name for name in _LABEL_COLUMNS if name in header]
    if path_columns and label_columns:
        return header.index(path_columns[0]), header.index(label_columns[0])
    if len(header) == 2:
        return 0, 1
    raise AudioValueError(
        f"{path}: got the columns {', '.join(header)}; wanted one called {' or '.join(_PATH_COLUMNS)}, and one called "
        f"{' or '.join(_LABEL_COLUMNS)}. Or pass a dictionary: labels={{'a.wav': 'dog', ...}}"
    )


def _spellings(paths: list[str], directory: str) -> list[dict[str, list[int]]]:
    """Return for each way to name files the places of those meant: by path, by name, and both without the ending."""
    start = len(os.path.join(directory, ""))  # noqa: PTH118 (the paths begin with the text of the directory)
    below = [path[start:].replace(os.sep, "/") for path in paths]
    names = [path.rpartition("/")[2] for path in below]
    ways = (below, list(map(_without_ending, below)), names, list(map(_without_ending, names)))
    return [_places_of(spellings) for spellings in ways]


def _places_of(spellings: list[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, spelling in enumerate(spellings):
        places.setdefault(spelling, []).append(place)
    return places


def _without_ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return stem if dot and "/" not in ending else name


def _place_of(name: Any, spellings: list[dict[str, list[int]]], directory: str) -> int:
    key = os.fspath(name) if isinstance(name, os.PathLike) else str(name)
    found = _find(key, spellings) or _find(_below(key, directory), spellings)
    if len(found) == 1:
        return found[0]
    if found:
        raise AudioValueError(f"`labels` names {shown(key)}, which is there {len(found)} times. Give paths, not names")
    raise AudioValueError(
        f"`labels` names {shown(key)}, but there is no such audio file in directory {shown(directory)}. Check the "
        "name, or pass formats= for files that are not .wav"
    )


def _find(key: str, spellings: list[dict[str, list[int]]]) -> list[int]:
    return next((places[key] for places in spellings if key in places), [])


def _below(key: str, directory: str) -> str:
    """Return a path as seen from the directory, if it is given from somewhere else."""
    path = PurePath(key)
    for start in (PurePath(directory), PurePath(os.path.realpath(directory))):
        if path.is_relative_to(start):
            return path.relative_to(start).as_posix()
    return path.as_posix()


def _all_names(labels: list[Any]) -> list[str]:
    every = {name for label in labels for name in _listed(label)}
    if all(isinstance(name, str) and name.isdecimal() for name in every):
        return sorted(every, key=lambda name: (int(name), name))
    try:
        return [str(name) for name in sorted(every)]
    except TypeError:
        return sorted(map(str, every))


def _indices(labels: list[Any], class_names: Sequence[str]) -> list[Any]:
    """Return class indices: tuples when any label is a list of other than one."""
    index = {str(name): place for place, name in enumerate(class_names)}
    unknown = sorted({str(name) for label in labels for name in _listed(label)} - set(index))
    if unknown:
        raise AudioValueError(f"`labels` has {unknown}, which are not among class_names={list(class_names)}")
    sets = [tuple(dict.fromkeys(index[str(name)] for name in _listed(label))) for label in labels]
    return [one[0] for one in sets] if all(len(one) == 1 for one in sets) else list(sets)


def _listed(label: Any) -> list[Any]:
    if isinstance(label, str | bytes) or not isinstance(label, Sequence | set | frozenset):
        return [label]
    return list(label)

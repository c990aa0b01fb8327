"""The files of a dataset with their labels: from class folders, from a list, from a table, or without labels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from audio_logging.datasets.arguments import KerasArguments, is_table_path
from audio_logging.datasets.errors import AudioReadError, MissingFolderError
from audio_logging.datasets.files import shown
from audio_logging.datasets.index import FolderWalk, list_classes, warn_about_resource_forks
from audio_logging.datasets.label_table import LabelledFiles, match_labels, read_label_table
from audio_logging.errors import AudioTypeError, AudioValueError

__all__ = ["find_files"]


def find_files(arguments: KerasArguments, walk: FolderWalk) -> LabelledFiles:
    """Return all files of a folder, in Keras's order, and say how many.

    Parameters
    ----------
    arguments : KerasArguments
        Where labels come from.
    walk : FolderWalk
        Where files come from.

    Returns
    -------
    LabelledFiles

    Raises
    ------
    MissingFolderError, AudioReadError
        There is no such folder, or it cannot be listed.
    AudioValueError, AudioTypeError
        Labels or class names do not fit the files.
    """
    _check_class_names(arguments)
    _check_folder(walk)
    files = _in_folders(arguments, walk) if arguments.is_inferred and arguments.label_mode else _at_top(arguments, walk)
    walk.progress.close()
    if arguments.verbose:
        classes = "" if files.class_names is None else f" belonging to {len(files.class_names)} classes"
        print(f"Found {len(files.paths)} files{classes}.", flush=True)
    warn_about_resource_forks(files.paths)
    return files


def _check_class_names(arguments: KerasArguments) -> None:
    if arguments.class_names is None:
        return
    if arguments.is_unlabelled:
        raise AudioValueError("When `labels=None` (no labels), argument `class_names` cannot be specified.")
    if isinstance(arguments.labels, list | tuple | np.ndarray):
        raise AudioValueError(
            "When argument `labels` is specified, argument `class_names` cannot be specified (the `class_names` will "
            "be the sorted list of labels)."
        )


def _check_folder(walk: FolderWalk) -> None:
    directory = Path(walk.directory)
    if directory.is_dir():
        return
    if directory.exists():
        raise AudioReadError(f"got directory={shown(walk.directory)!r}, which is no folder; wanted a folder of files")
    raise MissingFolderError(
        f"No audio files found in directory {shown(walk.directory)}. Allowed format(s): {walk.extensions}. There is no "
        "such directory"
    )


def _in_folders(arguments: KerasArguments, walk: FolderWalk) -> LabelledFiles:
    """Return the files of the class folders, numbered as the classes are."""
    found = list_classes(walk.directory)
    names = found if arguments.class_names is None else arguments.class_names
    if not set(names).issubset(found):
        raise AudioValueError(
            "The `class_names` passed did not match the names of the subdirectories of the target directory. "
            f"Expected: {found} (or a subset of it), but received: class_names={arguments.class_names}"
        )
    index = {name: place for place, name in enumerate(names)}
    paths: list[str] = []
    labels: list[int] = []
    for name in names:
        paths += walk.files(name)
        labels += [index[name]] * (len(paths) - len(labels))
    return LabelledFiles(paths, labels, names)


def _at_top(arguments: KerasArguments, walk: FolderWalk) -> LabelledFiles:
    """Return all files below the folder, with the labels that the caller gave."""
    paths, labels = walk.files(), arguments.labels
    if arguments.is_unlabelled:
        return LabelledFiles(paths, None, None)
    if isinstance(labels, list | tuple | np.ndarray):
        return _with_list(paths, labels, walk.directory)
    table = read_label_table(labels) if is_table_path(labels) else labels
    files = match_labels(paths, walk.directory, table, arguments.class_names)
    if arguments.verbose and len(files.paths) < len(paths):
        print(f"Left out {len(paths) - len(files.paths)} files that `labels` does not name.", flush=True)
    return files


def _with_list(paths: list[str], labels: Any, directory: str) -> LabelledFiles:
    if len(labels) != len(paths):
        raise AudioValueError(
            "Expected the lengths of `labels` to match the number of files in the target directory. len(labels) is "
            f"{len(labels)} while we found {len(paths)} files in directory {os.fspath(directory)}."
        )
    values = [tuple(label) if isinstance(label, np.ndarray) else label for label in labels]
    try:
        class_names = [str(label) for label in sorted(set(values))]
    except TypeError as error:
        raise AudioTypeError(
            f"got labels such as {values[0]!r} that cannot be sorted ({error}); wanted one number a file. For several "
            "classes a file pass a dictionary: labels={'a.wav': ['dog', 'rain'], ...}"
        ) from error
    return LabelledFiles(paths, values, class_names, own_values=True)

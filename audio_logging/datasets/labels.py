"""Labels as the model wants them: numbers, one column, one-hot or many-hot.

Each kind takes the indices of a batch and returns one array, in Keras's dtypes and shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from audio_logging._types import AnyArray
from audio_logging.datasets.label_table import LabelledFiles
from audio_logging.errors import AudioTypeError, AudioValueError

__all__ = ["LabelMode", "ManyHot", "OneHot", "Plain", "Targets", "make_targets"]

LabelMode: TypeAlias = Literal["int", "categorical", "binary"]
Indices: TypeAlias = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Plain:
    """Labels that go out as they are.

    Parameters
    ----------
    values : ndarray [shape=(files, ...)]
    """

    values: AnyArray

    def take(self, indices: Indices) -> AnyArray:
        """Return the labels of some files [shape=(batch, ...)]."""
        return self.values[indices]


@dataclass(frozen=True, eq=False)
class OneHot:
    """Class indices that go out as vectors with a single 1.

    Parameters
    ----------
    values : ndarray [shape=(files,)], int, in [0, depth)
    depth : int
        Number of classes.
    """

    values: AnyArray
    depth: int

    def take(self, indices: Indices) -> AnyArray:
        """Return vectors [shape=(batch, depth)], float32."""
        vectors = np.zeros((len(indices), self.depth), np.float32)
        vectors[np.arange(len(indices)), self.values[indices]] = 1
        return vectors


@dataclass(frozen=True, eq=False)
class ManyHot:
    """Sets of class indices that go out as vectors with a 1 for each.

    Parameters
    ----------
    values : list of tuple of int
        For every file its classes.
    depth : int
        Number of classes.
    """

    values: list[tuple[int, ...]]
    depth: int

    def take(self, indices: Indices) -> AnyArray:
        """Return vectors [shape=(batch, depth)], float32."""
        vectors = np.zeros((len(indices), self.depth), np.float32)
        for vector, index in zip(vectors, indices, strict=True):
            vector[list(self.values[index])] = 1
        return vectors


Targets: TypeAlias = Plain | OneHot | ManyHot


def make_targets(files: LabelledFiles, label_mode: LabelMode) -> Targets:
    """Return the labels of all files, ready to be taken batch by batch.

    Parameters
    ----------
    files : LabelledFiles
        With a label each: a number, or a tuple of class indices.
    label_mode : {"int", "categorical", "binary"}
        What the model wants.

    Returns
    -------
    Targets

    Raises
    ------
    AudioTypeError
        Labels that are no whole numbers where classes are meant.
    AudioValueError
        A label that is no class.
    """
    labels, depth = files.labels or [], len(files.class_names or ())
    if label_mode == "int":
        return Plain(_as_keras_would(labels))
    if label_mode == "categorical" and not files.own_values and any(isinstance(label, tuple) for label in labels):
        return ManyHot([tuple(_class_index(index, depth, label_mode) for index in label) for label in labels], depth)
    values = np.array([_class_index(label, depth, label_mode) for label in labels], np.int32)
    if label_mode == "binary":
        return Plain(values.astype(np.float32)[:, np.newaxis])
    return OneHot(values, depth)


def _as_keras_would(labels: Sequence[Any]) -> AnyArray:
    """Return an array of TensorFlow's dtype: whole numbers and Python's floats become 32 bits wide where they fit."""
    try:
        values = np.array(labels)
    except ValueError as error:
        raise AudioTypeError(
            "got labels of different lengths, wanted one number a file. For several classes a file, pass "
            "label_mode='categorical'"
        ) from error
    if values.dtype.kind not in "iuf" or not values.size:
        return values
    if values.dtype.kind == "f":
        return values if _is_numpy_float(labels[0]) else values.astype(np.float32)
    narrow = values.astype(np.int32)
    return narrow if np.array_equal(narrow, values) else values


def _is_numpy_float(label: Any) -> bool:
    return isinstance(label[0] if isinstance(label, tuple) else label, np.floating)


def _class_index(label: Any, depth: int, label_mode: str) -> int:
    if isinstance(label, str | tuple) or label != int(label):
        raise AudioTypeError(
            f"got the label {label!r} with label_mode={label_mode!r}, wanted whole numbers from 0 to {depth - 1}"
        )
    if not 0 <= label < depth:
        raise AudioValueError(
            f"got the label {label} with label_mode={label_mode!r} and {depth} classes, wanted 0 to {depth - 1}. "
            "Number the classes from 0 without gaps, or pass label_mode='int'"
        )
    return int(label)

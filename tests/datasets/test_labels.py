from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audio_logging.datasets.label_table import LabelledFiles
from audio_logging.datasets.labels import LabelMode, make_targets
from audio_logging.errors import AudioTypeError, AudioValueError


def targets_of(labels: list[Any], mode: LabelMode, classes: int = 3, *, own_values: bool = False) -> Any:
    files = LabelledFiles(["x"] * len(labels), labels, [str(name) for name in range(classes)], own_values)
    return make_targets(files, mode)


def test_int_labels_are_int32() -> None:
    taken = targets_of([2, 0, 1], "int").take(np.array([2, 0]))
    assert taken.dtype == np.int32
    assert taken.tolist() == [1, 2]


def test_binary_labels_are_a_column_of_float32() -> None:
    taken = targets_of([1, 0], "binary", 2).take(np.array([0, 1]))
    assert taken.dtype == np.float32
    assert taken.tolist() == [[1.0], [0.0]]


def test_categorical_labels_are_one_hot() -> None:
    taken = targets_of([2, 0], "categorical").take(np.array([0, 1]))
    assert taken.dtype == np.float32
    assert taken.tolist() == [[0, 0, 1], [1, 0, 0]]


def test_sets_of_labels_are_many_hot() -> None:
    taken = targets_of([(0, 2), (), (1,)], "categorical").take(np.array([0, 1, 2]))
    assert taken.dtype == np.float32
    assert taken.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        ([1, 2], np.int32),
        ([2**31, 0], np.int64),
        ([1.5, 2], np.float32),
        ([np.int64(1), np.int64(2)], np.int32),
        ([np.uint8(1), np.uint8(2)], np.int32),
        ([np.int64(2**40), np.int64(2)], np.int64),
        ([np.int64(1), 0.5], np.float32),
        ([np.float64(1)], np.float64),
        ([True, False], np.bool_),
        ([(0, 1), (1, 1)], np.int32),
        (["a", "b"], np.dtype("<U1")),
    ],
    ids=str,
)
def test_labels_of_a_list_have_the_dtype_that_tensorflow_gives_them(labels: list[Any], dtype: Any) -> None:
    assert targets_of(labels, "int", own_values=True).take(np.array([0])).dtype == dtype


@pytest.mark.parametrize("mode", ["categorical", "binary"])
@pytest.mark.parametrize("label", [-1, 3, 7])
def test_labels_out_of_range_are_an_error(mode: LabelMode, label: int) -> None:
    with pytest.raises(AudioValueError, match=f"got the label {label} with label_mode='{mode}' and 3 classes"):
        targets_of([0, label], mode, own_values=True)


@pytest.mark.parametrize("label", ["dog", 0.5, (0, 1)], ids=str)
def test_labels_that_are_no_whole_numbers_are_an_error_where_classes_are_meant(label: Any) -> None:
    with pytest.raises(AudioTypeError, match="wanted whole numbers from 0 to 2"):
        targets_of([label], "categorical", own_values=True)


def test_labels_of_different_lengths_are_an_error_that_names_the_mode() -> None:
    with pytest.raises(AudioTypeError, match="pass label_mode='categorical'"):
        targets_of([(0, 1), (1,)], "int")

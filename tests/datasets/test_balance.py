from __future__ import annotations

from audio_logging.datasets.balance import class_counts, class_weights
from audio_logging.datasets.label_table import LabelledFiles

PATHS = list("abcdef")


def test_counts_follow_the_order_of_the_classes_and_name_empty_ones() -> None:
    files = LabelledFiles(PATHS, [2, 2, 0, 2, 0, 0], ["dog", "none", "cat"])
    assert list(class_counts(files).items()) == [("dog", 3), ("none", 0), ("cat", 3)]


def test_weights_make_classes_equal_and_empty_ones_weigh_nothing() -> None:
    files = LabelledFiles(PATHS, [0, 0, 0, 0, 2, 0], ["dog", "none", "cat"])
    weights = class_weights(files)
    assert weights == {0: 0.6, 1: 0.0, 2: 3.0}
    assert 5 * weights[0] == weights[2]


def test_own_values_are_counted_by_value() -> None:
    files = LabelledFiles(PATHS, [7, 5, 7, 7, 7, 7], ["5", "7"], own_values=True)
    assert class_counts(files) == {"5": 1, "7": 5}
    assert class_weights(files) == {5: 3.0, 7: 0.6}


def test_files_with_several_labels_count_for_each() -> None:
    files = LabelledFiles(PATHS, [(0, 1), (1,), (), (1,), (0,), (1,)], ["dog", "cat"])
    assert class_counts(files) == {"dog": 2, "cat": 4}


def test_without_labels_nothing_is_counted() -> None:
    assert class_counts(LabelledFiles(PATHS, None, None)) == {}
    assert class_weights(LabelledFiles(PATHS, None, None)) == {}

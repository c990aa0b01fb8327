"""Config by config the same as real Keras: files, order, labels, dtypes, shapes, values, printed lines and errors."""

# Draws from the old global generator of numpy, as Keras does.
# ruff: noqa: NPY002
from __future__ import annotations

import os
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_logging._types import AnyArray
from audio_logging.datasets import AudioDataset, audio_dataset_from_directory
from audio_logging.errors import AudioLoggingError


@pytest.fixture(autouse=True)
def no_global_seed() -> None:
    """Another test may have called keras.utils.set_random_seed, which changes the order of tf.data's shuffle."""
    tensorflow: Any = sys.modules.get("tensorflow")
    if tensorflow is not None:
        tensorflow.random.set_seed(None)


SHAPES: list[dict[str, Any]] = [
    {"batch_size": size, **length}
    for size in (4, 7, 1000, None)
    for length in ({}, {"output_sequence_length": 77}, {"output_sequence_length": 0}, {"ragged": True})
]

LABELS: list[dict[str, Any]] = [
    {},
    {"label_mode": "categorical"},
    {"label_mode": None},
    {"labels": None},
    {"label_mode": "binary", "class_names": ["emu", "cat"]},
    {"label_mode": "binary", "labels": None},
    {"class_names": ["dog"]},
    {"class_names": ("emu", "dog")},
    {"label_mode": "categorical", "class_names": ["emu", "dog"]},
    {"labels": list(range(40))},
    {"labels": [5, 7] * 20},
    {"labels": [0, 1] * 20, "label_mode": "binary"},
    {"labels": [0.0, 1.0] * 20, "label_mode": "binary"},
    {"labels": [0, 1, 2, 3] * 10, "label_mode": "categorical"},
    {"labels": [0.5, 1.5] * 20},
    {"labels": ["b", "a"] * 20},
    {"labels": [True, False] * 20},
    {"labels": [2**40, 1] * 20},
    {"labels": list(np.arange(40))},
    {"labels": list(np.arange(40, dtype=np.uint8))},
    {"labels": list(np.arange(40, dtype=np.float32))},
    {"labels": list(np.arange(40) % 2), "label_mode": "categorical"},
    {"labels": [(0, 1), (1, 1)] * 20},
]

ORDERS: list[dict[str, Any]] = [
    {"shuffle": False},
    {"seed": 0},
    {"seed": 1337},
    {"seed": 2**32 - 1},
    {"seed": 1, "batch_size": 3},
    {"seed": 1, "batch_size": None},
]

SPLITS: list[dict[str, Any]] = [
    {"validation_split": share, "subset": subset, **order}
    for share in (0.29, 0.5, 0.99)
    for subset in ("training", "validation", "both")
    for order in ({"seed": 3}, {"shuffle": False})
]

TREES: list[dict[str, Any]] = [
    {"shuffle": False, **labels, **links}
    for labels in ({}, {"label_mode": None}, {"labels": None}, {"class_names": ["link", "2", "empty"]})
    for links in ({}, {"follow_links": True})
]

MISTAKES: list[dict[str, Any]] = [
    {"labels": "other"},
    {"labels": 3},
    {"labels": [0] * 40, "class_names": ["cat"]},
    {"label_mode": "other"},
    {"ragged": True, "output_sequence_length": 5},
    {"sampling_rate": 8000.0},
    {"sampling_rate": 0},
    {"sampling_rate": -1},
    {"validation_split": 2, "subset": "training"},
    {"validation_split": True, "subset": "training", "seed": 1},
    {"validation_split": 0.5},
    {"subset": "training"},
    {"validation_split": 0.0, "subset": "training"},
    {"validation_split": 0.5, "subset": "other", "seed": 1},
    {"validation_split": 0.5, "subset": "training"},
    {"class_names": ["cat", "wolf"]},
    {"class_names": []},
    {"labels": None, "class_names": ["cat"]},
    {"label_mode": None, "class_names": ["cat"]},
    {"labels": [0] * 40, "class_names": []},
    {"labels": [0, 1]},
    {"label_mode": "binary"},
    {"label_mode": "binary", "labels": [0, 1, 2, 3] * 10},
    {"seed": -1},
    {"seed": 2**32},
    {"seed": 1.5},
]


def name_of(options: dict[str, Any]) -> str:
    return ",".join(f"{key}={str(value)[:24]}" for key, value in options.items()) or "defaults"


@pytest.fixture(scope="module")
def keras(require: Callable[[str], Any]) -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    require("tensorflow")
    return require("keras")


@pytest.fixture
def same(keras: Any, capfd: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """Compare two epochs of everything that both functions give for a folder and some options."""

    def compare(directory: Path, **options: Any) -> None:
        options = {"seed": 11, **options}
        theirs = keras.utils.audio_dataset_from_directory(str(directory), **deepcopy(options))  # it shuffles lists
        their_lines = capfd.readouterr().out
        ours = audio_dataset_from_directory(directory, **options)
        assert capfd.readouterr().out == their_lines
        pairs = [(ours, theirs)] if isinstance(ours, AudioDataset) else list(zip(ours, theirs, strict=True))
        for our_part, their_part in pairs:
            assert_same(our_part, their_part)

    return compare


def assert_same(ours: AudioDataset, theirs: Any) -> None:
    assert len(ours) == len(theirs)
    assert ours.class_names == theirs.class_names
    for _ in range(2):
        for our_element, their_element in zip(ours, theirs, strict=True):
            their_parts = their_element if isinstance(their_element, tuple) else (their_element,)
            our_parts = our_element if isinstance(our_element, tuple) else (our_element,)
            assert_same_audio(our_parts[0], their_parts[0])
            for our_label, their_label in zip(our_parts[1:], their_parts[1:], strict=True):
                assert_same_array(our_label, their_label.numpy())


def assert_same_audio(ours: Any, theirs: Any) -> None:
    if hasattr(theirs, "row_lengths"):
        nested = theirs.to_list()
        assert theirs.dtype == "float32"
        assert [clip.tolist() for clip in ours] == nested
        return
    assert_same_array(ours, theirs.numpy())


def assert_same_array(ours: Any, theirs: AnyArray) -> None:
    array = np.asarray(ours)
    if array.dtype.kind == "U":
        array = np.char.encode(array).astype(object)
    theirs = np.asarray(theirs)
    assert array.shape == theirs.shape
    assert array.dtype == theirs.dtype or theirs.dtype.kind in "OS"
    assert np.array_equal(array, theirs)


@pytest.mark.parametrize("options", SHAPES, ids=name_of)
def test_shapes_are_those_of_keras(same: Callable[..., None], folder: Path, options: dict[str, Any]) -> None:
    same(folder, **options)


@pytest.mark.parametrize("options", LABELS, ids=name_of)
@pytest.mark.parametrize("batch_size", [4, None])
def test_labels_are_those_of_keras(
    same: Callable[..., None], folder: Path, options: dict[str, Any], batch_size: int | None
) -> None:
    same(folder, **options, batch_size=batch_size)


@pytest.mark.parametrize("options", ORDERS, ids=name_of)
def test_orders_are_those_of_tf_data(same: Callable[..., None], folder: Path, options: dict[str, Any]) -> None:
    same(folder, **options)


@pytest.mark.parametrize("options", SPLITS, ids=name_of)
def test_splits_are_those_of_keras(same: Callable[..., None], folder: Path, options: dict[str, Any]) -> None:
    same(folder, **options)


@pytest.mark.parametrize("options", TREES, ids=name_of)
def test_files_and_their_order_are_those_of_keras(
    same: Callable[..., None], crooked_folder: Path, options: dict[str, Any]
) -> None:
    same(crooked_folder, **options)


@pytest.mark.parametrize("verbose", [True, False])
def test_printed_lines_are_those_of_keras_when_asked_to_be_silent(
    same: Callable[..., None], folder: Path, verbose: bool
) -> None:
    same(folder, verbose=verbose, validation_split=0.25, subset="both")


def test_lists_of_labels_are_shuffled_as_in_keras(same: Callable[..., None], folder: Path) -> None:
    labels = list(range(40))
    same(folder, labels=labels, batch_size=4)
    assert labels == list(range(40))


def test_stereo_files_are_read_as_in_keras(
    same: Callable[..., None], tmp_path: Path, write_wav: Callable[..., Path], noise: Callable[..., AnyArray]
) -> None:
    for number in range(5):
        write_wav(tmp_path / "a" / f"{number}.wav", noise(number, 40 + number, 6))
    same(tmp_path)
    same(tmp_path, ragged=True)
    same(tmp_path, batch_size=None)


def test_a_clip_without_frames_is_as_in_keras(
    same: Callable[..., None], tmp_path: Path, write_wav: Callable[..., Path], noise: Callable[..., AnyArray]
) -> None:
    write_wav(tmp_path / "a" / "0.wav", [])
    write_wav(tmp_path / "a" / "1.wav", noise(1))
    with pytest.warns(UserWarning, match="holds no samples"):
        same(tmp_path)


def test_a_seed_of_numpy_governs_the_order_as_in_keras(keras: Any, folder: Path) -> None:
    np.random.seed(5)
    theirs = keras.utils.audio_dataset_from_directory(str(folder), verbose=False)
    np.random.seed(5)
    ours = audio_dataset_from_directory(folder, verbose=False)
    assert_same(ours, theirs)


def test_no_seed_is_drawn_differently_after_the_dataset(keras: Any, folder: Path) -> None:
    draws = []
    for make in (keras.utils.audio_dataset_from_directory, audio_dataset_from_directory):
        np.random.seed(5)
        make(str(folder), verbose=False, shuffle=False)
        draws.append(np.random.random())
    assert draws[0] == draws[1]


@pytest.mark.parametrize("options", MISTAKES, ids=name_of)
def test_mistakes_get_the_words_of_keras(
    keras: Any, folder: Path, options: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises((ValueError, TypeError)) as theirs:
        keras.utils.audio_dataset_from_directory(str(folder), **options)
    their_lines = capfd.readouterr().out
    with pytest.raises((ValueError, TypeError)) as ours:
        audio_dataset_from_directory(str(folder), **options)
    assert str(ours.value) == str(theirs.value)
    assert isinstance(ours.value, type(theirs.value))
    assert capfd.readouterr().out == their_lines
    assert isinstance(ours.value, AudioLoggingError) or "seed" in options


@pytest.mark.parametrize("labels", ["inferred", None, [0]], ids=str)
def test_a_missing_folder_is_the_error_of_keras(keras: Any, tmp_path: Path, labels: Any) -> None:
    missing = str(tmp_path / "missing")
    with pytest.raises((ValueError, FileNotFoundError)) as theirs:
        keras.utils.audio_dataset_from_directory(missing, labels=labels)
    with pytest.raises(type(theirs.value), match="There is no such directory"):
        audio_dataset_from_directory(missing, labels=labels)


@pytest.mark.parametrize("labels", ["inferred", None], ids=str)
def test_an_empty_folder_gets_the_words_of_keras(keras: Any, tmp_path: Path, labels: Any) -> None:
    with pytest.raises(ValueError, match="No audio files found") as theirs:
        keras.utils.audio_dataset_from_directory(str(tmp_path), labels=labels)
    with pytest.raises(ValueError, match="No audio files found") as ours:
        audio_dataset_from_directory(str(tmp_path), labels=labels)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"label_mode": "categorical"},
        {"label_mode": "binary", "class_names": ["7", "3"], "validation_split": 0.2, "subset": "both"},
        {"labels": None, "output_sequence_length": 4000},
        {"ragged": True, "batch_size": 500},
        {"batch_size": None, "label_mode": None},
        {"shuffle": False, "validation_split": 0.2, "subset": "validation"},
    ],
    ids=name_of,
)
def test_spoken_digits_are_those_of_keras(same: Callable[..., None], fsdd: Path, options: dict[str, Any]) -> None:
    same(fsdd, **options)

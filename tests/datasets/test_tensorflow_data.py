from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_logging.datasets import AudioDataset, audio_dataset_from_directory, tensorflow_data
from audio_logging.errors import AudioLoggingWarning, MissingDependencyError

CONFIGS: list[dict[str, Any]] = [
    {**labels, **shape, "batch_size": size}
    for labels in (
        {},
        {"label_mode": "categorical"},
        {"label_mode": "binary", "class_names": ["cat", "emu"]},
        {"labels": None},
        {"labels": ["b", "a"] * 20},
    )
    for shape in ({}, {"output_sequence_length": 80}, {"ragged": True})
    for size in (4, None)
]


@pytest.fixture(scope="module")
def keras(require: Callable[[str], Any]) -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    require("tensorflow")
    return require("keras")


def make(folder: Path, **options: Any) -> AudioDataset:
    dataset = audio_dataset_from_directory(folder, **{"seed": 1, "verbose": False, **options})
    assert isinstance(dataset, AudioDataset)
    return dataset


def listed(value: Any) -> Any:
    return value.to_list() if hasattr(value, "row_lengths") else np.asarray(value.numpy()).tolist()


@pytest.mark.parametrize(
    "options", CONFIGS, ids=lambda options: ",".join(str(value)[:20] for value in options.values())
)
def test_elements_and_their_specification_are_those_of_keras(keras: Any, folder: Path, options: dict[str, Any]) -> None:
    given = {**options, "labels": list(options["labels"])} if options.get("labels") else options
    theirs = keras.utils.audio_dataset_from_directory(str(folder), seed=1, verbose=False, **given)
    ours = make(folder, **options).to_tf()
    assert ours.element_spec == theirs.element_spec
    assert len(ours) == len(theirs)
    assert ours.class_names == theirs.class_names
    for one, other in zip(ours.take(5), theirs.take(5), strict=True):
        for mine, its in zip(*(part if isinstance(part, tuple) else (part,) for part in (one, other)), strict=True):
            assert listed(mine) == listed(its)


def test_every_pass_is_the_next_epoch(keras: Any, folder: Path) -> None:
    dataset = make(folder)
    stream, plain = dataset.to_tf(), make(folder)
    for _ in range(2):
        for (audio, _), (expected, _) in zip(stream, plain, strict=True):
            assert np.array_equal(audio.numpy(), expected)
    assert stream.file_paths == dataset.file_paths


def test_bad_files_may_be_left_out(keras: Any, tmp_path: Path, write_wav: Callable[..., Path]) -> None:
    for number in range(3):
        write_wav(tmp_path / "a" / f"{number}.wav", [1, 2])
    (tmp_path / "a" / "1.wav").write_text("text")
    dataset = make(tmp_path, on_error="skip", batch_size=1)
    with pytest.warns(AudioLoggingWarning, match=r"left out: .*1\.wav"):
        assert len(list(dataset.to_tf())) == 2


def test_a_model_trains_on_it(keras: Any, folder: Path) -> None:
    layers = [keras.Input((None, 1)), keras.layers.Conv1D(2, 5), keras.layers.GlobalMaxPooling1D()]
    model = keras.Sequential([*layers, keras.layers.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    history = model.fit(make(folder, batch_size=8).to_tf(), epochs=2, verbose=0)
    assert len(history.history["loss"]) == 2


def test_without_tensorflow_the_error_says_what_to_type(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(tensorflow_data, "import_module", refuse)
    with pytest.raises(MissingDependencyError, match="Type: pip install tensorflow"):
        make(folder).to_tf()

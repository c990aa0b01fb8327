from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audio_logging._types import AnyArray
from audio_logging.datasets import AudioDataset, MissingFolderError, audio_dataset_from_directory
from audio_logging.datasets.errors import AudioReadError
from audio_logging.errors import AudioLoggingError, AudioLoggingWarning, AudioTypeError, AudioValueError

KERAS_ARGUMENTS = {
    "directory": inspect.Parameter.empty,
    "labels": "inferred",
    "label_mode": "int",
    "class_names": None,
    "batch_size": 32,
    "sampling_rate": None,
    "output_sequence_length": None,
    "ragged": False,
    "shuffle": True,
    "seed": None,
    "validation_split": None,
    "subset": None,
    "follow_links": False,
    "verbose": True,
}

MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"labels": "other"}, r"The `labels` argument should be a list/tuple of integer labels, .* Received: labels=other"),
    (
        {"labels": [0], "class_names": ["cat"]},
        r'You can only pass `class_names` if `labels="inferred"`\. Received: lab',
    ),
    ({"label_mode": "x"}, r'`label_mode` argument must be one of "int", "categorical", "binary", or None\. .*=x'),
    ({"ragged": True, "output_sequence_length": 5}, r"Cannot set both `ragged` and `output_sequence_length`"),
    ({"sampling_rate": 8e3}, r"`sampling_rate` should have an integer value\. Received: sampling_rate=8000\.0"),
    ({"sampling_rate": True}, r"`sampling_rate` should have an integer value\. Received: sampling_rate=True"),
    ({"sampling_rate": 0}, r"`sampling_rate` should be higher than 0\. Received: sampling_rate=0"),
    ({"validation_split": 2, "subset": "both"}, r"`validation_split` must be between 0 and 1, received: 2"),
    ({"validation_split": 0.5}, r"If `subset` is set, `validation_split` must be set, and inversely\."),
    ({"validation_split": 0.5, "subset": "x"}, r'`subset` must be either "training", "validation" or "both", .*: x'),
    ({"validation_split": 0.5, "subset": "both"}, r"you must provide a `seed` argument"),
    ({"class_names": ["wolf"]}, r"The `class_names` passed did not match the names of the subdirectories"),
    ({"labels": None, "class_names": ["cat"]}, r"When `labels=None` \(no labels\), argument `class_names` cannot"),
    (
        {"labels": [0, 1]},
        r"Expected the lengths of `labels` .* len\(labels\) is 2 while we found 40 files in directory",
    ),
    ({"label_mode": "binary"}, r"there must be exactly 2 class_names\. Received: class_names=\['cat', 'dog', 'emu'\]"),
    ({"class_names": []}, r"No audio files found in directory .*\. Allowed format\(s\): \('\.wav',\)"),
    ({"formats": ["flac"]}, r"No audio files found in directory .*\. Allowed format\(s\): \('\.flac',\)"),
    ({"batch_size": 0}, r"got batch_size=0, wanted 1 or more, or None"),
    ({"output_sequence_length": -1}, r"got output_sequence_length=-1, wanted 0 frames or more"),
    ({"output_sequence_length": float("nan")}, r"got output_sequence_length=nan"),
    ({"output_sequence_length": float("inf")}, r"got output_sequence_length=inf"),
    ({"cache": "disk"}, r"got cache='disk', wanted 'memory' or None"),
    ({"num_workers": -1}, r"got num_workers=-1, wanted a whole number from 0 on"),
    ({"prefetch": 1.5}, r"got prefetch=1\.5, wanted a whole number from 0 on"),
    ({"on_error": "ignore"}, r"got on_error='ignore', wanted one of"),
    (
        {"labels": None, "validation_split": 0.5, "subset": "both", "seed": 1, "stratify": True},
        r"stratify=True without",
    ),
]


def make(folder: Path, **options: Any) -> AudioDataset:
    dataset = audio_dataset_from_directory(folder, **{"seed": 1, "verbose": False, **options})
    assert isinstance(dataset, AudioDataset)
    return dataset


def everything(dataset: AudioDataset) -> Any:
    return next(iter(dataset.epoch(0)))


def test_the_signature_begins_as_that_of_keras_and_goes_on_with_names_only() -> None:
    parameters = inspect.signature(audio_dataset_from_directory).parameters
    positional = {name: each.default for name, each in parameters.items() if each.kind is each.POSITIONAL_OR_KEYWORD}
    assert list(positional.items()) == list(KERAS_ARGUMENTS.items())
    assert all(each.kind is each.KEYWORD_ONLY for name, each in parameters.items() if name not in positional)


@pytest.mark.parametrize(("options", "message"), MISTAKES, ids=lambda value: str(value)[:50])
def test_mistakes_are_refused_in_the_words_of_keras(folder: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(AudioValueError, match=message):
        audio_dataset_from_directory(folder, **options)


@pytest.mark.parametrize(
    "options", [{"batch_size": 2.0}, {"batch_size": True}, {"output_sequence_length": "8"}], ids=str
)
def test_arguments_of_another_kind_are_refused(folder: Path, options: dict[str, Any]) -> None:
    with pytest.raises(AudioTypeError, match=f"got {next(iter(options))}="):
        audio_dataset_from_directory(folder, **options)


@pytest.mark.parametrize("labels", [[[0, 1]] * 40, [0, "a"] * 20], ids=["lists", "numbers and text"])
def test_labels_that_cannot_be_sorted_are_refused(folder: Path, labels: Any) -> None:
    with pytest.raises(AudioTypeError, match=r"that cannot be sorted .* pass a dictionary"):
        audio_dataset_from_directory(folder, labels=labels)


@pytest.mark.parametrize("labels", ["inferred", None, [0]], ids=str)
@pytest.mark.parametrize("kind", [FileNotFoundError, ValueError, MissingFolderError, AudioLoggingError])
def test_a_missing_folder_is_whatever_error_keras_users_catch(
    tmp_path: Path, labels: Any, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match=r"No audio files found in directory .*missing\. Allowed format.* no such directory"):
        audio_dataset_from_directory(tmp_path / "missing", labels=labels)


def test_a_file_instead_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    with pytest.raises(AudioReadError, match=r"a\.wav', which is no folder"):
        audio_dataset_from_directory(tmp_path / "a.wav")


@pytest.mark.parametrize("labels", ["inferred", None])
def test_a_folder_without_audio_is_an_error(tmp_path: Path, labels: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "a.txt").touch()
    with pytest.raises(
        AudioValueError, match=r"No audio files found in directory .*\. Allowed format\(s\): \('\.wav',"
    ):
        audio_dataset_from_directory(tmp_path, labels=labels)
    found = "Found 0 files.\n" if labels is None else "Found 0 files belonging to 1 classes.\n"
    assert capsys.readouterr().out == found


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        ({}, "Found 40 files belonging to 3 classes.\n"),
        ({"labels": None}, "Found 40 files.\n"),
        ({"verbose": False}, ""),
        (
            {"validation_split": 0.29, "subset": "both"},
            "Found 40 files belonging to 3 classes.\nUsing 29 files for training.\nUsing 11 files for validation.\n",
        ),
        ({"validation_split": 0.29, "subset": "validation", "verbose": False}, "Using 11 files for validation.\n"),
        (
            {"labels": {"cat/0": "x", "dog/0": "y"}},
            "Left out 38 files that `labels` does not name.\nFound 2 files belonging to 2 classes.\n",
        ),
    ],
    ids=str,
)
def test_lines_are_printed_as_keras_prints_them(
    folder: Path, options: dict[str, Any], lines: str, capsys: pytest.CaptureFixture[str]
) -> None:
    audio_dataset_from_directory(folder, seed=1, **options)
    assert capsys.readouterr().out == lines


@pytest.mark.parametrize("stratify", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
def test_halves_are_disjoint_and_whole_however_they_are_asked_for(folder: Path, stratify: bool, shuffle: bool) -> None:
    options: dict[str, Any] = {"validation_split": 0.3, "seed": 7, "shuffle": shuffle, "stratify": stratify}
    training, validation = audio_dataset_from_directory(folder, subset="both", **options)
    assert training.file_paths == make(folder, subset="training", **options).file_paths
    assert validation.file_paths == make(folder, subset="validation", **options).file_paths
    assert sorted(training.file_paths + validation.file_paths) == sorted(make(folder).file_paths)
    if stratify:
        assert validation.class_counts == {"cat": 6, "dog": 4, "emu": 2}


def test_the_validation_half_of_both_stays_in_order(folder: Path) -> None:
    training, validation = audio_dataset_from_directory(
        folder, seed=1, validation_split=0.5, subset="both", offset="random", duration=0.002
    )
    for _ in range(2):
        assert [index for batch in validation.batches() for index in batch.indices] == list(range(20))
    assert np.array_equal(everything(validation).audio, next(iter(validation.epoch(3))).audio)
    assert not np.array_equal(everything(training).audio, next(iter(training.epoch(3))).audio)


def test_an_empty_half_is_never_given_without_saying_so(folder: Path) -> None:
    options: dict[str, Any] = {"class_names": ["emu"], "validation_split": 0.1, "seed": 1}
    with pytest.warns(AudioLoggingWarning, match="of 8 files leaves no file for validation; all are for training"):
        assert len(make(folder, subset="training", **options).file_paths) == 8
    with pytest.raises(
        AudioValueError, match=r"No audio files .*validation_split=0\.1 of 8 files leaves none for valid"
    ):
        make(folder, subset="validation", **options)
    with pytest.raises(AudioValueError, match=r"No validation audio files found in directory"):
        audio_dataset_from_directory(folder, subset="both", **options)


def test_audio_that_was_not_asked_for_gets_advice(tmp_path: Path, write_wav: Callable[..., Path]) -> None:
    soundfile.write(tmp_path / "a.flac", np.zeros(9), 8000)
    with pytest.raises(
        AudioValueError, match=r"There are 1 files of other formats, such as .*a\.flac: pass formats='all'"
    ):
        audio_dataset_from_directory(tmp_path)
    write_wav(tmp_path / "b.wav", [1])
    with pytest.raises(AudioValueError, match=r"b\.wav is in no class folder: pass labels=None, or make a folder"):
        audio_dataset_from_directory(tmp_path)


@pytest.mark.parametrize("kind", [list, tuple, np.array], ids=["list", "tuple", "array"])
def test_labels_may_be_a_list_a_tuple_or_an_array_and_are_left_alone(folder: Path, kind: Callable[..., Any]) -> None:
    labels = kind(range(40))
    before = list(labels)
    dataset = make(folder, labels=labels, batch_size=40)
    assert list(labels) == before
    in_order = make(folder, labels=labels, shuffle=False).file_paths
    batch = everything(dataset)
    assert [in_order[label] for label in batch.labels] == batch.paths


@pytest.mark.parametrize("mode", ["categorical", "binary"])
def test_labels_out_of_range_are_an_error(folder: Path, mode: Any) -> None:
    with pytest.raises(AudioValueError, match=r"got the label [57] with label_mode='.*' and 2 classes, wanted 0 to 1"):
        make(folder, labels=[5, 7] * 20, label_mode=mode)
    assert set(everything(make(folder, labels=[5, 7] * 20)).labels) == {5, 7}


def test_a_dictionary_makes_many_hot_labels(folder: Path) -> None:
    table = {"cat/0.wav": ["purr", "meow"], "dog/3": ["bark"], "emu/1.wav": []}
    dataset = make(folder, labels=table, label_mode="categorical", shuffle=False)
    assert dataset.class_names == ["bark", "meow", "purr"]
    assert everything(dataset).labels.tolist() == [[0, 1, 1], [1, 0, 0], [0, 0, 0]]
    assert dataset.class_counts == {"bark": 1, "meow": 1, "purr": 1}
    with pytest.raises(AudioTypeError, match="pass label_mode='categorical'"):
        make(folder, labels=table)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_table_of_labels_is_a_dictionary(folder: Path, tmp_path: Path, kind: Callable[[Path], Any]) -> None:
    (tmp_path / "labels.csv").write_text("path,label\ncat/0.wav,meow\ndog/3.wav,bark\n")
    dataset = make(folder, labels=kind(tmp_path / "labels.csv"), shuffle=False)
    assert dataset.class_names == ["bark", "meow"]
    assert everything(dataset).labels.tolist() == [1, 0]
    ordered = make(folder, labels=kind(tmp_path / "labels.csv"), class_names=["meow", "bark"], shuffle=False)
    assert everything(ordered).labels.tolist() == [0, 1]


def test_other_formats_are_read_when_asked(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (4000, 1))
    (tmp_path / "a").mkdir()
    for ending in ("wav", "flac", "OGG", "mp3", "aiff"):
        soundfile.write(tmp_path / "a" / f"x.{ending}", samples, 8000)
    assert len(make(tmp_path).file_paths) == 1
    dataset = make(tmp_path, formats="all", shuffle=False)
    assert [Path(path).suffix for path in dataset.file_paths] == [".OGG", ".aiff", ".flac", ".mp3", ".wav"]
    assert everything(dataset).audio.shape == (5, 4000, 1)


def test_mixed_files_become_alike_when_asked(
    tmp_path: Path, write_wav: Callable[..., Path], noise: Callable[..., AnyArray]
) -> None:
    write_wav(tmp_path / "a" / "1.wav", noise(1, 100))
    write_wav(tmp_path / "a" / "2.wav", noise(2, 300, 2), 16_000)
    with pytest.raises(AudioLoggingError, match=r"2\.wav: has 16000 Hz"):
        everything(make(tmp_path, shuffle=False))
    batch = everything(make(tmp_path, shuffle=False, sampling_rate=8000, mono=True))
    assert batch.audio.shape == (2, 150, 1)
    assert batch.lengths.tolist() == [100, 150]
    cut = everything(make(tmp_path, shuffle=False, sampling_rate=16_000, mono=True, output_sequence_length=200))
    assert cut.lengths.tolist() == [200, 200]


def test_hidden_files_are_taken_as_in_keras_and_warned_about(tmp_path: Path, write_wav: Callable[..., Path]) -> None:
    write_wav(tmp_path / "a" / "x.wav", [1])
    (tmp_path / "a" / "._x.wav").write_bytes(b"\0\5\x16\7")
    with pytest.warns(AudioLoggingWarning, match=r"found 1 files that begin with '\._'"):
        assert len(make(tmp_path).file_paths) == 2
    assert len(make(tmp_path, skip_hidden=True).file_paths) == 1


def test_seeds_of_numpy_are_drawn_from_when_there_is_none(folder: Path) -> None:
    paths = []
    for seed in (3, 3, 4):
        np.random.seed(seed)  # noqa: NPY002
        paths.append(make(folder, seed=None).file_paths)
    assert paths[0] == paths[1] != paths[2]


def test_a_seed_of_numpy_may_go_into_a_checkpoint(folder: Path) -> None:
    assert json.dumps(make(folder, seed=np.int64(3)).state_dict()) == json.dumps(make(folder, seed=3).state_dict())


@pytest.mark.parametrize("kind", [str, Path, os.fsencode])
def test_the_folder_may_be_text_a_path_or_bytes(folder: Path, kind: Callable[[Path], Any]) -> None:
    assert len(make(kind(folder)).file_paths) == 40


def test_hostile_names_are_read_and_shown_without_harm(tmp_path: Path, write_wav: Callable[..., Path]) -> None:
    names = [b"\xff\xfe.wav", b"a\nb.wav", b"\x1b[31mred.wav", b"%s{}.wav", b"-rf.wav", b"  .wav", b"'\"`$(x).wav"]
    for name in names:
        write_wav(tmp_path / "a" / os.fsdecode(name), [1, 2])
    dataset = make(tmp_path, batch_size=99)
    assert everything(dataset).audio.shape == (len(names), 2, 1)
    for path in dataset.file_paths:
        Path(path).write_bytes(b"text")
        with pytest.raises(AudioLoggingError, match="is no audio file") as caught:
            dataset.clip(dataset.file_paths.index(path))
        assert str(caught.value).isprintable()
        assert str(caught.value).encode()


def test_a_fifo_named_wav_does_not_wait_for_ever(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    os.mkfifo(tmp_path / "a" / "x.wav")
    with pytest.raises(AudioReadError, match=r"x\.wav: is no regular file"):
        everything(make(tmp_path))


def test_neither_tensorflow_nor_keras_nor_torch_is_imported(folder: Path) -> None:
    code = (
        "import sys; from audio_logging.datasets import audio_dataset_from_directory as make;"
        f"[None for _ in make({str(folder)!r}, verbose=False)];"
        "print(sorted({'tensorflow', 'keras', 'torch', 'soxr', 'wandb', 'scipy'} & set(sys.modules)))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == "[]\n"

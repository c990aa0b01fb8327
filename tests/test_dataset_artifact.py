from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import wandb

import audio_logging as al
from audio_logging.errors import AudioDecodeError, AudioLoggingWarning, AudioTypeError, AudioValueError


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    for name in ("cat", "dog"):
        (tmp_path / "sounds" / name).mkdir(parents=True)
        for index in range(3):
            samples = 0.1 * rng.standard_normal(800 + index)
            soundfile.write(tmp_path / "sounds" / name / f"{index}.wav", samples, 8000, subtype="PCM_16")
    return tmp_path / "sounds"


def dataset_of(folder: Path, **options: Any) -> al.AudioDataset:
    dataset = al.audio_dataset_from_directory(str(folder), batch_size=2, verbose=False, **options)
    assert isinstance(dataset, al.AudioDataset)
    return dataset


def test_a_data_set_becomes_an_artifact_with_its_files_labels_and_counts(folder: Path, wandb_offline: Path) -> None:
    run = wandb.init(project="p")
    artifact = al.log_dataset(run, dataset_of(folder), "my sounds")
    assert artifact.name.startswith("my-sounds")
    assert artifact.metadata["class_counts"] == {"cat": 3, "dog": 3}
    assert (artifact.metadata["files"], artifact.metadata["skipped"]) == (6, 0)
    media = [name for name in artifact.manifest.entries if name.startswith("media/audio/")]
    assert len(media) == 6
    folder_of_run = Path(run.dir).parent
    run.finish()
    stored = next(item for item in al.open_run(folder_of_run, wait=5).artifacts() if item.type == "dataset")
    assert "samples.table.json" in stored.entries
    assert stored.metadata["seconds"] == pytest.approx(2 * (800 + 801 + 802) / 8000, abs=1e-3)


def test_unchanged_content_has_the_same_digest_wherever_the_folder_lies(
    folder: Path, tmp_path: Path, wandb_offline: Path
) -> None:
    shutil.copytree(folder, tmp_path / "elsewhere")
    run = wandb.init(project="p")
    first = al.log_dataset(run, dataset_of(folder, seed=1), "d")
    second = al.log_dataset(run, dataset_of(tmp_path / "elsewhere", seed=2), "d")
    assert first.digest == second.digest
    (folder / "cat" / "0.wav").rename(folder / "dog" / "9.wav")
    assert al.log_dataset(run, dataset_of(folder), "d").digest != first.digest


def test_references_keep_the_files_where_they_are(folder: Path, wandb_offline: Path) -> None:
    run = wandb.init(project="p")
    artifact = al.log_dataset(run, dataset_of(folder), "d", clips="reference")
    media = [entry for name, entry in artifact.manifest.entries.items() if name.startswith("media/audio/")]
    assert len(media) == 6
    assert all(str(entry.ref).startswith(folder.as_uri()) for entry in media)


def test_samples_of_other_kinds_are_taken_too(tone: np.ndarray, wandb_offline: Path) -> None:
    run = wandb.init(project="p")
    samples = [{"audio": tone, "sample_rate": 16000, "label": "tone"}, {"audio": tone / 2, "sample_rate": 16000}]
    artifact = al.log_dataset(run, samples, "d")
    assert artifact.metadata["class_counts"] == {"tone": 1}


def test_a_bad_file_is_an_error_or_left_out_and_counted(folder: Path, wandb_offline: Path) -> None:
    (folder / "cat" / "bad.wav").write_bytes(b"this is text")
    run = wandb.init(project="p")
    with pytest.raises(AudioDecodeError, match=r"bad\.wav"):
        al.log_dataset(run, dataset_of(folder), "d")
    with pytest.warns(AudioLoggingWarning, match=r"left out cat/bad\.wav"):
        artifact = al.log_dataset(run, dataset_of(folder), "d", on_error="skip")
    assert (artifact.metadata["files"], artifact.metadata["skipped"]) == (6, 1)


def test_what_is_no_data_set_is_refused(wandb_offline: Path) -> None:
    run = wandb.init(project="p")
    with pytest.raises(AudioTypeError, match="wanted an AudioDataset"):
        al.log_dataset(run, "folder", "d")
    with pytest.raises(AudioValueError, match="clips='link'"):
        al.log_dataset(run, [], "d", clips="link")  # type: ignore[arg-type]


def test_a_data_set_that_skips_bad_files_is_logged_without_them(folder: Path, wandb_offline: Path) -> None:
    (folder / "cat" / "bad.wav").write_bytes(b"this is text")
    run = wandb.init(project="p")
    with pytest.warns(AudioLoggingWarning, match=r"left out cat/bad\.wav"):
        artifact = al.log_dataset(run, dataset_of(folder, on_error="skip"), "forgiving")
    assert (artifact.metadata["files"], artifact.metadata["skipped"]) == (6, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_names_that_are_not_utf8_are_stored_as_escapes(folder: Path, wandb_offline: Path) -> None:
    shutil.copytree(folder / "cat", folder / os.fsdecode(b"\xff"))
    artifact = al.log_dataset(wandb.init(project="p"), dataset_of(folder), "d")
    assert artifact.metadata["class_counts"] == {r"\udcff": 3, "cat": 3, "dog": 3}

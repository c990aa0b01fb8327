from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_logging.cli import main
from audio_logging.datasets import AudioDataset, audio_dataset_from_directory
from audio_logging.demo.main import run_demo
from audio_logging.demo.report import Report
from audio_logging.encoding import decode
from audio_logging.errors import AudioFileNotFoundError, AudioValueError
from audio_logging.runs import StoredClip, open_run


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Two classes of short tones that a model can tell apart, ten recordings each."""
    for name, pitch in (("high", 1500.0), ("low", 300.0)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for index in range(10):
            time = np.arange(4000 + 100 * index) / 8000
            tone = 0.3 * np.sin(2 * np.pi * pitch * time) + 0.02 * rng.standard_normal(len(time))
            soundfile.write(tmp_path / "data" / name / f"{index}.wav", tone, 8000)
    return tmp_path / "data"


@pytest.fixture
def report(folder: Path, wandb_offline: Path) -> Report:
    return run_demo(folder, epochs=2, seed=3)


def clips_of(report: Report, key: str) -> list[StoredClip]:
    return [clip for clip in open_run(report.folder, wait=5).clips() if clip.key == key and clip.source == "sidecar"]


def test_the_demo_logs_samples_predictions_and_denoised_clips_that_can_be_played(report: Report) -> None:
    samples, predictions = clips_of(report, "val/samples"), clips_of(report, "val/predictions")
    assert {clip.label for clip in samples} == {"high", "low"}
    assert len(predictions) == 2 * len(samples)
    assert {clip.prediction for clip in predictions} <= {"high", "low"}
    for clip in [*samples, *clips_of(report, "denoised/generated")]:
        stored = decode(Path(clip.file or ""))
        assert (stored.sample_rate, stored.frames, stored.channels) == (clip.sample_rate, clip.frames, clip.channels)
        assert stored.duration == clip.duration


def test_the_demo_takes_an_audio_dataset(folder: Path, wandb_offline: Path) -> None:
    dataset = audio_dataset_from_directory(str(folder), verbose=False)
    assert isinstance(dataset, AudioDataset)
    report = run_demo(dataset, epochs=1, seed=3)
    assert {clip.label for clip in clips_of(report, "val/samples")} == {"high", "low"}
    unlabelled = audio_dataset_from_directory(str(folder), labels=None, verbose=False)
    with pytest.raises(AudioValueError, match="without labels"):
        run_demo(unlabelled)


def test_what_is_logged_as_a_sample_is_the_recording(report: Report, folder: Path) -> None:
    for clip in clips_of(report, "val/samples"):
        np.testing.assert_array_equal(decode(Path(clip.file or "")).stored, decode(folder / str(clip.clip_id)).stored)


def test_the_run_tells_accuracy_and_loss_after_every_epoch_and_finishes(report: Report) -> None:
    run = open_run(report.folder, wait=5)
    rows = [row for row in run.history() if "val/accuracy" in row]
    assert [row["epoch"] for row in rows] == [0, 1]
    assert rows[-1]["val/accuracy"] == report.last["val/accuracy"]
    assert run.finished and not run.problems


def test_noisy_reference_and_denoised_clips_stand_side_by_side(report: Report) -> None:
    rows = [
        row["denoised/generated"] for row in open_run(report.folder, wait=5).history() if "denoised/generated" in row
    ]
    captions = rows[-1]["captions"]
    assert [caption.split()[0] for caption in captions[:3]] == ["input", "reference", "generated"]
    assert report.last["denoiser/gain_db"] > 0


def test_the_last_lines_are_commands_that_work(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    look, listen, sync = report.lines()
    command, *arguments = shlex.split(look.partition(":")[2])
    assert (Path(command).name, arguments[0]) == ("audio-logging", "ls")
    assert main(arguments) == 0
    assert "val/predictions" in capsys.readouterr().out
    _, command, folder = shlex.split(listen.partition(":")[2])
    assert (command, Path(folder).resolve()) == ("view", report.folder.resolve())
    assert Path(shlex.split(sync)[-1]).resolve() == report.folder.resolve()


def test_commands_are_called_as_the_shell_finds_them(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = tmp_path / "an environment" / "bin"
    commands.mkdir(parents=True)
    for name in ("audio-logging", "wandb"):
        (commands / name).touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.executable", str(commands / "python"))
    for path, prefix in ((str(tmp_path), "an environment/bin/"), (str(commands), "")):
        monkeypatch.setenv("PATH", path)
        look, _, sync = report.lines()
        assert shlex.split(look)[1:3] == [prefix + "audio-logging", "ls"]
        assert shlex.split(sync)[1:3] == [prefix + "wandb", "sync"]


def test_the_command_runs_the_demo(folder: Path, wandb_offline: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--data", str(folder), "--epochs", "1", "--seed", "5", "--project", "p"]) == 0
    printed = capsys.readouterr().out
    assert "accuracy on held-out recordings" in printed and "wandb sync" in printed


def test_a_folder_that_is_not_there_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--data", "nowhere"]) == 1
    assert capsys.readouterr().err.startswith("audio-logging: no such folder: nowhere")
    with pytest.raises(AudioFileNotFoundError, match="nowhere"):
        run_demo("nowhere")


def test_real_recordings_reach_85_percent_on_held_out_ones(shared_data: Path, wandb_offline: Path) -> None:
    report = run_demo(shared_data / "fsdd")
    assert report.last["val/accuracy"] >= 0.85 > 0
    assert len(clips_of(report, "val/samples")) == 40
    assert json.dumps(open_run(report.folder, wait=5).summary)

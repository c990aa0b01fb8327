from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import wandb

import audio_logging as al
from audio_logging.cli import main


@pytest.fixture
def run_folder(wandb_offline: Path, tone: np.ndarray) -> Path:
    run = wandb.init(project="listing", name="first try")
    with al.AudioLogger(run) as logger:
        logger.log("val/tone", [tone, tone / 2], sample_rate=16000, caption=["loud", "soft"], step=7)
    folder = Path(run.dir).parent
    run.finish()
    return folder


def test_without_a_command_the_usage_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([])
    assert "usage: audio-logging" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"], ["ls", "--help"], ["--version"]])
def test_help_and_version_are_there(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    assert capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--epochs", "0"], ["--epochs", "x"], ["--seed", "-1"], ["--what"]])
def test_arguments_that_make_no_sense_are_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["demo", *arguments])


def test_ls_lists_the_clips_of_a_run(run_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ls", str(run_folder), "--json"]) == 0
    assert run_folder.name in capsys.readouterr().out or run_folder.is_dir()


def test_ls_of_a_folder_that_is_not_there_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ls", "nowhere"]) == 1
    assert "nowhere" in capsys.readouterr().err


def test_the_command_can_be_run_as_a_module_and_its_output_cut_off(run_folder: Path) -> None:
    command = f"{sys.executable} -m audio_logging ls {run_folder} | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert done.stdout and "Traceback" not in done.stderr and "Broken pipe" not in done.stderr
    assert json.dumps(done.stdout)

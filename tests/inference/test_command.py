from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio_logging.inference import command, scores, windows
from audio_logging.inference.bulk import tables
from audio_logging.inference.command import add_predict_command, run_predict

WriteTone = Callable[..., Path]
Run = Callable[..., int]


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="audio-logging")
    add_predict_command(made.add_subparsers(required=True))
    return made


@pytest.fixture
def run(parser: argparse.ArgumentParser) -> Run:
    """Return ``run(*words)``: the exit status of ``audio-logging predict ... --quiet``."""

    def call(*words: object) -> int:
        args = parser.parse_args(["predict", *map(str, words), "--quiet"])
        assert args.run is run_predict
        status: int = args.run(args)
        return status

    return call


@pytest.fixture
def folder(write_tone: WriteTone, tmp_path: Path) -> Path:
    for name, tone in (("a", 220), ("b", 880)):
        write_tone(f"data/{name}.wav", tone, 1.0)
    return tmp_path / "data"


def test_a_folder_becomes_a_file_of_predictions(
    run: Run, folder: Path, tones_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, vectors = tmp_path / "out.jsonl", tmp_path / "out.npy"
    words = ("--window", "0.5", "--hop", "0.25", "--top-k", "2", "--workers", "2")
    assert run(folder, "--model", tones_folder, "--out", out, "--embeddings", vectors, *words) == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["label"], row["windows"], len(row["scores"])) for row in rows] == [("220 Hz", 3, 2), ("880 Hz", 3, 2)]
    assert np.load(vectors).shape == (2, 8)
    assert capsys.readouterr().out.startswith(f"2 inputs, 2 rows in {out}, ")


def test_bad_files_are_named_and_change_the_exit_status(
    run: Run, folder: Path, tones_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in range(12):
        (folder / f"bad{index:02}.wav").write_bytes(b"no audio")
    assert run(folder, "--model", tones_folder, "--out", tmp_path / "out.csv") == 1
    printed = capsys.readouterr()
    assert "bad00.wav: AudioDecodeError" in printed.err
    assert "... and 2 more; all are in" in printed.err
    assert "12 could not be used" in printed.out


def test_a_command_that_cannot_begin_says_what_to_type(
    run: Run, folder: Path, tones_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "--model", tmp_path / "nothing", "--out", tmp_path / "a.jsonl") == 1
    assert "Unable to open file at" in capsys.readouterr().err
    assert run(folder, "--model", tones_folder, "--out", tmp_path / "a.jsonl") == 0
    assert run(folder, "--model", tones_folder, "--out", tmp_path / "a.jsonl") == 1
    assert "--overwrite" in capsys.readouterr().err
    assert run(folder, "--model", tones_folder, "--out", tmp_path / "a.jsonl", "--resume") == 0
    assert run(folder, "--model", tones_folder, "--out", tmp_path / "a.jsonl", "--overwrite", "--top-k", "all") == 0


def test_labels_come_from_a_file(run: Run, folder: Path, tones_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("low\nmiddle\nhigh\nhighest\n")
    out = tmp_path / "a.jsonl"
    assert run(folder, "--model", tones_folder, "--labels", tmp_path / "labels.txt", "--out", out) == 0
    assert json.loads(out.read_text().splitlines()[0])["label"] == "low"
    assert run(folder, "--model", tones_folder, "--labels", tmp_path / "none.txt", "--out", tmp_path / "b.jsonl") == 1


def test_an_embedder_gives_vectors_only(run: Run, folder: Path, tones_folder: Path, tmp_path: Path) -> None:
    words = ("--embed-only", "--window", "0.5", "--embeddings", tmp_path / "a.npy")
    assert run(folder, "--model", tones_folder, "--out", tmp_path / "a.jsonl", *words) == 0
    assert np.load(tmp_path / "a.npy").shape == (4, 8)


def test_an_interrupted_command_says_how_to_go_on(
    run: Run, folder: Path, tones_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("audio_logging.inference.bulk.run.predict_with_threads", interrupt)
    assert run(folder, "--model", tones_folder, "--out", tmp_path / "a.jsonl") == 130
    assert "the same command with --resume goes on from here" in capsys.readouterr().err


def test_the_words_are_those_of_the_modules_that_load_later() -> None:
    assert set(command.AGGREGATES) == {*scores.AGGREGATES, "none"}
    assert set(command.FUNCTIONS) == set(scores.FUNCTIONS)
    assert command.PAD_POLICIES == windows.PAD_POLICIES
    assert tuple(tables.FORMATS) == command.FORMATS


@pytest.mark.parametrize("top_k", ["-1", "many", "1.5"])
def test_words_that_make_no_sense(parser: argparse.ArgumentParser, top_k: str) -> None:
    with pytest.raises(SystemExit):
        parser.parse_args(["predict", "d", "--model", "m", "--out", "o", "--top-k", top_k])

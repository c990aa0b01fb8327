from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.clip import AudioClip
from audio_logging.errors import AudioFileNotFoundError, AudioTypeError, AudioValueError, MissingDependencyError
from audio_logging.inference import AudioClassifier, AudioEmbedder, BulkReport, predict_dataset
from audio_logging.inference.bulk.inputs_list import list_inputs
from audio_logging.inference.bulk.journal import Journal
from audio_logging.inference.bulk.outcome import Outcome
from audio_logging.inference.bulk.progress import progress_line, show_progress

Require = Callable[[str], ModuleType]
Sine = Callable[..., npt.NDArray[np.float32]]
WriteTone = Callable[..., Path]

FREQUENCIES = (220, 440, 880, 1760)


@pytest.fixture
def tones(tones_folder: Path) -> AudioClassifier:
    return AudioClassifier.from_pretrained(tones_folder)


@pytest.fixture
def folder(write_tone: WriteTone, tmp_path: Path) -> Path:
    """Twelve files of four tones in three folders, with two bad ones and one that is no audio among them."""
    for index in range(12):
        write_tone(f"data/{index // 4}/{index:02}.wav", FREQUENCIES[index % 4], 0.25 + index / 20)
    (tmp_path / "data" / "1" / "05b.wav").write_bytes(b"RIFF of nothing")
    (tmp_path / "data" / "2" / "empty.flac").write_bytes(b"")
    (tmp_path / "data" / "notes.txt").write_text("no audio")
    return tmp_path / "data"


@contextmanager
def stopping_after(inputs: int) -> Iterator[None]:
    """Interrupt a prediction when so many inputs are in its journal."""

    class Stopping(Journal):
        def add(self, outcome: Outcome) -> None:
            if self.state.inputs == inputs:
                raise InterruptedError
            super().add(outcome)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audio_logging.inference.bulk.run.Journal", Stopping)
        yield


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_folder_is_predicted_in_order_and_bad_files_are_named(
    folder: Path, tones: AudioClassifier, tmp_path: Path
) -> None:
    out = tmp_path / "made" / "predictions.jsonl"
    report = predict_dataset(folder, tones, out=out, top_k=2, workers=3)
    rows = rows_of(out)
    assert [row["index"] for row in rows] == list(range(14))
    assert [row["path"] for row in rows] == sorted(str(path) for path in folder.rglob("*.*") if path.suffix != ".txt")
    good = [row for row in rows if row["error"] is None]
    assert [row["label"] for row in good] == [f"{tone} Hz" for tone in FREQUENCIES] * 3
    assert all(len(row["scores"]) == 2 and row["scores"][0]["score"] == row["score"] for row in good)
    assert [(row["start"], row["end"], row["windows"]) for row in good][:2] == [(0.0, 0.25, 1), (0.0, 0.3, 1)]
    assert [item.path.rpartition("/")[2] for item in report.bad] == ["05b.wav", "empty.flac"]
    assert [row["error"] for row in rows if row["error"]] == [item.error for item in report.bad]
    assert report.bad[0].error.startswith("AudioDecodeError: ")
    assert (report.inputs, report.rows, report.resumed) == (14, 14, 0)
    assert str(report).endswith("; 2 could not be used")
    assert BulkReport.read(out.with_name("predictions.jsonl.report.json")) == report
    assert sorted(path.name for path in out.parent.iterdir()) == ["predictions.jsonl", "predictions.jsonl.report.json"]


def test_windows_can_have_a_row_each_with_their_vectors(folder: Path, tones: AudioClassifier, tmp_path: Path) -> None:
    out, vectors = tmp_path / "rows.jsonl", tmp_path / "vectors.npy"
    predict_dataset(folder, tones, out=out, embeddings=vectors, window=0.25, hop=0.125, aggregate="none", top_k=None)
    rows, array = rows_of(out), np.load(vectors)
    good = [row for row in rows if row["error"] is None]
    assert [row["embedding"] for row in good] == list(range(len(array)))
    assert array.shape == (len(good), 8)
    for path in {row["path"] for row in good}:
        mine = [row for row in good if row["path"] == path]
        made = tones.classify(path, window=0.25, hop=0.125)
        assert [(row["window"], row["start"], row["end"]) for row in mine] == [
            (number, *times) for number, times in enumerate(made.times.tolist())
        ]
        assert made.embeddings is not None
        assert np.array_equal(array[mine[0]["embedding"] : mine[-1]["embedding"] + 1], made.embeddings)
        assert mine[-1]["last_coverage"] == made.coverage


def test_one_row_a_clip_has_the_mean_of_its_vectors(folder: Path, tones: AudioClassifier, tmp_path: Path) -> None:
    predict_dataset(folder, tones, out=tmp_path / "a.jsonl", embeddings=tmp_path / "a.npy", window=0.25)
    made = tones.classify(folder / "2" / "11.wav", window=0.25)
    assert made.embeddings is not None
    assert np.allclose(np.load(tmp_path / "a.npy")[11], made.embeddings.mean(axis=0))


def test_an_embedder_gives_vectors_and_no_labels(folder: Path, tones_folder: Path, tmp_path: Path) -> None:
    embedder = AudioEmbedder.create_from_file(tones_folder, window=0.25)
    predict_dataset(folder, embedder, out=tmp_path / "a.jsonl", embeddings=tmp_path / "a.npy")
    good = [row for row in rows_of(tmp_path / "a.jsonl") if row["error"] is None]
    assert len(np.load(tmp_path / "a.npy")) == len(good) > 12
    assert {row["label"] for row in good} == {None}


def test_tables_of_every_kind_hold_the_same(
    folder: Path, tones: AudioClassifier, tmp_path: Path, require: Require
) -> None:
    for ending in ("jsonl", "csv"):
        predict_dataset(folder, tones, out=tmp_path / f"a.{ending}", top_k=2)
    rows = rows_of(tmp_path / "a.jsonl")
    with (tmp_path / "a.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["path"] for row in table] == [row["path"] for row in rows]
    assert [row["label"] for row in table] == [row["label"] or "" for row in rows]
    assert [json.loads(row["scores"]) for row in table] == [row["scores"] or [] for row in rows]
    parquet: Any = require("pyarrow.parquet")
    predict_dataset(folder, tones, out=tmp_path / "a.parquet", top_k=2)
    assert parquet.read_table(tmp_path / "a.parquet").to_pylist() == rows


def test_any_number_of_workers_gives_the_same_file(folder: Path, tones: AudioClassifier, tmp_path: Path) -> None:
    for workers in (1, 2, 7):
        predict_dataset(folder, tones, out=tmp_path / f"{workers}.jsonl", workers=workers)
    assert len({(tmp_path / f"{workers}.jsonl").read_bytes() for workers in (1, 2, 7)}) == 1


@pytest.mark.parametrize("kept", range(0, 14, 3))
@pytest.mark.parametrize("torn", [b"", b'{"index": 99, "vec', b'{"index": 3}\n', b"\xff\xfe\n"])
def test_what_a_kill_left_is_gone_on_with(
    folder: Path, tones: AudioClassifier, tmp_path: Path, kept: int, torn: bytes
) -> None:
    options: dict[str, Any] = {"window": 0.25, "aggregate": "none"}
    predict_dataset(folder, tones, out=tmp_path / "whole.jsonl", embeddings=tmp_path / "whole.npy", **options)
    out, vectors = tmp_path / "out.jsonl", tmp_path / "out.npy"
    with stopping_after(kept), pytest.raises(InterruptedError):
        predict_dataset(folder, tones, out=out, embeddings=vectors, **options)
    partial = tmp_path / "out.jsonl.partial"
    lines = (partial / "rows.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) == kept
    with (partial / "rows.jsonl").open("ab") as file, (partial / "vectors.f32").open("ab") as tail:
        file.write(torn)
        tail.write(b"torn!")
    assert not out.exists()
    report = predict_dataset(folder, tones, out=out, embeddings=vectors, resume=True, **options)
    assert report.resumed == kept
    assert out.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert vectors.read_bytes() == (tmp_path / "whole.npy").read_bytes()
    assert not partial.exists()


def test_a_process_that_is_killed_loses_no_row_and_repeats_none(
    tones_folder: Path, write_tone: WriteTone, tmp_path: Path
) -> None:
    for index in range(120):
        write_tone(f"many/{index:03}.wav", FREQUENCIES[index % 4], 0.2)
    command = [*COMMAND, str(tmp_path / "many"), "--model", str(tones_folder), "--quiet", "--out"]
    killed = str(tmp_path / "killed.jsonl")
    rows = tmp_path / "killed.jsonl.partial" / "rows.jsonl"
    reached = 0
    for _ in range(3):
        process = subprocess.Popen([*command, killed, "--resume", "--embeddings", str(tmp_path / "killed.npy")])
        wait_for_more(process, rows, reached)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if not rows.exists():
            break
        reached = len(rows.read_bytes())
    subprocess.run([*command, killed, "--resume", "--embeddings", str(tmp_path / "killed.npy")], check=True)
    subprocess.run([*command, str(tmp_path / "whole.jsonl"), "--embeddings", str(tmp_path / "whole.npy")], check=True)
    assert (tmp_path / "killed.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert (tmp_path / "killed.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()


SCRIPT = """
import argparse, sys
from audio_logging.inference.command import add_predict_command
parser = argparse.ArgumentParser()
add_predict_command(parser.add_subparsers())
args = parser.parse_args()
sys.exit(args.run(args))
"""

COMMAND = [sys.executable, "-c", SCRIPT, "predict"]


def wait_for_more(process: subprocess.Popen[bytes], rows: Path, reached: int) -> None:
    """Wait until a process has written more than so many bytes, or has ended."""
    end = time.monotonic() + 30
    while process.poll() is None and not (rows.exists() and rows.stat().st_size > reached):
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_stop_between_the_files_that_appear_is_no_harm(
    folder: Path, tones: AudioClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, vectors = tmp_path / "a.jsonl", tmp_path / "a.npy"
    with monkeypatch.context() as patch:
        patch.setattr("audio_logging.inference.bulk.run.write_rows", fail)
        with pytest.raises(OSError, match="disk full"):
            predict_dataset(folder, tones, out=out, embeddings=vectors)
    assert vectors.exists()
    assert not out.exists()
    report = predict_dataset(folder, tones, out=out, embeddings=vectors, resume=True)
    assert (report.resumed, report.inputs) == (14, 14)
    assert len(rows_of(out)) == 14


def fail(*_: Any) -> None:
    raise OSError("disk full")


def test_results_that_are_there_are_not_lost_by_mistake(folder: Path, tones: AudioClassifier, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    first = predict_dataset(folder, tones, out=out)
    with pytest.raises(AudioValueError, match=r"is there already; overwrite=True \(--overwrite\) makes it anew"):
        predict_dataset(folder, tones, out=out)
    assert predict_dataset(folder, tones, out=out, resume=True) == first
    with pytest.raises(AudioValueError, match="holds other results, and nothing that was left unfinished"):
        predict_dataset(folder, tones, out=out, top_k=1, resume=True)
    predict_dataset(folder, tones, out=out, top_k=1, overwrite=True)
    assert len(rows_of(out)[0]["scores"]) == 1


def test_unfinished_results_are_not_mixed_with_others(folder: Path, tones: AudioClassifier, tmp_path: Path) -> None:
    out = tmp_path / "a.jsonl"
    with stopping_after(5), pytest.raises(InterruptedError):
        predict_dataset(folder, tones, out=out)
    with pytest.raises(AudioValueError, match=r"holds unfinished results: resume=True \(--resume\) goes on with them"):
        predict_dataset(folder, tones, out=out)
    with pytest.raises(AudioValueError, match=r"unfinished results of another prediction \(top_k: 5 then, 1 now\)"):
        predict_dataset(folder, tones, out=out, top_k=1, resume=True)
    (folder / "0" / "00.wav").rename(folder / "0" / "00b.wav")
    with pytest.raises(AudioValueError, match=r"unfinished results of another prediction .inputs_sha256"):
        predict_dataset(folder, tones, out=out, resume=True)
    assert predict_dataset(folder, tones, out=out, overwrite=True).resumed == 0


def test_a_disk_that_fills_up_leaves_what_can_be_gone_on_with(
    folder: Path, tones: AudioClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(Journal):
        def add(self, outcome: Outcome) -> None:
            if self.state.inputs == 3:
                raise OSError(28, "No space left on device")
            super().add(outcome)

    with monkeypatch.context() as patch:
        patch.setattr("audio_logging.inference.bulk.run.Journal", Full)
        with pytest.raises(OSError, match="No space left"):
            predict_dataset(folder, tones, out=tmp_path / "a.jsonl", workers=4)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("predict")]
    assert predict_dataset(folder, tones, out=tmp_path / "a.jsonl", resume=True).resumed == 3


def test_lists_of_files_and_data_sets(
    folder: Path, tones: AudioClassifier, tmp_path: Path, sine: Sine, write_tone: WriteTone
) -> None:
    (folder / "list.txt").write_text("0/00.wav\r\n\n1/07.wav\nmissing.wav\n")
    predict_dataset(folder / "list.txt", tones, out=tmp_path / "a.jsonl")
    rows = rows_of(tmp_path / "a.jsonl")
    assert [row["label"] for row in rows] == ["220 Hz", "1760 Hz", None]
    assert rows[2]["error"].startswith("AudioFileNotFoundError: ")
    items = [
        (8000, sine(880)),
        {"audio": {"array": sine(440), "sampling_rate": 8000, "path": "speech/a.wav"}},
        AudioClip(sine(220), 8000),
        {"path": str(write_tone("here.wav", 1760))},
        (8000, np.full(80, np.nan)),
        "nothing.wav",
        sine(220),
    ]
    report = predict_dataset(items, tones, out=tmp_path / "b.jsonl", sample_rate=8000)
    rows = rows_of(tmp_path / "b.jsonl")
    assert [row["label"] for row in rows] == ["880 Hz", "440 Hz", "220 Hz", "1760 Hz", None, None, "220 Hz"]
    assert [row["path"] for row in rows][:3] == ["item 0", "speech/a.wav", "item 2"]
    assert [item.path for item in report.bad] == ["item 4", "nothing.wav"]
    assert predict_dataset(folder / "0" / "00.wav", tones, out=tmp_path / "c.jsonl").inputs == 1


@pytest.mark.parametrize(
    ("inputs", "kind", "message"),
    [
        ("nowhere", AudioFileNotFoundError, "there is no file or folder 'nowhere'"),
        ([], AudioValueError, "got no audio files in"),
        (iter([]), AudioTypeError, "wanted a folder, a list of files, or a data set with a length"),
        (3, AudioTypeError, "got int, wanted a folder"),
    ],
)
def test_inputs_that_cannot_be_listed(inputs: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        list_inputs(inputs)


def test_lists_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioValueError, match="got no audio files in"):
        list_inputs(tmp_path / "empty")
    (tmp_path / "model.bin").write_bytes(b"\0\1\2" * 99)
    with pytest.raises(AudioValueError, match="is no text; wanted a folder, an audio file or a text file of paths"):
        list_inputs(tmp_path / "model.bin")


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no UTF-8")
def test_names_of_any_bytes(folder: Path, tones: AudioClassifier, tmp_path: Path) -> None:
    name = os.fsdecode(b'caf\xe9 \n "x",.wav')
    (folder / "0" / "00.wav").rename(folder / "0" / name)
    for ending in ("jsonl", "csv"):
        predict_dataset(folder, tones, out=tmp_path / f"a.{ending}")
    assert any(row["path"].endswith(name) for row in rows_of(tmp_path / "a.jsonl"))
    with (tmp_path / "a.csv").open(newline="", errors="surrogateescape") as file:
        assert any(row["path"].endswith(name) for row in csv.DictReader(file))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"out": "a.txt"}, "got out='a.txt', wanted a name that ends in .jsonl, .csv, .parquet"),
        ({"engine": "spark"}, "got engine='spark', wanted 'threads' or 'ray'"),
        ({"workers": 0}, "got workers=0, wanted 1 or more"),
        ({"top_k": -1}, "got top_k=-1"),
        ({"aggregate": "sum"}, "got aggregate='sum'"),
        ({"window": 0}, "got window=0"),
        ({"function_to_apply": "relu"}, "Invalid value for `function_to_apply`: relu"),
    ],
)
def test_arguments_out_of_range(
    folder: Path, tones: AudioClassifier, tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(AudioValueError, match=message):
        predict_dataset(folder, tones, **{"out": tmp_path / "a.jsonl", **arguments})
    assert not list(tmp_path.glob("a.*"))


def test_windows_that_the_model_does_not_take_are_refused_at_once(
    folder: Path, make_folder: Callable[..., Path], tmp_path: Path
) -> None:
    fixed = AudioClassifier.from_pretrained(make_folder(tmp_path / "fixed", frames=4000))
    with pytest.raises(AudioValueError, match=r"got window=1.0 s, but the model takes windows of 0.5 s only"):
        predict_dataset(folder, fixed, out=tmp_path / "a.jsonl", window=1.0)


def test_vectors_need_a_model_that_gives_them(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(AudioValueError, match=r"the model gives no embedding. Name one of its outputs"):
        predict_dataset(folder, lambda clips: [{"a": 1.0}], out=tmp_path / "a.jsonl", embeddings=tmp_path / "a.npy")


def test_a_missing_extra_is_named_before_any_work(
    folder: Path, tones: AudioClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "audio-logging\[parquet\]"'):
        predict_dataset(folder, tones, out=tmp_path / "a.parquet")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r'pip install "audio-logging\[ray\]"'):
        predict_dataset(folder, tones, out=tmp_path / "a.jsonl", engine="ray")


@pytest.mark.usefixtures("no_ray_traces")
def test_ray_gives_the_same_rows_as_threads(
    folder: Path, tones: AudioClassifier, tmp_path: Path, require: Require
) -> None:
    ray: Any = require("ray")
    require("ray.data")
    options: dict[str, Any] = {"window": 0.25, "aggregate": "none", "workers": 2}
    predict_dataset(folder, tones, out=tmp_path / "a.jsonl", embeddings=tmp_path / "a.npy", **options)
    out, vectors = tmp_path / "b.jsonl", tmp_path / "b.npy"
    try:
        with stopping_after(3), pytest.raises(InterruptedError):
            predict_dataset(folder, tones, out=out, embeddings=vectors, engine="ray", **options)
        predict_dataset(folder, tones, out=out, embeddings=vectors, engine="ray", resume=True, **options)
        with pytest.raises(AudioValueError, match="Ray's processes can only be handed paths"):
            predict_dataset([AudioClip(np.zeros(9), 8000)], tones, out=tmp_path / "c.jsonl", engine="ray")
    finally:
        ray.shutdown()
    for first, second in zip(rows_of(tmp_path / "a.jsonl"), rows_of(out), strict=True):
        assert first == second
    assert vectors.read_bytes() == (tmp_path / "a.npy").read_bytes()


def test_progress_says_how_far_how_fast_and_how_long() -> None:
    assert progress_line(1, 7200, 1, 1.0, 0) == "1/7200 (0 %), 1.0/s, 1:59:59 left, 0 bad"
    assert progress_line(10, 10, 0, 0.0, 3) == "10/10 (100 %), 0.0/s, 0:00:00 left, 3 bad"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_bar_on_a_terminal_and_lines_in_a_log(monkeypatch: pytest.MonkeyPatch, require: Require) -> None:
    require("rich")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with show_progress(shown=True, total=4, done=1) as progress:
        for bad in range(3):
            progress.advance(bad=bad)
    assert "4/4" in terminal.getvalue()
    assert "2 bad" in terminal.getvalue()
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr("audio_logging.inference.bulk.progress.INTERVAL", 0.0)
    with show_progress(shown=True, total=4, done=0) as progress:
        progress.advance(bad=0)
    assert log.getvalue().startswith("1/4 (25 %), ")
    with show_progress(shown=False, total=4, done=0) as progress:
        progress.advance(bad=0)
    assert log.getvalue().count("\n") == 1


def test_without_rich_a_line_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "audio_logging.inference.bulk.rich_bar", None)
    monkeypatch.setattr("audio_logging.inference.bulk.progress.REDRAW", 0.0)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with show_progress(shown=True, total=2, done=0) as progress:
        progress.advance(bad=1)
    assert terminal.getvalue().startswith("\r1/2 (50 %)")
    assert "1 bad" in terminal.getvalue()

"""AudioLogger in real offline runs, read back from disk."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import wandb
from wandb.proto import wandb_internal_pb2

from audio_logging.clip import AudioClip
from audio_logging.errors import (
    AudioLoggingError,
    AudioLoggingWarning,
    AudioTypeError,
    AudioValueError,
    LoggerClosedError,
    NonFiniteAudioError,
    NoRunError,
    SampleRateError,
)
from audio_logging.inputs import to_source
from audio_logging.logger.audio_logger import AudioLogger, Item, snapshot
from audio_logging.logger.background import JOB_BYTES
from audio_logging.media.audio import Audio
from audio_logging.runs import Run, StoredClip, open_run

Tone = npt.NDArray[np.float32]

pytestmark = pytest.mark.usefixtures("wandb_offline")


@pytest.fixture
def run() -> wandb.Run:
    return wandb.init(project="logger", settings=wandb.Settings(x_save_requirements=False))


def read(run: wandb.Run) -> Run:
    """Finish a run and open it as a reader would."""
    run.finish()
    return open_run(Path(run.dir).parent, wait=10)


def rows_in(file: Path) -> list[dict[str, Any]]:
    """Read the history of a record file with wandb's own protobufs: LevelDB's log format, CRCs not looked at."""
    data, at, body, rows = file.read_bytes(), 7, b"", []
    while at + 7 <= len(data):
        if 2**15 - at % 2**15 < 7:
            at += 2**15 - at % 2**15
            continue
        _, size, kind = struct.unpack_from("<IHB", data, at)
        body = (b"" if kind in (1, 2) else body) + data[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):
            record = wandb_internal_pb2.Record.FromString(body)  # type: ignore[attr-defined]
            if record.WhichOneof("record_type") == "history":
                rows.append(row_of(record.history.item))
    return rows


def row_of(items: Any) -> dict[str, Any]:
    """Put the values of nested keys, which stand one by one, together again."""
    row: dict[str, Any] = {}
    for item in items:
        *outer, last = list(item.nested_key) or [item.key]
        inner = row
        for key in outer:
            inner = inner.setdefault(key, {})
        inner[last] = json.loads(item.value_json)
    return row


def samples_of(clip: StoredClip) -> npt.NDArray[np.float32]:
    samples, _ = soundfile.read(clip.file, dtype="float32")
    return np.asarray(samples)


def sidecar(run: wandb.Run) -> list[dict[str, Any]]:
    path = Path(run.dir) / "audio_logging" / "index.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def media(run: wandb.Run) -> list[Path]:
    return sorted(path for path in (Path(run.dir) / "media").rglob("*") if path.is_file())


def numbered(number: int) -> npt.NDArray[np.int16]:
    """A clip that tells its number."""
    return np.full(160, number, np.int16)


def number_in(file: Path) -> int:
    samples, _ = soundfile.read(file, dtype="int16")
    assert len(set(samples.tolist())) == 1
    return int(samples[0])


# What is logged


def test_one_clip_is_a_row_a_file_and_a_line(run: wandb.Run, tone: Tone) -> None:
    with AudioLogger(run) as logger:
        logger.log("val/clip", tone, sample_rate=16_000, caption="hello", step=5)
    row = next(row for row in read(run).history(resolve=False) if "val/clip" in row)
    line = sidecar(run)[0]
    assert row["audio/step"] == 5
    assert row["val/clip"] == {
        "_type": "audio-file",
        "path": line["path"],
        "sha256": line["sha256"],
        "size": line["size"],
        "caption": "hello",
        "sample_rate": 16_000,
        "duration": 1.0,
        "channels": 1,
        "frames": 16_000,
        "format": "flac",
        "peak": 0.5,
        "clipped_samples": 0,
    }
    assert {**line, "time": 0} == {
        **{name: value for name, value in row["val/clip"].items() if name != "_type"},
        "key": "val/clip",
        "step": 5,
        "index": 0,
        "time": 0,
    }
    assert abs(line["time"] - time.time()) < 60
    assert [path.relative_to(run.dir).as_posix() for path in media(run)] == [line["path"]]
    assert np.abs(soundfile.read(media(run)[0])[0] - tone).max() <= 2**-16


def test_a_list_is_one_row_with_a_line_for_each_clip(run: wandb.Run, tone: Tone) -> None:
    with AudioLogger(run) as logger:
        logger.log("val/clips", [(8000, tone[:800]), AudioClip(tone, 16_000)], step=1)
        logger.log("val/clips", [tone, tone[:160]], sample_rate=16_000, caption=["a", None], step=2)
    first, second = (row["val/clips"] for row in read(run).history(resolve=False) if "val/clips" in row)
    assert (first["_type"], first["count"], first["sampleRates"], first["durations"]) == (
        "audio",
        2,
        [8000, 16_000],
        [0.1, 1.0],
    )
    assert "captions" not in first
    assert (second["captions"], second["durations"]) == (["a", ""], [1.0, 0.01])
    assert [(line["step"], line["index"], line.get("caption")) for line in sidecar(run)] == [
        (1, 0, None),
        (1, 1, None),
        (2, 0, "a"),
        (2, 1, None),
    ]


def test_one_caption_is_for_all_clips(run: wandb.Run, tone: Tone) -> None:
    with AudioLogger(run) as logger:
        logger.log("a", [tone, tone], sample_rate=16_000, caption="same")
    assert [line["caption"] for line in sidecar(run)] == ["same", "same"]


def test_a_list_of_one_clip_stays_a_list(run: wandb.Run, tone: Tone) -> None:
    with AudioLogger(run) as logger:
        logger.log("a", [tone], sample_rate=16_000)
    assert read(run).history()[0]["a"]["_type"] == "audio"


def test_what_holds_numbers_is_one_clip(run: wandb.Run) -> None:
    values: dict[str, Any] = {
        "numbers": [0.0, 0.5, -0.5],
        "rows of numbers": [[0.0, 0.5], [0.1, 0.2], [0.3, 0.4]],
        "numpy's numbers": [np.float32(0.5), np.float32(0.25)],
        "rate and samples": (16_000, np.zeros(100, np.float32)),
        "samples and rate": (np.zeros(100, np.float32), 16_000),
    }
    with AudioLogger(run, on_error="raise") as logger:
        for name, value in values.items():
            logger.log(name, value, sample_rate=16_000, step=0)
    (row,) = read(run).history()
    assert {name: row[name]["_type"] for name in values} == dict.fromkeys(values, "audio-file")


def test_every_way_in_is_taken(run: wandb.Run, tone: Tone, wav_bytes: bytes, tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    path.write_bytes(wav_bytes)
    values: list[Any] = [
        path,
        str(path),
        wav_bytes,
        path.open("rb"),
        {"array": tone, "sampling_rate": 16_000},
        {"bytes": wav_bytes, "path": None},
        AudioClip(tone, 16_000),
        Audio(tone, 16_000, caption="ours"),
        wandb.Audio(str(path), caption="theirs"),
    ]
    with AudioLogger(run, on_error="raise") as logger:
        logger.log("a", values)
    clips = list(read(run).clips())
    assert [clip.caption for clip in clips] == [None] * 7 + ["ours", "theirs"]
    assert all(np.abs(samples_of(clip) - tone).max() <= 2**-15 for clip in clips)


def test_files_keep_their_bytes(run: wandb.Run, wav_bytes: bytes, tmp_path: Path) -> None:
    (tmp_path / "take.wav").write_bytes(wav_bytes)
    with AudioLogger(run) as logger:
        logger.log("a", tmp_path / "take.wav")
        (tmp_path / "take.wav").write_bytes(b"something else")
    assert [path.read_bytes() for path in media(run)] == [wav_bytes]


def test_later_changes_by_the_caller_do_not_reach_the_clip(run: wandb.Run) -> None:
    logger = AudioLogger(run)
    buffer = np.zeros(160, np.int16)
    for number in range(50):
        buffer[:] = number
        logger.log("a", buffer, sample_rate=16_000)
    buffer[:] = -1
    logger.flush()
    assert [number_in(Path(run.dir) / line["path"]) for line in sidecar(run)] == list(range(50))


def test_a_clip_is_one_file_however_often_it_is_logged(run: wandb.Run, tone: Tone) -> None:
    with AudioLogger(run) as logger:
        for step in range(10):
            logger.log("a", tone, sample_rate=16_000, step=step)
    assert len(media(run)) == 1
    assert [line["step"] for line in sidecar(run)] == list(range(10))
    assert {row["a"]["path"] for row in read(run).history(resolve=False)} == {sidecar(run)[0]["path"]}


def test_samples_are_stored_in_the_format_asked_for(run: wandb.Run, tone: Tone) -> None:
    names = ["wav", "flac", "ogg", "opus", "mp3"]
    for name in names:
        with AudioLogger(run, format=name) as logger:
            logger.log(name, tone, sample_rate=16_000)
    assert [(line["key"], line["format"]) for line in sidecar(run)] == [(name, name) for name in names]
    assert {path.suffix for path in media(run)} == {f".{name}" for name in names}


def test_a_subtype_is_for_samples_and_not_for_files(run: wandb.Run, tone: Tone, wav_bytes: bytes) -> None:
    with AudioLogger(run, subtype="PCM_24", on_error="raise") as logger:
        logger.log("a", [AudioClip(tone, 16_000), wav_bytes])
    assert sorted(soundfile.info(path).subtype for path in media(run)) == ["PCM_16", "PCM_24"]


def test_clipped_samples_are_counted_and_said_once_a_key(run: wandb.Run, tone: Tone) -> None:
    with (
        pytest.warns(
            AudioLoggingWarning, match=r"^loud: \d+ samples beyond full scale were clipped \(peak 1\.50\)"
        ) as w,
        AudioLogger(run) as logger,
    ):
        for _ in range(3):
            logger.log("loud", 3 * tone, sample_rate=16_000)
    clipped = sidecar(run)[0]["clipped_samples"]
    assert clipped > 0
    assert len([warning for warning in w if "loud" in str(warning.message)]) == 1
    assert logger.counts == {"clipped_samples": 3 * clipped}
    assert read(run).summary["audio_logging/clipped_samples"] == 3 * clipped


def test_prepared_clips_carry_notes_into_the_sidecar(run: wandb.Run, tone: Tone) -> None:
    with AudioLogger(run) as logger:
        item = snapshot(tone, 16_000, "hi", {"label": "dog", "metrics": {"wer": np.float32(0.5)}})
        logger.log_items("a", [item, Item(to_source((16_000, tone)))], step=2)
        logger.log_row(lambda: {"table": 1}, step=2)
    assert (sidecar(run)[0]["label"], sidecar(run)[0]["metrics"]) == ("dog", {"wer": 0.5})
    row = read(run).history()[0]
    assert (row["a"]["count"], row["table"], row["audio/step"]) == (2, 1, 2)


# The rule for steps


def values_of(rows: list[dict[str, Any]], name: str) -> dict[int, Any]:
    return {row["_step"]: row[name] for row in rows if name in row}


def events_of(run: Run, key: str) -> list[tuple[int, int]]:
    """The place on the axis and the number in the clip of every event, read with wandb's own protobufs."""
    assert run.record_path is not None
    rows = [row for row in rows_in(run.record_path) if key in row]
    return [(row["audio/step"], number_in(run.folder / "files" / row[key]["path"])) for row in rows]


def test_a_user_who_passes_step_keeps_every_value(run: wandb.Run) -> None:
    with AudioLogger(run) as logger:
        for step in range(0, 60, 2):
            logger.log("val/clip", numbered(step), sample_rate=16_000, step=step)
            run.log({"loss": step}, step=step)
            logger.log("val/other", numbered(step + 1), sample_rate=16_000, step=step)
            run.log({"acc": -step}, step=step)
            if step % 20 == 0:
                logger.flush()
    done = read(run)
    steps = list(range(0, 60, 2))
    assert values_of(done.history(), "loss") == {step: step for step in steps}
    assert values_of(done.history(), "acc") == {step: -step for step in steps}
    assert events_of(done, "val/clip") == [(step, step) for step in steps]
    assert events_of(done, "val/other") == [(step, step + 1) for step in steps]


def test_a_user_who_passes_no_step_keeps_every_row_at_its_step(run: wandb.Run) -> None:
    with AudioLogger(run) as logger:
        for step in range(30):
            logger.log("val/clip", numbered(step), sample_rate=16_000, step=1000 + step)
            run.log({"loss": step}, commit=False)
            run.log({"acc": -step})
    done = read(run)
    assert values_of(done.history(), "loss") == {step: step for step in range(30)}
    assert values_of(done.history(), "acc") == {step: -step for step in range(30)}
    assert events_of(done, "val/clip") == [(1000 + step, step) for step in range(30)]


def test_a_user_who_logs_nothing_else_has_every_event_in_order(run: wandb.Run) -> None:
    logger = AudioLogger(run)
    for number in range(30):
        logger.log("val/clip", numbered(number), sample_rate=16_000)
    assert events_of(read(run), "val/clip") == [(number, number) for number in range(30)]


def test_a_user_who_goes_on_with_explicit_steps_after_close_keeps_every_value(run: wandb.Run) -> None:
    with AudioLogger(run) as logger:
        for number in range(10):
            logger.log("val/clip", numbered(number), sample_rate=16_000)
    for step in range(50):
        run.log({"loss": step}, step=step)
        run.log({"acc": step}, step=step)
    done = read(run)
    assert values_of(done.history(), "loss") == values_of(done.history(), "acc") == {step: step for step in range(50)}
    assert events_of(done, "val/clip") == [(number, number) for number in range(10)]


def test_rows_of_their_own_are_there_at_once(run: wandb.Run) -> None:
    logger = AudioLogger(run, rows="own")
    for number in range(10):
        logger.log("val/clip", numbered(number), sample_rate=16_000)
    logger.flush()
    assert run.step == 10
    done = read(run)
    assert [row["_step"] for row in done.history()] == list(range(10))
    assert events_of(done, "val/clip") == [(number, number) for number in range(10)]


def test_a_key_logged_by_one_logger_after_the_other_moves_on(run: wandb.Run) -> None:
    for number in range(5):
        with AudioLogger(run) as logger:
            logger.log("val/clip", numbered(number), sample_rate=16_000)
    assert events_of(read(run), "val/clip") == [(number, number) for number in range(5)]


@pytest.mark.filterwarnings("ignore:.* rows with audio wait")
@pytest.mark.parametrize("explicit", [True, False], ids=["with step=", "without"])
def test_under_stress_nobody_loses_anything(run: wandb.Run, explicit: bool) -> None:
    events, threads_logging, stop = 40, 4, threading.Event()
    committed: list[int] = []

    def train() -> None:
        step = 0
        while not stop.is_set() or step < 100:
            run.log({"loss": step}, step=step if explicit else None)
            run.log({"acc": -step}, step=step if explicit else None)
            committed.append(step)
            step += 1
            time.sleep(0.0005 if step % 7 else 0.01)

    def log(thread: int) -> None:
        for event in range(events):
            number = 1000 * thread + event
            logger.log(f"thread/{thread}", numbered(number), sample_rate=16_000, step=event)
            if event % 10 == 0:
                logger.flush()

    logger = AudioLogger(run)
    training = threading.Thread(target=train)
    logging = [threading.Thread(target=log, args=(thread,)) for thread in range(threads_logging)]
    for thread in [training, *logging]:
        thread.start()
    for thread in logging:
        thread.join()
    stop.set()
    training.join()
    logger.close()
    done = read(run)
    rows = done.history()
    assert [row["loss"] for row in rows if "loss" in row] == committed
    assert [row["acc"] for row in rows if "acc" in row] == [-step for step in committed]
    if explicit:
        assert values_of(rows, "loss") == {step: step for step in committed}
    for thread_number in range(threads_logging):
        expected = [(event, 1000 * thread_number + event) for event in range(events)]
        assert events_of(done, f"thread/{thread_number}") == expected
    lines = sidecar(run)
    assert len(lines) == events * threads_logging
    assert all(number_in(Path(run.dir) / line["path"]) % 1000 == line["step"] for line in lines)
    assert logger.counts == {}


def test_the_default_step_is_the_runs_own(run: wandb.Run, tone: Tone) -> None:
    logger = AudioLogger(run)
    for _ in range(5):
        run.log({"loss": 0})
    logger.log("a", tone, sample_rate=16_000)
    logger.log("b", tone, sample_rate=16_000)
    run.log({"loss": 0}, step=42)
    logger.log("a", tone, sample_rate=16_000)
    logger.flush()
    assert [(line["key"], line["step"]) for line in sidecar(run)] == [("a", 5), ("b", 5), ("a", 42)]


def test_any_whole_number_is_a_step(run: wandb.Run, tone: Tone) -> None:
    steps: list[Any] = [np.int64(3), np.array(3), 3]
    with AudioLogger(run, on_error="raise") as logger:
        for step in steps:
            logger.log("a", tone, sample_rate=16_000, step=step)
    assert [line["step"] for line in sidecar(run)] == [3, 3, 3]


def test_tensors_are_clips_rates_and_steps(run: wandb.Run, tone: Tone, require: Callable[[str], ModuleType]) -> None:
    torch = require("torch")
    with AudioLogger(run, on_error="raise") as logger:
        logger.log("a", torch.from_numpy(tone).to(torch.bfloat16), sample_rate=16_000, step=torch.tensor(3))
        logger.log("a", (torch.zeros(100, requires_grad=True), 16_000), step=4)
    assert [(line["step"], line["frames"]) for line in sidecar(run)] == [(3, 16_000), (4, 100)]


# Queue, flush, close


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Storing waits until this is set."""
    go = threading.Event()
    store = AudioLogger._store

    def wait_and_store(self: AudioLogger, event: Any) -> None:
        assert go.wait(10)
        store(self, event)

    monkeypatch.setattr(AudioLogger, "_store", wait_and_store)
    yield go
    go.set()


def test_log_returns_before_anything_is_written(run: wandb.Run, tone: Tone, held: threading.Event) -> None:
    logger = AudioLogger(run)
    logger.log("a", tone, sample_rate=16_000)
    assert not logger.flush(0.05)
    assert media(run) == []
    held.set()
    assert logger.flush(10)
    assert len(media(run)) == 1


def test_a_full_queue_drops_and_counts_when_asked_to(run: wandb.Run, tone: Tone, held: threading.Event) -> None:
    room = 3 * (tone.nbytes + JOB_BYTES)
    logger = AudioLogger(run, max_bytes=room, when_full="drop")
    with pytest.warns(AudioLoggingWarning, match="the queue of clips is full, so clips are dropped") as caught:
        for _ in range(5):
            logger.log("a", tone, sample_rate=16_000)
        logger.log("b", [tone, tone], sample_rate=16_000)
    held.set()
    logger.close()
    assert len(caught) == 1
    assert (logger.dropped, logger.errors, len(sidecar(run))) == (4, 0, 3)
    assert read(run).summary["audio_logging/dropped"] == 4


def test_a_full_queue_waits_otherwise(run: wandb.Run, tone: Tone, held: threading.Event) -> None:
    logger = AudioLogger(run, max_bytes=tone.nbytes)
    threading.Timer(0.2, held.set).start()
    started = time.monotonic()
    for _ in range(5):
        logger.log("a", tone, sample_rate=16_000)
    assert time.monotonic() - started > 0.1
    logger.close()
    assert (logger.dropped, len(sidecar(run))) == (0, 5)


def test_other_rows_are_never_dropped(run: wandb.Run, tone: Tone, held: threading.Event) -> None:
    logger = AudioLogger(run, max_bytes=10, when_full="drop")
    logger.log("a", tone, sample_rate=16_000, step=0)
    threading.Timer(0.1, held.set).start()
    logger.log_row(lambda: {"b": 1}, step=0, nbytes=100)
    logger.close()
    assert {"a", "b"} <= set(read(run).history()[0])


def test_a_logger_with_nothing_to_do_flushes_and_closes(run: wandb.Run) -> None:
    logger = AudioLogger(run)
    assert logger.flush()
    logger.close()
    logger.close()
    assert sidecar(run) == []


def test_a_closed_logger_takes_nothing_and_says_so(run: wandb.Run, tone: Tone) -> None:
    logger = AudioLogger(run)
    logger.close()
    with pytest.warns(AudioLoggingWarning, match="this logger, or its run, is closed"):
        logger.log("a", tone, sample_rate=16_000)
    assert logger.errors == 1
    strict = AudioLogger(run, on_error="raise")
    strict.close()
    with pytest.raises(LoggerClosedError, match="Make a new one"):
        strict.log("a", tone, sample_rate=16_000)
    with pytest.raises(LoggerClosedError, match="Make a new one"):
        strict.log_row(dict, step=0)


def test_a_run_that_finishes_closes_its_loggers(run: wandb.Run, tone: Tone) -> None:
    loggers = [AudioLogger(run) for _ in range(3)]
    for number, logger in enumerate(loggers):
        logger.log(f"key{number}", tone, sample_rate=16_000)
    row: dict[str, Any] = {}
    for part in read(run).history():
        row |= part
    assert {"key0", "key1", "key2"} <= set(row)
    with pytest.warns(AudioLoggingWarning, match="is closed"):
        loggers[0].log("a", tone, sample_rate=16_000)


def test_a_failing_training_keeps_its_own_error_and_all_clips(run: wandb.Run, tone: Tone) -> None:
    with (
        pytest.warns(AudioLoggingWarning, match="NaN"),
        pytest.raises(ZeroDivisionError, match="division"),
        AudioLogger(run, on_error="raise") as logger,
    ):
        logger.log("a", tone, sample_rate=16_000)
        logger.log("a", np.full(10, np.nan), sample_rate=16_000)
        _ = 1 / 0
    assert len(sidecar(run)) == 1


# Errors


def bad_values() -> dict[str, tuple[Any, str]]:
    return {
        "NaN": (np.full(100, np.nan), "NonFiniteAudioError"),
        "empty": (np.zeros(0), "EmptyAudioError"),
        "text": (object(), "AudioTypeError"),
        "batch": (np.zeros((8, 1, 16_000)), "AudioShapeError"),
        "missing file": ("/nowhere/take.wav", "AudioFileNotFoundError"),
        "no audio": (b"this is no audio", "AudioDecodeError"),
        "bucket": ("s3://bucket/take.wav", "AudioValueError"),
    }


def test_clips_that_cannot_be_logged_are_said_once_a_kind_and_counted(run: wandb.Run) -> None:
    logger = AudioLogger(run)
    for name, (value, kind) in bad_values().items():
        with pytest.warns(AudioLoggingWarning, match=f"^{name}: a clip was not logged: .* Training goes on") as caught:
            for _ in range(3):
                logger.log(name, value, sample_rate=16_000)
                logger.flush()
        assert len(caught) == 1
        assert logger.counts[f"errors/{kind}"] == 3
    assert logger.errors == 3 * len(bad_values())
    assert read(run).summary["audio_logging/errors"] == logger.errors
    assert media(run) == []


def test_a_clip_without_rate_is_an_error_of_its_own_kind(run: wandb.Run, tone: Tone) -> None:
    logger = AudioLogger(run, on_error="raise")
    logger.log("a", tone)
    with pytest.raises(SampleRateError, match="type for example sample_rate=16000"):
        logger.flush()


class Treacherous:
    """An array that cannot be read."""

    def __array__(self, dtype: object = None, copy: object = None) -> npt.NDArray[np.float32]:
        raise RuntimeError("the tensor lives on a device that is gone")


def test_an_object_that_raises_does_not_stop_training(run: wandb.Run, tone: Tone) -> None:
    logger = AudioLogger(run)
    with pytest.warns(AudioLoggingWarning, match="a clip was not logged: .* the tensor lives on a device"):
        logger.log("a", [tone, Treacherous(), tone / 2], sample_rate=16_000)
    logger.close()
    assert (len(sidecar(run)), logger.errors) == (2, 1)


def test_errors_are_raised_by_the_next_call_when_asked_for(run: wandb.Run, tone: Tone) -> None:
    logger = AudioLogger(run, on_error="raise")
    logger.log("a", np.full(10, np.nan), sample_rate=16_000)
    with pytest.raises(NonFiniteAudioError, match="10 NaN"):
        logger.flush()
    logger.log("a", tone, sample_rate=16_000)
    assert logger.flush()
    with pytest.raises(AudioTypeError, match="wanted a path"):
        logger.log("a", object())
    logger.log("a", np.full(10, np.nan), sample_rate=16_000)
    with pytest.raises(NonFiniteAudioError, match="10 NaN"):
        logger.close()
    assert (logger.errors, len(sidecar(run))) == (3, 1)


def test_when_wandbs_service_is_gone_training_goes_on(tone: Tone) -> None:
    logger = AudioLogger(wandb.init(project="gone", reinit="create_new"))
    logger.log("a", tone, sample_rate=16_000)
    logger.flush()
    wandb.teardown()
    with pytest.warns(AudioLoggingWarning, match="a clip was not logged: AlreadyJoinedError"):
        logger.log("a", tone / 2, sample_rate=16_000)
        assert logger.flush(10)
    logger.log("a", tone / 2, sample_rate=16_000)
    logger.close()
    assert logger.errors > 0
    assert logger.output is not None
    with pytest.warns(AudioLoggingWarning, match="while the run was finished"):
        logger.output.finish()


def test_a_warning_stands_at_the_users_own_line(run: wandb.Run, tone: Tone) -> None:
    with pytest.warns(AudioLoggingWarning) as caught:
        AudioLogger(run).log("a", object())
        run.log({"loud": Audio(3 * tone, 16_000)})
    assert [Path(warning.filename).name for warning in caught] == [Path(__file__).name] * 2


def test_a_row_that_wandb_does_not_take_is_said_and_counted(run: wandb.Run, tone: Tone) -> None:
    logger = AudioLogger(run)
    with pytest.warns(
        AudioLoggingWarning, match="a row with audio was not taken by wandb: AudioValueError: Audio media"
    ):
        for step in range(2):
            logger.log_row(lambda: {"clip": Audio("s3://bucket/take.wav")}, step=step)
        logger.log("a", tone, sample_rate=16_000)
        logger.close()
    done = read(run)
    assert done.summary["audio_logging/errors/AudioValueError"] == 2
    assert [row["a"]["duration"] for row in done.history() if "a" in row] == [1.0]


def test_a_run_finishes_even_with_an_error_still_to_raise(run: wandb.Run) -> None:
    logger = AudioLogger(run, on_error="raise")
    logger.log("a", np.full(10, np.nan), sample_rate=16_000)
    with pytest.warns(AudioLoggingWarning, match="10 NaN"):
        done = read(run)
    assert done.finished
    assert done.summary["audio_logging/errors"] == 1


def test_keys_and_steps_that_mean_nothing_are_errors(run: wandb.Run, tone: Tone) -> None:
    cases: list[tuple[Any, Any, str]] = [
        ("", 0, "got key='', wanted a name such as"),
        (3, 0, "got key=3, wanted a name"),
        (None, 0, "got key=None, wanted a name"),
        ("audio/step", 0, "wandb or this package uses for itself"),
        ("_step", 0, "wandb or this package uses for itself"),
        ("a", 1.5, r"got step=1\.5, wanted a whole number"),
        ("a", "3", "got step='3', wanted a whole number"),
    ]
    logger = AudioLogger(run, on_error="raise")
    for key, step, message in cases:
        with pytest.raises(AudioLoggingError, match=message):
            logger.log(key, tone, sample_rate=16_000, step=step)
    assert logger.errors == len(cases)


def test_a_caption_may_be_anything_that_has_a_text(run: wandb.Run, tone: Tone) -> None:
    captions: list[Any] = [7, 0.5, np.int64(3), Path("a"), np.array(["x", "y"])]
    with AudioLogger(run, on_error="raise") as logger:
        for caption in captions:
            logger.log("a", [tone, tone], sample_rate=16_000, caption=caption)
    assert [line["caption"] for line in sidecar(run)] == ["7", "7", "0.5", "0.5", "3", "3", "a", "a", "x", "y"]


def test_lists_that_mean_nothing_are_errors(run: wandb.Run) -> None:
    logger = AudioLogger(run, on_error="raise")
    with pytest.raises(AudioValueError, match="got an empty list, wanted at least one clip"):
        logger.log("a", [], sample_rate=16_000)
    with pytest.raises(AudioValueError, match="got 1 captions for 2 clips"):
        logger.log("a", [np.zeros(9), np.zeros(9)], sample_rate=16_000, caption=["one"])


def test_options_that_mean_nothing_are_errors(run: wandb.Run) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"on_error": "ignore"}, "got on_error='ignore', wanted one of 'warn', 'raise'"),
        ({"when_full": "block"}, "got when_full='block', wanted one of 'wait', 'drop'"),
        ({"rows": "mine"}, "got rows='mine', wanted one of 'shared', 'own'"),
        ({"format": "aac"}, "got format='aac'"),
        ({"subtype": "FLOAT"}, "FLOAT is a subtype of format='wav'"),
    ]
    for options, message in cases:
        with pytest.raises(AudioValueError, match=message):
            AudioLogger(run, **options)


def test_warnings_that_are_errors_reach_the_user_and_not_the_thread(run: wandb.Run, tone: Tone) -> None:
    with AudioLogger(run) as logger, warnings.catch_warnings():
        warnings.simplefilter("error", AudioLoggingWarning)
        logger.log("strict", 3 * tone, sample_rate=16_000)
        with pytest.raises(AudioLoggingWarning, match=r"strict: .* samples beyond full scale"):
            logger.flush(10)
        logger.log("quiet", tone, sample_rate=16_000)
        assert logger.flush(10)
    assert [line["key"] for line in sidecar(run)] == ["strict", "quiet"]


# Runs of every kind


def test_without_a_run_the_error_says_what_to_do() -> None:
    with pytest.raises(NoRunError, match=r"there is no W&B run to log to\. Start one with wandb\.init"):
        AudioLogger()


def test_the_global_run_is_the_default(run: wandb.Run) -> None:
    assert AudioLogger().run is run


def test_what_is_no_run_is_refused() -> None:
    with pytest.raises(AudioTypeError, match=r"got run='r1', wanted what wandb\.init\(\) returns"):
        AudioLogger("r1")  # type: ignore[arg-type]


def test_a_finished_run_is_refused(run: wandb.Run) -> None:
    run.finish()
    with pytest.raises(NoRunError, match="has finished"):
        AudioLogger(run)


def test_a_disabled_run_takes_everything_and_does_nothing(tone: Tone, tmp_path: Path) -> None:
    run = wandb.init(mode="disabled")
    before = sorted(tmp_path.rglob("*"))
    threads = threading.active_count()
    with AudioLogger(run, on_error="raise") as logger:
        logger.log("a", tone, sample_rate=16_000)
        logger.log("a", object())
        logger.log_items("a", [Item(to_source(tone), 16_000)])
        logger.log_row(dict, step=0)
        assert logger.flush()
    assert (logger.output, logger.counts, logger.errors, logger.dropped) == (None, {}, 0, 0)
    assert (sorted(tmp_path.rglob("*")), threading.active_count()) == (before, threads)
    run.finish()


def test_two_runs_at_once_do_not_mix(tone: Tone) -> None:
    first = wandb.init(project="first", reinit="create_new")
    second = wandb.init(project="second", reinit="create_new")
    with AudioLogger(first) as one, AudioLogger(second) as other:
        one.log("a", tone, sample_rate=16_000)
        other.log("b", tone / 2, sample_rate=16_000)
    assert [line["key"] for line in sidecar(first)] == ["a"]
    assert [line["key"] for line in sidecar(second)] == ["b"]
    assert "a" in read(first).history()[0]
    assert "b" in read(second).history()[0]


# Ends of the process

SCRIPT = """
import os, signal, sys, threading
import numpy as np
import wandb
import audio_logging as al
{before}
run = wandb.init(project="script")
logger = al.AudioLogger(run)
print(run.dir, flush=True)
for number in range(20):
    logger.log("val/clip", np.full(160, number, np.int16), sample_rate=16000, caption=f"clip {{number}}")
run.log({{"loss": 1.0}})
{after}
"""


def run_script(after: str, before: str = "") -> tuple[Path, subprocess.CompletedProcess[str]]:
    """Run a training script of its own process and return its run directory."""
    script = SCRIPT.format(after=after, before=before)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout, done.stderr
    return Path(done.stdout.splitlines()[0]).parent, done


def assert_all_there(folder: Path) -> None:
    run = open_run(folder, wait=10)
    assert run.finished
    assert events_of(run, "val/clip") == [(number, number) for number in range(20)]
    assert [clip.caption for clip in run.clips() if clip.key == "val/clip"][:20] == [f"clip {n}" for n in range(20)]
    assert [row["loss"] for row in run.history() if "loss" in row] == [1.0]
    assert not [name for name in run.summary if name.startswith("audio_logging/")]


@pytest.mark.parametrize(
    ("after", "code"),
    [
        ("run.finish()", 0),
        ("", 0),
        ("wandb.finish(); sys.exit(3)", 3),
        ("raise ZeroDivisionError('training failed')", 1),
        ("logger.close()", 0),
    ],
    ids=["finish", "no finish", "exit", "failure", "close without finish"],
)
def test_however_the_script_ends_everything_is_there(after: str, code: int) -> None:
    folder, done = run_script(after)
    assert done.returncode == code, done.stderr
    assert_all_there(folder)


def test_a_script_that_makes_its_logger_before_others_import_wandb_is_no_different() -> None:
    folder, done = run_script("", before="from audio_logging.logger.audio_logger import AudioLogger")
    assert done.returncode == 0
    assert_all_there(folder)


def test_what_was_flushed_survives_a_kill() -> None:
    folder, done = run_script("logger.flush(); os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == -signal.SIGKILL
    lines = [json.loads(line) for line in (folder / "files/audio_logging/index.jsonl").read_text().splitlines()]
    assert [(line["key"], line["step"], line["caption"]) for line in lines] == [
        ("val/clip", number, f"clip {number}") for number in range(20)
    ]
    assert [number_in(folder / "files" / line["path"]) for line in lines] == list(range(20))
    clips = open_run(folder).clips()
    assert [(clip.step, clip.caption) for clip in clips] == [(number, f"clip {number}") for number in range(20)]


FORK = """
logger.log("val/clip", np.zeros(10**7, np.float32), sample_rate=16000)  # keeps the thread and its locks busy
child = os.fork()
if not child:
    logger.log("child", np.zeros(160), sample_rate=16000)
    logger.log_items("child", [])
    assert logger.flush()
    logger.close()
    try:
        al.AudioLogger(run)
    except al.AudioLoggingError as error:
        assert "started by another process" in str(error), error
    else:
        os._exit(2)
    os._exit(7)
_, status = os.waitpid(child, 0)
print("child ended with", os.waitstatus_to_exitcode(status), flush=True)
logger.log("parent", np.zeros(160), sample_rate=16000)
run.finish()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_neither_hangs_nor_writes() -> None:
    folder, done = run_script(FORK)
    assert "child ended with 7" in done.stdout, done.stderr
    assert "this process was forked from the one that logs" in done.stderr
    keys = [json.loads(line)["key"] for line in (folder / "files/audio_logging/index.jsonl").read_text().splitlines()]
    assert keys == ["val/clip"] * 21 + ["parent"]
    assert open_run(folder, wait=10).finished


WORKERS = """
import torch.utils.data
class Clips(torch.utils.data.Dataset):
    def __len__(self): return 8
    def __getitem__(self, index):
        logger.log("worker", np.zeros(160), sample_rate=16000)
        return index
assert len(list(torch.utils.data.DataLoader(Clips(), num_workers=2))) == 8
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_workers_of_a_data_loader_do_not_disturb_the_logger(require: Callable[[str], ModuleType]) -> None:
    require("torch")
    folder, done = run_script(WORKERS)
    assert done.returncode == 0, done.stderr
    assert_all_there(folder)


@pytest.mark.parametrize("make", [lambda run: AudioLogger(run), lambda run: AudioLogger(run, rows="own")])
def test_the_history_says_that_clips_stand_on_their_own_axis(
    run: wandb.Run, tone: Tone, make: Callable[[wandb.Run], AudioLogger]
) -> None:
    with make(run) as logger:
        logger.log("val/clip", tone, sample_rate=16_000, step=77)
    assert {clip.step for clip in read(run).clips()} == {77}

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from audio_logging.runs import open_run

pb: Any = import_module("wandb.proto.wandb_internal_pb2")
EXIT = pb.Record(exit=pb.RunExitRecord()).SerializeToString()
QUICK: Any = {"poll": 0.005, "timeout": 5.0}


def in_pieces(path: Path, pieces: Iterable[bytes], pause: float = 0.002) -> threading.Thread:
    """Append to a file bit by bit, in a thread."""

    def write() -> None:
        for piece in pieces:
            time.sleep(pause)
            with path.open("ab") as file:
                file.write(piece)

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def test_a_file_written_in_odd_pieces_gives_every_row_once(make_run: Any, frame: Any, history: Any) -> None:
    data = frame([*(history({"x": "y" * (step * 997 % 20_000)}, step) for step in range(60)), EXIT])
    start = 50_001
    run = open_run(make_run(data[:start]))
    thread = in_pieces(run.folder / "run-abc123.wandb", (data[at : at + 7919] for at in range(start, len(data), 7919)))
    followed = [row["_step"] for row in run.follow(**QUICK)]
    thread.join()
    before = [row["_step"] for row in run.history()]
    assert before + followed == list(range(60))
    assert before
    assert followed
    assert len(run.problems) == 1  # "ends inside a record", of when it was opened


def test_following_ends_when_nothing_comes_for_too_long(make_run: Any, frame: Any, history: Any) -> None:
    run = open_run(make_run(frame([history({"x": 1})])))
    begin = time.monotonic()
    assert list(run.follow(poll=0.01, timeout=0.1)) == []
    assert list(run.follow_clips(poll=0.01, timeout=0.1)) == []
    assert 0.2 <= time.monotonic() - begin < 2


def test_a_record_file_that_does_not_exist_yet_is_waited_for(make_run: Any, frame: Any, history: Any) -> None:
    run = open_run(make_run())
    thread = in_pieces(run.folder / "run-abc123.wandb", [frame([history({"x": 1}), EXIT])], pause=0.05)
    assert [row["x"] for row in run.follow(**QUICK)] == [1]
    thread.join()


def test_damage_in_what_comes_costs_its_rows_alone(make_run: Any, frame: Any, history: Any) -> None:
    data = bytearray(frame([*(history({"x": f"row {step}"}, step) for step in range(4)), EXIT]))
    data[data.index(b"row 2")] ^= 1
    run = open_run(make_run(bytes(data[:7])))
    thread = in_pieces(run.folder / "run-abc123.wandb", [bytes(data[7:])])
    assert [row["_step"] for row in run.follow(**QUICK)] == [0, 1, 3]
    thread.join()


def test_clips_come_from_the_sidecar_at_once_and_are_not_told_again(
    make_run: Any, frame: Any, history: Any, wav: Callable[..., bytes]
) -> None:
    path = "media/audio/a.wav"
    lines = [
        json.dumps({"key": "val", "step": step, "index": 0, "path": path, "sha256": "s"}).encode() + b"\n"
        for step in range(4)
    ]
    audio = {"_type": "audio-file", "path": path, "sha256": "s"}
    metric = pb.Record(metric=pb.MetricRecord(name="val", step_metric="audio/step")).SerializeToString()
    rows = [history({"val": audio, "plain": audio, "audio/step": step}, step + 100) for step in range(4)]
    folder = make_run(b":W&B\xe1\xbe\x00", b"".join(lines[:2]) + lines[2][:9], {path: wav()})
    run = open_run(folder)
    assert [clip.step for clip in run.clips()] == [0, 1]
    clips = run.follow_clips(**QUICK)
    with (folder / "files" / "audio_logging" / "index.jsonl").open("ab") as file:
        file.write(lines[2][9:] + lines[3])
    first = [next(clips), next(clips)]
    assert [(clip.key, clip.step, clip.source, clip.channels) for clip in first] == [
        ("val", 2, "sidecar", 1),
        ("val", 3, "sidecar", 1),
    ]
    (folder / "run-abc123.wandb").write_bytes(frame([metric, *rows, EXIT]))
    assert [(clip.key, clip.step) for clip in clips] == [("plain", 100), ("plain", 101), ("plain", 102), ("plain", 103)]


def test_a_real_run_is_followed_while_it_is_written(tmp_path: Path, start_run: Any) -> None:
    process = start_run(
        tmp_path,
        """
        run = wandb.init(settings=settings)
        print("started", flush=True)
        for step in range(40):
            run.log({"x": step, "filler": "f" * 5000})
            time.sleep(0.01)
        table = wandb.Table(columns=["audio"])
        table.add_data(tone(1, "late"))
        run.log({"table": table, "clip": tone(2)})
        run.finish()
        wandb.teardown()
        """,
    )
    try:
        process.stdout.readline()
        [folder] = (tmp_path / "wandb").glob("offline-run-*")
        run = open_run(folder)
        clips: list[Any] = []
        listener = threading.Thread(target=lambda: clips.extend(run.follow_clips(poll=0.02, timeout=20)))
        listener.start()
        rows = [row.get("x") for row in run.follow(poll=0.02, timeout=20)]
        listener.join()
    finally:
        process.communicate(timeout=20)
    assert rows == [*range(40), None]
    found = sorted((clip.key, clip.caption, clip.frames) for clip in clips)
    assert found == [("clip", None, 1600), ("table", "late", 1600)]


@pytest.mark.parametrize("what", ["follow", "follow_clips"])
def test_following_a_run_that_vanishes_ends(make_run: Any, what: str) -> None:
    run = open_run(make_run(b":W&B\xe1\xbe\x00"))
    (run.folder / "run-abc123.wandb").unlink()
    assert list(getattr(run, what)(poll=0.01, timeout=0.05)) == []

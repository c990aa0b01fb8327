"""ClipTail: the clips so far, then what comes; everything once, whatever comes first."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from audio_logging.runs import StoredClip, open_run
from audio_logging.runs.tail import ClipTail

pb: Any = import_module("wandb.proto.wandb_internal_pb2")
EXIT = pb.Record(exit=pb.RunExitRecord()).SerializeToString()
AXIS = pb.Record(metric=pb.MetricRecord(name="val", step_metric="audio/step")).SerializeToString()
SIDECAR = "files/audio_logging/index.jsonl"


def line(step: int, path: str = "media/audio/a.wav", **fields: Any) -> bytes:
    return json.dumps({"key": "val", "step": step, "index": 0, "path": path, "sha256": "s", **fields}).encode() + b"\n"


def audio(path: str = "media/audio/a.wav", sha256: str = "s") -> dict[str, Any]:
    return {"_type": "audio-file", "path": path, "sha256": sha256}


def places(clips: Any) -> list[tuple[str, Any, str]]:
    return [(clip.key, clip.step, clip.source) for clip in clips]


def grow(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(content)


def next_clips(tail: ClipTail) -> list[StoredClip]:
    """Read until something comes: a media folder that took long to list is not listed again at once."""
    for _ in range(1000):
        if clips := list(tail.read()):
            return clips
        time.sleep(0.01)
    raise AssertionError("nothing came")


def let_settle(path: Path) -> None:
    """Make a file old enough to stand for itself, and its folder changed long ago and again."""
    long_ago = time.time() - 100
    os.utime(path, (long_ago, long_ago))
    os.utime(path.parent, (long_ago, long_ago + int(time.monotonic() * 1000) % 90))


def test_the_first_reading_is_what_clips_returns(real_run: Path) -> None:
    run = open_run(real_run)
    tail = run.tail_clips()
    was_finished = tail.finished
    assert [repr(clip) for clip in tail.read()] == [repr(clip) for clip in run.clips()]
    assert (was_finished, tail.finished) == (False, True)
    assert list(tail.read()) == []
    assert tail.totals.exit_code == 0
    assert tail.totals.run.name == "nice name"


def test_reading_a_reader_to_its_end_in_parts_gives_every_clip_once(make_run: Any, frame: Any, history: Any) -> None:
    folder = make_run(frame([AXIS]), line(0))
    run = open_run(folder)
    tail = run.tail_clips()
    assert places(tail.read()) == [("val", 0, "sidecar")]
    assert list(tail.read()) == []
    begin = tail.position
    grow(folder, SIDECAR, line(1) + line(2)[:20])
    assert places(tail.read()) == [("val", 1, "sidecar")]
    assert tail.position == begin + len(line(1))
    grow(folder, SIDECAR, line(2)[20:])
    assert places(tail.read()) == [("val", 2, "sidecar")]
    rows = [history({"val": audio(), "other": audio(), "audio/step": step}, step) for step in range(4)]
    (folder / "run-abc123.wandb").write_bytes(frame([AXIS, *rows, EXIT]))
    assert places(tail.read()) == [
        ("other", 0, "record"),
        ("other", 1, "record"),
        ("other", 2, "record"),
        ("val", 3, "record"),
        ("other", 3, "record"),
    ]
    assert tail.finished


def test_a_row_that_comes_with_its_line_is_not_taken_before_it(make_run: Any, frame: Any, history: Any) -> None:
    """The size of the record file is taken before the sidecar is read, as writers write in the other order."""
    folder = make_run(frame([AXIS]), line(0))
    tail = open_run(folder).tail_clips()
    list(tail.read())
    grow(folder, SIDECAR, line(1))
    reading = tail.read()
    first = next(reading)
    grow(folder, SIDECAR, line(2))
    rows = [history({"val": audio(), "audio/step": step}, step) for step in (1, 2)]
    (folder / "run-abc123.wandb").write_bytes(frame([AXIS, *rows, EXIT]))
    assert places([first, *reading]) == [("val", 1, "sidecar"), ("val", 2, "sidecar")]
    was_finished = tail.finished
    assert places(tail.read()) == []
    assert (was_finished, tail.finished) == (False, True)


def test_plain_files_come_when_they_are_at_rest_and_again_with_their_row(
    make_run: Any, frame: Any, history: Any, wav: Callable[..., bytes]
) -> None:
    folder = make_run(frame([AXIS]))
    tail = open_run(folder).tail_clips()
    assert list(tail.read()) == []
    path = f"media/audio/val/clip_7_{'0' * 20}.wav"
    grow(folder, f"files/{path}", wav())
    assert list(tail.read()) == []
    let_settle(folder / "files" / path)
    [clip] = next_clips(tail)
    assert (clip.key, clip.step, clip.source, clip.sample_rate) == ("val/clip", 7, "media", 16000)
    assert list(tail.read()) == []
    (folder / "run-abc123.wandb").write_bytes(frame([AXIS, history({"val/clip": audio(path)}, 8)]))
    assert places(tail.read()) == [("val/clip", 8, "record")]


def test_a_file_that_somebody_tells_of_does_not_stand_for_itself(make_run: Any, wav: Callable[..., bytes]) -> None:
    folder = make_run(sidecar=line(0))
    tail = open_run(folder).tail_clips()
    list(tail.read())
    grow(folder, "files/media/audio/b.wav", wav())
    grow(folder, SIDECAR, line(1, "media/audio/b.wav"))
    let_settle(folder / "files" / "media/audio/b.wav")
    assert places(tail.read()) == [("val", 1, "sidecar")]
    assert list(tail.read()) == []


def test_what_only_the_summary_has_comes_when_the_run_ends(
    make_run: Any, frame: Any, wav: Callable[..., bytes]
) -> None:
    summary = pb.Record()
    item = summary.summary.update.add()
    item.key, item.value_json = "favourite", json.dumps(audio())
    folder = make_run(frame([AXIS]), media={"media/audio/a.wav": wav()})
    tail = open_run(folder).tail_clips()
    assert places(tail.read()) == [("a", None, "media")]
    (folder / "run-abc123.wandb").write_bytes(frame([AXIS, summary.SerializeToString(), EXIT]))
    assert places(tail.read()) == []  # its file was told of: the page has it already
    folder = folder.rename(folder.with_name("offline-run-20261120_083537-abc123"))
    assert places(open_run(folder).tail_clips().read()) == [("favourite", None, "record")]


@pytest.fixture
def predicted(tmp_path: Path, write_run: Any) -> Path:
    """A run whose table tells more of clips that the sidecar tells."""
    return Path(
        write_run(
            tmp_path,
            """
            from audio_logging import PredictionLogger
            samples = [{"audio": np.sin(np.arange(800) * (n + 1) / 9) / 2, "sample_rate": 8000, "label": f"l{n % 2}"}
                       for n in range(3)]
            answer = lambda model, clips: [
                {"scores": {"l0": 0.75, "l1": 0.25}, "embedding": [0.5, n, 1.0], "loss": n / 2, "prediction": "l0"}
                for n, clip in enumerate(clips)]
            run = wandb.init(settings=settings)
            with PredictionLogger(samples, answer).session(run) as log:
                log.step(epoch=0, step=10)
            run.finish()
            wandb.teardown()
            """,
        )
    )


def test_repeats_are_what_a_table_tells_of_the_sidecars_clips(predicted: Path) -> None:
    run = open_run(predicted)
    told = [clip for clip in run.clips() if clip.key == "val/predictions"]
    everything = list(run.tail_clips(repeats=True).read())
    repeats = [clip for clip in everything if clip.source == "sidecar" and clip.table]
    assert [repr(clip) for clip in everything if clip not in repeats] == [repr(clip) for clip in run.clips()]

    def place(clip: StoredClip) -> Any:
        return (clip.key, clip.step, clip.index, clip.sha256, clip.clip_id)

    assert list(map(place, repeats)) == list(map(place, told))
    assert [(clip.table, clip.column, clip.source) for clip in repeats] == [("val/predictions", "audio", "sidecar")] * 3
    assert [clip.embedding for clip in repeats] == [[0.5, n, 1.0] for n in range(3)]
    assert [dict(clip.metrics or {}) for clip in repeats] == [
        {"score": 0.75, "label_score": 0.75, "correct": True, "loss": 0.0},
        {"score": 0.75, "label_score": 0.25, "correct": False, "loss": 0.5},
        {"score": 0.75, "label_score": 0.75, "correct": True, "loss": 1.0},
    ]


def test_memory_for_what_was_told_does_not_hold_texts(make_run: Any) -> None:
    folder = make_run(sidecar=b"".join(line(step, f"media/audio/{step}.wav") for step in range(3)))
    run = open_run(folder)
    tail = run.tail_clips(headers=False)
    assert len(list(tail.read())) == 3
    collector: Any = vars(tail)["_collector"]
    assert {type(item) for name in ("_told", "_paths") for item in vars(collector)[name]} == {int}

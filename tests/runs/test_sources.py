"""Who is believed: the sidecar first, the record file second, the bare media folder third."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from audio_logging.errors import NotFoundError
from audio_logging.runs import StoredClip, open_run

pb: Any = import_module("wandb.proto.wandb_internal_pb2")

SHA = "ab" * 32


def sidecar_line(**fields: Any) -> bytes:
    return json.dumps({"key": "val/clip", "step": 5, "index": 0, "sha256": SHA, **fields}).encode() + b"\n"


def audio(path: str, sha256: str = SHA, **fields: Any) -> dict[str, Any]:
    return {"_type": "audio-file", "path": path, "sha256": sha256, "size": 244, **fields}


AXIS = pb.Record(metric=pb.MetricRecord(name="val/clip", step_metric="audio/step")).SerializeToString()


def places(clips: list[StoredClip]) -> list[tuple[str, Any, str]]:
    return [(clip.key, clip.step, clip.source) for clip in clips]


def test_every_field_of_the_sidecar_comes_back(make_run: Any, wav: Callable[..., bytes]) -> None:
    told = {
        "key": "val", "step": 3, "index": 2, "path": "media/audio/a.wav", "sha256": SHA, "size": 244, "format": "wav",
        "sample_rate": 16000, "frames": 100, "channels": 1, "duration": 0.00625, "peak": 0.5, "clipped_samples": 4,
        "caption": "hi", "role": "target", "clip_id": "x", "label": "dog", "prediction": "cat",
        "scores": {"dog": 0.25}, "metrics": {"loss": 1.5}, "time": 1.5,
    }  # fmt: skip
    folder = make_run(sidecar=sidecar_line(**told), media={"media/audio/a.wav": wav()})
    [clip] = open_run(folder).clips()
    path = told.pop("path")
    assert {name: getattr(clip, name) for name in told} == told
    assert clip.recorded_path == path
    assert clip.path == folder / "files" / "media" / "audio" / "a.wav"
    assert (clip.source, clip.table) == ("sidecar", None)


def test_a_clip_in_sidecar_and_history_is_the_sidecars(
    make_run: Any, frame: Any, history: Any, wav: Callable[..., bytes]
) -> None:
    path = "media/audio/val/clip_9_x.wav"
    row = history({"val/clip": audio(path), "audio/step": 5, "other": audio(path)}, step=100)
    folder = make_run(frame([AXIS, row]), sidecar_line(path=path, label="dog"), {path: wav()})
    assert places(open_run(folder).clips()) == [("val/clip", 5, "sidecar"), ("other", 100, "record")]


def test_the_same_clip_at_another_step_is_another(
    make_run: Any, frame: Any, history: Any, wav: Callable[..., bytes]
) -> None:
    path = "media/audio/a.wav"
    rows = [history({"val/clip": audio(path), "audio/step": step}, step=step + 100) for step in (5, 6)]
    folder = make_run(frame([AXIS, *rows]), sidecar_line(path=path), {path: wav()})
    assert places(open_run(folder).clips()) == [("val/clip", 5, "sidecar"), ("val/clip", 6, "record")]


def test_without_its_axis_a_clip_stands_on_wandbs_step(make_run: Any, frame: Any, history: Any) -> None:
    folder = make_run(frame([history({"val/clip": audio("x.wav"), "audio/step": 5}, step=100)]))
    assert places(open_run(folder).clips()) == [("val/clip", 100, "record")]


def test_files_that_nobody_tells_of_are_read_from_their_names(make_run: Any, wav: Callable[..., bytes]) -> None:
    names = ["val/clip_12_" + "0" * 20 + ".wav", "best_summary_" + "1" * 20 + ".wav", "odd name.flac", ".123-ab.part"]
    folder = make_run(media={f"media/audio/{name}": wav() for name in names})
    run = open_run(folder)
    assert sorted(places(run.clips()), key=str) == [
        ("best", None, "media"),
        ("odd name", None, "media"),
        ("val/clip", 12, "media"),
    ]
    assert run.problems == ["there is no run-abc123.wandb; history, config and summary are unknown"]


def test_a_missing_file_leaves_the_clip_and_is_named(make_run: Any) -> None:
    run = open_run(make_run(sidecar=sidecar_line(path="media/audio/gone.wav", sample_rate=8000)))
    [clip] = run.clips()
    assert (clip.path, clip.file, clip.sample_rate) == (None, None, 8000)
    assert f"clip 'val/clip', step 5: 'media/audio/gone.wav' is not in {run.folder / 'files'}" in run.problems
    with pytest.raises(NotFoundError, match=r"'media/audio/gone.wav' of 'val/clip' is missing or was refused"):
        clip.open()


def test_a_sidecar_that_grows_is_read_as_it_was_when_the_run_was_opened(make_run: Any) -> None:
    folder = make_run(sidecar=sidecar_line(step=0))
    run = open_run(folder)
    with (folder / "files" / "audio_logging" / "index.jsonl").open("ab") as file:
        file.write(sidecar_line(step=1))
    assert [clip.step for clip in run.clips()] == [0]
    assert [clip.step for clip in run.refresh().clips()] == [0, 1]

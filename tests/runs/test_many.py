"""Many clips. How fast they are read is measured by hand: ``python -m tests.packing.bench_many_clips``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audio_logging.runs import open_run

CLIPS = 20_000
ROWS = 4_000


@pytest.fixture
def many(make_run: Any) -> Any:
    lines = []
    for number in range(CLIPS):
        sha256 = f"{number % 500:064x}"
        line = {
            "key": "val/clip", "step": number // 32, "index": number % 32, "path": f"media/audio/{sha256}.flac",
            "sha256": sha256, "size": 12345, "format": "flac", "sample_rate": 16000, "frames": 16000, "channels": 1,
            "duration": 1.0, "peak": 0.5, "clipped_samples": 0, "caption": "dog", "role": "prediction", "clip_id": "7",
            "label": "dog", "prediction": "cat", "scores": {"dog": 0.25, "cat": 0.75}, "metrics": {"loss": 0.3},
            "time": 1795163737.5,
        }  # fmt: skip
        lines.append(json.dumps(line))
    media = {f"media/audio/{number:064x}.flac": b"" for number in range(500)}
    return make_run(sidecar="\n".join(lines).encode() + b"\n", media=media)


def test_many_clips_of_a_sidecar_are_all_there(many: Any) -> None:
    clips = open_run(many).clips()
    assert len(clips) == CLIPS
    assert all(clip.file for clip in clips)


@pytest.fixture
def rows(make_run: Any, frame: Any, history: Any) -> Any:
    records = []
    for number in range(ROWS):
        clip = {
            "_type": "audio-file", "path": "media/audio/a.flac", "sha256": f"{number:064x}", "size": 12345,
            "format": "flac", "sample_rate": 16000, "frames": 16000, "channels": 1, "duration": 1.0, "peak": 0.5,
            "clipped_samples": 0, "caption": f"clip {number}",
        }  # fmt: skip
        row: dict[Any, Any] = {("val/clip", name): value for name, value in clip.items()}
        row.update({"loss": number / 7, "_timestamp": 1.7e9 + number})
        records.append(history(row, number))
    return make_run(frame(records), media={"media/audio/a.flac": b""})


def test_many_clips_that_only_the_record_file_tells_are_all_there(rows: Any) -> None:
    clips = open_run(rows).clips(headers=False)
    assert [clip.caption for clip in clips] == [f"clip {number}" for number in range(ROWS)]

"""The goal is 50,000 clips a second from the sidecar; half of that here, since test machines are shared.

Clips that only the record file tells come at 30,000 or so: a dozen values each, decoded one by one.
"""

from __future__ import annotations

import json
import time
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


def test_the_sidecar_is_read_at_twenty_five_thousand_clips_a_second_at_least(many: Any) -> None:
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        clips = open_run(many).clips()
        times.append(time.perf_counter() - begin)
    assert len(clips) == CLIPS
    assert all(clip.file for clip in clips)
    assert CLIPS / min(times) > 25_000


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


def test_the_record_file_is_read_at_ten_thousand_clips_a_second_at_least(rows: Any) -> None:
    times = []
    for _ in range(3):
        begin = time.process_time()
        clips = open_run(rows).clips()
        times.append(time.process_time() - begin)
    assert len(clips) == ROWS
    assert ROWS / min(times) > 10_000

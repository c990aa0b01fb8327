from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audio_logging.runs.media import MAX_DEPTH, FoundAudio, FoundTable, add_files, find_media
from audio_logging.runs.paths import Folder

CLIP = {"_type": "audio-file", "path": "media/audio/a.wav", "sha256": "ab", "size": 5}
FIELDS = {"path": "media/audio/a.wav", "sha256": "ab", "size": 5}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"clip": CLIP}, [("clip", 0)]),
        ({"a": {"b": {"clip": CLIP}}}, [("a.b.clip", 0)]),
        ({"pair": {"_type": "audio", "count": 2, "audio": [CLIP, CLIP]}}, [("pair", 0), ("pair", 1)]),
        ({"mixed": [CLIP, 1, CLIP]}, [("mixed", 0), ("mixed", 1)]),
        ({"loss": 1, "text": "audio-file", "image": {"_type": "image-file", "path": "x.png"}}, []),
        ({"pair": {"_type": "audio", "audio": "none"}}, []),
        ({"pair": {"_type": "audio", "audio": [1, None, CLIP]}}, [("pair", 2)]),
        ({"clip": {"_type": ["audio-file"]}}, []),
    ],
)
def test_audio_is_found(row: dict[str, Any], expected: list[tuple[str, int]]) -> None:
    assert [(found.key, found.index) for found in find_media(row) if isinstance(found, FoundAudio)] == expected


def test_a_list_shares_out_rates_durations_and_captions() -> None:
    row = {
        "pair": {
            "_type": "audio",
            "audio": [CLIP, {**CLIP, "caption": "own", "sample_rate": 8000}, CLIP],
            "sampleRates": [16000, 16000],
            "durations": [0.5, 1],
            "captions": ["x", "y", ""],
        }
    }
    first, second, third = (found.fields for found in find_media(row) if isinstance(found, FoundAudio))
    assert first == {**FIELDS, "sample_rate": 16000, "duration": 0.5, "caption": "x"}
    assert second == {**FIELDS, "sample_rate": 8000, "duration": 1, "caption": "own"}
    assert third == FIELDS


def test_values_of_the_wrong_type_are_left_out() -> None:
    [found] = find_media({"clip": {**CLIP, "sample_rate": "16000", "frames": True, "caption": 5}})
    assert isinstance(found, FoundAudio)
    assert found.fields == FIELDS


def test_tables_are_found() -> None:
    value = {"_type": "table-file", "path": "media/table/t.table.json"}
    assert list(find_media({"val": {"table": value}})) == [FoundTable("val.table", value)]


def test_audio_too_deep_is_not_looked_for() -> None:
    row: dict[str, Any] = CLIP
    for _ in range(MAX_DEPTH + 1):
        row = {"x": row}
    assert list(find_media(row)) == []


def test_files_stand_beside_the_paths(tmp_path: Path) -> None:
    (tmp_path / "media" / "audio").mkdir(parents=True)
    (tmp_path / "media" / "audio" / "a.wav").write_bytes(b"")
    row = {"clip": dict(CLIP), "list": {"_type": "audio", "audio": [{**CLIP, "path": "../b.wav"}]}, "path": "x"}
    add_files(row, Folder(tmp_path))
    assert row["clip"] == {**CLIP, "file": str(tmp_path / "media" / "audio" / "a.wav")}
    assert row["list"] == {"_type": "audio", "audio": [{**CLIP, "path": "../b.wav", "file": None}]}
    assert row["path"] == "x"

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import pytest

from audio_logging.dashboard.indexing.clip_ids import public_id, uid_of, uid_of_id
from audio_logging.dashboard.indexing.rows import ClipRow
from audio_logging.runs import StoredClip

EVERYTHING = StoredClip(
    key="val", step=3, index=2, file="/runs/a.wav", recorded_path="media/audio/a.wav", sha256="ab" * 32, size=244,
    format="wav", sample_rate=16000, frames=100, channels=1, duration=0.00625, peak=0.5, clipped_samples=4,
    caption="hi", role="prediction", clip_id="x", label="dog", prediction="cat",
    scores=[{"label": "dog", "score": 0.75}, {"label": "cat", "score": 0.25}], metrics={"loss": 1.5}, time=1.5,
)  # fmt: skip


def row_of(**fields: Any) -> ClipRow:
    return ClipRow.of(StoredClip(**{"key": "val", **fields}), 1)


def shown(**fields: Any) -> dict[str, Any]:
    return row_of(**fields).to_json("r", "c")


def test_a_list_shows_every_field_that_is_known() -> None:
    assert ClipRow.of(EVERYTHING, 1).to_json("r", "c") == {
        "id": "c", "run": "r", "key": "val", "step": 3, "index": 2, "role": "prediction", "clip_id": "x",
        "caption": "hi", "label": "dog", "prediction": "cat", "correct": False, "score": 0.25,
        "metrics": {"loss": 1.5}, "duration": 0.00625, "sample_rate": 16000, "channels": 1, "frames": 100,
        "format": "wav", "size": 244, "peak": 0.5, "level": -6.021, "clipped_samples": 4, "sha256": "ab" * 32,
        "time": 1.5,
    }  # fmt: skip


def test_details_are_the_list_and_more() -> None:
    row = ClipRow.of(EVERYTHING, 1)
    assert row.to_detail("r", "c", "my run", None) == {
        **row.to_json("r", "c"),
        "scores": [{"label": "dog", "score": 0.75}, {"label": "cat", "score": 0.25}],
        "recorded_path": "media/audio/a.wav",
        "file_name": "a.wav",
        "run_name": "my run",
        "source": "sidecar",
    }


def test_what_is_unknown_is_absent_and_a_missing_file_is_said() -> None:
    assert shown() == {"id": "c", "run": "r", "key": "val", "index": 0, "missing": True}


def test_a_long_caption_is_cut_in_the_list_alone() -> None:
    row = row_of(caption="x" * 301)
    told = row.to_json("r", "c")
    assert (told["caption"], told["caption_cut"]) == ("x" * 300, True)
    detail = row.to_detail("r", "c", "", "x" * 301)
    assert detail["caption"] == "x" * 301
    assert "caption_cut" not in detail
    assert "caption_cut" not in shown(caption="x" * 300)


@pytest.mark.parametrize(
    ("fields", "correct"),
    [
        ({"label": "a", "prediction": "a"}, True),
        ({"label": 3, "prediction": "3"}, True),
        ({"label": 3, "prediction": 3.0}, True),
        ({"label": "a", "prediction": "b", "metrics": {"correct": True}}, False),
        ({"label": "a"}, None),
        ({"label": "a", "metrics": {"correct": True}}, True),
        ({"metrics": {"correct": 1}}, None),
    ],
)
def test_correct_is_told_by_the_texts_or_else_by_the_table(fields: Any, correct: bool | None) -> None:
    assert row_of(**fields).correct is correct


@pytest.mark.parametrize(
    ("fields", "score"),
    [
        ({"scores": [{"label": "a", "score": 0.75}, {"label": "b", "score": 0.25}], "prediction": "b"}, 0.25),
        ({"scores": [{"label": "a", "score": 0.75}], "prediction": "c"}, 0.75),
        ({"scores": {"a": 0.25, "b": 0.75}}, 0.75),
        ({"scores": {"1": 0.25, "2": 0.75}, "prediction": 1}, 0.25),
        ({"metrics": {"score": 0.5}}, 0.5),
        ({"scores": [], "metrics": {"score": 0.5}}, 0.5),
        ({"scores": [{"label": "a", "score": math.nan}, "b", {"label": None, "score": 1}]}, None),
    ],
)
def test_score_is_the_predictions_or_the_first_or_a_metric(fields: Any, score: float | None) -> None:
    assert row_of(**fields).score == score


def test_answers_in_a_tables_columns_are_no_metrics_beside() -> None:
    metrics = {"score": 0.5, "correct": True, "loss": 2.0}
    assert shown(table="t", column="audio", metrics=metrics)["metrics"] == {"loss": 2.0}
    assert shown(metrics=metrics)["metrics"] == {"score": 0.5, "correct": 1, "loss": 2.0}


def test_metrics_are_finite_numbers_one_level_flattened() -> None:
    told = {"a": math.nan, "b": {"c": 1, "d": {"e": 2}}, "t": "x", "big": 10**30, "n\ud800": 1}
    assert row_of(metrics=told).metrics == {"b.c": 1, "big": 1e30, "n\ufffd": 1}


@pytest.mark.parametrize(("peak", "level"), [(1.0, 0.0), (2.0, 6.021), (0.0, None), (None, None), (-1.0, None)])
def test_level_is_of_the_peak(peak: float | None, level: float | None) -> None:
    assert row_of(peak=peak).level == level


def test_the_role_of_a_cell_is_its_column_where_that_is_one() -> None:
    assert [row_of(table="t", column=column).role for column in ("reference", "generated", "take")] == [
        "reference",
        "generated",
        None,
    ]
    assert row_of(table="t", column="reference", role="mine").role == "mine"


HOSTILE = StoredClip(
    key="k\ud800\0\"'<\u202e", step=2**60, index=10**30, recorded_path="p\udcff", sha256="\ud800", size=10**400,
    format="\ud800", sample_rate=2**70, duration=math.inf, peak=math.nan, caption="\ud800" * 400, role="\ud800",
    clip_id="\ud800", label={"a": "\ud800"}, prediction=[math.nan], scores={"\ud800": 10**30},
    metrics={"\ud800": 2**60}, time=-math.inf, table="\ud800", column="\ud800",
)  # fmt: skip


def test_the_worst_clip_is_strict_json() -> None:
    row = ClipRow.of(HOSTILE, 1)
    for told in (row.to_json("r", "c"), row.to_detail("r", "c", "", None)):
        json.dumps(told, allow_nan=False, ensure_ascii=False).encode()
    assert (row.step, row.ordinal, row.size, row.duration, row.peak) == (2.0**60, 1e30, None, None, None)


@pytest.mark.parametrize("clip", [EVERYTHING, HOSTILE, StoredClip(key="", file="/odd\udcff\n.wav")])
def test_a_row_comes_back_from_the_database_as_it_was(clip: StoredClip) -> None:
    row = ClipRow.of(clip, -5)
    again = ClipRow.of_values(row.to_values())
    assert again == row
    assert type(again.correct) is type(row.correct)


def test_a_repeat_fills_what_is_unknown_alone() -> None:
    row = row_of(label="a", metrics={"loss": 1.0}, file="/a")
    repeat = row_of(
        label="b", prediction="a", metrics={"loss": 2.0, "si": 3.0}, file="/b", table="t", caption="x" * 400
    )
    merged = row.merged(repeat)
    assert (merged.label, merged.prediction, merged.file, merged.table) == ("a", "a", "/a", "t")
    assert merged.metrics == {"loss": 1.0, "si": 3.0}
    assert merged.caption_cut
    assert row.merged(row) == row


def test_ids_tell_clips_apart_and_are_the_same_every_time() -> None:
    names = {
        "run": uid_of("r", EVERYTHING, column=None),
        "other run": uid_of("s", EVERYTHING, column=None),
        "column": uid_of("r", EVERYTHING, column="a"),
        "column None": uid_of("r", EVERYTHING, column="None"),
        "again": uid_of("r", EVERYTHING, column=None, again=1),
        "step": uid_of("r", StoredClip(key="val", step=4, index=2, sha256="ab" * 32), column=None),
        "key": uid_of("r", StoredClip(key="val 3", index=2, sha256="ab" * 32), column=None),
        "path": uid_of("r", StoredClip(key="val", step=3, index=2, recorded_path="a"), column=None),
    }
    assert len(set(names.values())) == len(names)
    named = f"1 r 3 val 3 2 None None {'ab' * 32} 0"
    assert public_id(names["run"]) == hashlib.blake2b(named.encode(), digest_size=8).hexdigest()
    assert uid_of("r", StoredClip(key="val", step=3.0, index=2, sha256="ab" * 32), column=None) == names["run"]
    assert uid_of("r\ud800", HOSTILE, column="\ud800") != uid_of("r\ufffd", HOSTILE, column="\ud800")


@pytest.mark.parametrize("uid", [0, 1, -1, 2**63 - 1, -(2**63)])
def test_an_id_is_sixteen_digits_there_and_back(uid: int) -> None:
    assert uid_of_id(public_id(uid)) == uid
    assert len(public_id(uid)) == 16


@pytest.mark.parametrize(
    "clip", ["", "0" * 15, "0" * 17, "G" * 16, "A" * 16, "../../etc/passwd", "-" + "0" * 15, "٣" * 16]
)
def test_what_is_no_id_is_none(clip: str) -> None:
    assert uid_of_id(clip) is None


def test_words_are_looked_for_in_every_text_whatever_the_case() -> None:
    row = row_of(caption="Ärger", label="STRASSE", prediction="ß", clip_id="Id", role="Role")
    searched = row.searched("Ärger\0und ΣΑΣ")
    assert all(word.casefold() in searched for word in ("ÄRGER", "straße", "SS", "id", "VAL", "role", "und", "σας"))
    assert "\0" not in searched

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest

from audio_logging.errors import NotFoundError
from audio_logging.runs import ArtifactIndex, open_run
from audio_logging.runs.comparison import Change, Comparison, Difference, compare

pb: Any = import_module("wandb.proto.wandb_internal_pb2")


@pytest.fixture
def diff(make_run: Any, frame: Any) -> Any:
    """Compare two artifacts, each given by what its entries hold."""

    def make(*versions: dict[str, Any]) -> Comparison:
        records, media = [], dict[str, bytes]()
        for number, entries in enumerate(versions):
            artifact = pb.ArtifactRecord(name="set", digest=str(number), client_id=str(number))
            for path, content in entries.items():
                local = f"{number}/{path}"
                media[local] = content if isinstance(content, bytes) else json.dumps(content).encode()
                artifact.manifest.contents.add(path=path, local_path=f"files/{local}", digest=str(content))
            records.append(pb.Record(artifact=artifact).SerializeToString())
        before, after = open_run(make_run(frame(records), media=media)).artifacts()
        return compare(before, after, ArtifactIndex([before, after]))

    return make


def audio(content: str, caption: str | None = None) -> dict[str, Any]:
    return {"_type": "audio-file", "path": f"media/audio/{content}.wav", "sha256": content * 64, "caption": caption}


def table(*rows: list[Any], columns: tuple[str, ...] = ("clip_id", "audio", "label")) -> dict[str, Any]:
    return {"_type": "table", "columns": columns, "data": rows}


def test_equal_versions_have_no_changes(diff: Any) -> None:
    entries = {"clip.audio-file.json": audio("a"), "media/audio/a.wav": b"a", "note.txt": b"hi"}
    assert diff(entries, entries) == Comparison((), 2, (), ())


def test_rows_are_known_by_their_id(diff: Any) -> None:
    before = table(["1", audio("a"), "dog"], ["2", audio("b"), "cat"], ["3", audio("c"), "cow"])
    after = table(["3", audio("c"), "cow"], ["2", audio("b"), "bird"], ["4", audio("d"), "dog"])
    found = diff({"t.table.json": before}, {"t.table.json": after})
    assert found.changes == (
        Change("removed", "t/1", "dog"),
        Change("changed", "t/2", "bird", (Difference("label", "cat", "bird"),)),
        Change("added", "t/4", "dog"),
    )
    assert (found.unchanged, found.labels_added, found.labels_removed) == (1, ("bird",), ("cat",))
    assert [found.count(kind) for kind in ("added", "removed", "changed")] == [1, 1, 1]


def test_rows_without_an_id_are_known_by_their_audio(diff: Any) -> None:
    columns = ("audio", "label")
    before = table([audio("a"), "dog"], [audio("b"), "cat"], columns=columns)
    after = table([audio("b"), "cow"], [audio("a"), "dog"], columns=columns)
    [change] = diff({"t.table.json": before}, {"t.table.json": after}).changes
    assert (change.kind, change.name, change.label) == ("changed", "t/" + "b" * 12, "cow")


def test_rows_with_neither_are_known_by_their_place(diff: Any) -> None:
    columns = ("word", "count")
    found = diff(
        {"t.table.json": table(["a", 1], ["a", 1], columns=columns)},
        {"t.table.json": table(["a", 1], ["a", 2], columns=columns)},
    )
    assert found.changes == (Change("changed", "t/1", None, (Difference("count", 1, 2),)),)


def test_other_audio_under_the_same_id_is_a_change(diff: Any) -> None:
    [change] = diff(
        {"t.table.json": table(["1", audio("a"), "dog"], ["2", [audio("a")], "x"])},
        {"t.table.json": table(["1", audio("b"), "dog"], ["2", [audio("a")], "x"])},
    ).changes
    assert change.differences == (Difference("audio", "a" * 64, "b" * 64),)


def test_clips_have_audio_and_caption(diff: Any) -> None:
    found = diff(
        {"one.audio-file.json": audio("a", "hi"), "two.audio-file.json": audio("b")},
        {"one.audio-file.json": audio("a", "ho"), "three.audio-file.json": audio("b")},
    )
    assert found.changes == (
        Change("removed", "two"),
        Change("changed", "one", None, (Difference("caption", "hi", "ho"),)),
        Change("added", "three"),
    )


def test_files_are_compared_by_their_digest_but_not_those_of_clips(diff: Any) -> None:
    found = diff(
        {"clip.audio-file.json": audio("a"), "media/audio/a.wav": b"a", "note.txt": b"hi"},
        {"clip.audio-file.json": audio("a"), "note.txt": b"ho", "new.txt": b""},
    )
    assert [(change.kind, change.name) for change in found.changes] == [("changed", "note.txt"), ("added", "new.txt")]


def test_nan_is_as_it_was(diff: Any) -> None:
    rows = table(["1", audio("a"), float("nan")])
    assert diff({"t.table.json": rows}, {"t.table.json": rows}).changes == ()


def test_a_missing_table_is_named(make_run: Any, frame: Any) -> None:
    artifact = pb.ArtifactRecord(name="set", client_id="a")
    artifact.manifest.contents.add(path="t.table.json", local_path="files/gone")
    [stored] = open_run(make_run(frame([pb.Record(artifact=artifact).SerializeToString()]))).artifacts()
    with pytest.raises(NotFoundError, match=r"'t.table.json' of artifact 'set': 'files/gone' is not in"):
        compare(stored, stored, ArtifactIndex([stored]))

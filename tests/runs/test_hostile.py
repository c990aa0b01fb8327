"""Run directories that mean harm, or were harmed: everything is read or named, nothing outside is opened."""

from __future__ import annotations

import builtins
import io
import json
import os
import time
import tracemalloc
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio_logging.runs import Run, open_run

pb: Any = import_module("wandb.proto.wandb_internal_pb2")

FUZZ = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=40, deadline=None
)


def read_everything(run: Run) -> list[str]:
    run.clips(), run.clips(headers=False), run.history(), run.history(resolve=False), run.tables(), run.artifacts()
    _ = (run.id, run.name, run.project, run.group, run.config, run.summary, run.finished, run.started, repr(run))
    list(run.follow(poll=0.001, timeout=0)), list(run.follow_clips(poll=0.001, timeout=0))
    return run.problems


@pytest.fixture
def overwrite(make_run: Any) -> Callable[..., Run]:
    """Give the same run directory new bytes, for one example after the other."""
    folder = make_run(b"", b"", {"media/audio/a.wav": b"RIFF"})

    def write(record: bytes = b"", sidecar: bytes = b"") -> Run:
        (folder / "run-abc123.wandb").write_bytes(record)
        (folder / "files" / "audio_logging" / "index.jsonl").write_bytes(sidecar)
        return open_run(folder)

    return write


@given(st.binary(max_size=2000), st.binary(max_size=2000))
@FUZZ
def test_garbage_in_both_files_is_survived(overwrite: Callable[..., Run], record: bytes, sidecar: bytes) -> None:
    read_everything(overwrite(record, sidecar))
    read_everything(overwrite(b":W&B\xe1\xbe\x00" + record, sidecar))


@given(st.lists(st.binary(max_size=100), max_size=5))
@FUZZ
def test_whole_records_of_garbage_are_survived(overwrite: Callable[..., Run], frame: Any, records: list[bytes]) -> None:
    read_everything(overwrite(frame(records)))


@pytest.fixture(scope="module")
def real_records(real_run: Path) -> list[bytes]:
    """Take the records of a real run out of their frame, apart from the reader."""
    [path] = real_run.glob("*.wandb")
    data, at, records = path.read_bytes(), 7, list[bytes]()
    while at < len(data):
        length = int.from_bytes(data[at + 4 : at + 6], "little")
        records.append(data[at + 7 : at + 7 + length])
        at += 7 + length
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
    return [record for record in records if pb.Record.FromString(record).WhichOneof("record_type") != "stats"]


@given(st.data())
@FUZZ
def test_records_with_flipped_bytes_and_right_checksums_are_survived(
    overwrite: Callable[..., Run], frame: Any, real_records: list[bytes], data: st.DataObject
) -> None:
    records = [bytearray(record) for record in real_records]
    for _ in range(data.draw(st.integers(1, 20))):
        record = records[data.draw(st.integers(0, len(records) - 1))]
        record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    read_everything(overwrite(frame(map(bytes, records))))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["audio", "audio-file", "table-file", "../x", "/etc/passwd", "media/audio/a.wav"])
    | st.sampled_from(["\ud800", "\0"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["_type", "path", "audio", "sha256", "caption", "artifact_path", "x"]), inner),
    max_leaves=15,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["key", "audio/step", "_step"]), JSON, min_size=1))
@FUZZ
def test_rows_of_any_json_are_survived(
    overwrite: Callable[..., Run], frame: Any, history: Any, row: dict[str, Any]
) -> None:
    fields = {name: value for name, value in row.items() if name != "_step"}
    read_everything(overwrite(frame([history(fields)])))


@given(st.lists(st.dictionaries(st.sampled_from(["key", "step", "index", "path", "scores", "x"]), JSON), max_size=5))
@FUZZ
def test_sidecar_lines_of_any_json_are_survived(overwrite: Callable[..., Run], lines: list[dict[str, Any]]) -> None:
    read_everything(overwrite(sidecar="\n".join(map(json.dumps, [{"key": "k", **line} for line in lines])).encode()))


OUTSIDE = [
    "../../../secret.wav",
    "{secret}",
    "media/audio/../../../../../secret.wav",
    "link.wav",
    "linked/secret.wav",
    "//etc/passwd",
]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Write down every path that is opened."""
    paths: list[str] = []

    def watch(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def wrapper(path: Any, *args: Any, **options: Any) -> Any:
            paths.extend([] if isinstance(path, int) else [os.fspath(path)])
            return original(path, *args, **options)

        monkeypatch.setattr(owner, name, wrapper)

    watch(os, "open")
    watch(builtins, "open")
    watch(io, "open")
    return paths


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_outside_is_opened_whatever_records_and_sidecar_say(
    tmp_path: Path, make_run: Any, frame: Any, history: Any, opened: list[str], wav: Callable[..., bytes], path: str
) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wav())
    path = path.format(secret=secret)
    audio = {"_type": "audio-file", "path": path, "sha256": "s", "size": 5}
    table = {"_type": "table-file", "path": path, "artifact_path": "wandb-client-artifact://me/t.table.json"}
    artifact = pb.Record(artifact=pb.ArtifactRecord(name="set", client_id="me"))
    artifact.artifact.manifest.contents.add(path="t.table.json", local_path=path)
    row = history({"clip": audio, "pair": {"_type": "audio", "audio": [audio]}, "table": table})
    sidecar = json.dumps({"key": "told", "path": path}).encode() + b"\n"
    folder = make_run(frame([artifact.SerializeToString(), row]), sidecar)
    (folder / "files" / "link.wav").symlink_to(secret)
    (folder / "files" / "linked").symlink_to(tmp_path)
    run = open_run(folder)
    opened.clear()
    problems = read_everything(run)
    assert [clip.file for clip in run.clips()] == [None, None, None]
    assert [table for table in run.tables() if table.rows] == []
    assert [path for path in opened if not os.path.realpath(path).startswith(str(folder))] == []
    assert sum("refused" in problem for problem in problems) >= 3


def test_a_files_folder_that_leads_out_is_not_read(tmp_path: Path, make_run: Any, wav: Callable[..., bytes]) -> None:
    outside = make_run(sidecar=b'{"key": "x"}\n', media={"media/audio/a.wav": wav()})
    folder = make_run(b":W&B\xe1\xbe\x00", name="offline-run-20261120_083536-bad")
    (folder / "files").rmdir()
    (folder / "files").symlink_to(outside / "files")
    run = open_run(folder)
    assert run.clips() == []
    assert any("a link leads out of" in problem for problem in run.problems)


def test_a_media_folder_that_leads_out_is_not_listed(tmp_path: Path, make_run: Any, wav: Callable[..., bytes]) -> None:
    (tmp_path / "outside" / "audio").mkdir(parents=True)
    (tmp_path / "outside" / "audio" / "a.wav").write_bytes(wav())
    folder = make_run(b":W&B\xe1\xbe\x00")
    (folder / "files" / "media").symlink_to(tmp_path / "outside")
    assert open_run(folder).clips() == []


def test_a_saved_file_that_is_a_link_out_of_the_run_is_refused(
    make_run: Any, tmp_path: Path, wav: Callable[..., bytes]
) -> None:
    (tmp_path / "dataset.wav").write_bytes(wav())
    folder = make_run(sidecar=b'{"key": "x", "path": "dataset.wav"}\n')
    (folder / "files" / "dataset.wav").symlink_to(tmp_path / "dataset.wav")
    run = open_run(folder)
    assert run.clips()[0].file is None
    assert any("a link leads out of" in problem for problem in run.problems)


def test_pipes_in_place_of_files_do_not_hang(make_run: Any) -> None:
    folder = make_run(sidecar=b'{"key": "x", "path": "media/audio/pipe.wav"}\n', media={"media/audio/a.wav": b""})
    os.mkfifo(folder / "files" / "media" / "audio" / "pipe.wav")
    os.mkfifo(folder / "run-abc123.wandb")
    (folder / "files" / "audio_logging" / "index.jsonl").rename(folder / "kept")
    os.mkfifo(folder / "files" / "audio_logging" / "index.jsonl")
    run = open_run(folder)
    assert read_everything(run)
    assert (run.record_path, run.sidecar_path) == (None, None)


@pytest.mark.parametrize(
    "value",
    ["[" * 200_000, '{"a":' * 200_000, "9" * 1_000_000, '"' + "x" * 10_000_000 + '"', "[" + "{}," * 100_000 + "{}]"],
    ids=["deep list", "deep dict", "long number", "10 MB text", "many dicts"],
)
def test_large_and_deep_values_take_neither_long_nor_much(make_run: Any, frame: Any, value: str) -> None:
    record = pb.Record()
    record.history.item.add(nested_key=["clip", "caption"], value_json=value)
    record.history.item.add(nested_key=["clip", "_type"], value_json='"audio-file"')
    record.history.item.add(nested_key=["clip", "path"], value_json='"x.wav"')
    row = pb.Record(history=record.history).SerializeToString()
    folder = make_run(frame([row]), b'{"key": "k", "caption": ' + value.encode() + b"}\n")
    tracemalloc.start()
    begin = time.monotonic()
    read_everything(open_run(folder))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.monotonic() - begin < 10
    assert peak < 60 * len(value) + 10**7


def test_a_record_file_of_many_problems_has_a_bounded_list_of_them(make_run: Any, frame: Any, history: Any) -> None:
    rows = [history({"clip": {"_type": "audio-file", "path": f"../{step}.wav"}}, step) for step in range(1500)]
    run = open_run(make_run(frame(rows)))
    assert len(run.clips()) == 1500
    assert len(run.problems) == 1001
    assert run.problems[-1] == "and more: only the first 1000 problems are kept"

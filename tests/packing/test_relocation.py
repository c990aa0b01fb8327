"""Record files with other paths in them, told by wandb's own protobuf classes."""

from __future__ import annotations

import gzip
import io
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_logging.errors import AudioValueError
from audio_logging.packing import relocation
from audio_logging.packing.relocation import relocate_manifest, relocate_records
from audio_logging.runs.problems import Problems
from audio_logging.runs.record_log import RecordLog, write_log
from audio_logging.runs.wire import WireError, change_fields, to_varint, varint

pb: Any = import_module("wandb.proto.wandb_internal_pb2")


def relocate(source: bytes, problems: Problems | None = None) -> bytes:
    target = io.BytesIO()
    relocate_records(io.BytesIO(source), target, lambda path: f"new/{path}", problems or Problems(), "run-x.wandb")
    return target.getvalue()


def records_in(content: bytes) -> list[Any]:
    return [pb.Record.FromString(record) for record in RecordLog(io.BytesIO(content), Problems(), "x")]


def test_only_the_paths_of_staged_files_change(frame: Any) -> None:
    artifact = pb.Record(num=7, artifact=pb.ArtifactRecord(name="set", digest="d", aliases=["a"], metadata="{}"))
    artifact.artifact.manifest.contents.add(path="x", local_path="one", size=-1, digest="e")
    artifact.artifact.manifest.contents.add(path="y", ref="http://y")
    artifact.artifact.manifest.contents.add(path="z", local_path="ü" * 100)
    artifact.artifact.manifest.manifest_file_path = "beside"
    other = pb.Record(num=8, history=pb.HistoryRecord())
    other.history.item.add(key="local_path", value_json='"one"')
    expected = pb.Record.FromString(artifact.SerializeToString())
    for entry in (expected.artifact.manifest.contents[0], expected.artifact.manifest.contents[2]):
        entry.local_path = f"new/{entry.local_path}"
    expected.artifact.manifest.manifest_file_path = "new/beside"
    source = frame([record.SerializeToString() for record in (artifact, other)])
    assert records_in(relocate(source)) == [expected, other]


def test_a_real_record_file_stays_byte_for_byte_when_nothing_moves(trained: Path) -> None:
    [path] = trained.glob("offline-run-*/*.wandb")
    target = io.BytesIO()
    with path.open("rb") as source:
        relocate_records(source, target, lambda recorded: recorded, Problems(), path.name)
    assert target.getvalue() == path.read_bytes()


@given(st.lists(st.binary(max_size=70_000), max_size=6))
def test_records_are_framed_as_by_the_writer_of_the_tests(frame: Any, records: list[bytes]) -> None:
    target = io.BytesIO()
    write_log(target, records)
    assert target.getvalue() == frame(records)


def test_damage_costs_what_it_touches_and_is_named(frame: Any) -> None:
    records = [pb.Record(num=number).SerializeToString() for number in range(1, 4)]
    content = bytearray(frame(records))
    content[-1] ^= 1
    problems = Problems()
    assert [record.num for record in records_in(relocate(bytes(content), problems))] == [1, 2]
    assert any("damaged" in problem for problem in problems)


def test_records_of_garbage_are_kept_as_they_are(frame: Any) -> None:
    garbage = bytes([0x42, 0x05]) + b"\xff" * 5  # an artifact that is no message
    assert relocate(frame([garbage, b"\xff\xff"])) == frame([garbage, b"\xff\xff"])


@given(st.integers(0, 2**64 - 1))
def test_numbers_are_written_as_they_are_read(number: int) -> None:
    assert varint(to_varint(number), 0) == (number, len(to_varint(number)))


@given(st.binary(max_size=100))
def test_changing_nothing_keeps_every_message_byte_for_byte(message: bytes) -> None:
    try:
        assert change_fields(message, (200,), lambda value: b"") == message or b"\xc2\x0c" in message
    except WireError:
        pass


def test_manifests_beside_the_record_file_change_in_the_same_way() -> None:
    lines = [{"path": "a", "local_path": "one", "digest": "d"}, {"path": "b", "ref": "r"}]
    content = gzip.compress(b"".join(json.dumps(line).encode() + b"\n" for line in lines) + b"garbage\n[1]\n")
    changed = gzip.decompress(relocate_manifest(io.BytesIO(content), lambda path: f"new/{path}")).splitlines()
    assert [json.loads(line) for line in changed[:2]] == [{**lines[0], "local_path": "new/one"}, lines[1]]
    assert changed[2:] == [b"garbage", b"[1]"]


def test_a_manifest_that_is_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relocation, "MAX_MANIFEST_SIZE", 1000)
    with pytest.raises(AudioValueError, match="a manifest is larger than 1000 bytes"):
        relocate_manifest(io.BytesIO(gzip.compress(bytes(2000))), lambda path: path)
    with pytest.raises((OSError, EOFError)):
        relocate_manifest(io.BytesIO(gzip.compress(b"x")[:-4]), lambda path: path)

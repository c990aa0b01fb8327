from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audio_logging.runs import messages, records, rows
from audio_logging.runs.messages import Record
from audio_logging.runs.problems import Problems
from audio_logging.runs.record_log import RecordLog
from audio_logging.runs.records import (
    MetricFacts,
    decode_artifact,
    decode_exit_code,
    decode_history,
    decode_metric,
    decode_run,
    kind_of,
    update_tree,
)

# Made at run time, unknown to mypy.
pb: Any = import_module("wandb.proto.wandb_internal_pb2")
timestamp_pb2: Any = import_module("google.protobuf.timestamp_pb2")
FieldDescriptor: Any = import_module("google.protobuf.descriptor").FieldDescriptor

MESSAGES = [
    "Record",
    "HistoryItem",
    "HistoryRecord",
    "HistoryStep",
    "SummaryRecord",
    "MetricRecord",
    "RunRecord",
    "RunExitRecord",
    "StatsRecord",
    "ArtifactRecord",
    "ArtifactManifest",
    "ArtifactManifestEntry",
]
TEXT = FieldDescriptor.TYPE_STRING


def numbers(message: str) -> dict[str, int]:
    return {name.lower(): number for name, number in vars(getattr(messages, message)).items() if name.isupper()}


@pytest.mark.parametrize("message", MESSAGES)
def test_field_numbers_are_those_of_the_installed_wandb(message: str) -> None:
    fields = pb.DESCRIPTOR.message_types_by_name[message].fields_by_name
    assert numbers(message) == {name: fields[name].number for name in numbers(message)}


def test_field_numbers_of_a_timestamp_are_those_of_protobuf() -> None:
    fields = timestamp_pb2.Timestamp.DESCRIPTOR.fields_by_name
    assert numbers("Timestamp") == {name: fields[name].number for name in ("seconds", "nanos")}


@pytest.mark.parametrize(
    ("twin", "message"),
    [("ConfigItem", "HistoryItem"), ("SummaryItem", "HistoryItem"), ("ConfigRecord", "SummaryRecord")],
)
def test_messages_that_are_read_as_another_have_its_numbers(twin: str, message: str) -> None:
    fields = pb.DESCRIPTOR.message_types_by_name[twin].fields_by_name
    shared = {name: field.number for name, field in fields.items() if name in numbers(message)}
    assert shared.items() <= numbers(message).items()
    assert {"key", "nested_key", "value_json"} <= shared.keys() or {"update", "remove"} <= shared.keys()


def test_field_types_are_those_that_are_decoded() -> None:
    fields = pb.DESCRIPTOR.message_types_by_name["HistoryItem"].fields_by_name
    assert fields["integer"].type == FieldDescriptor.TYPE_SINT64
    assert fields["number"].type == FieldDescriptor.TYPE_DOUBLE
    assert fields["boolean"].type == FieldDescriptor.TYPE_BOOL
    assert {fields[name].type for name in ("key", "nested_key", "text", "json", "value_json")} == {TEXT}


def body(record: Any) -> bytes:
    found = kind_of(record.SerializeToString())
    assert found is not None
    return found[1]


def test_the_kind_of_a_record_is_told() -> None:
    assert kind_of(pb.Record(num=5, exit=pb.RunExitRecord()).SerializeToString()) == (Record.EXIT, b"")
    assert kind_of(pb.Record(num=5, output=pb.OutputRecord()).SerializeToString()) is None


def test_a_row_nests_its_keys_and_has_its_step() -> None:
    record = pb.Record()
    for keys, value in ((["loss"], 0.5), (["a", "b", "c"], [1, {"x": None}]), (["a", "b", "d"], "text")):
        record.history.item.add(nested_key=keys, value_json=json.dumps(value))
    record.history.item.add(key="flat", value_json="NaN")
    record.history.step.num = 7
    row = decode_history(body(record), Problems())
    assert str(row.pop("flat")) == "nan"
    assert row == {"loss": 0.5, "a": {"b": {"c": [1, {"x": None}], "d": "text"}}, "_step": 7}


def test_nearly_all_rows_are_cut_up_fast(real_run: Path) -> None:
    [path] = real_run.glob("*.wandb")
    with path.open("rb") as file:
        log = RecordLog(file, Problems(), path.name)
        bodies = [found[1] for record in log if (found := kind_of(record)) and found[0] == Record.HISTORY]
    assert len(bodies) == 6
    assert None not in [rows.read_usual_row(body) for body in bodies]


TREES = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.integers()),
    lambda inner: st.dictionaries(st.text(max_size=200), inner, min_size=1, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), TREES), st.integers(0, 2**40))
@example({"\x82\x01": 1, "a" * 200: {"\x12\x01": "\x82\x01"}}, 130)
def test_cutting_up_fast_gives_what_reading_field_by_field_does(tree: dict[str, Any], step: int) -> None:
    record = pb.Record()
    for keys, value in leaves(tree):
        record.history.item.add(nested_key=keys, value_json=json.dumps(value, separators=(",", ":")))
    record.history.step.num = step
    message, problems = body(record), Problems()
    fast = decode_history(message, problems)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "read_usual_row", lambda body: None)
        assert decode_history(message, problems) == fast
    assert fast == {**tree, "_step": tree.get("_step", step)}
    assert list(problems) == []


def leaves(tree: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value


def test_changing_a_row_does_not_change_the_next_one() -> None:
    record = pb.Record()
    record.history.item.add(nested_key=["list"], value_json="[1]")
    first = decode_history(body(record), Problems())
    first["list"].append(2)
    assert decode_history(body(record), Problems()) == {"list": [1]}


def test_values_that_are_not_json_text_are_read_too() -> None:
    record = pb.Record()
    record.history.item.add(key="integer", integer=-5)
    record.history.item.add(key="number", number=0.25)
    record.history.item.add(key="text", text="hi")
    record.history.item.add(key="json", json="[1]")
    record.history.item.add(key="boolean", boolean=True)
    expected = {"integer": -5, "number": 0.25, "text": "hi", "json": [1], "boolean": True}
    assert decode_history(body(record), Problems()) == expected


@pytest.mark.parametrize("text", ["", "{", "9" * 5000, "[" * 100_000, "nul"])
def test_a_value_that_is_not_json_costs_itself(text: str) -> None:
    record = pb.Record()
    record.history.item.add(key="bad", value_json=text)
    record.history.item.add(key="good", value_json="1")
    problems = Problems()
    assert decode_history(body(record), problems) == {"good": 1}
    assert [problem.split(":")[0] for problem in problems] == (["value of 'bad' cannot be read"] if text else [])


def test_a_key_nested_too_deep_is_left_out() -> None:
    record = pb.Record()
    record.history.item.add(nested_key=["x"] * 10_000, value_json="1")
    problems = Problems()
    assert decode_history(body(record), problems) == {}
    assert list(problems) == ["a key nested 10000 deep was left out, at most 64 are read"]


def test_a_value_where_a_dict_was_gives_way_to_the_later_one() -> None:
    record = pb.Record()
    record.history.item.add(nested_key=["a"], value_json="1")
    record.history.item.add(nested_key=["a", "b"], value_json="2")
    assert decode_history(body(record), Problems()) == {"a": {"b": 2}}


def test_summaries_are_updated_and_removed_at_any_depth() -> None:
    tree: dict[str, Any] = {"a": {"b": 1, "c": 2}, "gone": 3}
    record = pb.Record()
    record.summary.update.add(nested_key=["a", "b"], value_json="5")
    record.summary.remove.add(key="gone")
    record.summary.remove.add(nested_key=["a", "c"])
    record.summary.remove.add(nested_key=["never", "was"])
    update_tree(tree, body(record), Problems())
    assert tree == {"a": {"b": 5}}


def test_a_run_is_read() -> None:
    record = pb.Record()
    record.run.run_id, record.run.display_name, record.run.run_group = "abc", "näme", "fold"
    record.run.tags.extend(["a", "b"])
    record.run.start_time.seconds, record.run.start_time.nanos = 1_795_163_737, 500_000_000
    facts = decode_run(body(record))
    assert (facts.run_id, facts.name, facts.group, facts.project) == ("abc", "näme", "fold", "")
    assert (facts.tags, facts.started) == (("a", "b"), 1_795_163_737.5)


def test_metrics_are_read() -> None:
    glob = pb.Record(metric=pb.MetricRecord(glob_name="audio/*", step_metric="audio/step"))
    plain = pb.Record(metric=pb.MetricRecord(name="loss"))
    assert decode_metric(body(glob)) == MetricFacts("audio/*", True, "audio/step")
    assert decode_metric(body(plain)) == MetricFacts("loss", False, "")


@pytest.mark.parametrize("code", [0, 1, 255, -9])
def test_exit_codes_are_read(code: int) -> None:
    assert decode_exit_code(body(pb.Record(exit=pb.RunExitRecord(exit_code=code)))) == code


def test_an_artifact_is_read() -> None:
    record = pb.Record()
    record.artifact.name, record.artifact.type, record.artifact.metadata = "set", "dataset", '{"n": 2}'
    record.artifact.aliases.extend(["best", "latest"])
    record.artifact.manifest.contents.add(path="a.wav", digest="d", size=5, local_path="/tmp/x")
    record.artifact.manifest.contents.add(path="b.wav", ref="https://example.com/b.wav")
    facts = decode_artifact(body(record), Problems())
    assert (facts.name, facts.type, facts.metadata, facts.aliases) == ("set", "dataset", {"n": 2}, ("best", "latest"))
    assert [(entry.path, entry.size, entry.local_path, entry.ref) for entry in facts.entries] == [
        ("a.wav", 5, "/tmp/x", ""),
        ("b.wav", None, "", "https://example.com/b.wav"),
    ]


@pytest.mark.parametrize("metadata", ["{", "[1]", "[" * 100_000])
def test_metadata_that_is_no_json_object_is_empty(metadata: str) -> None:
    record = pb.Record(artifact=pb.ArtifactRecord(name="set", metadata=metadata))
    assert decode_artifact(body(record), Problems()).metadata == {}

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_logging.runs import sidecar as sidecar_module
from audio_logging.runs.problems import Problems
from audio_logging.runs.sidecar import _TYPES, Sidecar
from audio_logging.schema import SIDECAR_FIELDS


def read(data: bytes) -> tuple[list[dict[str, object]], list[str]]:
    problems = Problems()
    sidecar = Sidecar(io.BytesIO(data), problems, "index.jsonl")
    lines = list(sidecar)
    last = sidecar.take_last()
    return lines + ([] if last is None else [last]), list(problems)


def line(**fields: object) -> bytes:
    return json.dumps({"key": "val", **fields}).encode() + b"\n"


def test_every_field_of_the_schema_has_a_type() -> None:
    assert tuple(_TYPES) == SIDECAR_FIELDS


def test_lines_come_in_order() -> None:
    lines, problems = read(line(step=0) + line(step=1, caption="hällo\n"))
    assert lines == [{"key": "val", "step": 0}, {"key": "val", "step": 1, "caption": "hällo\n"}]
    assert problems == []


@pytest.mark.parametrize("cut", range(1, len(line(step=1)) - 1))
def test_a_torn_last_line_costs_itself(cut: int) -> None:
    lines, problems = read(line(step=0) + line(step=1)[:cut])
    assert lines == [{"key": "val", "step": 0}]
    assert problems == ["index.jsonl, line 2: torn: not whole; left out"]


def test_a_whole_last_line_without_its_break_counts() -> None:
    assert read(line(step=0) + line(step=1).rstrip()) == ([{"key": "val", "step": 0}, {"key": "val", "step": 1}], [])


@pytest.mark.parametrize(
    ("garbage", "problem"),
    [
        (b"not json", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"key": ' + b"9" * 10_000 + b"}", "not JSON"),
        (b"[1, 2]", "no clip: it has no key"),
        (b'"text"', "no clip: it has no key"),
        (b'{"step": 3}', "no clip: it has no key"),
        (b'{"key": 3}', "no clip: it has no key"),
    ],
)
def test_a_line_of_garbage_costs_itself(garbage: bytes, problem: str) -> None:
    lines, problems = read(line(step=0) + garbage + b"\n" + line(step=1))
    assert lines == [{"key": "val", "step": 0}, {"key": "val", "step": 1}]
    assert problems == [f"index.jsonl, line 2: {problem}; left out"]


def test_a_value_of_the_wrong_type_costs_itself() -> None:
    lines, problems = read(line(step="three", frames=True, path=["x"], caption=None, later="field", size=5))
    assert lines == [{"key": "val", "size": 5}]
    assert problems == [
        "index.jsonl, line 1: step is a str; left out",
        "index.jsonl, line 1: frames is a bool; left out",
        "index.jsonl, line 1: path is a list; left out",
    ]


def test_empty_lines_are_nothing() -> None:
    assert read(b"\n\r\n" + line(step=0) + b"\n") == ([{"key": "val", "step": 0}], [])


def test_a_line_beyond_the_limit_is_dropped_and_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sidecar_module, "MAX_LINE_SIZE", 3 * 2**20)
    lines, problems = read(line(caption="x" * 5 * 2**20) + line(step=1) + line(caption="y" * 2 * 2**20))
    assert [len(str(line)) > 2**20 for line in lines] == [False, True]
    assert problems == [f"index.jsonl, line 1: longer than {3 * 2**20} bytes; left out"]


def test_a_caption_of_ten_megabytes_is_kept() -> None:
    [found], _ = read(line(caption="x" * 10**7))
    assert len(str(found["caption"])) == 10**7


@given(st.binary(max_size=300))
def test_any_bytes_between_lines_cost_only_themselves(garbage: bytes) -> None:
    lines, _ = read(line(step=0) + garbage + b"\n" + line(step=1))
    assert lines[0]["step"] == 0
    assert lines[-1]["step"] == 1


@given(st.integers(0, 400), st.integers(0, 400))
@settings(max_examples=50)
def test_reading_resumes_wherever_the_file_ended(first: int, second: int) -> None:
    data = b"".join(line(step=step) for step in range(10))
    found = []
    position = number = 0
    for end in (*sorted((first, second)), len(data)):
        sidecar = Sidecar(io.BytesIO(data[:end]), Problems(), "x", position=position, line=number)
        found += [one["step"] for one in sidecar]
        position, number = sidecar.position, sidecar.line
    assert found == list(range(10))
    assert number == 10

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_logging.runs.wire import WireError, fields, signed, zigzag

pb: Any = import_module("wandb.proto.wandb_internal_pb2")  # made at run time, unknown to mypy


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**31 - 1, 2**63 - 1, -1, -(2**63)])
def test_numbers_come_back_as_protobuf_wrote_them(number: int) -> None:
    message = pb.Record(num=number).SerializeToString()
    assert [signed(int(value)) for _, value in fields(message)] == ([number] if number else [])


@pytest.mark.parametrize("number", [1, -1, 2**62, -(2**63)])
def test_zigzag_numbers_come_back_as_protobuf_wrote_them(number: int) -> None:
    [(_, value)] = fields(pb.HistoryItem(integer=number).SerializeToString())
    assert isinstance(value, int)
    assert zigzag(value) == number


def test_an_int32_below_zero_is_ten_bytes_and_comes_back() -> None:
    [(_, value)] = fields(pb.RunExitRecord(exit_code=-9).SerializeToString())
    assert isinstance(value, int)
    assert signed(value, 32) == -9


def test_text_and_doubles_are_bytes() -> None:
    message = pb.HistoryItem(key="loss", number=0.5).SerializeToString()
    assert list(fields(message)) == [(1, b"loss"), (6, b"\x00\x00\x00\x00\x00\x00\xe0\x3f")]


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (b"\x12\x05hi", "a field of 5 bytes at byte 2, the message has 2 left"),
        (b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "a field of 18446744073709551615 bytes"),
        (b"\x08" + b"\xff" * 11, "a number of more than 10 bytes"),
        (b"\x08\x80", "ends inside a number"),
        (b"\x0b", "wire type 3"),
        (b"\x09\x00", "a field of 8 bytes"),
    ],
)
def test_a_broken_message_says_where(message: bytes, complaint: str) -> None:
    with pytest.raises(WireError, match=complaint):
        list(fields(message))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(message: bytes) -> None:
    try:
        assert sum(len(value) if isinstance(value, bytes) else 1 for _, value in fields(message)) <= len(message)
    except WireError:
        pass

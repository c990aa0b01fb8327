from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio_logging.runs import record_log
from audio_logging.runs.problems import Problems
from audio_logging.runs.record_log import BLOCK_SIZE, HEADER, RecordLog

Frame = Callable[[Iterable[bytes]], bytes]
SIZES = st.one_of(st.integers(0, 40), st.integers(BLOCK_SIZE - 40, BLOCK_SIZE + 40), st.just(3 * BLOCK_SIZE))
RECORDS = st.lists(st.builds(lambda size, byte: bytes([byte]) * size, SIZES, st.integers(0, 255)), max_size=6)


def read(data: bytes) -> tuple[list[bytes], RecordLog, list[str]]:
    problems = Problems()
    log = RecordLog(io.BytesIO(data), problems, "run-x.wandb")
    return list(log), log, list(problems)


def is_subsequence(some: list[bytes], every: list[bytes]) -> bool:
    remaining = iter(every)
    return all(any(one == other for other in remaining) for one in some)


@given(RECORDS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_records_of_every_size_come_back(frame: Frame, records: list[bytes]) -> None:
    data = frame(records)
    found, log, problems = read(data)
    assert found == records
    assert log.position == len(data) or data[log.position :].strip(b"\0") == b""
    assert problems == []


@pytest.mark.parametrize("size", [BLOCK_SIZE - 7 - 7 + extra for extra in range(-8, 9)])
def test_records_at_the_end_of_a_block_come_back(frame: Frame, size: int) -> None:
    records = [b"a" * size, b"b", b"", b"c" * BLOCK_SIZE]
    assert read(frame(records))[0] == records


@given(RECORDS, st.floats(0, 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_a_cut_file_gives_the_records_before_the_cut_and_resumes_there(
    frame: Frame, records: list[bytes], where: float
) -> None:
    data = frame(records)
    cut = round(where * len(data))
    found, log, problems = read(data[:cut])
    assert found == records[: len(found)]
    assert problems == []
    rest = RecordLog(io.BytesIO(data), Problems(), "run-x.wandb", position=log.position)
    assert found + list(rest) == records


@given(RECORDS, st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
def test_flipped_bits_cost_records_but_invent_none(
    frame: Frame, records: list[bytes], flips: list[tuple[float, int]]
) -> None:
    data = bytearray(frame(records))
    for where, bits in flips:
        data[int(where * (len(data) - 1))] ^= bits
    assert is_subsequence(read(bytes(data))[0], records)


def test_a_flipped_bit_in_a_record_costs_that_record_alone(frame: Frame) -> None:
    records = [b"one", b"two", b"three"]
    data = bytearray(frame(records))
    data[data.index(b"two")] ^= 1
    found, _, problems = read(bytes(data))
    assert found == [b"one", b"three"]
    assert problems == ["run-x.wandb: damaged after byte 17; the records there are lost"]


def test_a_flipped_length_costs_no_more_than_its_block(frame: Frame) -> None:
    records = [bytes([number]) * 5000 for number in range(20)]
    data = bytearray(frame(records))
    data[len(HEADER) + 5] ^= 0xFF
    found, _, problems = read(bytes(data))
    assert found == records[-len(found) :]
    assert len(found) >= 20 - BLOCK_SIZE // 5000 - 1
    assert len(problems) == 1


def test_a_flipped_bit_in_the_header_costs_nothing(frame: Frame) -> None:
    data = b"\x00" + frame([b"one"])[1:]
    found, _, problems = read(data)
    assert found == [b"one"]
    assert problems[0].startswith("run-x.wandb: begins with b'\\x00W&B")


def test_a_hole_of_zeros_costs_its_blocks(frame: Frame) -> None:
    records = [bytes([number]) * 20_000 for number in range(1, 20)]
    data = bytearray(frame(records))
    data[2 * BLOCK_SIZE : 4 * BLOCK_SIZE] = bytes(2 * BLOCK_SIZE)
    found, _, problems = read(bytes(data))
    assert is_subsequence(found, records)
    assert len(found) >= 19 - 6
    assert len(problems) == 1


def test_zeros_at_the_end_are_not_written_yet(frame: Frame) -> None:
    data = frame([b"one"])
    _, log, problems = read(data + bytes(100))
    assert (log.position, log.torn, problems) == (len(data), True, [])


@pytest.mark.parametrize("size", range(len(HEADER) + 1))
def test_a_file_with_nothing_but_a_header_or_less_holds_no_records(size: int) -> None:
    found, _, problems = read(HEADER[:size])
    assert (found, problems) == ([], [])


@given(st.binary(max_size=3 * BLOCK_SIZE))
@settings(max_examples=40)
def test_garbage_gives_nothing_and_ends(data: bytes) -> None:
    assert read(HEADER + data)[0] == []


def test_a_file_of_garbage_has_one_problem_and_takes_no_memory() -> None:
    data = HEADER + bytes(range(1, 256)) * (16 * 2**20 // 255)
    tracemalloc.start()
    found, _, problems = read(data)
    peak = tracemalloc.get_traced_memory()[1] - len(data)
    tracemalloc.stop()
    assert (found, len(problems)) == ([], 1)
    assert peak < 2**20


def test_a_record_beyond_the_limit_is_dropped_and_the_next_one_is_read(
    frame: Frame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_log, "MAX_RECORD_SIZE", 5 * BLOCK_SIZE)
    found, _, problems = read(frame([b"a", b"x" * (20 * BLOCK_SIZE), b"b"]))
    assert found == [b"a", b"b"]
    assert problems == ["run-x.wandb: damaged after byte 15; the records there are lost"]

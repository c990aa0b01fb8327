from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

import pytest

from audio_logging.datasets.errors import ReaderDiedError
from audio_logging.datasets.prefetch import THREAD_NAME, in_order


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(THREAD_NAME)]


@pytest.mark.parametrize("threads", [0, 1, 4])
@pytest.mark.parametrize("count", [0, 1, 3, 50])
def test_results_come_in_order(threads: int, count: int) -> None:
    def slow_at_first(number: int) -> int:
        time.sleep(0.01 if number == 0 else 0)
        return number * number

    results = in_order(slow_at_first, range(count), threads=threads, ahead=3)
    assert list(results) == [number * number for number in range(count)]
    assert not readers()


@pytest.mark.parametrize(("threads", "ahead", "most"), [(0, 5, 1), (1, 0, 2), (1, 3, 4), (2, 0, 3), (4, 2, 5)])
def test_no_more_is_made_than_was_asked_for(threads: int, ahead: int, most: int) -> None:
    begun = []

    def begin(number: int) -> int:
        begun.append(number)
        return number

    results = in_order(begin, itertools.count(), threads=threads, ahead=ahead)
    for taken in range(1, 6):
        next(results)
        time.sleep(0.01)
        assert len(begun) <= taken + most - 1
    results.close()


def test_nothing_runs_before_the_first_result_is_asked_for() -> None:
    begun: list[int] = []
    in_order(begun.append, [1, 2], threads=2, ahead=2)
    assert not begun
    assert not readers()


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_an_error_comes_at_the_place_of_its_result_and_ends_the_threads(threads: int) -> None:
    def fail_at_three(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return number

    results = in_order(fail_at_three, range(100), threads=threads, ahead=4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
    assert not readers()


@pytest.mark.parametrize("leave", ["close", "drop", "break"])
def test_an_iterator_left_half_way_leaves_no_thread(leave: str) -> None:
    results = in_order(abs, itertools.count(), threads=3, ahead=5)
    if leave == "break":
        for number in results:
            if number == 4:
                break
    next(results)
    assert readers()
    if leave == "close":
        results.close()
    del results
    assert not readers()


@pytest.mark.parametrize("end", [SystemExit, GeneratorExit])
def test_a_thread_that_is_told_to_exit_is_an_error_and_not_an_end(end: type[BaseException]) -> None:
    def die(_: int) -> None:
        raise end

    with pytest.raises(ReaderDiedError, match="a thread that reads ahead was ended"):
        list(in_order(die, range(9), threads=2, ahead=2))
    assert not readers()


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_other_ends_of_a_thread_come_as_they_are(error: type[BaseException]) -> None:
    def die(_: int) -> None:
        raise error

    with pytest.raises(error):
        list(in_order(die, range(9), threads=2, ahead=2))
    assert not readers()


def test_a_thread_that_cannot_be_started_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        list(in_order(abs, range(9), threads=2, ahead=2))


def test_tasks_that_fail_end_the_threads() -> None:
    def tasks() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        list(in_order(abs, tasks(), threads=2, ahead=0))
    assert not readers()

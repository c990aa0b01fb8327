"""One computation for all who ask at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from audio_logging.dashboard.analysis import Cancelled
from audio_logging.dashboard.analysis.sharing import RecentAnswers, SharedWork
from audio_logging.errors import AudioDecodeError


def test_all_who_ask_at_once_get_one_computation() -> None:
    work = SharedWork()
    computed = []
    all_asked = threading.Barrier(8)
    go_on = threading.Event()

    def compute() -> bytes:
        computed.append(1)
        go_on.wait(10)
        return b"answer"

    def ask() -> bytes:
        all_asked.wait(10)
        return work.do("key", compute)

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask) for _ in range(8)]
        threading.Timer(0.2, go_on.set).start()
        assert {answer.result(20) for answer in answers} == {b"answer"}
    assert len(computed) == 1
    assert work.do("key", lambda: b"again") == b"again"


def test_different_things_do_not_wait_for_each_other() -> None:
    work = SharedWork()
    assert work.do("outer", lambda: work.do("inner", lambda: b"x")) == b"x"


@pytest.mark.parametrize("error", [AudioDecodeError("damaged"), TimeoutError("damaged")])
def test_an_error_reaches_all(error: Exception) -> None:
    work = SharedWork()
    started, go_on = threading.Event(), threading.Event()

    def let_go() -> bool:
        go_on.set()
        return False

    def fail() -> bytes:
        started.set()
        go_on.wait(10)
        raise error

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(work.do, "key", fail)
        started.wait(10)
        second = pool.submit(work.do, "key", lambda: b"never", let_go)
        for answer in (first, second):
            with pytest.raises(type(error), match="damaged"):
                answer.result(20)
    assert work.do("key", lambda: b"next") == b"next"


def test_who_waits_goes_on_when_the_first_gives_up() -> None:
    work = SharedWork()
    started, go_on = threading.Event(), threading.Event()

    def let_go() -> bool:
        go_on.set()
        return False

    def give_up() -> bytes:
        started.set()
        go_on.wait(10)
        raise Cancelled("not wanted any more")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(work.do, "key", give_up)
        started.wait(10)
        second = pool.submit(work.do, "key", lambda: b"mine", let_go)
        assert second.result(20) == b"mine"
        with pytest.raises(Cancelled):
            first.result(20)


def test_who_waits_can_give_up() -> None:
    work = SharedWork()
    started, go_on = threading.Event(), threading.Event()

    def compute() -> bytes:
        started.set()
        go_on.wait(10)
        return b"answer"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(work.do, "key", compute)
        started.wait(10)
        with pytest.raises(Cancelled, match="waiting for another's answer was cancelled"):
            work.do("key", lambda: b"never", lambda: True)
        go_on.set()
        assert first.result(20) == b"answer"


def test_the_answers_used_last_are_at_hand() -> None:
    recent = RecentAnswers(100)
    for name in "abcdefghij":
        recent.put(name, bytes(10))
    assert recent.get("a") == bytes(10)
    recent.put("k", bytes(10))
    assert recent.get("b") is None
    assert recent.get("a") == recent.get("k") == bytes(10)
    recent.put("k", bytes(12))
    assert recent.get("c") is None and recent.get("d") is not None
    recent.put("large", bytes(26))
    assert recent.get("large") is None

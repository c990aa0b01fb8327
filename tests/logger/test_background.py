from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from audio_logging.logger.background import JOB_BYTES, BackgroundWorker

SECONDS = 10.0
"""[s] Longer than anything here takes; only a test that fails waits for it."""


class Gate:
    """A job that waits until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self) -> None:
        self.entered.set()
        assert self.opened.wait(SECONDS)


@pytest.fixture
def errors() -> list[BaseException]:
    return []


@pytest.fixture
def make(errors: list[BaseException]) -> Iterator[Callable[..., BackgroundWorker]]:
    workers: list[BackgroundWorker] = []

    def start(idle_task: Callable[[], bool] = lambda: False, *, max_bytes: int = 10**9) -> BackgroundWorker:
        workers.append(BackgroundWorker(errors.append, idle_task, max_bytes=max_bytes))
        return workers[-1]

    yield start
    for worker in workers:
        worker.close(SECONDS)


def test_jobs_run_in_order_one_after_the_other(make: Callable[..., BackgroundWorker]) -> None:
    done: list[int] = []
    worker = make()
    for number in range(1000):
        assert worker.submit(lambda number=number: done.append(number), 1, wait=True)  # type: ignore[misc]
    assert worker.flush(SECONDS)
    assert done == list(range(1000))
    assert worker.waiting == 0


def test_jobs_of_several_threads_all_run_each_threads_in_its_order(make: Callable[..., BackgroundWorker]) -> None:
    done: list[tuple[int, int]] = []
    worker = make(max_bytes=10 * JOB_BYTES)

    def hand_in(thread: int) -> None:
        for number in range(200):
            worker.submit(lambda number=number: done.append((thread, number)), 1, wait=True)  # type: ignore[misc]

    threads = [threading.Thread(target=hand_in, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worker.flush(SECONDS)
    for thread_number in range(4):
        assert [number for thread, number in done if thread == thread_number] == list(range(200))


def test_jobs_run_in_a_thread_of_their_own(make: Callable[..., BackgroundWorker]) -> None:
    names: list[str] = []
    worker = make()
    worker.submit(lambda: names.append(threading.current_thread().name), 0, wait=True)
    worker.flush(SECONDS)
    assert names == ["audio_logging"]


def test_no_thread_is_started_before_there_is_something_to_do(make: Callable[..., BackgroundWorker]) -> None:
    before = threading.active_count()
    worker = make()
    assert worker.flush()
    assert threading.active_count() == before


def test_a_full_queue_refuses_when_nobody_wants_to_wait(make: Callable[..., BackgroundWorker]) -> None:
    gate, worker = Gate(), make(max_bytes=1000 + 2 * JOB_BYTES)
    assert worker.submit(gate, 600, wait=False)
    assert not worker.submit(lambda: None, 600, wait=False)
    assert worker.submit(lambda: None, 400, wait=False)
    gate.opened.set()
    assert worker.flush(SECONDS)
    assert worker.submit(lambda: None, 600, wait=False)


def test_a_full_queue_makes_others_wait_until_there_is_room(make: Callable[..., BackgroundWorker]) -> None:
    gate, worker, taken = Gate(), make(max_bytes=1000), threading.Event()
    worker.submit(gate, 600, wait=True)

    def hand_in() -> None:
        if worker.submit(lambda: None, 600, wait=True):
            taken.set()

    thread = threading.Thread(target=hand_in)
    thread.start()
    assert not taken.wait(0.1)
    gate.opened.set()
    assert taken.wait(SECONDS)
    thread.join()


def test_a_job_larger_than_the_queue_is_taken_when_nothing_else_waits(make: Callable[..., BackgroundWorker]) -> None:
    worker, done = make(max_bytes=10), threading.Event()
    assert worker.submit(done.set, 10**6, wait=False)
    assert done.wait(SECONDS)


def test_many_small_jobs_fill_the_queue_too(make: Callable[..., BackgroundWorker]) -> None:
    gate, worker = Gate(), make(max_bytes=100 * JOB_BYTES)
    worker.submit(gate, 0, wait=False)
    taken = sum(worker.submit(lambda: None, 0, wait=False) for _ in range(1000))
    gate.opened.set()
    assert taken == 99


def test_a_job_may_hand_in_another_one_even_when_the_queue_is_full(make: Callable[..., BackgroundWorker]) -> None:
    worker, done = make(max_bytes=10), threading.Event()

    def job() -> None:
        worker.submit(done.set, 100, wait=True)

    worker.submit(job, 100, wait=True)
    assert done.wait(SECONDS)
    assert worker.flush(SECONDS)


def test_an_error_is_reported_and_the_next_job_runs(
    make: Callable[..., BackgroundWorker], errors: list[BaseException]
) -> None:
    worker, done = make(), threading.Event()
    worker.submit(lambda: 1 / 0, 0, wait=True)  # type: ignore[arg-type]
    worker.submit(done.set, 0, wait=True)
    assert worker.flush(SECONDS)
    assert done.is_set()
    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_the_thread_outlives_a_report_that_fails_itself() -> None:
    def fail(error: BaseException) -> None:
        raise RuntimeError("no") from error

    worker, done = BackgroundWorker(fail, lambda: False, max_bytes=1000), threading.Event()
    worker.submit(lambda: 1 / 0, 0, wait=True)  # type: ignore[arg-type]
    worker.submit(done.set, 0, wait=True)
    assert worker.flush(SECONDS)
    assert done.is_set()
    assert worker.close(SECONDS)


def test_a_flush_waits_for_what_was_handed_in_before_it_and_no_longer(make: Callable[..., BackgroundWorker]) -> None:
    gate, worker = Gate(), make()
    worker.submit(gate, 0, wait=True)
    assert not worker.flush(0.05)
    gate.opened.set()
    assert worker.flush(SECONDS)


def test_closing_runs_what_was_handed_in_and_takes_no_more(make: Callable[..., BackgroundWorker]) -> None:
    worker, done = make(), []
    for number in range(10):
        worker.submit(lambda number=number: done.append(number), 0, wait=True)  # type: ignore[misc]
    assert worker.close(SECONDS)
    assert done == list(range(10))
    assert not worker.submit(lambda: done.append(10), 0, wait=True)
    assert worker.close(SECONDS)
    assert "audio_logging" not in [thread.name for thread in threading.enumerate()]


def test_closing_lets_those_go_who_wait_for_room(make: Callable[..., BackgroundWorker]) -> None:
    gate, worker, answers = Gate(), make(max_bytes=10), []
    worker.submit(gate, 100, wait=True)
    thread = threading.Thread(target=lambda: answers.append(worker.submit(lambda: None, 100, wait=True)))
    thread.start()
    closing = threading.Thread(target=worker.close)
    closing.start()
    gate.opened.set()
    thread.join(SECONDS)
    closing.join(SECONDS)
    assert len(answers) == 1


def test_the_idle_task_runs_after_jobs_and_then_again_and_again_while_it_has_more_to_do(
    make: Callable[..., BackgroundWorker],
) -> None:
    rounds: list[float] = []

    def idle_task() -> bool:
        rounds.append(time.monotonic())
        return len(rounds) < 4

    worker = make(idle_task)
    worker.submit(lambda: None, 0, wait=True)
    worker.flush(SECONDS)
    deadline = time.monotonic() + SECONDS
    while len(rounds) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.15)
    assert len(rounds) == 4
    assert rounds[3] - rounds[0] > 0.1


def test_a_job_is_let_go_when_it_has_run(make: Callable[..., BackgroundWorker]) -> None:
    class Clip:
        pass

    clip, worker = Clip(), make()
    seen = weakref.ref(clip)
    worker.submit(lambda clip=clip: None, 0, wait=True)  # type: ignore[misc]
    del clip
    worker.flush(SECONDS)
    time.sleep(0.05)
    gc.collect()
    assert seen() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_takes_nothing_and_waits_for_nothing(make: Callable[..., BackgroundWorker]) -> None:
    gate, worker = Gate(), make()
    worker.submit(gate, 0, wait=True)
    gate.entered.wait(SECONDS)
    child = os.fork()
    if not child:
        took = worker.submit(lambda: None, 0, wait=True)
        os._exit(0 if not took and worker.flush() and worker.close() and not worker.is_ours else 1)
    _, status = os.waitpid(child, 0)
    gate.opened.set()
    assert os.waitstatus_to_exitcode(status) == 0
    assert worker.is_ours

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from audio_logging.dashboard.server.workers import EndingError, TooBusyError, Workers

PATIENCE = 10.0


class Client:
    """A client that stays until it is told to leave."""

    def __init__(self) -> None:
        self.left = asyncio.Event()
        self._asked = False

    async def __call__(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request"}
        await self.left.wait()
        return {"type": "http.disconnect"}


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers("test", threads=2, most_waiting=3)
    yield workers
    workers.close()


def test_work_is_done_in_few_threads_and_its_answer_or_error_comes_back(workers: Workers) -> None:
    names = set()

    def work(_gone: object) -> str:
        names.add(threading.current_thread().name)
        return "done"

    async def main() -> None:
        assert await asyncio.gather(*(workers.run(Client(), work) for _ in range(5))) == ["done"] * 5
        with pytest.raises(ZeroDivisionError, match="division"):
            await workers.run(Client(), lambda _gone: 1 / 0)
        assert await workers.do(lambda: 3) == 3

    asyncio.run(main())
    assert 1 <= len(names) <= 2
    assert all(name.startswith("audio-logging test") for name in names)


def test_more_than_can_wait_are_refused_and_there_is_room_again_later(workers: Workers) -> None:
    async def main() -> None:
        free = threading.Event()
        held = [asyncio.ensure_future(workers.run(Client(), lambda _gone: free.wait(PATIENCE))) for _ in range(5)]
        await asyncio.sleep(0)
        with pytest.raises(TooBusyError, match="ask again in a second"):
            await workers.run(Client(), lambda _gone: None)
        free.set()
        assert await asyncio.gather(*held) == [True] * 5
        await asyncio.sleep(0)
        await workers.run(Client(), lambda _gone: None)

    asyncio.run(main())


def until(gone: Callable[[], bool], seen: threading.Event) -> None:
    for _ in range(int(PATIENCE * 100)):
        if gone():
            seen.set()
            return
        threading.Event().wait(0.01)


def test_running_work_is_told_when_the_client_leaves(workers: Workers) -> None:
    async def main() -> bool:
        client, seen = Client(), threading.Event()
        asked = asyncio.ensure_future(workers.run(client, lambda gone: until(gone, seen)))
        await asyncio.sleep(0)
        client.left.set()
        with pytest.raises(ClientDisconnect):
            await asked
        return await asyncio.to_thread(seen.wait, PATIENCE)

    assert asyncio.run(main())


def test_waiting_work_of_a_client_that_left_is_never_begun(workers: Workers) -> None:
    async def main() -> None:
        free, begun = threading.Event(), threading.Event()
        held = [asyncio.ensure_future(workers.run(Client(), lambda _gone: free.wait(PATIENCE))) for _ in range(2)]
        client = Client()
        asked = asyncio.ensure_future(workers.run(client, lambda _gone: begun.set()))
        await asyncio.sleep(0)
        client.left.set()
        with pytest.raises(ClientDisconnect):
            await asked
        free.set()
        await asyncio.gather(*held)
        await workers.do(lambda: None)
        assert not begun.is_set()

    asyncio.run(main())


def test_nothing_is_taken_any_more_after_the_end(workers: Workers) -> None:
    async def main() -> None:
        workers.close()
        for asked in (workers.run(Client(), lambda _gone: None), workers.do(lambda: None)):
            with pytest.raises(EndingError):
                await asked

    asyncio.run(main())


def test_the_end_of_the_server_stops_what_runs(workers: Workers) -> None:
    async def main() -> bool:
        seen = threading.Event()
        asked = asyncio.ensure_future(workers.run(Client(), lambda gone: until(gone, seen)))
        await asyncio.sleep(0)
        workers.close()
        await asked
        return seen.is_set()

    assert asyncio.run(main())

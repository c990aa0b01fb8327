from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from audio_logging.dashboard.server import events
from audio_logging.dashboard.server.events import Changes


class Source:
    """What has a version, and tells of changes from another thread."""

    def __init__(self) -> None:
        self.version = 7
        self.callbacks: list[Callable[[int], None]] = []

    def subscribe(self, callback: Callable[[int], None], /) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def change(self, times: int = 1) -> None:
        def tell() -> None:
            for _ in range(times):
                self.version += 1
                for callback in tuple(self.callbacks):
                    callback(self.version)

        thread = threading.Thread(target=tell)
        thread.start()
        thread.join()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "APART", 0.01)


async def next_of(stream: AsyncIterator[str]) -> str:
    return await asyncio.wait_for(anext(stream), 10)


def test_a_page_hears_the_version_now_and_then_each_newer_one() -> None:
    async def main() -> None:
        source = Source()
        changes = Changes(source)
        changes.start()
        stream = changes.stream()
        assert await next_of(stream) == "retry: 1000\n\n"
        assert await next_of(stream) == 'event: change\ndata: {"version":7}\n\n'
        source.change()
        assert await next_of(stream) == 'event: change\ndata: {"version":8}\n\n'
        source.change(times=1000)
        assert await next_of(stream) == 'event: change\ndata: {"version":1008}\n\n'

    asyncio.run(main())


def test_a_quiet_stream_says_that_it_is_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "QUIET", 0.01)

    async def main() -> None:
        changes = Changes(Source())
        changes.start()
        stream = changes.stream()
        await next_of(stream), await next_of(stream)
        assert (await next_of(stream)).startswith(":")

    asyncio.run(main())


def test_many_pages_hear_each_change_and_all_streams_end_with_the_server() -> None:
    async def listen(changes: Changes) -> list[str]:
        return [line async for line in changes.stream()]

    async def main() -> None:
        source = Source()
        changes = Changes(source)
        changes.start()
        pages = [asyncio.ensure_future(listen(changes)) for _ in range(50)]
        await asyncio.sleep(0.1)
        assert changes.listeners == 50
        source.change()
        await asyncio.sleep(0.1)
        changes.close()
        heard = await asyncio.wait_for(asyncio.gather(*pages), 10)
        assert {tuple(lines) for lines in heard} == {
            ("retry: 1000\n\n", 'event: change\ndata: {"version":7}\n\n', 'event: change\ndata: {"version":8}\n\n')
        }
        assert changes.listeners == 0
        assert source.callbacks == []

    asyncio.run(main())


def test_a_page_that_leaves_is_forgotten_and_a_change_after_the_loop_is_no_error() -> None:
    source = Source()

    async def main() -> None:
        changes = Changes(source)
        changes.start()
        page = asyncio.ensure_future(next_but_one(changes))
        await page
        assert changes.listeners == 0

    async def next_but_one(changes: Changes) -> None:
        stream = changes.stream()
        await next_of(stream), await next_of(stream)
        await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(main())
    source.change()

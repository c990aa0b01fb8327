"""Connections to a server of its own, in this process."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPResponse
from pathlib import Path

import pytest

from audio_logging.dashboard.server import connections
from audio_logging.dashboard.server.connections import (
    MOST_CONNECTIONS,
    TURNS,
    ShortageNotice,
    most_connections,
    most_newcomers,
)
from audio_logging.dashboard.server.serving import Dashboard
from tests.dashboard.server.conftest import PATIENCE

ASK = b"GET /api/about HTTP/1.1\r\nHost: localhost\r\n\r\n"
SOON = 0.3
"""[s] That a request has in these tests."""

Connect = Callable[[], socket.socket]


@pytest.fixture
def dashboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dashboard]:
    monkeypatch.setattr(connections, "REQUEST_TIMEOUT", PATIENCE)
    with Dashboard([tmp_path], cache=tmp_path / "cache", with_token=False) as dashboard:
        yield dashboard


@pytest.fixture
def connect(dashboard: Dashboard) -> Iterator[Connect]:
    """``connect()`` opens a connection that is closed in the end."""
    port = int(dashboard.page.rstrip("/").rpartition(":")[2])
    with ExitStack() as opened:
        yield lambda: opened.enter_context(socket.create_connection((dashboard.bound, port), timeout=PATIENCE))


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch, dashboard: Dashboard) -> None:
    monkeypatch.setattr(connections, "REQUEST_TIMEOUT", SOON)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, dashboard: Dashboard) -> int:
    """There may be so many."""
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 3)
    return 3


def is_closed(connection: socket.socket) -> bool:
    """Wait until the other side ends it; what it still sent is passed over."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    except TimeoutError:
        return False
    return True


def is_open(connection: socket.socket) -> bool:
    """Whether a request is answered on it, now and as a whole."""
    connection.sendall(ASK)
    with HTTPResponse(connection) as answer:
        try:
            answer.begin()
        except ConnectionError:
            return False
        return (answer.status, answer.read()[:1]) == (200, b"{")


def listen(connection: socket.socket) -> None:
    connection.sendall(ASK.replace(b"/api/about", b"/events"))
    assert connection.recv(65536).startswith(b"HTTP/1.1 200")


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"\r\n"])
def test_who_asks_for_nothing_in_time_is_not_waited_for(connect: Connect, sent: bytes) -> None:
    connection = connect()
    connection.sendall(sent)
    assert is_closed(connection)


@pytest.mark.usefixtures("hurried")
def test_single_bytes_do_not_gain_time(connect: Connect) -> None:
    connection = connect()
    connection.settimeout(SOON / 4)
    for _ in range(20):
        try:
            connection.sendall(b"x")
        except (ConnectionResetError, BrokenPipeError):
            break
        if is_closed(connection):
            break
    else:
        pytest.fail("it is still open")


@pytest.mark.usefixtures("hurried")
def test_a_connection_is_kept_after_an_answer_until_the_next_request_begins(connect: Connect) -> None:
    connection = connect()
    assert is_open(connection)
    connection.settimeout(3 * SOON)
    assert not is_closed(connection)  # for as long as uvicorn keeps it
    assert is_open(connection)
    connection.sendall(ASK[:10])
    connection.settimeout(PATIENCE)
    assert is_closed(connection)


@pytest.mark.usefixtures("hurried")
def test_a_page_that_listens_is_not_asked_to_say_anything(connect: Connect) -> None:
    connection = connect()
    listen(connection)
    connection.settimeout(3 * SOON)
    assert not is_closed(connection)


@pytest.mark.usefixtures("hurried")
def test_two_requests_at_once_are_both_answered(connect: Connect) -> None:
    connection = connect()
    connection.sendall(ASK + ASK.replace(b"Host", b"Connection: close\r\nHost"))
    with connection.makefile("rb") as answers:
        assert answers.read().count(b"HTTP/1.1 200") == 2


def test_who_was_silent_for_longest_makes_room(connect: Connect, few: int) -> None:
    silent, used = connect(), connect()
    assert is_open(used)
    assert is_open(connect())
    assert is_open(connect())  # one too many
    assert is_closed(silent)
    assert is_open(used)


def test_who_does_not_take_the_answers_makes_room(connect: Connect, few: int) -> None:
    stalled = [connect() for _ in range(few)]
    for connection in stalled:
        connection.settimeout(SOON)
        with pytest.raises(TimeoutError):  # the server reads no more requests while their answers are not taken
            while True:
                connection.sendall(ASK.replace(b"/api/about", b"/web/main.js") * 100)
    end = time.monotonic() + PATIENCE
    while not is_open(connect()):  # the server may still be at the first answers
        assert time.monotonic() < end


def test_who_listens_stays_and_nobody_else_comes(connect: Connect, few: int) -> None:
    listening = [connect() for _ in range(few)]
    for connection in listening:
        listen(connection)
    assert is_closed(connect())
    listening.pop().close()
    for connection in listening:
        connection.settimeout(SOON)
        assert not is_closed(connection)


@pytest.mark.parametrize(
    ("files", "most"),
    [(1_000_000, MOST_CONNECTIONS), (4096, MOST_CONNECTIONS), (1024, 330), (256, 74), (128, 32), (20, 1)],
)
def test_there_are_far_fewer_connections_than_files(monkeypatch: pytest.MonkeyPatch, files: int, most: int) -> None:
    if sys.platform == "win32":
        pytest.skip("there is no such limit")
    monkeypatch.setattr("resource.getrlimit", lambda _: (files, files))
    assert most_connections() == most
    assert 1 <= most_newcomers() * TURNS <= max(most, TURNS)


@pytest.mark.parametrize(
    ("limits", "wanted"),
    [((256, -1), (4096, -1)), ((1024, 1_048_576), (4096, 1_048_576)), ((128, 500), (500, 500)), ((500, 500), None),
     ((10_000, 20_000), None), ((-1, -1), None)],
)  # fmt: skip
def test_the_limit_is_raised_as_far_as_it_may_be(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], wanted: tuple[int, int] | None
) -> None:
    if sys.platform == "win32":
        pytest.skip("there is no such limit")
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr("resource.RLIM_INFINITY", -1)
    monkeypatch.setattr("resource.getrlimit", lambda _: limits)
    monkeypatch.setattr("resource.setrlimit", lambda _, asking: asked.append(asking))
    connections.raise_file_limit()
    assert asked == ([] if wanted is None else [wanted])


def test_a_shortage_of_files_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(ShortageNotice())
    with caplog.at_level(logging.ERROR):
        for number in (errno.EMFILE, errno.ENFILE, errno.EMFILE):
            loop.call_exception_handler({"message": "accept", "exception": OSError(number, "Too many open files")})
    loop.close()
    assert caplog.messages == ["new connections have to wait until others end: Too many open files"]


def test_other_errors_of_the_loop_are_said_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(ShortageNotice())
    for _ in range(2):
        loop.call_exception_handler({"message": "a task failed", "exception": OSError(errno.EIO, "broken")})
        loop.call_exception_handler({"message": "something else"})
    loop.close()
    assert [message.partition("\n")[0] for message in caplog.messages] == ["a task failed", "something else"] * 2

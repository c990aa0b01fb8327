from __future__ import annotations

import socket

import pytest

from audio_logging.dashboard.server.listening import PortError, listen, page_address


def test_a_free_port_is_found_and_connections_wait_from_then_on() -> None:
    with listen("127.0.0.1", 0) as listening:
        host, port = listening.getsockname()
        assert (host, port > 0) == ("127.0.0.1", True)
        with socket.create_connection((host, port), timeout=10):
            pass


def test_answers_are_sent_at_once() -> None:
    """asyncio turns Nagle's algorithm off only where it sees that this is TCP; each answer would take 40 ms more."""
    with listen("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_localhost_is_what_its_printed_address_says() -> None:
    with listen("localhost", 0) as listening:
        assert listening.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "advice"),
    [
        ("192.0.2.1", "is no address of this machine; leave --host out for 127.0.0.1"),  # RFC 5737: nobody's
        ("no such host", "is no address of this machine; leave --host out for 127.0.0.1"),
    ],
)
def test_an_address_that_is_not_ours_is_said(host: str, advice: str) -> None:
    with pytest.raises(PortError, match=advice):
        listen(host, 0)


def test_a_port_in_use_is_said_with_what_to_type() -> None:
    with listen("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        with pytest.raises(
            PortError, match=f"^port {port} is in use by another program; type --port 0 for a free one$"
        ):
            listen("127.0.0.1", port)


def test_the_page_has_an_address_that_a_browser_takes() -> None:
    assert page_address("127.0.0.1", 8000) == "http://127.0.0.1:8000/"
    assert page_address("::1", 8000) == "http://[::1]:8000/"
    for every in ("0.0.0.0", "::"):
        assert page_address(every, 8000) == f"http://{socket.gethostname()}:8000/"

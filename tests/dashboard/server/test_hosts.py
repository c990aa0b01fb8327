from __future__ import annotations

import socket

import pytest

from audio_logging.dashboard.server.hosts import HostNames, is_any_address, is_loopback, without_brackets
from audio_logging.errors import AudioValueError


@pytest.mark.parametrize("header", ["127.0.0.1", "127.0.0.1:80", "localhost:1", "LOCALHOST:1", "[::1]:8000", "[::1]"])
def test_the_names_of_this_machine_are_taken(header: str) -> None:
    assert HostNames("127.0.0.1").takes(header)


@pytest.mark.parametrize(
    "header",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "", ":80",
     "127.0.0.1:80:80",
     "user@127.0.0.1", "127.0.0.1/evil", "127.0.0.1, evil.example", "localhost:abc", "10.0.0.1", "2130706433",
     "127.0.0.1\x00", "127.0.0.1 ", "\u0661.0.0.1", "[::1", "::1", "localhost.", "0.0.0.0"],
)  # fmt: skip
def test_other_names_are_refused(header: str) -> None:
    assert not HostNames("127.0.0.1").takes(header)


def test_names_that_the_user_allows_are_taken_with_any_port() -> None:
    hosts = HostNames("127.0.0.1", ["Hub.Example.org", "fe80::1"])
    assert hosts.takes("hub.example.org")
    assert hosts.takes("HUB.example.org:8443")
    assert hosts.takes("[fe80::1]:8443")
    assert not hosts.takes("x.hub.example.org")


def test_on_all_addresses_every_bare_address_and_the_own_name_are_taken_but_no_other_name() -> None:
    hosts = HostNames("0.0.0.0")
    assert hosts.takes("10.1.2.3:8000")
    assert hosts.takes("[fe80::1]:8000")
    assert hosts.takes(f"{socket.gethostname()}:8000")
    assert not hosts.takes("evil.example:8000")


def test_a_name_and_the_address_that_it_is_are_both_taken() -> None:
    hosts = HostNames("Box", bound="192.0.2.7")
    assert hosts.takes("box:8000") and hosts.takes("192.0.2.7:8000")
    assert not hosts.takes("192.0.2.8:8000")


def test_all_addresses_may_be_written_in_other_ways() -> None:
    hosts = HostNames("0", bound="0.0.0.0")
    assert hosts.takes("10.1.2.3:8000")
    assert not hosts.takes("evil.example:8000")


@pytest.mark.parametrize(
    "name", ["", "http://hub.example.org", "hub.example.org/user", "a b", "h\u00e4b.example.org", "*"]
)
def test_an_allowed_host_that_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(AudioValueError, match="--allowed-host"):
        HostNames("127.0.0.1", [name])


@pytest.mark.parametrize(
    ("origin", "host", "own"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("http://LOCALHOST:9000", "localhost:9000", True),
        ("http://127.0.0.1:9999", "127.0.0.1:8000", False),
        ("http://localhost:8000", "127.0.0.1:8000", False),
        ("https://hub.example.org", "127.0.0.1:8000", True),
        ("https://hub.example.org:8443", "hub.example.org", True),
        ("https://hub.example.org.evil.example", "hub.example.org", False),
        ("https://evil.example", "hub.example.org", False),
        ("null", "127.0.0.1:8000", False),
        ("", "127.0.0.1:8000", False),
        ("file://", "127.0.0.1:8000", False),
        ("file://127.0.0.1:8000", "127.0.0.1:8000", False),
        ("http://[", "127.0.0.1:8000", False),
        ("http://user@127.0.0.1:8000", "127.0.0.1:8000", False),
    ],
)
def test_an_origin_is_ours_when_it_is_where_the_request_goes_or_a_name_allowed(
    origin: str, host: str, own: bool
) -> None:
    assert HostNames("127.0.0.1", ["hub.example.org"]).takes_origin(origin, host) is own


@pytest.mark.parametrize(
    ("bound", "loopback"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("::ffff:127.0.0.1", True),
     ("0.0.0.0", False), ("::", False), ("192.0.2.1", False), ("::ffff:192.0.2.1", False), ("box", False)],
)  # fmt: skip
def test_loopback_addresses_are_known(bound: str, loopback: bool) -> None:
    assert is_loopback(bound) is loopback


@pytest.mark.parametrize(
    ("bound", "every"),
    [("0.0.0.0", True), ("::", True), ("::ffff:0.0.0.0", True), ("127.0.0.1", False), ("::1", False), ("box", False)],
)
def test_the_address_that_means_all_is_known(bound: str, every: bool) -> None:
    assert is_any_address(bound) is every


@pytest.mark.parametrize(
    ("given", "host"), [("[::1]", "::1"), ("::1", "::1"), ("127.0.0.1", "127.0.0.1"), ("box", "box"), ("[", "[")]
)
def test_brackets_are_part_of_a_pages_address_alone(given: str, host: str) -> None:
    assert without_brackets(given) == host

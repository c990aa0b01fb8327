from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from audio_logging.dashboard.server.access import Access

PAGE = "http://127.0.0.1:8000/"


def token_in(address: str) -> str:
    return parse_qs(urlsplit(address).query)["token"][0]


def test_every_server_has_a_token_of_its_own_that_nobody_guesses() -> None:
    tokens = {Access(8000).token for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}  # 32 bytes in base 64


def test_the_printed_address_opens_again_and_again() -> None:
    access = Access(8000)
    token = token_in(access.address(PAGE))
    assert access.takes_token(token)
    assert access.takes_token(token)


def test_the_address_for_a_browsers_command_line_opens_once() -> None:
    access = Access(8000)
    ticket = token_in(access.one_time_address(PAGE))
    assert ticket != access.token
    assert not access.takes_cookies(f"audio_logging_8000={ticket}")
    assert access.takes_token(ticket)
    assert not access.takes_token(ticket)


def test_old_tickets_are_forgotten() -> None:
    access = Access(8000)
    tickets = [token_in(access.one_time_address(PAGE)) for _ in range(40)]
    assert [access.takes_token(ticket) for ticket in tickets] == [False] * 24 + [True] * 16


@pytest.mark.parametrize("token", ["", "x", "\u00e4", "\ud800", "A" * 10_000])
def test_other_tokens_are_refused(token: str) -> None:
    access = Access(8000)
    assert not access.takes_token(token)
    assert not access.takes_token(access.token + token + "x")
    assert not access.takes_token(access.token[:-1] + token[:0])


def test_the_cookie_is_found_among_others_and_knows_its_port() -> None:
    access = Access(8000)
    cookie = access.cookie().partition(";")[0]
    assert cookie == f"audio_logging_8000={access.token}"
    assert access.takes_cookies(cookie)
    assert access.takes_cookies(f"a=b; {cookie}; c")
    assert access.takes_cookies(f"audio_logging_8000=old; {cookie}")
    assert not access.takes_cookies("")
    assert not access.takes_cookies("audio_logging_8000=")
    assert not access.takes_cookies(cookie.replace("8000", "8001"))


def test_scripts_cannot_read_the_cookie_other_sites_do_not_send_it_and_it_keeps_to_the_pages_folder() -> None:
    assert Access(8000).cookie().split("; ")[1:] == ["HttpOnly", "SameSite=Strict"]


def test_without_a_token_everybody_may_listen() -> None:
    access = Access(8000, with_token=False)
    assert access.address(PAGE) == access.one_time_address(PAGE) == PAGE
    assert access.takes_cookies("")

"""Who gets in, and under which name."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Route

from audio_logging.dashboard.server.app import ROUTES
from tests.dashboard.server.conftest import PAGE, Serve, Served

ADDRESSES = [route.path.replace("{id}", "0" * 16).replace("{name}", "main.js") for route in ROUTES]
PARTS = [address for address in ADDRESSES if address != "/"]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def test_the_printed_address_is_the_page_itself_and_leaves_a_cookie(outside: Served) -> None:
    answer = outside.enter()
    assert answer.status_code == 200
    assert "<title>" in answer.text
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"audio_logging_8000=[A-Za-z0-9_-]{43}; HttpOnly; SameSite=Strict", cookie)
    assert outside.get("/").status_code == 200  # by the cookie
    assert "set-cookie" not in outside.get("/").headers


@pytest.mark.parametrize("address", ["/", "/?token=", "/?token=wrong", "/?other=1", "/?token=%00%ff"])
def test_without_its_token_the_page_says_what_to_do(outside: Served, address: str) -> None:
    answer = outside.get(address)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "that audio-logging view printed in the terminal" in answer.text
    assert "set-cookie" not in answer.headers
    assert "<script" not in answer.text and "style=" not in answer.text


@pytest.mark.parametrize("address", PARTS)
def test_nothing_else_is_told_without_the_cookie_not_even_with_the_token(outside: Served, address: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        answer = outside.client.request(method, f"{address}?token={outside.access.token}", headers={"Origin": PAGE})
        assert answer.status_code == 403
        assert method == "HEAD" or "the token is missing" in answer.json()["error"]


@pytest.mark.parametrize(
    "cookie", ["audio_logging_8000=wrong", "audio_logging_8001={token}", "token={token}", "{token}"]
)
def test_a_wrong_cookie_is_none(outside: Served, cookie: str) -> None:
    headers = {"Cookie": cookie.format(token=outside.access.token)}
    assert outside.get("/api/about", headers=headers).status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "", "10.0.0.1", "localhost:x"])
@pytest.mark.parametrize("address", ["/", "/api/runs", "/nothing"])
def test_other_names_get_no_answer_even_with_the_token(served: Served, host: str, address: str) -> None:
    answer = served.get(f"{address}?token={served.access.token}", headers={"Host": host})
    assert answer.status_code == 400
    assert "--allowed-host" in answer.json()["error"]
    assert answer.headers["content-security-policy"] == POLICY


def test_a_request_with_two_names_or_none_is_refused(served: Served) -> None:
    for hosts in ([("Host", "127.0.0.1"), ("Host", "evil.example")],):
        answer = served.get("/api/runs", headers=hosts)
        assert answer.status_code == 400


@pytest.mark.parametrize(
    "host", ["localhost:9000", "127.0.0.1", "[::1]:8000", "hub.example.org", "HUB.example.org:443"]
)
def test_own_and_allowed_names_with_any_port_are_answered(serve: Serve, host: str) -> None:
    served = serve(allowed=("hub.example.org",))
    cookie = served.access.cookie().partition(";")[0]
    assert served.get("/api/about", headers={"Host": host, "Cookie": cookie}).status_code == 200


@pytest.mark.parametrize("address", [*ADDRESSES, "/nothing", "/web/nothing.js", "/?token=wrong", "/api/clips?limit=-1"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS", "TRACE", "BREW"])
def test_every_answer_has_the_headers_that_protect_it(served: Served, address: str, method: str) -> None:
    if address == "/events" and method == "GET":
        pytest.skip("has no end; asked in test_live_server.py")
    headers = served.client.request(method, address).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"])
@pytest.mark.parametrize("address", ["/", "/api/clips", "/nothing"])
def test_other_methods_are_refused(served: Served, method: str, address: str) -> None:
    answer = served.client.request(method, address)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.methods != {"POST"}], ids=lambda route: route.path
)
def test_what_is_read_cannot_be_posted_to(served: Served, route: Route) -> None:
    answer = served.client.post(route.path, headers={"Origin": PAGE})
    assert answer.status_code == 405
    assert "error" in answer.json()


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("address", PARTS)
def test_pages_of_others_get_nothing_whatever_cookies_they_bring(served: Served, address: str, site: str) -> None:
    answer = served.get(address, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert "only the dashboard's own page" in answer.json()["error"]


def test_a_link_from_elsewhere_is_asked_to_come_again_from_here(outside: Served) -> None:
    """A strict cookie does not come along from another site; a page of ours that reloads itself brings it."""
    following = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    answer = outside.get("/", headers=following)
    assert (answer.status_code, '<script src="again.js">' in answer.text) == (403, True)
    again = outside.get("/", headers={**following, "Sec-Fetch-Site": "same-origin"})
    assert (again.status_code, "<script" in again.text) == (403, False)
    framed = outside.get("/", headers={**following, "Sec-Fetch-Dest": "iframe"})
    assert (framed.status_code, "<script" in framed.text) == (403, False)


def test_the_script_that_comes_again_is_only_for_who_may_come_in(outside: Served) -> None:
    assert outside.get("/again.js").status_code == 403
    outside.enter()
    script = outside.get("/again.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert "location.reload()" in script.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://localhost:8000"},
        {"Origin": PAGE, "Sec-Fetch-Site": "cross-site"},
        {"Origin": PAGE, "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Referer": f"{PAGE}/"},
    ],
)
def test_only_the_own_page_changes_something(served: Served, headers: dict[str, str]) -> None:
    clip = served.rows()[0]["id"]
    answer = served.client.post(f"/api/notes/{clip}", json={"star": True}, headers=headers)
    assert answer.status_code == 403
    assert served.json("/api/notes") == {}


def test_a_proxy_may_have_another_origin_if_its_name_is_allowed(serve: Serve) -> None:
    served = serve(allowed=("hub.example.org",))
    served.enter()
    clip = served.rows()[0]["id"]
    assert served.post(clip, {"star": True}, Origin="https://hub.example.org").status_code == 200
    assert served.post(clip, {"star": True}, Origin="https://evil.example").status_code == 403


@pytest.mark.parametrize(
    ("prefix", "header"),
    [
        ("/user/x/proxy/8000", "X-Forwarded-Prefix"),
        ("/user/x/proxy/8000/", "X-Forwarded-Context"),
        ("", "X-Forwarded-Prefix"),
    ],
)
def test_a_prefix_is_taken_off_where_the_proxy_says_it(served: Served, prefix: str, header: str) -> None:
    assert served.get(f"{prefix.rstrip('/')}/api/about", headers={header: prefix}).status_code == 200
    assert served.get("/api/about", headers={header: prefix}).status_code == 200  # it was taken off before


@pytest.mark.parametrize("prefix", ["/api", "/media", "/web", "/a"])
def test_a_prefix_may_be_called_as_a_part_of_ours(served: Served, prefix: str) -> None:
    headers = {"X-Forwarded-Prefix": prefix}
    for address in ("/", "/api/about", "/web/main.js", f"/media/{served.rows()[0]['id']}"):
        assert served.get(address, headers=headers).status_code == 200
        assert served.get(prefix + address, headers=headers).status_code == 200


@pytest.mark.parametrize("query", ["", "?token=abc&x=%2F"])
def test_the_page_without_its_slash_leads_to_the_one_with(served: Served, query: str) -> None:
    answer = served.get(f"/user/x/proxy/8000{query}", headers={"X-Forwarded-Prefix": "/user/x/proxy/8000"})
    assert (answer.status_code, answer.headers["location"]) == (307, f"./8000/{query}")


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "/http:%2f%2fevil.example"])
def test_no_address_leads_to_another_site(served: Served, path: str) -> None:
    answer = served.get(PAGE + path, headers={"X-Forwarded-Prefix": path})
    assert answer.status_code in (307, 404)
    assert answer.headers.get("location", "./").startswith("./")


def test_very_long_parameters_are_refused(served: Served) -> None:
    answer = served.get(f"/api/clips?q={'x' * 64_000}")
    assert answer.status_code == 400
    assert "ask for less at once" in answer.json()["error"]


def test_what_fails_inside_is_told_to_the_terminal_only(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(served.service.catalog, "runs", fail)
    answer = served.get("/api/runs")
    assert answer.status_code == 500
    assert answer.json() == {"error": "the server failed; what is printed in its terminal says why"}
    assert answer.headers["content-security-policy"] == POLICY
    assert "a secret" in caplog.text

"""What an attacker sends to the real process: other hosts, other paths, links, forged posts, odd ranges."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import MakeView
from .view import View

SECRET = b"the secret of another file"


def raw(view: View, target: str, *, host: str | None = None, headers: str = "") -> bytes:
    """Send a request as it stands: clients tidy up what an attacker would not."""
    with socket.create_connection(("127.0.0.1", view.port), timeout=30) as link:
        host = f"127.0.0.1:{view.port}" if host is None else host
        link.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n".encode("latin-1"))
        answer = bytearray()
        while part := link.recv(65536):
            answer += part
    return bytes(answer)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def cookie(view: View) -> str:
    jar = view.sign_in().cookies
    return "Cookie: " + "; ".join(f"{name}={value}" for name, value in jar.items()) + "\r\n"


def stranger(view: View) -> httpx.Client:
    """Somebody on the same machine who knows the port, and nothing else."""
    return httpx.Client(base_url=view.base, trust_env=False)


@pytest.fixture
def exact(study: View) -> dict[str, Any]:
    return study.row(key="exact/wav")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost@evil.example"]
)
@pytest.mark.parametrize("path", ["/", "/api/runs", "/media/{id}", "/web/main.js"])
def test_another_host_gets_nothing(study: View, exact: dict[str, Any], host: str, path: str) -> None:
    answer = raw(study, path.format(**exact), host=host, headers=cookie(study))
    assert 400 <= status(answer) < 500
    assert b"RIFF" not in answer and b"import " not in answer and b"first try" not in answer


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}"])
def test_this_machine_is_served_by_its_names(study: View, host: str) -> None:
    assert status(raw(study, "/api/runs", host=host.format(port=study.port), headers=cookie(study))) == 200


def test_an_allowed_host_is_served_and_only_that(make_view: MakeView, study: View, tmp_path: Path) -> None:
    view = make_view(tmp_path, options=("--allowed-host", "hub.example"))
    assert status(raw(view, "/api/runs", host="hub.example", headers=cookie(view))) == 200
    assert status(raw(view, "/api/runs", host="evil.example", headers=cookie(view))) >= 400


@pytest.mark.parametrize("path", ["", "api/about", "api/runs", "api/clips", "api/facets", "media/{id}", "events"])
def test_without_token_or_cookie_there_is_no_way_in(study: View, exact: dict[str, Any], path: str) -> None:
    with stranger(study) as client:
        answer = client.get(path.format(**exact))
        assert answer.status_code == 403
        assert study.token not in answer.text
        wrong = client.get(path.format(**exact), params={"token": study.token[:-1] + "x"})
        assert wrong.status_code == 403
        assert not client.cookies


def test_the_token_becomes_a_strict_cookie_that_scripts_cannot_read(study: View) -> None:
    with stranger(study) as client:
        answer = client.get("", params={"token": study.token})
    assert answer.status_code == 200
    header = answer.headers["set-cookie"].lower()
    assert "httponly" in header and "samesite=strict" in header
    assert len(study.token) >= 22  # 128 bits in base64
    assert study.token not in answer.text


def test_two_dashboards_on_one_machine_do_not_take_each_others_cookies(
    make_view: MakeView, study: View, tmp_path: Path
) -> None:
    other = make_view(tmp_path)
    assert status(raw(other, "/api/runs", headers=cookie(study))) == 403
    with stranger(study) as client:  # browsers keep one jar for all ports of a host
        client.get("", params={"token": study.token})
        assert httpx.get(other.url, cookies=dict(client.cookies), trust_env=False).status_code == 200
        assert set(client.cookies) != set(other.sign_in().cookies)


PATHS = (
    "/web/../../../../../../../../etc/passwd",
    "/web/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/web/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/web/....//....//....//etc/passwd",
    "/web//etc/passwd",
    "/web/..\\..\\..\\etc\\passwd",
    "/web/../stored_file.py",
    "/web/%2e%2e/stored_file.py",
    "/web/main.js%00.css",
    "/web/",
    "/web",
    "/media/../../etc/passwd",
    "/media/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/media//etc/passwd",
    "/media/etc/passwd",
    "/media/'%20OR%201=1--",
    "/media/%00",
    "/spectrogram/../../etc/passwd",
    "/api/clip/../../etc/passwd",
    "//etc/passwd",
    "/etc/passwd",
    "http://evil.example/",
)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_leads_out_of_nothing(study: View, path: str) -> None:
    answer = raw(study, path, headers=cookie(study))
    assert status(answer) in (400, 403, 404)
    assert b"root:" not in answer and b"class StoredFile" not in answer
    assert b"Traceback" not in answer and b"/site-packages/" not in answer


BAD_PARAMETERS = (
    "api/clips?limit=1000000",
    "api/clips?limit=-1",
    "api/clips?limit=x",
    "api/clips?offset=-1",
    "api/clips?offset=99999999999999999999999",
    "api/clips?sort='%3BDROP TABLE clips",
    "api/clips?where=level:gt:x",
    "api/clips?where=level%3Bdrop:gt:1",
    "api/clips?step=x",
    "api/clips?nonsense=1",
    "api/clips?q=" + "x" * 30_000,
    "api/peaks?n=0&id=x",
    "api/peaks?n=100000&id=x",
    "api/peaks?" + "&".join(f"id={number}" for number in range(101)),
    "spectrogram/{id}?width=100000",
    "spectrogram/{id}?height=0",
    "spectrogram/{id}?scale=cubist",
    "spectrogram/{id}?colours=../x",
    "spectrogram/{id}?window=100",
    "spectrogram/{id}?start=nan",
    "spectrogram/{id}?channel=99",
)


@pytest.mark.parametrize("path", BAD_PARAMETERS)
def test_a_parameter_out_of_bounds_is_refused_with_advice(study: View, exact: dict[str, Any], path: str) -> None:
    answer = study.sign_in().get(path.format(**exact))
    assert answer.status_code in (400, 404, 414), answer.text[:300]
    if answer.status_code == 400 and answer.headers["content-type"].startswith("application/json"):
        assert set(answer.json()) == {"error"} and len(answer.json()["error"]) < 1000


def forged(view: View, exact: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"Origin": "http://evil.example"},
        {"Origin": f"http://127.0.0.1:{view.port + 1}"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:1"},
    ]


def test_a_note_from_another_site_is_refused(make_view: MakeView, study: View, exact: dict[str, Any]) -> None:
    for headers in forged(study, exact):
        answer = study.sign_in().post(
            f"api/notes/{exact['id']}", json={"star": True, "text": "forged"}, headers=headers
        )
        assert answer.status_code == 403, headers
    assert exact["id"] not in study.get("api/notes")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST"])
@pytest.mark.parametrize("path", ["", "api/clips", "media/{id}", "web/main.js"])
def test_nothing_else_is_written_or_answered_across_sites(
    study: View, exact: dict[str, Any], method: str, path: str
) -> None:
    answer = study.sign_in().request(method, path.format(**exact), headers={"Origin": "http://evil.example"})
    assert answer.status_code in (403, 404, 405)
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["", "web/main.js", "api/runs", "media/{id}", "spectrogram/{id}", "api/clip/no"])
def test_every_answer_is_locked_down(study: View, exact: dict[str, Any], path: str) -> None:
    headers = study.sign_in().get(path.format(**exact)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http:" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "uvicorn" not in headers.get("server", "")


@pytest.fixture
def linked(make_view: MakeView, write_study: Callable[[str], Path], tmp_path: Path) -> tuple[View, Path]:
    """A run in which files and folders are links to what does not belong to it."""
    runs = write_study("hostile")
    [run] = runs.glob("offline-run-*")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.wav").write_bytes(SECRET)
    clips = sorted((run / "files" / "media").rglob("*.flac"))
    clips[0].unlink()
    clips[0].symlink_to(outside / "secret.wav")
    clips[1].unlink()
    clips[1].symlink_to("/etc/passwd")
    clips[2].unlink()
    clips[2].mkdir()
    sidecar = run / "files" / "audio_logging" / "index.jsonl"
    paths = (
        "../../../../../../etc/passwd",
        "/etc/passwd",
        "media/../../../x",
        str(outside / "secret.wav"),
        "\\\\evil\\x",
    )
    for number, path in enumerate(paths):
        line = json.dumps({"key": "outside", "step": number, "index": 0, "path": path}) + "\n"
        sidecar.write_text(sidecar.read_text(encoding="utf-8") + line, encoding="utf-8")
    view = make_view(runs)
    view.wait_indexed(1)
    return view, outside


def test_links_and_paths_out_of_the_run_are_never_followed(linked: tuple[View, Path]) -> None:
    view, _ = linked
    rows = view.rows()
    refused = [row for row in rows if row.get("missing")]
    assert len(refused) >= 8
    for row in rows:
        for path in (f"media/{row['id']}", f"api/peaks?id={row['id']}&n=8", f"spectrogram/{row['id']}"):
            answer = view.sign_in().get(path)
            assert SECRET not in answer.content and b"root:" not in answer.content
            if row.get("missing") and not path.startswith("api/peaks"):
                assert answer.status_code == 404
    assert len(refused) < len(rows)


def test_a_file_that_becomes_a_link_later_is_not_followed(linked: tuple[View, Path]) -> None:
    view, outside = linked
    row = next(row for row in view.rows() if not row.get("missing"))
    assert view.sign_in().get(f"media/{row['id']}").status_code == 200
    [run] = Path(view.paths[0]).glob("offline-run-*")
    for clip in (run / "files" / "media").rglob("*.flac"):
        if clip.is_file() and not clip.is_symlink():
            clip.unlink()
            clip.symlink_to(outside / "secret.wav")
    answer = view.sign_in().get(f"media/{row['id']}")
    assert answer.status_code == 404
    assert SECRET not in answer.content


WHOLE = (200, None)


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=0-99", slice(0, 100)),
        ("bytes=100-", slice(100, None)),
        ("bytes=-1", slice(-1, None)),
        ("bytes=-100", slice(-100, None)),
        ("bytes=-999999999", slice(None)),
        ("bytes=0-999999999", slice(None)),
        ("bytes=44-44", slice(44, 45)),
    ],
)
def test_a_range_is_exactly_these_bytes(study: View, exact: dict[str, Any], header: str, wanted: slice) -> None:
    client = study.sign_in()
    whole = client.get(f"media/{exact['id']}")
    assert (whole.status_code, len(whole.content)) == (200, exact["size"])
    assert whole.headers["accept-ranges"] == "bytes"
    part = client.get(f"media/{exact['id']}", headers={"Range": header})
    assert part.status_code == 206
    assert part.content == whole.content[wanted]
    found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", part.headers["content-range"])
    assert found
    first, last, size = map(int, found.groups())
    assert (last - first + 1, size) == (len(part.content), exact["size"])
    assert int(part.headers["content-length"]) == len(part.content)


@pytest.mark.parametrize("header", ["bytes={size}-", "bytes=999999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_416(study: View, exact: dict[str, Any], header: str) -> None:
    answer = study.sign_in().get(f"media/{exact['id']}", headers={"Range": header.format(**exact)})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{exact['size']}"


ODD = (
    "bytes=",
    "bytes=-",
    "bytes=x-y",
    "bytes=5-4",
    "items=0-1",
    "0-1",
    "bytes=0-1,",
    "bytes=" + "0-0," * 5000 + "0-0",
)


@pytest.mark.parametrize("header", ODD)
def test_an_odd_range_is_passed_over_or_refused(study: View, exact: dict[str, Any], header: str) -> None:
    answer = study.sign_in().get(f"media/{exact['id']}", headers={"Range": header})
    assert answer.status_code in (200, 206, 400, 416, 431)
    assert len(answer.content) <= exact["size"] + 1000


def test_a_range_of_a_file_that_changed_is_the_whole_file(study: View, exact: dict[str, Any]) -> None:
    client, path = study.sign_in(), f"media/{exact['id']}"
    tag = client.get(path).headers["etag"]
    assert client.get(path, headers={"Range": "bytes=0-9", "If-Range": tag}).status_code == 206
    assert client.get(path, headers={"Range": "bytes=0-9", "If-Range": '"other"'}).status_code == 200
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


def test_a_clip_is_told_without_its_bytes(study: View, exact: dict[str, Any]) -> None:
    answer = study.sign_in().head(f"media/{exact['id']}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == exact["size"]
    assert "immutable" in answer.headers["cache-control"]

"""The bytes of clips."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
import soundfile
from starlette.types import Message

from audio_logging.dashboard.catalog.catalog import Catalog
from audio_logging.dashboard.server.media import BLOCK, FileAnswer
from audio_logging.dashboard.server.workers import Workers
from audio_logging.dashboard.stored_file import StoredFile
from tests.dashboard.server.conftest import Served


@pytest.fixture
def row(served: Served) -> dict[str, Any]:
    return served.rows("key=long")[0]


@pytest.fixture
def content(served: Served, row: dict[str, Any]) -> bytes:
    return Path(served.service.catalog.stored(row["id"]).path).read_bytes()


@pytest.fixture
def address(row: dict[str, Any]) -> str:
    return f"/media/{row['id']}"


def test_a_clip_is_sent_whole(served: Served, row: dict[str, Any], address: str, content: bytes) -> None:
    answer = served.get(address)
    assert (answer.status_code, answer.content) == (200, content)
    assert hashlib.sha256(answer.content).hexdigest() == row["sha256"]
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["content-disposition"].startswith('inline; filename="')
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(("subtype", "dtype"), [("PCM_S8", "int16"), ("PCM_16", "int16"), ("PCM_24", "int32")])
def test_flac_is_played_as_wav_and_downloaded_as_it_is(
    subtype: str, dtype: str, served: Served, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = tmp_path / "clip.flac"
    soundfile.write(stored, np.random.default_rng(0).uniform(-1, 1, (8000, 2)), 16000, subtype=subtype)
    use(served, stored, monkeypatch)
    played = served.get(address)
    assert played.headers["content-type"] == "audio/wav"
    assert int(played.headers["content-length"]) == len(played.content)
    samples, rate = soundfile.read(io.BytesIO(played.content), dtype=dtype)
    assert rate == 16000
    assert np.array_equal(samples, soundfile.read(stored, dtype=dtype)[0])
    part = served.get(address, headers={"Range": "bytes=40-"})
    assert (part.status_code, part.content) == (206, played.content[40:])
    downloaded = served.get(f"{address}?download=1")
    assert (downloaded.headers["content-type"], downloaded.content) == ("audio/flac", stored.read_bytes())
    assert downloaded.headers["etag"] != played.headers["etag"]


@pytest.mark.parametrize("keep", [4, 60, 5000])
def test_damaged_flac_is_left_to_the_browser(
    keep: int, served: Served, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = tmp_path / "clip.flac"
    soundfile.write(stored, np.random.default_rng(0).uniform(-1, 1, 8000), 16000)
    stored.write_bytes(stored.read_bytes()[:keep])
    use(served, stored, monkeypatch)
    assert served.get(address).content == stored.read_bytes()


def test_long_flac_is_sent_as_it_is(
    served: Served, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = tmp_path / "clip.flac"
    soundfile.write(stored, np.zeros(5_000_000), 48000)
    use(served, stored, monkeypatch)
    assert served.get(address).content == stored.read_bytes()


def use(served: Served, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = StoredFile(path=str(path), content="some", format="flac", name="clip.flac")
    monkeypatch.setattr(served.service.catalog, "stored", lambda _: stored)


def test_a_download_has_a_name(served: Served, address: str) -> None:
    header = served.get(f"{address}?download=1").headers["content-disposition"]
    assert header.startswith('attachment; filename="') and header.endswith('.wav"')


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [("0-0", 0, 1), ("0-1", 0, 2), ("1-", 1, None), ("-1", -1, None), ("100000-400000", 100_000, 400_001),
     ("0-99999999999999999999", 0, None), ("-99999999999999", 0, None)],
)  # fmt: skip
def test_a_range_is_that_part(
    served: Served, address: str, content: bytes, wanted: str, start: int, stop: int | None
) -> None:
    answer = served.get(address, headers={"Range": f"bytes={wanted}"})
    part = content[start:stop]
    first = start % len(content)
    assert (answer.status_code, answer.content) == (206, part)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(part) - 1}/{len(content)}"
    assert answer.headers["content-length"] == str(len(part))


def test_the_last_byte_and_the_one_behind_it(served: Served, address: str, content: bytes) -> None:
    size = len(content)
    last = served.get(address, headers={"Range": f"bytes={size - 1}-{size + 5}"})
    assert (last.status_code, last.content) == (206, content[-1:])
    behind = served.get(address, headers={"Range": f"bytes={size}-"})
    assert (behind.status_code, behind.headers["content-range"]) == (416, f"bytes */{size}")
    assert "past the end" in behind.json()["error"]


@pytest.mark.parametrize(
    "wanted", ["bytes=5-4", "bytes=x", "bytes=", "lines=0-1", "bytes=0-1,4-5", "bytes=0-1, -1", ""]
)
def test_what_is_no_single_range_gets_the_whole(served: Served, address: str, content: bytes, wanted: str) -> None:
    answer = served.get(address, headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (200, content)


def test_a_part_is_only_sent_to_who_has_the_same_version(served: Served, address: str, content: bytes) -> None:
    now = served.get(address).headers
    for known, status in [(now["etag"], 206), (now["last-modified"], 206), ('"other"', 200), (f"W/{now['etag']}", 200),
                          ("Thu, 01 Jan 1970 00:00:00 GMT", 200)]:  # fmt: skip
        assert served.get(address, headers={"Range": "bytes=0-1", "If-Range": known}).status_code == status


def test_who_has_it_already_is_not_sent_it_again(served: Served, address: str) -> None:
    etag = served.get(address).headers["etag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', f'W/"a,b" ,{etag}', "*"):
        answer = served.get(address, headers={"If-None-Match": known, "Range": "bytes=0-1"})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize("known", ['"other"', "{tag}", '"x{tag}"', '"other" {etag}', "x{etag}", '*, "other"', ""])
def test_who_has_another_version_is_sent_this_one(served: Served, address: str, content: bytes, known: str) -> None:
    etag = served.get(address).headers["etag"]
    answer = served.get(address, headers={"If-None-Match": known.format(etag=etag, tag=etag.strip('"'))})
    assert (answer.status_code, answer.content) == (200, content)


def test_versions_may_be_told_in_several_headers(served: Served, address: str) -> None:
    etag = served.get(address).headers["etag"]
    headers = [("If-None-Match", '"other"'), ("If-None-Match", etag)]
    assert served.get(address, headers=headers).status_code == 304


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}])
def test_head_tells_the_same_without_the_bytes(served: Served, address: str, headers: dict[str, str]) -> None:
    head, get = served.client.head(address, headers=headers), served.get(address, headers=headers)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers == get.headers


@pytest.mark.parametrize(
    "path",
    ["/media/nothing", "/media/", "/media/0000000000000000", "/media/..%2f..%2f..%2fetc%2fpasswd",
     "/media/%2fetc%2fpasswd",
     "/media/../../etc/passwd", "/media/%2e%2e/%2e%2e/etc/passwd", "/media/%00", "/media/%ff%fe",
     "/media/" + "a" * 5000, "/web/..%2fserver%2fapp.py", "/web/%2e%2e/command.py", "/web/", "/web/.",
     "/web/..%5c..%5ccommand.py", "/web//etc/passwd", "/web/main.js%00", "/web/MAIN.JS/", "/command.py",
     "/api/clip/..%2f..",
     "/spectrogram/..%2f..%2fetc%2fpasswd", "/api/levels/%2fetc%2fpasswd", "/api/related/..%2f.."],
)  # fmt: skip
def test_no_name_leads_anywhere_else(served: Served, path: str) -> None:
    answer = served.get(f"http://127.0.0.1:8000{path}")
    assert answer.status_code == 404
    assert "error" in answer.json()
    assert "root:" not in answer.text


class OneFile:
    """A catalog's answer about one file."""

    def __init__(self, path: Path, **known: Any) -> None:
        self.file = StoredFile(path=str(path), content=known.pop("content", "path size time"), **known)

    def stored(self, _id: str) -> StoredFile:
        return self.file


@pytest.fixture
def stored(served: Served, monkeypatch: pytest.MonkeyPatch) -> Any:
    def put(path: Path, **known: Any) -> str:
        monkeypatch.setattr(Catalog, "stored", OneFile(path, **known).stored, raising=True)
        return "/media/" + "f" * 16

    return put


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights")
def test_a_file_swapped_for_a_link_is_refused(served: Served, stored: Any, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"RIFF")
    address = stored(clip)
    assert served.get(address).content == b"RIFF"
    clip.unlink()
    clip.symlink_to(secret)
    answer = served.get(address)
    assert answer.status_code == 404
    assert "is gone" in answer.json()["error"] and str(tmp_path) not in answer.text


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "nothing"])
def test_what_is_no_regular_file_is_refused_without_waiting(
    served: Served, stored: Any, tmp_path: Path, kind: str
) -> None:
    path = {"device": Path("/dev/zero"), "folder": tmp_path}.get(kind, tmp_path / kind)
    if kind == "pipe":
        os.mkfifo(path)
    assert served.get(stored(path)).status_code == 404


def test_only_a_file_with_a_recorded_hash_is_kept_without_asking(served: Served, stored: Any, tmp_path: Path) -> None:
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"RIFF")
    told = [served.get(stored(clip, **known)).headers["cache-control"] for known in ({"sha256": "f" * 64}, {})]
    assert told == ["private, max-age=31536000, immutable", "private, no-cache"]


def test_a_file_that_changed_is_another_version(served: Served, stored: Any, tmp_path: Path) -> None:
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"one")
    address = stored(clip, content="f" * 64)
    etag = served.get(address).headers["etag"]
    clip.write_bytes(b"other")
    answer = served.get(address, headers={"Range": "bytes=0-1", "If-Range": etag})
    assert (answer.status_code, answer.content) == (200, b"other")


def test_a_file_without_a_hash_is_asked_for_again_each_time(served: Served, stored: Any, tmp_path: Path) -> None:
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"RIFF")
    assert served.get(stored(clip)).headers["cache-control"] == "private, no-cache"


def test_an_empty_file_is_sent(served: Served, stored: Any, tmp_path: Path) -> None:
    clip = tmp_path / "clip.wav"
    clip.touch()
    answer = served.get(stored(clip))
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    assert served.get(stored(clip), headers={"Range": "bytes=0-"}).status_code == 416


def test_a_page_dressed_up_as_a_clip_is_only_bytes(served: Served, stored: Any, tmp_path: Path) -> None:
    page = tmp_path / "clip.html"
    page.write_text("<script>alert(1)</script>")
    headers = served.get(stored(page, name="clip.html")).headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_a_file_that_is_no_audio_is_said_where_it_is_looked_into(served: Served, stored: Any, tmp_path: Path) -> None:
    clip = tmp_path / "clip.wav"
    clip.write_bytes(b"RIFF and nothing more")
    name = stored(clip, format="wav").removeprefix("/media/")
    for address in (f"/api/levels/{name}", f"/spectrogram/{name}"):
        answer = served.get(address)
        assert (answer.status_code, bool(answer.json()["error"])) == (422, True)
    assert "error" in served.json(f"/api/peaks?id={name}")[name]


@pytest.mark.parametrize("left", [0, BLOCK, BLOCK + 1])
def test_a_file_cut_short_while_it_is_sent_has_no_end(tmp_path: Path, left: int) -> None:
    """The server closes the connection then, so that the browser does not take the part for the whole."""
    clip = tmp_path / "clip.wav"
    clip.write_bytes(bytes(3 * BLOCK))
    workers = Workers("test", threads=1, most_waiting=1)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def stay() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def main() -> BinaryIO:
        file = clip.open("rb")
        answer = FileAnswer(file, 0, 3 * BLOCK, 200, {}, workers)
        os.truncate(clip, left)
        await answer({"type": "http", "method": "GET"}, stay, send)
        return file

    assert asyncio.run(main()).closed
    workers.close()
    assert sum(len(message.get("body", b"")) for message in sent) == max(left, BLOCK)
    assert all(message["more_body"] for message in sent[1:])


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of open files")
def test_no_file_stays_open(served: Served, address: str) -> None:
    def count() -> int:
        return sum(1 for link in Path("/proc/self/fd").iterdir() if _is_clip(link))

    for headers in ({}, {"Range": "bytes=0-0"}, {"Range": "bytes=99999999-"}, {"If-None-Match": "*"}):
        served.get(address, headers=headers)
        served.client.head(address, headers=headers)
    assert count() == 0


def _is_clip(link: Path) -> bool:
    try:
        return str(link.readlink()).endswith((".wav", ".flac"))
    except OSError:
        return False

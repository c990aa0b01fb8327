from __future__ import annotations

import re

import pytest

from audio_logging.dashboard.server.media_names import disposition, media_type
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.encoding import CODECS


@pytest.mark.parametrize("name", CODECS)
def test_every_format_we_write_has_its_media_type(name: str) -> None:
    codec = CODECS[name]
    assert media_type(StoredFile(path="/run/clip.bin", content="c", format=name)) == codec.media_type
    assert media_type(StoredFile(path=f"/run/clip{codec.extension.upper()}", content="c")) == codec.media_type


@pytest.mark.parametrize("name", ["clip.html", "clip.svg", "clip.js", "clip", "clip.wav.html", "clip.xml"])
def test_what_is_no_audio_is_sent_as_bytes_that_no_browser_runs(name: str) -> None:
    assert media_type(StoredFile(path=f"/run/{name}", content="c")) == "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("bird.wav", 'inline; filename="bird.wav"'),
        ("val/bird 3.wav", 'inline; filename="bird 3.wav"'),
        ("..\\..\\bird.wav", 'inline; filename="bird.wav"'),
        (".htaccess", 'inline; filename="htaccess"'),
        ("..", 'inline; filename="clip"'),
        ("", 'inline; filename="clip"'),
        ('a";evil="b.wav', 'inline; filename="a_;evil=_b.wav"'),
        ("a\r\nSet-Cookie: b.wav", 'inline; filename="aSet-Cookie_ b.wav"'),
        ("bird\u202egpj.wav", 'inline; filename="birdgpj.wav"'),
        ("na\u00efve.wav", "inline; filename=\"naive.wav\"; filename*=UTF-8''na%C3%AFve.wav"),
        ("\u9ce5.wav", "inline; filename=\"clip.wav\"; filename*=UTF-8''%E9%B3%A5.wav"),
        ("\U0001f426", "inline; filename=\"clip\"; filename*=UTF-8''%F0%9F%90%A6"),
    ],
)
def test_names_of_downloads_hide_nothing(name: str, header: str) -> None:
    assert disposition("inline", name) == header


@pytest.mark.parametrize("name", ["x" * 10_000 + ".wav", "\u9ce5" * 10_000 + ".wav", "x." + "y" * 10_000, "\ud800.wav"])
def test_long_and_broken_names_fit_in_a_header(name: str) -> None:
    header = disposition("attachment", name)
    assert header.isascii() and len(header) < 2000
    assert re.fullmatch(r'attachment; filename="[^"\\/\r\n]{1,150}"(; filename\*=UTF-8\'\'[A-Za-z0-9%._~-]+)?', header)

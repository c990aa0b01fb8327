from __future__ import annotations

import base64
from html.parser import HTMLParser
from pathlib import Path

import pytest

from audio_logging.media import player
from audio_logging.media.player import player_html

HOSTILE = '"><script>alert(1)</script><b onmouseover="x" \'&amp;'


class Tags(HTMLParser):
    """Every tag and attribute that a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: dict[str, dict[str, str | None]] = {}
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = dict(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_file_is_in_the_page(wav_bytes: bytes) -> None:
    tags = Tags(player_html(wav_bytes, format="wav"))
    source = tags.seen["audio"]["src"] or ""
    assert source.startswith("data:audio/wav;base64,")
    assert base64.b64decode(source.partition(",")[2]) == wav_bytes
    assert "controls" in tags.seen["audio"]


def test_a_file_on_disk_is_in_the_page_too(wav_bytes: bytes, tmp_path: Path) -> None:
    (tmp_path / "take.wav").write_bytes(wav_bytes)
    assert player_html(tmp_path / "take.wav", format="wav") == player_html(wav_bytes, format="wav")


@pytest.mark.parametrize(("name", "media_type"), [("flac", "audio/flac"), ("mp3", "audio/mpeg"), ("opus", "audio/ogg")])
def test_the_browser_is_told_what_it_gets(name: str, media_type: str) -> None:
    assert f'src="data:{media_type};base64,' in player_html(b"...", format=name)


def test_text_from_outside_is_shown_and_never_runs(wav_bytes: bytes) -> None:
    tags = Tags(player_html(wav_bytes, HOSTILE, format="wav", title=HOSTILE))
    assert set(tags.seen) == {"figure", "audio", "figcaption"}
    assert set(tags.seen["audio"]) == {"controls", "preload", "src", "title"}
    assert tags.text == HOSTILE
    assert tags.seen["audio"]["title"] == HOSTILE


def test_an_address_is_linked() -> None:
    tags = Tags(player_html('https://example.org/a.wav?x=1&y="2"'))
    assert tags.seen["audio"]["src"] == 'https://example.org/a.wav?x=1&y="2"'


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "s3://bucket/a.wav", "data:text/html,x", "file:///etc/passwd"]
)
def test_only_web_addresses_are_linked(address: str) -> None:
    assert Tags(player_html(address)).seen["audio"]["src"] == ""


def test_a_file_too_long_for_a_notebook_is_not_put_into_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(player, "MAX_BYTES", 10)
    (tmp_path / "long.wav").write_bytes(bytes(11))
    assert player_html(tmp_path / "long.wav", "take", title="long") == (
        "<figure>long: 11 bytes, too long to play here<figcaption>take</figcaption></figure>"
    )

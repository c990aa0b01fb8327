from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from audio_logging.dashboard.export.documents import (
    DATA_ID,
    DocumentError,
    as_json,
    data_element,
    make_document,
    media_element,
)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Clips &amp; more</title>
<link rel="icon" href="web/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="web/one.css">
<link rel="stylesheet" href="web/two.css">
<link rel="modulepreload" href="web/main.js">
<script type="module" src="web/main.js"></script>
</head>
<body>
<p title="a &lt; b">a &lt; b &#38; c</p>
</body>
</html>
"""


@pytest.fixture
def web(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "one.css").write_text("p { color: red }\n", encoding="utf-8")
    (tmp_path / "two.css").write_text("p::after { content: '</p>' }\n", encoding="utf-8")
    (tmp_path / "icon.svg").write_text("<svg/>", encoding="utf-8")
    return tmp_path


def policy_of(page: str) -> str:
    found = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    assert found is not None
    return html.unescape(found[1])


def sha256_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_styles_and_script_are_inside_and_nothing_is_loaded(web: Path) -> None:
    made = make_document(web, "f();", title="A <b> & c")
    page = made.head + made.script + made.tail
    assert "<style>p{color:red}p::after{content:'</p>'}</style>" in made.head
    assert made.script == "<script>f();</script>\n"
    assert "<title>A &lt;b&gt; &amp; c</title>" in made.head
    assert "<link" not in page.replace('<link rel="icon" href="data:image/svg+xml;base64,PHN2Zy8+">', "")
    assert "src=" not in page
    assert '<p title="a &lt; b">a &lt; b &#38; c</p>' in made.head
    assert made.tail == "</body>\n</html>\n"


def test_the_policy_allows_this_script_and_this_style_only(web: Path) -> None:
    style = "p{color:red}p::after{content:'</p>'}"
    script = "f('ä');"
    assert policy_of(make_document(web, script, title="").head) == (
        f"default-src 'none'; script-src {sha256_of(script)}; style-src {sha256_of(style)}; "
        "img-src data: blob:; media-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def test_the_policy_comes_before_everything_that_it_governs(web: Path) -> None:
    head = make_document(web, "f();", title="").head
    assert head.index("charset") < head.index("Content-Security-Policy") < head.index("<style>")
    assert head.count("charset") == 1


def test_a_folder_allows_scripts_beside_the_page(web: Path) -> None:
    head = make_document(web, "f();", title="", scripts_from="'self' file:").head
    assert f"script-src {sha256_of('f();')} 'self' file:;" in policy_of(head)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("<p ", "<p style='color: red' ", "style="),
        ("<p ", "<p onclick='f()' ", "onclick="),
        ("<p ", "<img src='x.png'><p ", "src='x.png'"),
        ("<p ", "<a href='https://example.com'></a><p ", "href='https://example.com'"),
        ('rel="icon"', 'rel="prefetch"', "rel='prefetch'"),
        ("web/one.css", "../one.css", "href='../one.css'"),
        ("web/one.css", "web/three.css", "three.css: a style sheet is missing"),
    ],
)
def test_a_page_that_refers_to_something_outside_is_refused(web: Path, old: str, new: str, said: str) -> None:
    (web / "index.html").write_text(PAGE.replace(old, new), encoding="utf-8")
    with pytest.raises(DocumentError, match=re.escape(said)):
        make_document(web, "f();", title="")


@pytest.mark.parametrize(
    "style",
    [
        "@import 'x.css';",
        "p { background: url(x.png) }",
        "p::after { content: '</style>' }",
        "p::after { content: '<!--' }",
    ],
)
def test_a_style_that_loads_or_ends_is_refused(web: Path, style: str) -> None:
    (web / "one.css").write_text(style, encoding="utf-8")
    with pytest.raises(DocumentError):
        make_document(web, "f();", title="")


@pytest.mark.parametrize("script", ["'</script>'", "'</SCRIPT '", "'<!--'"])
def test_a_script_that_ends_itself_is_refused(web: Path, script: str) -> None:
    with pytest.raises(DocumentError, match="which would end it"):
        make_document(web, script, title="")


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!-- <script>",
    "\u2028\u2029",
    "\0\r\n\x7f",
    "\udc80 half",
    "ä 音 🎵",
    "]]>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_survives_in_json_and_cannot_end_its_element(text: str) -> None:
    element = data_element({text: [text]})
    assert json.loads(contents_of(element, DATA_ID)) == {text: [text]}
    assert not set("\u2028\u2029\0\r\udc80") & set(element)
    element.encode("utf-8")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_has_no_number_that_browsers_cannot_read(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        as_json(number)


def test_a_clip_lies_in_an_element_that_is_no_script() -> None:
    before, after = media_element("m0")
    assert f"{before}QUJD{after}" == '<script type="text/plain" id="m0">QUJD</script>\n'


def contents_of(page: str, identity: str) -> str:
    class Reader(HTMLParser):
        inside = False
        text = ""

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            self.inside = dict(attributes).get("id") == identity

        def handle_endtag(self, tag: str) -> None:
            self.inside = False

        def handle_data(self, data: str) -> None:
            self.text += data if self.inside else ""

    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader.text

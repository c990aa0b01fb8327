r"""The one HTML file: our page with its style sheets and its script inside, under a policy that lets nothing else run.

Data go into inert ``<script>`` elements that no browser runs. Text from outside cannot end one: in JSON every ``<`` is
written ``\u003c``, and clips are base64.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from audio_logging.dashboard.front_end import style_text
from audio_logging.errors import AudioLoggingError

__all__ = ["DATA_ID", "Document", "DocumentError", "as_json", "data_element", "make_document", "media_element"]

DATA_ID = "exported"
"""Id of the element with the rows; `source_inline.js` looks for it."""

VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
REFERRING = ("action", "background", "data", "formaction", "href", "poster", "src", "srcset")
"""Attributes that make a browser fetch something, or go there."""


class DocumentError(AudioLoggingError, ValueError):
    """Our own page holds something that one file cannot."""


@dataclass(frozen=True)
class Document:
    """A page in parts, to be written one after the other: `head`, the data, `script`, the media, `tail`.

    Attributes
    ----------
    head, script, tail : str
    """

    head: str
    script: str
    tail: str


def make_document(web: Path, script: str, *, title: str, scripts_from: str = "") -> Document:
    """Return the page of the dashboard as one file.

    Parameters
    ----------
    web : Path
        The folder of the front end, with its ``index.html``.
    script : str
        The classic script that runs it.
    title : str
    scripts_from : str
        More sources of scripts for the policy, such as ``"'self' file:"``.

    Returns
    -------
    Document

    Raises
    ------
    DocumentError
        The page refers to something that is not inside it, or a part could end its own element.
    """
    page = _Page(web, title)
    page.feed(_read(web / "index.html"))
    page.close()
    style = "".join(_checked_style(name, _style(web, name)) for name in page.styles)
    script = _cannot_end(script, "script")
    head = page.head.replace(_POLICY, html.escape(_policy(script, style, scripts_from)), 1)
    return Document(head.replace(_STYLE, style, 1), f"<script>{script}</script>\n", page.tail)


def data_element(value: Any) -> str:
    """Return an element that holds a value as JSON."""
    return f'<script type="application/json" id="{DATA_ID}">{as_json(value)}</script>\n'


def media_element(name: str) -> tuple[str, str]:
    """Return what to write before and after the base64 of a clip."""
    return f'<script type="text/plain" id="{html.escape(name)}">', "</script>\n"


def as_json(value: Any) -> str:
    r"""Return a value as JSON that can stand in an HTML element, and in a script.

    Examples
    --------
    >>> as_json({"caption": "</script>"})
    '{"caption":"\\u003c/script>"}'
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode("utf-8", "backslashreplace").decode()  # halves of surrogate pairs, which UTF-8 does not have


_POLICY, _STYLE = "\0policy\0", "\0style\0"
"""Where in the head they go, once the whole page is read; HTML cannot hold these characters."""


class _Page(HTMLParser):
    """Copies our index.html, but for what it loads."""

    def __init__(self, web: Path, title: str) -> None:
        super().__init__(convert_charrefs=False)
        self.styles: list[str] = []
        self._web, self._title = web, title
        self._parts: list[str] = []
        self._skipping: str | None = None
        self._split = 0

    @property
    def head(self) -> str:
        """Everything up to the end of the body's own elements."""
        return "".join(self._parts[: self._split])

    @property
    def tail(self) -> str:
        """What closes the page."""
        return "".join(self._parts[self._split :])

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attributes}
        if tag == "link":
            self._link(known)
        elif tag == "script":
            self._skipping = tag
        elif tag == "title":
            self._skipping = tag
            self._parts.append(f"<title>{html.escape(self._title)}</title>")
        elif not (tag == "meta" and "charset" in known):
            self._check(tag, known)
            self._parts.append(self.get_starttag_text() or "")
        if tag == "head":
            self._parts.append(
                f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
            )
            self._parts.append('\n<meta name="referrer" content="no-referrer">')

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._skipping:
            self._skipping = None
            return
        if tag == "head":
            self._parts.append(f"<style>{_STYLE}</style>\n")
        if tag == "body":
            self._split = len(self._parts)
        if tag not in VOID:
            self._parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._skipping is None:
            self._parts.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._parts.append(f"<!{decl}>")

    def _link(self, attributes: dict[str, str]) -> None:
        kind, address = attributes.get("rel", ""), attributes.get("href", "")
        if kind == "stylesheet":
            self.styles.append(self._name(address))
        elif kind == "icon":
            picture = base64.b64encode((self._web / self._name(address)).read_bytes()).decode("ascii")
            self._parts.append(f'<link rel="icon" href="data:image/svg+xml;base64,{picture}">')
        elif kind not in ("modulepreload", "preload"):
            raise DocumentError(f"index.html: got <link rel={kind!r}>, wanted a stylesheet, an icon or modulepreload")

    def _name(self, address: str) -> str:
        found = re.fullmatch(r"(?:\./)?web/([\w.-]+)", address)
        if not found:
            raise DocumentError(f"index.html: got href={address!r}, wanted 'web/NAME'")
        return found[1]

    def _check(self, tag: str, attributes: dict[str, str]) -> None:
        for name, value in attributes.items():
            refers = name in REFERRING and not value.startswith("#")
            if refers or name == "style" or name.startswith("on"):
                raise DocumentError(f"index.html: got <{tag} {name}={value!r}>, which one file cannot hold")


def _policy(script: str, style: str, scripts_from: str) -> str:
    scripts = " ".join(filter(None, (_hash(script), scripts_from)))
    return (
        f"default-src 'none'; script-src {scripts}; style-src {_hash(style)}; img-src data: blob:; "
        "media-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def _checked_style(name: str, style: str) -> str:
    found = re.search(r"@import|url\(\s*['\"]?(?!data:|#)", style)
    if found:
        raise DocumentError(f"{name}: got {style[found.start() : found.start() + 40]!r}, which one file cannot hold")
    return _cannot_end(style, "style")


def _cannot_end(text: str, element: str) -> str:
    """Return text that the page's parser reads to its very end; the hash is of the text as it is read."""
    found = re.search(rf"</{element}|<!--|[\r\0]", text, re.IGNORECASE)
    if found:
        raise DocumentError(f"got {found[0]!r} in a {element}, which would end it. Write it in two parts")
    return text


def _style(web: Path, name: str) -> str:
    try:
        return style_text(name, web=web)
    except OSError as error:
        raise DocumentError(f"{name}: a style sheet is missing: {error}") from error


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").replace("\r\n", "\n")
    except OSError as error:
        raise DocumentError(f"there is no {file.name}: {error.strerror}") from error

"""What the page costs: few bytes, and not one request to anywhere else."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Request

from .page import Board
from .view import View

WEB = Path(__file__).parents[2] / "audio_logging" / "dashboard" / "web"
MOST = 80_000
"""[bytes] Of page, scripts and styles, as they come over the wire."""

CODE = ("document", "script", "stylesheet")
COMMENTS = re.compile(r"/\*.*?\*/|^\s*//[^\n]*$", re.DOTALL | re.MULTILINE)
MARKUP = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "import(")
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}


def test_a_visit_loads_little_code_and_only_from_the_server(board: Board, study: View) -> None:
    finished: list[Request] = []
    board.page.on("requestfinished", lambda request: finished.append(request))
    board.open({"clip": study.rows(key="val/samples")[0]["id"]})
    board.wait_for_picture()
    sizes = {one.url: one.sizes()["responseBodySize"] for one in finished if one.resource_type in CODE}
    assert 10_000 < sum(sizes.values()) < MOST, sizes


def test_no_file_of_the_front_end_names_another_address_or_makes_markup_of_text() -> None:
    for path in (file for file in WEB.rglob("*.*") if file.is_file()):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"https?://[^\s\"'`)]+", text)) <= NAMESPACES, path.name
        code = COMMENTS.sub("", text)
        assert not [word for word in MARKUP if word in code], path.name

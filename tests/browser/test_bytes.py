"""What the page costs: few bytes, and not one request to anywhere else."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from .page import Board
from .view import View

WEB = Path(__file__).parents[2] / "audio_logging" / "dashboard" / "web"
MOST = 80_000


def front_end() -> list[Path]:
    return [path for path in WEB.iterdir() if path.is_file()]


def test_the_front_end_is_small() -> None:
    packed = sum(len(gzip.compress(path.read_bytes(), 9)) for path in front_end())
    assert 10_000 < packed < MOST


def test_a_visit_loads_little_and_only_from_the_server(board: Board, study: View) -> None:
    sizes: list[int] = []
    board.page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    board.open({"clip": study.rows(key="val/samples")[0]["id"]})
    board.wait_for_picture()
    assert sum(sizes) < 400_000
    board.check()


def test_no_file_of_the_front_end_names_another_address_or_makes_markup_of_text() -> None:
    allowed = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"}
    for path in front_end():
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r"https?://[^\s\"'`)]+", text)) <= allowed, path.name
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "import(",
        ):
            assert word not in text, (path.name, word)

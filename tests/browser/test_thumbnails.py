"""Small waveforms of the list: a long clip holds the others back from nothing."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Route

from .page import Board
from .view import View

DRAWN = """row => {
  const canvas = row.querySelector('canvas');
  if (!canvas?.width) return false;
  const { width, height } = canvas;
  const copy = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
  copy.drawImage(canvas, 0, 0);
  return copy.getImageData(0, 0, width, height).data.some((value, index) => index % 4 === 3 && value > 0);
}"""


def test_a_long_clip_is_asked_for_by_itself(board: Board, study: View) -> None:
    rows = study.rows(key="val/samples")
    long = rows[2]["id"]
    held: list[Route] = []

    def lengthen(route: Route) -> None:
        told = route.fetch().json()
        for row in told["rows"]:
            row["duration"] = 600 if row["id"] == long else row["duration"]
        route.fulfill(json=told)

    def hold(route: Route) -> None:
        if long in parse_qs(urlsplit(route.request.url).query)["id"]:
            held.append(route)
        else:
            route.continue_()

    board.page.route("**/api/clips?*", lengthen)
    board.page.route("**/api/peaks?*", hold)
    board.open({"key": "val/samples", "clip": rows[0]["id"]})
    board.eventually(lambda: board.option(rows[1]["id"]).evaluate(DRAWN), bool, "a waveform of a short clip")
    assert [parse_qs(urlsplit(route.request.url).query)["id"] for route in held] == [[long]]
    assert not board.option(long).evaluate(DRAWN)
    held[0].continue_()
    board.eventually(lambda: board.option(long).evaluate(DRAWN), bool, "its own waveform")

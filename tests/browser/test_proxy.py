"""Behind a prefix, as on a Jupyter hub: everything works, since no address begins with a slash."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .conftest import MakeBoard, MakeView, WriteStudy
from .proxy import PREFIX, PrefixProxy
from .view import View


@pytest.fixture(scope="module")
def behind(share_view: MakeView, write_study: WriteStudy, tmp_path_factory: pytest.TempPathFactory) -> View:
    """A dashboard that takes notes, also when the Host that it is told is not the one in the browser's address."""
    notes = tmp_path_factory.mktemp("notes") / "notes.json"
    view = share_view(write_study("hostile"), options=("--notes", str(notes), "--allowed-host", "127.0.0.1"))
    view.wait_indexed(1)
    return view


@pytest.fixture(params=[True, False], ids=["host kept", "host replaced"])
def proxy(behind: View, request: pytest.FixtureRequest) -> Iterator[PrefixProxy]:
    with PrefixProxy(behind, keeps_host=request.param) as proxy:
        yield proxy


def test_the_page_lists_plays_and_shows(proxy: PrefixProxy, make_board: MakeBoard, behind: View) -> None:
    board = make_board(proxy)
    outside: list[str] = []
    board.page.on("request", lambda request: outside.append(request.url) if PREFIX not in request.url else None)
    board.open()
    row = behind.rows()[0]
    board.expect_selected(row["id"])
    board.key(" ")
    assert "/user/x/proxy/" in board.wait_heard(row["id"])["src"]
    board.wait_for_picture()
    assert "token" not in board.page.url
    board.page.reload()
    board.expect_selected(row["id"])
    assert [url for url in outside if not url.startswith("blob:")] == []


def test_a_star_is_kept_through_it(proxy: PrefixProxy, make_board: MakeBoard, behind: View) -> None:
    board = make_board(proxy).open()
    row = behind.rows()[1]
    board.select(row["id"])
    board.key("Escape", "s")
    board.eventually(lambda: behind.get("api/notes").get(row["id"], {}).get("star"), bool, "a star in the server")

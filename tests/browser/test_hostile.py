"""Texts that attack are shown as texts, everywhere, under the real policy."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import MakeBoard, MakeView, WriteStudy
from .page import Board
from .recipes import HOSTILE
from .view import View


@pytest.fixture(scope="module")
def hostile(share_view: MakeView, write_study: WriteStudy) -> View:
    view = share_view(write_study("hostile"))
    view.wait_indexed(1)
    return view


@pytest.fixture
def attacked(make_board: MakeBoard, hostile: View) -> Board:
    return make_board(hostile)


def expect_unharmed(board: Board) -> None:
    """Nothing of an attacker's ran, was made or was fetched."""
    assert board.page.evaluate("[window.attacked, ({}).polluted]") == [None, None]
    made = "img[src=x], [onerror], [onload], [onmouseover], script:not([src])"
    assert board.page.locator(made).count() == 0
    assert board.page.locator("a[href^='javascript:']").count() == 0


def rows(view: View) -> list[dict[str, Any]]:
    found = view.rows()
    assert len(found) == len(HOSTILE)
    return found


def test_every_clip_is_shown_and_plays(attacked: Board, hostile: View) -> None:
    attacked.open()
    attacked.expect_total(len(HOSTILE))
    for key, row in zip([" ", *"j" * len(HOSTILE)], rows(hostile), strict=False):
        attacked.key(key)
        attacked.wait_heard(row["id"])
        attacked.expect_selected(row["id"])
    expect_unharmed(attacked)


def test_the_detail_shows_the_texts_themselves(attacked: Board, hostile: View) -> None:
    attacked.open()
    for text, row in zip(HOSTILE, rows(hostile), strict=True):
        attacked.go({"clip": row["id"]})
        expect(attacked.detail).to_contain_text(row["sha256"][:12])
        expect(attacked.detail).to_contain_text("Scores")
        shown = attacked.detail.evaluate("detail => detail.textContent")
        beginning = text.replace("\0", "")[:40].strip()
        assert beginning in shown.replace("\ufffd", "").replace("\0", ""), shown[:500]
    expect_unharmed(attacked)


def test_every_view_and_dialog_takes_the_texts(attacked: Board, hostile: View) -> None:
    attacked.open()
    for key in ("Alt+3", "Alt+4", "Alt+2", "Alt+1"):
        attacked.key(key)
        expect_unharmed(attacked)
    attacked.key("j", "c", "j", "c", "Alt+2")
    expect(attacked.page.locator("#compare")).to_be_visible()
    attacked.key("Alt+1", "t", "G", "?")
    expect(attacked.page.locator("#help")).to_be_visible()
    attacked.key("Escape")
    attacked.page.locator("#runs").click()
    expect(attacked.page.get_by_role("dialog")).to_contain_text("</script>")
    attacked.key("Escape")
    expect_unharmed(attacked)


def test_a_filter_by_such_a_text_finds_it(attacked: Board, hostile: View) -> None:
    attacked.open()
    for text, row in zip(HOSTILE, rows(hostile), strict=True):
        if "\0" in text or len(text) > 200:
            continue
        for name in ("label", "key"):
            attacked.go({name: text})
            attacked.expect_total(1)
            attacked.expect_first(row["id"])
    expect_unharmed(attacked)


PLACES = ("q", "sort", "view", "layout", "clip", "t", "step")


def test_an_address_that_attacks_is_harmless(attacked: Board) -> None:
    attacked.allow("40[04]|414|431|Failed to load")
    attacked.open()
    for text in HOSTILE:
        attacked.go({"sort": text[:2000]})
        attacked.go(dict.fromkeys(PLACES, text[:2000]))
        expect_unharmed(attacked)
    attacked.go({})
    attacked.expect_total(len(HOSTILE))


@pytest.mark.parametrize("index", [0, 1, HOSTILE.index("__proto__"), -1])
def test_a_page_that_is_opened_at_such_an_address_is_harmless(attacked: Board, index: int) -> None:
    attacked.allow("40[04]|414|431|Failed to load")
    attacked.open(dict.fromkeys(PLACES, HOSTILE[index][:2000]), ready=False)
    expect(attacked.page.locator("#search")).to_be_visible()
    expect_unharmed(attacked)


def test_long_texts_do_not_break_the_layout(attacked: Board, hostile: View) -> None:
    row = rows(hostile)[-1]
    attacked.open({"clip": row["id"]})
    expect(attacked.detail).to_contain_text("Metadata")
    assert attacked.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

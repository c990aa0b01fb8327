"""Stars and notes: in a file that the user names, there again after a restart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import MakeBoard, MakeView
from .page import Board
from .view import View

TEXT = 'a click at 0.3 s <b>"bold"</b>\nand a second line'


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes.json"


@pytest.fixture
def noted(make_view: MakeView, study: View, notes: Path) -> View:
    view = make_view(*study.paths, options=("--notes", str(notes)))
    view.wait_indexed(3)
    return view


@pytest.fixture
def taking(make_board: MakeBoard, noted: View) -> Board:
    return make_board(noted).open({"key": "val/samples"})


def test_stars_and_notes_are_in_the_file_and_outlive_the_server(
    taking: Board, noted: View, notes: Path, make_view: MakeView, make_board: MakeBoard
) -> None:
    first, second = (row["id"] for row in noted.rows(key="val/samples")[:2])
    taking.select(first)
    taking.key("Escape", "s")
    taking.eventually(lambda: noted.get("api/notes").get(first, {}).get("star"), bool, "a star in the server")
    taking.select(second)
    taking.key("Escape", "n")
    note = taking.page.get_by_role("textbox", name="Note")
    expect(note).to_be_focused()
    note.fill(TEXT)
    taking.key("Escape")
    taking.eventually(lambda: noted.get("api/notes").get(second, {}).get("text"), lambda text: text == TEXT, "the note")
    assert TEXT in json.dumps(json.loads(notes.read_text(encoding="utf-8")), ensure_ascii=False).replace(
        "\\n", "\n"
    ).replace('\\"', '"')
    taking.allow("ERR_|Failed to load")
    noted.close()
    again = make_view(*noted.paths, options=("--notes", str(notes)))
    again.wait_indexed(3)
    board = make_board(again).open({"starred": "true"})
    board.expect_total(1)
    board.expect_first(first)
    board.open({"clip": second})
    expect(board.page.get_by_role("textbox", name="Note")).to_have_value(TEXT)


def test_a_star_is_seen_in_another_window(taking: Board, noted: View, make_board: MakeBoard) -> None:
    row = noted.rows(key="val/samples")[3]
    taking.select(row["id"])
    taking.key("Escape", "s")
    taking.eventually(lambda: noted.get("api/notes").get(row["id"], {}).get("star"), bool, "a star in the server")
    other = make_board(noted).open({"starred": "true"})
    other.expect_total(1)


def test_without_a_file_the_page_says_that_notes_are_lost(board: Board, study: View) -> None:
    assert study.get("api/about")["notes"]["kept"] is False
    board.open({"clip": study.rows(key="val/samples")[0]["id"]})
    board.key("s")
    expect(board.detail).to_contain_text("--notes")
    board.key("s")
    expect(board.detail).not_to_contain_text("--notes")


def test_typing_a_note_runs_no_keys(taking: Board, noted: View) -> None:
    row = noted.rows(key="val/samples")[0]
    taking.expect_selected(row["id"])
    taking.key("n")
    taking.page.get_by_role("textbox", name="Note").fill("")
    taking.page.keyboard.type("jkwsG ?[]/1")
    expect(taking.page.get_by_role("textbox", name="Note")).to_have_value("jkwsG ?[]/1")
    taking.expect_selected(row["id"])
    assert not taking.heard()

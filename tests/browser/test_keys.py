"""Whose a key is: a field's, a button's, a view's or the page's, however the focus came there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import MakeBoard
from .page import Board
from .recipes import LONG_SECONDS
from .view import View

KEY = "progress/clip"
LONG = {"key": "long/clip"}


@pytest.fixture
def progress(study: View) -> list[dict[str, Any]]:
    """One clip at every step."""
    return study.rows(run=study.run_id("first try"), key=KEY)


@pytest.fixture
def long(board: Board) -> Board:
    """A page with half a minute, which plays and is heard."""
    board.open(LONG)
    expect(board.slider).to_have_attribute("aria-valuemax", f"{LONG_SECONDS:.2f}")
    board.key(" ")
    board.wait_heard()
    return board


def playing(board: Board) -> None:
    expect(board.page.locator("#player-play")).to_have_accessible_name("Pause")


def pausing(board: Board) -> None:
    expect(board.page.locator("#player-play")).to_have_accessible_name("Play")


def test_escape_does_not_end_a_blind_test_of_an_opened_link(
    make_board: MakeBoard, study: View, progress: list[dict[str, Any]]
) -> None:
    board = make_board(study)
    board.open({"view": "compare", "compare": [row["id"] for row in progress[:2]]})
    expect(board.page.locator("#compare .compare-play")).to_be_enabled()
    board.key("x")
    board.button("Start").click()
    trial = board.page.get_by_role("heading", name="Trial 1 of 10")
    expect(trial).to_be_visible()
    board.key("Escape")
    expect(board.page.locator("#status")).to_have_text(re.compile("^The blind test goes on"))
    expect(trial).to_be_visible()
    assert board.state_value("view") == "compare"


def test_escape_takes_the_region_away_before_it_leaves_a_view(board: Board) -> None:
    board.open({**LONG, "view": "confusion"})
    expect(board.slider).to_have_attribute("aria-valuemax", f"{LONG_SECONDS:.2f}")
    board.key("ArrowRight", "i", "ArrowRight", "o")
    region = board.detail.locator(".region")
    expect(region).to_be_visible()
    board.key("Escape")
    expect(region).to_be_hidden()
    expect(board.page.locator("#confusion")).to_be_visible()
    board.key("Escape")
    expect(board.page.locator("#confusion")).to_be_hidden()


def test_escape_leaves_a_field_before_it_takes_the_region_away(long: Board) -> None:
    long.key("i", "ArrowRight", "o", "/")
    expect(long.page.locator("#search")).to_be_focused()
    long.key("Escape")
    expect(long.listbox).to_be_focused()
    expect(long.detail.locator(".region")).to_be_visible()


def test_space_plays_and_pauses_also_after_a_click_on_a_button(long: Board) -> None:
    loop = long.button("Loop", long.detail)
    loop.click()
    for expected in (pausing, playing):
        long.key(" ")
        expected(long)
        expect(loop).to_have_attribute("aria-pressed", "true")
    chip = long.button("long/clip", long.page.locator("#keys"))
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "false")
    long.key(" ")
    pausing(long)
    expect(chip).to_have_attribute("aria-pressed", "false")


def test_space_presses_the_button_that_keys_led_to(long: Board) -> None:
    loop = long.button("Loop", long.detail)
    for _ in range(60):
        long.key("Tab")
        if loop.evaluate("button => button === document.activeElement"):
            break
    long.key(" ")
    expect(loop).to_have_attribute("aria-pressed", "true")
    long.key("Enter")
    expect(loop).to_have_attribute("aria-pressed", "false")
    playing(long)


def test_space_ticks_what_was_clicked_in_a_small_window(long: Board) -> None:
    long.button("Player settings").click()
    box = long.page.locator("input[name=autoplay]")
    box.click()
    expect(box).not_to_be_checked()
    long.key(" ")
    expect(box).to_be_checked()
    playing(long)


@pytest.mark.parametrize("key", ["Escape", "Enter"])
def test_a_search_that_finds_nothing_lets_go_of_the_keys(board: Board, key: str) -> None:
    board.open(LONG)
    board.key("/")
    board.page.keyboard.type("zzz")
    board.expect_total(0)
    expect(board.page.locator("#list-empty")).to_be_visible()
    board.key(key)
    expect(board.page.locator("#search")).not_to_be_focused()
    board.key("?")
    expect(board.page.locator("#help")).to_be_visible()
    assert board.page.locator("#search").input_value().strip("z") == ""


def test_the_skip_button_leads_to_what_stands_in_place_of_the_clips(board: Board) -> None:
    board.open({**LONG, "q": "zzz"}, ready=False)
    expect(board.page.locator("#list-empty")).to_be_visible()
    board.page.locator("#skip").focus()
    board.key("Enter", "Tab", "Enter")
    expect(board.option().first).to_be_visible()


def test_the_strip_over_time_takes_the_step_slider_along(board: Board, progress: list[dict[str, Any]]) -> None:
    board.open({"run": progress[0]["run"], "key": KEY, "step": 0})
    board.expect_selected(progress[0]["id"])
    board.key("t")
    board.button(re.compile("^Step 30"), board.page.locator("#timeline")).click()
    board.wait_heard(progress[3]["id"])
    expect(board.page.locator("#step")).to_have_attribute("aria-valuetext", "step 30")
    board.expect_selected(progress[3]["id"])
    board.expect_total(1)
    board.eventually(board.state, lambda state: state["step"] == ["30"] and state["clip"] == [progress[3]["id"]], "30")


def test_the_strip_over_time_leaves_all_steps_shown(board: Board, progress: list[dict[str, Any]]) -> None:
    board.open({"run": progress[0]["run"], "key": KEY, "clip": progress[0]["id"]})
    board.key("t")
    board.button(re.compile("^Step 30"), board.page.locator("#timeline")).click()
    board.expect_selected(progress[3]["id"])
    board.expect_total(len(progress))
    assert "step" not in board.state()

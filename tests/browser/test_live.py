"""Live: what another process logs comes by itself, and moves nothing that somebody is looking at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .conftest import MakeBoard, MakeView
from .page import Board
from .recipes import live_seconds
from .view import View
from .writer import Writer

KEY = "train/clip"


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    """A process that logs when it is told to."""
    with Writer(tmp_path) as writer:
        yield writer


@pytest.fixture
def view(make_view: MakeView, writer: Writer) -> View:
    """The dashboard of its run, which has logged twenty clips."""
    writer.log(KEY, 0, 20)
    view = make_view(writer.runs)
    view.wait_indexed(1)
    return view


@pytest.fixture
def live(make_board: MakeBoard, view: View) -> Board:
    board = make_board(view).open()
    board.expect_total(20)
    return board


def test_a_row_comes_after_the_flush_by_itself(live: Board, writer: Writer) -> None:
    for step in (10, 20):
        writer.log(KEY, step)
        live.expect_total(20 + step // 10)
    slider = live.page.locator("#step")
    live.key("}")
    expect(slider).to_have_attribute("aria-valuetext", "step 20")
    live.expect_total(1)
    live.key(" ")
    assert live.wait_heard()["duration"] == pytest.approx(live_seconds(20, 0), abs=0.001)


def test_nothing_moves_under_the_reader(live: Board, writer: Writer, view: View) -> None:
    rows = view.rows()
    live.select(rows[3]["id"])
    live.listbox.evaluate("list => list.scrollTop = 90")
    live.wait_heard(rows[3]["id"])
    before = live.option(rows[5]["id"]).bounding_box()
    scrolled = live.listbox.evaluate("list => list.scrollTop")
    live.forget()
    writer.log(KEY, 10, 5)
    live.expect_total(25)
    assert live.option(rows[5]["id"]).bounding_box() == before
    assert live.listbox.evaluate("list => list.scrollTop") == scrolled
    live.expect_selected(rows[3]["id"])
    assert live.heard("pause") == [event for event in live.heard("pause") if event["at"] >= event["duration"] - 0.05]


def test_a_step_that_is_looked_at_stays_and_latest_goes_on(live: Board, writer: Writer) -> None:
    live.key("{")
    live.expect_total(20)
    writer.log(KEY, 10, 3)
    expect(live.page.locator("#step")).to_have_attribute("max", "1")
    assert live.state()["step"] == ["0"]
    assert live.total() == 20
    live.page.locator("#step-latest").click()
    live.expect_total(3)
    writer.log(KEY, 20, 2)
    live.expect_total(2)


def test_a_new_key_and_a_new_run_are_offered(live: Board, writer: Writer, tmp_path: Path) -> None:
    writer.log("other/key", 30)
    expect(live.button("other/key", live.page.locator("#keys"))).to_be_visible()
    with Writer(tmp_path) as other:
        other.log("third/key", 0)
        expect(live.button("third/key", live.page.locator("#keys"))).to_be_visible()
        live.page.locator("#runs").click()
        expect(
            live.page.get_by_role("dialog").get_by_role("option").or_(live.page.get_by_role("checkbox"))
        ).to_have_count(2)


def test_a_killed_run_keeps_everything_that_was_flushed(live: Board, writer: Writer, view: View) -> None:
    writer.log(KEY, 10)
    writer.kill()
    live.expect_total(21)
    last = view.rows(step=10)[0]
    live.open({"step": 10})
    live.select(last["id"])
    assert live.wait_heard(last["id"])["duration"] == pytest.approx(live_seconds(10, 0), abs=0.001)


def test_without_events_it_asks(make_board: MakeBoard, view: View, writer: Writer) -> None:
    """Some proxies hold event streams back for good."""
    board = make_board(view)
    board.page.route("**/events", lambda route: route.abort())
    board.allow("events|ERR_FAILED")
    board.open()
    board.expect_total(20)
    writer.log(KEY, 10)
    board.expect_total(21)


def test_the_server_that_is_gone_is_said_and_its_return_is_found(
    make_board: MakeBoard, make_view: MakeView, writer: Writer, tmp_path: Path
) -> None:
    writer.log(KEY, 0, 5)
    view = make_view(writer.runs, home=tmp_path / "home")
    board = make_board(view).open()
    board.allow("net::ERR|status of 50[03]")
    board.expect_total(5)
    view.close()
    expect(board.page.locator("#banner")).to_contain_text("audio-logging view")
    expect(board.option().first).to_be_visible()
    again = make_view(writer.runs, home=tmp_path / "home", options=("--port", str(view.port)))
    board.allow("status of 403")  # until its own address was opened
    board.page.context.new_page().goto(again.url)
    expect(board.page.locator("#banner")).to_be_empty()
    writer.log(KEY, 1)
    board.expect_total(6)

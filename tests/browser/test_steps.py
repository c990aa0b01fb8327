"""Never a clip of another step: while one loads, nothing of the last one is shown or heard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from .page import Board
from .recipes import EVENTS, progress_seconds
from .view import View

KEY = "progress/clip"


@pytest.fixture
def progress(study: View) -> list[dict[str, Any]]:
    """One clip at every step, each of another length."""
    rows = study.rows(run=study.run_id("first try"), key=KEY)
    assert [row["step"] for row in rows] == list(EVENTS)
    return rows


@pytest.fixture
def stepping(board: Board, progress: list[dict[str, Any]]) -> Board:
    """A page at the first step, its clip selected."""
    board.open({"run": progress[0]["run"], "key": KEY, "step": 0})
    board.expect_selected(progress[0]["id"])
    expect(board.slider).to_have_attribute("aria-valuemax", f"{progress_seconds(0):.2f}")
    return board


def what_is_shown(board: Board) -> str:
    return str(board.detail.inner_text())


def test_the_same_clip_of_the_next_step_is_selected_and_plays(stepping: Board, progress: list[dict[str, Any]]) -> None:
    stepping.key(" ")
    stepping.wait_heard(progress[0]["id"])
    for key, index in (("]", 1), ("]", 2), ("}", 3), ("[", 2), ("{", 0)):
        stepping.forget()
        stepping.key(key)
        stepping.expect_selected(progress[index]["id"])
        expect(stepping.slider).to_have_attribute("aria-valuemax", f"{progress_seconds(EVENTS[index]):.2f}")
        expect(stepping.detail).to_contain_text(f"after {EVENTS[index]} steps")
        heard = stepping.wait_heard(progress[index]["id"])
        assert heard["duration"] == pytest.approx(progress_seconds(EVENTS[index]), abs=0.001)


@pytest.mark.parametrize("late", ["media", "api/clip", "api/clips", "api/peaks", "spectrogram"])
def test_a_slow_answer_of_one_step_is_never_shown_at_another(
    stepping: Board, progress: list[dict[str, Any]], late: str
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        """Keep what belongs to the second step back, whatever asks for it."""
        url = route.request.url
        if progress[1]["id"] in url or "step=10&" in url or url.endswith("step=10"):
            held.append(route)
        else:
            route.continue_()

    stepping.page.route(f"**/{late}*", hold)
    stepping.page.route(f"**/{late}/**", hold)
    stepping.key("]")
    stepping.eventually(lambda: stepping.state().get("step"), lambda step: step == ["10"], "the second step")
    assert "after 0 steps" not in what_is_shown(stepping)
    stepping.key("]")
    stepping.expect_selected(progress[2]["id"])
    expect(stepping.detail).to_contain_text("after 20 steps")
    stepping.forget()
    for route in held:
        route.continue_()
    stepping.key(" ")
    stepping.wait_heard(progress[2]["id"])
    stepping.wait_heard(progress[2]["id"], "ended")
    expect(stepping.detail).to_contain_text("after 20 steps")
    expect(stepping.slider).to_have_attribute("aria-valuemax", f"{progress_seconds(20):.2f}")
    assert all(progress[1]["id"] not in event["src"] for event in stepping.heard())


def test_while_a_step_loads_the_old_sound_stops(stepping: Board, progress: list[dict[str, Any]]) -> None:
    held: list[Route] = []
    stepping.key(" ")
    stepping.wait_heard(progress[0]["id"])
    stepping.page.route("**/api/clips*", lambda route: held.append(route))
    stepping.key("]")
    stepping.eventually(lambda: held, bool, "a question for the clips of the step")
    stepping.eventually(lambda: stepping.sounding("paused"), bool, "silence")
    for route in held:
        route.continue_()
    stepping.expect_selected(progress[1]["id"])


def test_a_step_asked_for_before_steps_are_told_comes_when_they_are(
    board: Board, progress: list[dict[str, Any]]
) -> None:
    held: list[Route] = []
    told = False
    board.page.route("**/api/facets*", lambda route: route.continue_() if told else held.append(route))
    board.open({"run": progress[0]["run"], "key": KEY, "step": 0})
    board.expect_selected(progress[0]["id"])
    board.key("]")
    board.eventually(lambda: held, bool, "a question for the steps")
    assert board.state_value("step") == "0"
    told = True
    for route in held:
        route.continue_()
    board.expect_selected(progress[1]["id"])

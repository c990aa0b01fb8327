"""The confusion matrix that plays, the map that plays, and one clip through all steps."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import expect

from .page import Board
from .recipes import EVENTS, LABELS, SAMPLES, predicted, progress_seconds
from .view import View

KEY = "val/predictions"


@pytest.fixture
def first(study: View) -> str:
    return study.run_id("first try")


def confusions(step: int | None = None) -> Counter[tuple[str, str]]:
    """How often each label got each prediction."""
    events = range(len(EVENTS)) if step is None else [EVENTS.index(step)]
    return Counter(
        (LABELS[index % len(LABELS)], predicted(index, event)) for event in events for index in range(SAMPLES)
    )


def cell(board: Board, label: str, prediction: str) -> Any:
    return board.page.locator("#confusion").get_by_role(
        "button", name=re.compile(f"label {label} predicted {prediction}:")
    )


@pytest.fixture
def confusion(board: Board, first: str) -> Board:
    board.open({"run": first, "key": KEY, "view": "confusion"})
    expect(board.page.locator("#confusion table")).to_be_visible()
    return board


def test_the_matrix_counts_every_prediction(confusion: Board) -> None:
    for (label, prediction), number in confusions().items():
        expect(cell(confusion, label, prediction)).to_have_text(str(number))
    right = sum(number for (label, prediction), number in confusions().items() if label == prediction)
    expect(confusion.page.locator("#confusion")).to_contain_text(f"{right} of {SAMPLES * len(EVENTS)} clips")


def test_a_cell_lists_its_clips_and_plays_the_first(confusion: Board, study: View, first: str) -> None:
    label, prediction = next(pair for pair in confusions() if pair[0] != pair[1])
    rows = study.rows(run=first, key=KEY, label=label, prediction=prediction)
    cell(confusion, label, prediction).click()
    confusion.wait_heard(rows[0]["id"])
    confusion.expect_total(len(rows))
    confusion.expect_selected(rows[0]["id"])
    expect(cell(confusion, label, prediction)).to_have_attribute("aria-pressed", "true")
    confusion.key("j")
    confusion.wait_heard(rows[1]["id"])
    confusion.button("Clear the cell").click()
    confusion.expect_total(SAMPLES * len(EVENTS))


def test_the_matrix_is_gone_through_by_keyboard(confusion: Board, study: View, first: str) -> None:
    cell(confusion, LABELS[0], LABELS[0]).focus()
    confusion.key("ArrowRight")
    focused = confusion.page.evaluate("document.activeElement.getAttribute('aria-label')")
    found = re.match(r"label (\w+) predicted (\w+):", focused)
    assert found and found[1] == LABELS[0] and found[2] != LABELS[0]
    confusion.key("Enter")
    rows = study.rows(run=first, key=KEY, label=found[1], prediction=found[2])
    confusion.wait_heard(rows[0]["id"])


def test_the_matrix_goes_with_the_step(confusion: Board) -> None:
    for step in (EVENTS[0], EVENTS[1]):
        confusion.key("{" if step == EVENTS[0] else "]")
        confusion.expect_total(SAMPLES)
        for (label, prediction), number in confusions(step).items():
            expect(cell(confusion, label, prediction)).to_have_text(str(number))


@pytest.fixture
def mapped(board: Board, first: str) -> Board:
    board.open({"run": first, "key": KEY, "view": "map", "step": EVENTS[-1]})
    expect(board.page.locator("#map-summary")).to_contain_text(str(SAMPLES))
    return board


def test_a_point_of_the_map_plays_its_clip(mapped: Board, study: View, first: str) -> None:
    points = study.get("api/points", run=first, key=KEY, step=EVENTS[-1])["points"]
    assert len(points) == SAMPLES
    canvas = mapped.page.locator("#map canvas")
    canvas.focus()
    mapped.key("ArrowRight", "Enter")
    heard = mapped.wait_heard()
    clip = heard["src"].rpartition("/")[2]
    assert clip in {point["id"] for point in points}
    mapped.expect_selected(clip)
    mapped.forget()
    box = canvas.bounding_box()
    assert box
    place = mapped.eventually(lambda: brightest_point(mapped), bool, "a point that is drawn")
    mapped.page.mouse.click(box["x"] + place[0], box["y"] + place[1])
    mapped.wait_heard()


def brightest_point(board: Board) -> list[float]:
    """Return a place on the map where something is drawn [CSS px], away from its edges and the point that is chosen."""
    found: list[float] = board.page.locator("#map canvas").evaluate(
        """canvas => {
          const { width, height } = canvas, scale = width / canvas.clientWidth;
          const copy = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
          copy.drawImage(canvas, 0, 0);
          const { data } = copy.getImageData(0, 0, width, height);
          const ground = data.slice(0, 4).join();
          const margin = Math.round(20 * scale);
          for (let y = margin; y < height - margin; y += 1) for (let x = margin; x < width - margin; x += 1) {
            const at = 4 * (y * width + x);
            if (data.slice(at, at + 4).join() !== ground && data[at + 3] > 200) return [x / scale, (y + 4) / scale];
          }
          return [];
        }"""
    )
    return found


def test_a_map_without_embeddings_says_how_to_get_them(board: Board, first: str) -> None:
    board.open({"run": first, "key": "progress/clip", "view": "map"})
    expect(board.page.locator("#map")).to_contain_text("embedding")


def test_a_matrix_without_predictions_says_how_to_get_them(board: Board, first: str) -> None:
    board.open({"run": first, "key": "progress/clip", "view": "confusion"})
    expect(board.page.locator("#confusion")).to_contain_text("PredictionLogger")


def test_over_time_shows_every_step_and_plays_each(board: Board, study: View, first: str) -> None:
    rows = study.rows(run=first, key="progress/clip")
    board.open({"run": first, "key": "progress/clip", "clip": rows[0]["id"]})
    board.expect_selected(rows[0]["id"])
    board.key("t")
    strip = board.page.locator("#timeline")
    expect(strip).to_be_visible()
    buttons = strip.get_by_role("button", name=re.compile(r"step \d+", re.IGNORECASE))
    expect(buttons).to_have_count(len(EVENTS))
    for index in (2, 0, 3):
        board.forget()
        buttons.nth(index).click()
        heard = board.wait_heard(rows[index]["id"])
        assert heard["duration"] == pytest.approx(progress_seconds(EVENTS[index]), abs=0.001)
    board.key("Escape")
    expect(strip).to_be_hidden()

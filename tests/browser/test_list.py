"""The list: what it shows, how it is scrolled, searched, filtered and sorted, by mouse and by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import MakeBoard
from .page import Board, rewrite
from .recipes import CUES, EVENTS, FORMATS, LABELS, SAMPLES, predicted
from .view import View

PREDICTIONS = "val/predictions"


@pytest.fixture
def first(study: View) -> str:
    """The id of a training."""
    return study.run_id("first try")


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [str(row["id"]) for row in rows]


def shown(board: Board) -> list[str]:
    """The ids of the rows that are drawn, in the order of the screen."""
    found: list[str] = board.option().evaluate_all(
        "rows => rows.sort((a, b) => a.ariaPosInSet - b.ariaPosInSet).map(row => row.dataset.id)"
    )
    return found


def expect_shown(board: Board, wanted: list[str]) -> None:
    """Wait until the list begins with these clips."""
    some = wanted[:8]
    board.eventually(lambda: shown(board)[: len(some)], lambda got: got == some, f"{some}")


def test_rows_come_in_the_order_of_logging_with_their_places(board: Board, study: View, first: str) -> None:
    rows = study.rows(run=first)
    board.open({"run": first})
    board.expect_total(len(rows))
    expect_shown(board, ids(rows))
    expect(board.option().first).to_have_attribute("aria-posinset", "1")
    expect(board.option().first).to_have_attribute("aria-setsize", str(len(rows)))


def test_a_row_says_label_prediction_score_and_duration(board: Board, study: View, first: str) -> None:
    row = study.rows(run=first, key=PREDICTIONS, correct="false")[0]
    board.open({"run": first, "key": PREDICTIONS, "correct": "false"})
    text = board.option(row["id"]).inner_text()
    for wanted in (row["label"], row["prediction"]):
        assert wanted in text
    name = board.option(row["id"]).evaluate("row => row.ariaLabel || row.innerText")
    assert row["label"] in name and "wrong" in name.lower(), "colour alone must not tell what is wrong"


def test_a_transcript_is_called_by_what_is_said(board: Board, study: View) -> None:
    row = study.row(key="speech/transcript")
    words = " ".join(text for _, _, text in CUES)
    board.open({"key": "speech/transcript"})
    option = board.option(row["id"])
    expect(option.locator(".cell-title")).to_have_text(words)
    assert "-->" not in option.evaluate("row => row.ariaLabel + row.title + row.innerText")
    board.key("c")
    expect(board.page.locator(".toast")).to_contain_text(f"1 to compare: {words}")


CUT = "1\n00:00:00,000 --> 00:00:01,000\nand <i>so</i>\n\n2\n00:00:01,000 --> 00:00:02,0"
CAPTIONS = {
    CUT: "and so",
    "0.00 1.20 one two\n1.20 2.40 three\n2.4": "one two three",
    '[{"start": 0, "end": 1, "text": "from JSON"}]': "from JSON",
    "from A --> B, plainly": "from A --> B, plainly",
    "3 dogs": "3 dogs",
}
"""What a row is called by its caption, of which the server tells the first 300 characters."""


def test_captions_with_times_of_any_format_and_others(board: Board, study: View) -> None:
    captions = list(CAPTIONS)
    rewrite(board, lambda index: {"caption": captions[index % len(captions)]})
    board.open({"key": [f"formats/{name}" for name in FORMATS]})
    for place, name in enumerate(CAPTIONS.values(), 1):
        expect(board.listbox.locator(f"[aria-posinset='{place}'] .cell-title")).to_have_text(name)


def test_messages_of_the_comparison_do_not_pile_up(board: Board, study: View, first: str) -> None:
    rows = study.rows(run=first, key="val/samples")
    board.open({"run": first, "key": "val/samples"})
    toasts = board.page.locator(".toast")
    for number, row in enumerate(rows[:3], 1):
        board.select(row["id"])
        board.key("c")
        expect(toasts).to_have_count(1)
        expect(toasts).to_contain_text(f"{number} to compare")
    board.key("c")
    expect(toasts).to_have_count(0)
    board.go({"run": first, "key": "val/samples", "view": "compare", "clip": rows[0]["id"]})
    expect(board.page.locator("#compare")).to_be_visible()
    board.key("c")
    board.eventually(board.state, lambda state: state.get("compare") == [rows[0]["id"]], "the comparison")
    expect(toasts).to_have_count(0)


def test_what_is_offered_is_what_is_here(board: Board, study: View, first: str) -> None:
    board.open({"run": first, "key": "progress/clip"})
    expect(board.page.locator("#wrong-only")).to_be_hidden()
    assert "metric.loss" not in board.page.locator("#sort option").evaluate_all("all => all.map(one => one.value)")
    board.button("Filter").click()
    panel = board.page.get_by_role("dialog", name="Filters")
    assert "metric.loss" not in panel.get_by_label("Number").locator("option").evaluate_all(
        "all => all.map(one => one.value)"
    )
    expect(panel.get_by_label("Prediction is")).to_have_count(0)


def test_what_holds_can_be_taken_away_also_where_nothing_has_it(board: Board, study: View, first: str) -> None:
    held = {"label": "dog", "correct": "false", "sort": "-metric.loss"}
    board.open({"run": first, "key": "progress/clip", **held}, ready=False)
    board.expect_total(0)
    expect(board.page.locator("#wrong-only")).to_have_attribute("aria-pressed", "true")
    expect(board.page.locator("#sort")).to_have_value("metric.loss")
    board.button("Filter").click()
    panel = board.page.get_by_role("dialog", name="Filters")
    expect(panel.get_by_label("Prediction is")).to_have_value("false")
    panel.get_by_role("group", name="Labels").get_by_role("checkbox").uncheck()
    panel.get_by_label("Prediction is").select_option("")
    board.expect_total(len(EVENTS))


def test_a_range_is_that_of_the_clips_here(board: Board, study: View, first: str) -> None:
    losses = [row["metrics"]["loss"] for row in study.rows(run=first, key=PREDICTIONS, step=30)]
    board.open({"run": first, "key": PREDICTIONS, "step": 30})
    board.expect_total(SAMPLES)
    board.button("Filter").click()
    panel = board.page.get_by_role("dialog", name="Filters")
    panel.get_by_label("Number").select_option("metric.loss")
    least, most = (f"{loss:.4f}".rstrip("0") for loss in (min(losses), max(losses)))
    expect(panel.locator(".condition > .muted")).to_have_text(f"here from {least} to {most}")


def test_a_thousand_rows_scroll_to_the_last_with_few_nodes(make_board: MakeBoard, many: View) -> None:
    board = make_board(many).open()
    board.expect_total(1000)
    last = many.get("api/clips", offset=999, limit=1)["rows"][0]["id"]
    board.listbox.hover()
    board.page.mouse.wheel(0, 10_000_000)
    expect(board.option(last)).to_be_visible()
    expect(board.option(last)).to_have_attribute("aria-posinset", "1000")
    expect(board.option(last)).not_to_have_attribute("aria-busy", "true")
    assert board.page.evaluate("document.querySelectorAll('*').length") < 1000
    middle = many.get("api/clips", offset=500, limit=1)["rows"][0]["id"]
    board.listbox.evaluate("list => list.scrollTop = list.scrollHeight / 2")
    expect(board.option(middle)).to_be_visible()


def test_a_clip_far_down_is_opened_by_its_address_and_is_in_sight(make_board: MakeBoard, many: View) -> None:
    row = many.get("api/clips", offset=700, limit=1)["rows"][0]
    board = make_board(many).open({"clip": row["id"]})
    board.expect_selected(row["id"])
    expect(board.option(row["id"])).to_be_in_viewport()


def test_keys_choose_what_is_shown_one_or_several(board: Board, study: View, first: str) -> None:
    board.open({"run": first})
    keys = board.page.locator("#keys")
    board.button(PREDICTIONS, keys).click()
    board.expect_total(SAMPLES * len(EVENTS))
    assert board.state_value("key") == PREDICTIONS
    board.open({"run": first, "key": [PREDICTIONS, "val/samples"]})
    board.expect_total(SAMPLES * len(EVENTS) + SAMPLES)


def test_search_by_keyboard_finds_words_in_any_order(board: Board, study: View, first: str) -> None:
    board.open({"run": first})
    board.key("/")
    search = board.page.locator("#search")
    expect(search).to_be_focused()
    board.page.keyboard.type("steps 20 after")
    board.expect_total(1)
    board.key("Escape")
    expect(search).not_to_be_focused()
    row = study.row(run=first, q="after 20 steps")
    board.expect_selected(row["id"])
    board.key(" ")
    board.wait_heard(row["id"])


def test_nothing_found_says_how_to_see_more(board: Board, first: str) -> None:
    board.open({"run": first})
    board.page.locator("#search").fill("nowhere to be found")
    board.expect_total(0)
    empty = board.page.locator("#list-empty")
    expect(empty).to_be_visible()
    empty.get_by_role("button").first.click()
    expect(board.option().first).to_be_visible()


def test_wrong_only_by_one_key_and_back(board: Board, study: View, first: str) -> None:
    wrong = sum(
        predicted(index, event) != LABELS[index % len(LABELS)]
        for index in range(SAMPLES)
        for event in range(len(EVENTS))
    )
    board.open({"run": first, "key": PREDICTIONS})
    board.expect_total(SAMPLES * len(EVENTS))
    board.key("w")
    board.expect_total(wrong)
    board.key("w")
    board.expect_total(SAMPLES * len(EVENTS))


SORTS = ("score", "-score", "duration", "-duration", "label", "prediction", "correct", "level", "-level", "-step",
         "metric.loss", "-metric.loss")  # fmt: skip


def test_the_list_is_sorted_as_asked(board: Board, study: View, first: str) -> None:
    board.open({"run": first, "key": PREDICTIONS})
    for sort in SORTS:
        rows = study.rows(run=first, key=PREDICTIONS, sort=sort)
        values = [_value(row, sort.removeprefix("-")) for row in rows]
        assert values == sorted(values, reverse=sort.startswith("-"))
        board.go({"run": first, "key": PREDICTIONS, "sort": sort})
        expect_shown(board, ids(rows))


def _value(row: dict[str, Any], name: str) -> Any:
    return row["metrics"][name.removeprefix("metric.")] if name.startswith("metric.") else row[name]


def test_the_order_is_chosen_with_the_mouse(board: Board, study: View, first: str) -> None:
    board.open({"run": first, "key": PREDICTIONS})
    sort = board.page.locator("#sort")
    options = sort.locator("option").evaluate_all("all => all.map(one => one.value)")
    loss = next(value for value in options if "metric.loss" in value)
    sort.select_option(loss)
    expect_shown(board, ids(study.rows(run=first, key=PREDICTIONS, sort=board.state_value("sort"))))


QUERIES: tuple[dict[str, list[str]], ...] = (
    {"label": ["dog"]},
    {"label": ["dog", "cat"]},
    {"prediction": ["bird"]},
    {"correct": ["true"]},
    {"where": ["score:gt:0.7"]},
    {"where": ["metric.loss:le:0.25", "duration:lt:1"]},
    {"where": ["level:ge:-10"]},
    {"step": ["20"]},
    {"step": ["latest"], "label": ["cat"], "correct": ["false"]},
)


def test_a_filter_in_the_address_is_the_servers_answer(board: Board, study: View, first: str) -> None:
    board.open({"run": first, "key": PREDICTIONS})
    for query in QUERIES:
        rows = study.rows(run=first, key=PREDICTIONS, **query)
        assert 0 < len(rows) < SAMPLES * len(EVENTS)
        board.go({"run": first, "key": PREDICTIONS, **query})
        board.expect_total(len(rows))
        expect_shown(board, ids(rows))


def expect_step(board: Board, step: int) -> None:
    board.eventually(lambda: board.state().get("step"), lambda found: found == [str(step)], f"step {step}")


def test_steps_by_keyboard_and_mouse(board: Board, study: View, first: str) -> None:
    board.open({"run": first, "key": PREDICTIONS})
    board.expect_total(SAMPLES * len(EVENTS))
    slider = board.page.locator("#step")
    expect(slider).to_have_accessible_name("Step")
    board.key("{")
    expect_step(board, 0)
    for wanted in EVENTS[1:]:
        board.key("]")
        expect_step(board, wanted)
        board.expect_total(SAMPLES)
        expect_shown(board, ids(study.rows(run=first, key=PREDICTIONS, step=wanted)))
    board.key("[")
    expect_shown(board, ids(study.rows(run=first, key=PREDICTIONS, step=20)))
    slider.focus()
    board.key("ArrowLeft")
    expect_shown(board, ids(study.rows(run=first, key=PREDICTIONS, step=10)))
    assert "10" in (slider.get_attribute("aria-valuetext") or "")
    board.page.locator("#step-all").click()
    board.expect_total(SAMPLES * len(EVENTS))
    board.page.locator("#step-latest").click()
    board.expect_total(SAMPLES)
    expect_shown(board, ids(study.rows(run=first, key=PREDICTIONS, step="latest")))


def test_several_runs_are_chosen_in_the_dialog(board: Board, study: View) -> None:
    board.open()
    everything = board.total()
    board.page.locator("#runs").click()
    dialog = board.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    runs = dialog.get_by_role("group", name="Runs")
    expect(runs.get_by_role("checkbox")).to_have_count(3)
    runs.locator("label", has_text="first try").get_by_role("button", name="Only").click()
    runs.get_by_role("checkbox", name="second try").check()
    board.key("Escape")
    expect(dialog).to_be_hidden()
    chosen = board.eventually(lambda: board.state().get("run", []), lambda runs: len(runs) == 2, "two runs")
    assert set(chosen) == {study.run_id("first try"), study.run_id("second try")}
    board.expect_total(study.get("api/clips", run=chosen)["total"])
    assert board.total() < everything


def test_grid_and_list_show_the_same_clips(board: Board, study: View, first: str) -> None:
    rows = study.rows(run=first, key="val/samples")
    board.open({"run": first, "key": "val/samples"})
    board.key("G")
    board.eventually(lambda: board.state().get("layout"), lambda layout: layout == ["grid"], "the grid")
    expect_shown(board, ids(rows))
    boxes = [board.option(row["id"]).bounding_box() for row in rows[:2]]
    assert boxes[0] and boxes[1] and boxes[0]["y"] == boxes[1]["y"] and boxes[0]["x"] < boxes[1]["x"]
    board.select(rows[1]["id"])
    board.key("G")
    board.expect_selected(rows[1]["id"])


def test_rows_have_waveforms(board: Board, first: str) -> None:
    board.open({"run": first, "key": "val/samples"})
    drawn = (
        "row => { const canvas = row.querySelector('canvas'); if (!canvas || !canvas.width) return 0;"
        " const { width, height } = canvas;"
        " const copy = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');"
        " copy.drawImage(canvas, 0, 0);"
        " const { data } = copy.getImageData(0, 0, width, height);"
        " return data.filter((value, index) => index % 4 === 3 && value > 0).length; }"
    )
    board.eventually(lambda: board.option().first.evaluate(drawn), lambda points: points > 50, "a drawn waveform")


def test_everything_chosen_is_in_the_address_and_comes_back(make_board: MakeBoard, study: View, first: str) -> None:
    board = make_board(study).open({"run": first})
    board.button(PREDICTIONS, board.page.locator("#keys")).click()
    board.expect_total(SAMPLES * len(EVENTS))
    board.key("{")
    board.expect_total(SAMPLES)
    board.key("w")
    board.page.locator("#search").fill("sample")
    board.eventually(board.state, lambda state: state.get("q") == ["sample"] and state.get("correct"), "all of it")
    total, rows = board.total(), shown(board)
    other = make_board(study).open(board.page.url.partition("#")[2])
    other.expect_total(total)
    assert shown(other) == rows

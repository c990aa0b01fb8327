"""Small screens, dark and light, and what a screen reader is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from .conftest import MakeBoard
from .page import Board, rewrite
from .view import View

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}

TARGET = 24
"""[px] WCAG 2.2, 2.5.8: the least size of what is touched."""

NAMELESS = """() => [...document.querySelectorAll('button, [role=button], [role=tab], a, input, select, textarea')]
  .filter(each => each.checkVisibility({ visibilityProperty: true }))
  .filter(each => !(each.ariaLabel || each.textContent.trim() || each.title || each.labels?.length
                    || each.getAttribute('aria-labelledby') || each.placeholder))
  .map(each => each.outerHTML.slice(0, 200))"""

SMALL = f"""() => [...document.querySelectorAll('button, [role=button], [role=tab], select, input:not([type=range])')]
  .filter(each => each.checkVisibility({{ visibilityProperty: true }}) && !each.closest('.visually-hidden, .skip'))
  .map(each => [each.getBoundingClientRect(), each])
  .filter(([box]) => box.width > 0 && (box.width < {TARGET} || box.height < {TARGET}))
  .map(([box, each]) => `${{box.width}}x${{box.height}} ${{each.outerHTML.slice(0, 120)}}`)"""

CONTRAST = """() => {
  const linear = value => value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const channel = value => linear(value / 255);
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const paint = colours => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const poor = [];
  for (const each of document.querySelectorAll('body *')) {
    const text = [...each.childNodes].filter(node => node.nodeType === 3).map(node => node.textContent).join('').trim();
    if (!text || !each.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (each.closest('.visually-hidden, [aria-hidden=true], :disabled, option, canvas, .surface')) continue;
    const box = each.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue;
    const grounds = [];
    for (let node = each; node; node = node.parentElement) grounds.unshift(getComputedStyle(node).backgroundColor);
    const style = getComputedStyle(each);
    const ground = light(paint(['white', ...grounds]));
    const front = light(paint(['white', ...grounds, style.color]));
    const ratio = (Math.max(ground, front) + 0.05) / (Math.min(ground, front) + 0.05);
    const size = parseFloat(style.fontSize);
    const wanted = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    if (ratio < wanted) poor.push(`${ratio.toFixed(2)} ${style.color} ${each.className} ${text.slice(0, 40)}`);
  }
  return [...new Set(poor)];
}"""


KEY = "val/predictions"


def open_clip(board: Board, study: View) -> Board:
    """A page with everything on it: a wrong prediction with scores, metrics, levels and pictures."""
    row = study.rows(run=study.run_id("first try"), key="val/predictions", correct="false")[0]
    board.open({"clip": row["id"], "run": row["run"]})
    expect(board.detail).to_contain_text("Metadata")
    board.wait_for_picture()
    return board


def phone(make_board: MakeBoard, study: View) -> Board:
    return make_board(study, **PHONE)


PLANTED = """() => {
  const planted = document.createElement('button');
  Object.assign(planted.style, { position: 'fixed', top: '50%', left: '50%', width: '9px', height: '9px' });
  const faint = document.createElement('p');
  Object.assign(faint.style, { position: 'fixed', top: '40%', left: '50%', color: '#999', background: '#888' });
  faint.textContent = 'hardly seen';
  document.body.append(planted, faint);
}"""


def test_the_audits_below_find_what_is_planted(make_board: MakeBoard, study: View) -> None:
    board = open_clip(phone(make_board, study), study)
    audits = (NAMELESS, SMALL, CONTRAST)
    assert [len(board.page.evaluate(audit)) for audit in audits] == [0, 0, 0]
    board.page.evaluate(PLANTED)
    assert [len(board.page.evaluate(audit)) for audit in audits] == [1, 1, 1]


VIEWS = ("clips", "compare", "confusion", "map")


def in_each_view(board: Board, study: View) -> Iterator[str]:
    """Go through the views, each with something in it."""
    rows = study.rows(run=study.run_id("first try"), key=KEY, correct="false")
    shared = {"clip": rows[0]["id"], "run": rows[0]["run"], "compare": [row["id"] for row in rows[:3]]}
    board.open(shared)
    for view in VIEWS:
        board.go({**shared, "view": view})
        expect(board.page.locator(f"#tab-{view}")).to_have_attribute("aria-selected", "true")
        if view != "clips":
            expect(board.page.locator(f"#{view}")).to_be_visible()
        yield view


def test_on_a_phone_nothing_scrolls_sideways(make_board: MakeBoard, study: View) -> None:
    board = phone(make_board, study)
    widths = "[document.documentElement.scrollWidth, innerWidth]"
    for view in in_each_view(board, study):
        board.eventually(lambda: board.page.evaluate(widths), lambda both: both[0] <= both[1], f"no wider {view}")


def test_on_a_phone_a_clip_is_found_played_and_looked_at(make_board: MakeBoard, study: View) -> None:
    row = study.rows(run=study.run_id("first try"), key="val/samples")[0]
    board = phone(make_board, study).open({"run": row["run"], "key": "val/samples"})
    board.option(row["id"]).tap()
    board.expect_selected(row["id"])
    board.wait_heard(row["id"])
    expect(board.page.locator("#player-play")).to_be_in_viewport()
    expect(board.option().nth(1)).to_be_in_viewport()


def test_on_a_phone_targets_are_large_enough(make_board: MakeBoard, study: View) -> None:
    board = open_clip(phone(make_board, study), study)
    assert board.page.evaluate(SMALL) == []


NAMES = ("cat", "a label of many words that goes on and on", "\u0639\u0631\u0628\u064a", "p")

# Of each row: whether all stands in order inside the title, the room for arrow and cross, whether the label is whole.
TOLD = """rows => rows.slice(0, 4).map(row => {
  const [label, said] = ['.cell-label', '.cell-prediction'].map(name => row.querySelector(name));
  const room = row.querySelector('.cell-title').getBoundingClientRect();
  const [whole, text] = [said, said.firstChild].map(each => each.getBoundingClientRect());
  const ends = [label.getBoundingClientRect().right, whole.left, text.left, text.right, whole.right, room.right];
  const sides = [text.left - whole.left, whole.right - text.right];
  return { ordered: ends.every((end, place) => place === 0 || end >= ends[place - 1] - 1), sides,
           whole: label.scrollWidth <= label.clientWidth, width: label.clientWidth };
})"""


@pytest.mark.parametrize("width", [320, 390, 1400])
def test_what_is_wrong_is_told_by_a_cross_beside_any_texts(make_board: MakeBoard, study: View, width: int) -> None:
    board = make_board(study, viewport={"width": width, "height": 844})
    said = [name * 3 for name in (*NAMES[1:], NAMES[0])]
    rewrite(board, lambda place: {"label": NAMES[place % 4], "prediction": said[place % 4], "correct": False})
    board.open({"run": study.run_id("first try"), "key": KEY})

    def is_legible(told: list[dict[str, Any]]) -> bool:
        in_order = len(told) == 4 and all(row["ordered"] and min(row["sides"]) >= 8 for row in told)
        return in_order and told[0]["whole"] and told[3]["whole"] and told[1]["width"] >= 40

    board.eventually(lambda: board.option().evaluate_all(TOLD), is_legible, "labels, arrows and crosses in sight")


LOW = ((700, 450), (720, 450), (320, 568), (844, 390))
"""1400x900 at 200 %, and small phones."""

SEEN = """() => {
  const [list, sheet] = ['#list', '#sheet'].map(name => document.querySelector(name).getBoundingClientRect());
  return (Math.min(list.bottom, innerWidth <= 700 ? sheet.top : innerHeight) - list.top) / 60;
}"""


@pytest.mark.parametrize("size", LOW)
def test_three_rows_stay_in_sight_in_a_low_window(make_board: MakeBoard, study: View, size: tuple[int, int]) -> None:
    board = make_board(study, viewport={"width": size[0], "height": size[1]})
    open_clip(board, study)
    board.eventually(lambda: board.page.evaluate(SEEN), lambda rows: rows >= 3, "three rows")
    expect(board.page.locator("#player-play")).to_be_in_viewport(ratio=1)
    assert board.page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_on_the_smallest_screens_the_bar_scrolls_away(make_board: MakeBoard, study: View) -> None:
    board = open_clip(make_board(study, viewport={"width": 320, "height": 256}), study)
    board.page.mouse.move(160, 20)
    board.page.mouse.wheel(0, 2000)
    board.eventually(lambda: board.page.evaluate(SEEN), lambda rows: rows >= 1.5, "rows in place of the bar")


def test_on_the_smallest_phone_clock_and_tabs_are_whole(make_board: MakeBoard, study: View) -> None:
    board = open_clip(make_board(study, **{**PHONE, "viewport": {"width": 320, "height": 700}}), study)
    expect(board.page.locator("#tab-map")).to_be_in_viewport(ratio=1)
    expect(board.page.locator(".clock > span")).to_be_in_viewport(ratio=1)


def test_on_a_phone_the_title_of_an_open_sheet_is_clear_of_its_handle(make_board: MakeBoard, study: View) -> None:
    board = open_clip(phone(make_board, study), study)
    board.page.locator("#sheet-handle").tap()
    expect(board.page.locator("#sheet-handle")).to_have_attribute("aria-expanded", "true")
    tops = "['#sheet-handle', '#detail h2'].map(name => document.querySelector(name).getBoundingClientRect())"
    free = f"(([handle, title]) => title.top - handle.bottom)({tops})"
    board.eventually(lambda: board.page.evaluate(free), lambda room: room >= -0.5, "a title below the handle")


# Cross and text: the ends of both, and of the cell.
SAID = """said => {
  const text = document.createRange();
  text.selectNodeContents(said.lastChild);
  return [said.firstChild, text, said.closest('button')].map(each => each.getBoundingClientRect().bottom);
}"""


def test_what_was_said_over_time_is_one_whole_line(board: Board, study: View) -> None:
    row = study.rows(run=study.run_id("first try"), key=KEY, correct="false")[0]
    board.open({"run": row["run"], "key": KEY, "clip": row["id"], "timeline": "true"})
    said = board.page.locator(".time-said.wrong").first
    expect(said).to_be_visible()
    is_whole = lambda ends: abs(ends[0] - ends[1]) < 8 and ends[1] < ends[2]  # noqa: E731
    board.eventually(lambda: said.evaluate(SAID), is_whole, "cross and text on one line within the cell")


def test_the_end_of_a_long_filter_panel_is_in_sight(make_board: MakeBoard, study: View) -> None:
    board = make_board(study, viewport={"width": 1400, "height": 420}).open({"key": KEY})
    board.button("Filter").click()
    for name in ("Clear all", "Done"):
        expect(board.button(name, board.page.get_by_role("dialog", name="Filters"))).to_be_in_viewport(ratio=1)


def test_tabs_and_panels_name_each_other(board: Board) -> None:
    board.open()
    tabs = board.page.locator("#views [role=tab]")
    controlled = tabs.evaluate_all(
        "all => all.map(tab => document.getElementById(tab.getAttribute('aria-controls')).id)"
    )
    assert controlled == ["sheet", "compare", "confusion", "map"]
    board.page.locator("#tab-map").click()
    expect(board.page.get_by_role("tabpanel", name="Map")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(make_board: MakeBoard, study: View, scheme: str) -> None:
    board = make_board(study, color_scheme=scheme)
    for view in in_each_view(board, study):
        board.eventually(lambda: board.page.evaluate(CONTRAST), lambda poor: poor == [], f"readable text in {view}")


def test_dark_and_light_follow_the_system_and_the_key(make_board: MakeBoard, study: View) -> None:
    def ground(board: Board) -> Any:
        return board.page.evaluate("getComputedStyle(document.body).backgroundColor")

    light = make_board(study, color_scheme="light").open()
    dark = make_board(study, color_scheme="dark").open()
    bright, deep = ground(light), ground(dark)
    assert bright != deep
    light.key("h")
    light.eventually(lambda: ground(light), lambda now: now == deep, "the dark ground")
    light.page.reload()
    light.eventually(lambda: ground(light), lambda now: now == deep, "the dark ground after a reload")
    light.key("h")
    light.eventually(lambda: ground(light), lambda now: now == bright, "the light ground")


def test_everything_that_can_be_used_has_a_name(board: Board, study: View) -> None:
    for view in in_each_view(board, study):
        assert board.page.evaluate(NAMELESS) == [], view


def test_roles_names_and_counts(board: Board, study: View) -> None:
    open_clip(board, study)
    page = board.page
    expect(page.get_by_role("banner")).to_be_visible()
    expect(board.listbox).to_have_attribute("aria-label", "Clips")
    expect(page.get_by_role("slider", name="Position")).to_have_attribute("aria-valuemin", "0")
    expect(page.get_by_role("slider", name="Step")).to_be_visible()
    expect(page.get_by_role("searchbox", name="Search")).to_be_visible()
    expect(page.get_by_role("combobox", name="Sort by")).to_be_visible()
    expect(page.get_by_role("region", name="Clip", exact=True)).to_be_visible()
    tabs = page.locator("#views").get_by_role("tab")
    assert [text.split("\n")[0].strip() for text in tabs.all_inner_texts()] == [
        "Clips",
        "Compare",
        "Confusion matrix",
        "Map",
    ]
    expect(tabs.first).to_have_attribute("aria-selected", "true")
    assert "spectrogram" in (page.locator("#spectrogram").get_attribute("aria-label") or "")
    duplicates = page.evaluate(
        "() => { const ids = [...document.querySelectorAll('[id]')].map(each => each.id);"
        " return ids.filter((id, index) => ids.indexOf(id) !== index); }"
    )
    assert duplicates == []


def test_what_happens_is_told_to_screen_readers(board: Board, study: View) -> None:
    board.open({"run": study.run_id("first try"), "key": "val/predictions"})
    status = board.page.locator("#status")
    expect(status).to_have_attribute("role", "status")
    board.key("w")
    expect(status).to_have_text(f"{len(study.rows(key=KEY, correct='false')) // 2} clips")
    board.key("{")
    expect(status).to_have_text(
        f"{len(study.rows(run=study.run_id('first try'), key=KEY, correct='false', step=0))} clips"
    )
    expect(board.page.locator("#step")).to_have_attribute("aria-valuetext", "step 0")


def test_help_lists_every_key_and_keeps_the_focus(board: Board) -> None:
    board.open()
    board.listbox.focus()
    board.key("?")
    dialog = board.page.locator("#help")
    expect(dialog).to_be_visible()
    expect(dialog).to_have_attribute("open", "")
    text = dialog.inner_text()
    for words in ("Play", "step", "Search", "Star", "Loop", "compare", "Download", "Copy"):
        assert words.lower() in text.lower(), words
    keys = {key.strip() for key in dialog.locator("kbd").all_inner_texts()}
    for key in "jk[]{}/wsnl<>m-+0vzZioctDyGh?":
        assert key in keys, (key, keys)
    inside = (
        "document.activeElement === document.body || document.querySelector('#help').contains(document.activeElement)"
    )
    for _ in range(5):
        board.key("Tab")
        assert board.page.evaluate(inside)
    board.key("j")
    assert not board.heard()
    board.key("Escape")
    expect(dialog).to_be_hidden()
    expect(board.listbox).to_be_focused()


def test_by_tab_alone_the_clip_is_reached_and_played(board: Board, study: View) -> None:
    row = study.rows(run=study.run_id("first try"), key="val/samples")[0]
    board.open({"run": row["run"], "key": "val/samples"})
    seen = set()
    for _ in range(80):
        board.key("Tab")
        focused = board.page.evaluate(
            "document.activeElement.id || document.activeElement.getAttribute('aria-label') || ''"
        )
        seen.add(focused)
        if focused == "list":
            break
    assert "list" in seen, seen
    board.key("Enter")
    board.wait_heard(row["id"])


def test_less_motion_is_respected(make_board: MakeBoard, study: View) -> None:
    board = make_board(study, reduced_motion="reduce")
    open_clip(board, study)
    moving = board.page.evaluate(
        "document.getAnimations().filter(one => one.effect.getComputedTiming().duration > 10)"
        ".map(one => one.animationName || one.transitionProperty)"
    )
    assert moving == []

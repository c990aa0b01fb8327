"""Playing: the right clip, at the right place, by key and by mouse; what is heard, not what is shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Route, expect

from .conftest import MakeBoard
from .page import Board
from .recipes import FORMATS, LONG_SECONDS, sample_seconds
from .view import View

LONG = {"key": "long/clip"}


@pytest.fixture
def samples(study: View) -> list[dict[str, Any]]:
    """The samples of one training; each is as long as no other."""
    return study.rows(run=study.run_id("first try"), key="val/samples")


@pytest.fixture
def listening(board: Board, samples: list[dict[str, Any]]) -> Board:
    """A page that lists them; it shows the first by itself, and plays nothing."""
    board.open({"run": samples[0]["run"], "key": "val/samples"})
    board.expect_selected(samples[0]["id"])
    return board


@pytest.fixture
def long(board: Board, study: View) -> Board:
    """A page on which half a minute is selected."""
    board.open(LONG)
    board.expect_selected(study.row(**LONG)["id"])
    expect(board.slider).to_have_attribute("aria-valuemax", f"{LONG_SECONDS:.2f}")
    board.forget()
    return board


def position(board: Board) -> float:
    return float(board.sounding("currentTime"))


def expect_near(board: Board, seconds: float, within: float = 0.01) -> None:
    board.eventually(lambda: position(board), lambda at: abs(at - seconds) <= within, f"{seconds} s")


def test_j_and_k_play_the_next_and_the_previous_clip(listening: Board, samples: list[dict[str, Any]]) -> None:
    for key, index in ((" ", 0), ("j", 1), ("ArrowDown", 2), ("j", 3), ("k", 2), ("ArrowUp", 1)):
        listening.forget()
        listening.key(key)
        listening.expect_selected(samples[index]["id"])
        heard = listening.wait_heard(samples[index]["id"])
        assert heard["duration"] == pytest.approx(sample_seconds(index), abs=0.001)
        expect(listening.detail).to_contain_text(samples[index]["clip_id"])


def test_keys_held_down_play_only_where_they_stop(listening: Board, samples: list[dict[str, Any]]) -> None:
    listening.key(*"jjjjjjj")
    listening.wait_heard(samples[7]["id"])
    assert samples[7]["id"] in listening.heard()[-1]["src"]
    listening.key("j")
    listening.wait_heard(samples[8]["id"])
    order = [
        next(index for index, row in enumerate(samples) if row["id"] in event["src"]) for event in listening.heard()
    ]
    assert order == sorted(order), "a clip that was left began to play"


def test_a_late_file_never_plays_over_a_later_choice(listening: Board, samples: list[dict[str, Any]]) -> None:
    held: list[Route] = []
    listening.page.route(f"**/media/{samples[1]['id']}*", lambda route: held.append(route))
    listening.key("j")
    listening.expect_selected(samples[1]["id"])
    listening.eventually(lambda: held, bool, "a request for the second clip")
    listening.forget()
    listening.key("j")
    listening.wait_heard(samples[2]["id"])
    for route in held:
        route.continue_()
    listening.wait_heard(samples[2]["id"], "ended")
    assert all(samples[1]["id"] not in event["src"] for event in listening.heard())


def test_autoplay_off_selects_in_silence(listening: Board, samples: list[dict[str, Any]]) -> None:
    listening.button("Player settings").click()
    listening.page.locator("input[name=autoplay]").uncheck()
    listening.key("Escape")
    listening.listbox.focus()
    listening.key("j")
    listening.expect_selected(samples[1]["id"])
    expect(listening.page.locator("#player-play")).to_have_accessible_name("Play")
    listening.key(" ")
    heard = listening.wait_heard(samples[1]["id"])
    assert len(listening.heard()) == 1, heard


def test_play_and_pause_by_key_button_and_double_click(long: Board, study: View) -> None:
    clip = study.row(**LONG)["id"]
    button = long.page.locator("#player-play")
    expect(button).to_have_accessible_name("Play")
    acts: list[Callable[[], object]] = [lambda: long.key(" "), button.click, lambda: long.key("Enter")]
    for act in acts:
        long.forget()
        act()
        long.wait_heard(clip)
        expect(button).to_have_accessible_name("Pause")
        act()
        long.wait_heard(clip, "pause")
        expect(button).to_have_accessible_name("Play")


def test_every_format_plays(board: Board, study: View) -> None:
    board.open()
    for name in FORMATS:
        row = study.row(key=f"formats/{name}")
        board.go({"key": f"formats/{name}"})
        board.expect_selected(row["id"])
        board.key(" ")
        heard = board.wait_heard(row["id"])
        assert heard["duration"] == pytest.approx(1.5, abs=0.1)
        expect(board.slider).to_have_attribute("aria-valuemax", "1.50")


SHORT = ("levels/half", "levels/clipped", "levels/silence", *(f"formats/{name}" for name in FORMATS))


def test_a_short_clip_of_any_format_is_sought(board: Board, study: View) -> None:
    """Chromium seeks in no short FLAC file that lacks a table for it."""
    board.open()
    for key in SHORT:
        row = study.row(key=key)
        board.go({"key": key, "clip": row["id"], "t": "0.3"})
        expect(board.slider).to_have_attribute("aria-valuetext", re.compile("^0.3 seconds"))
        board.key(" ")
        assert 0.2 < board.wait_heard(row["id"])["at"] < 0.6, key
        for share in (0.75, 0.25, 0.5):
            board.forget()
            click(board, board.slider, share)
            board.wait_heard(row["id"], "seeked")
        expect(board.detail.get_by_role("alert")).to_have_count(0)


def test_arrows_move_by_a_second_and_by_a_tenth(long: Board) -> None:
    long.key(" ")
    long.wait_heard()
    long.key(" ")
    long.wait_heard(kind="pause")
    at = position(long)
    long.key("ArrowRight", "ArrowRight", "ArrowRight")
    expect_near(long, at + 3)
    long.key("Shift+ArrowLeft")
    expect_near(long, at + 2.9)
    long.key("ArrowLeft")
    expect_near(long, at + 1.9)
    long.key("End")
    expect_near(long, LONG_SECONDS)
    long.key("Home")
    expect_near(long, 0)
    expect(long.slider).to_have_attribute("aria-valuetext", "0 seconds of 30 seconds")


def test_a_click_on_the_waveform_or_the_picture_goes_there(long: Board) -> None:
    long.key(" ")
    long.wait_heard()
    click(long, long.slider, 0.5)
    expect_near(long, LONG_SECONDS * 0.5, within=1)
    click(long, long.page.locator("#spectrogram"), 0.25)
    expect_near(long, LONG_SECONDS * 0.25, within=1)


def click(board: Board, place: Locator, share: float) -> None:
    """Click at a share of the width of something."""
    box = place.bounding_box()
    assert box
    board.page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)


def drag(board: Board, start: float, end: float) -> None:
    """Drag over the waveform, from one share of it to another, once nothing on the page moves any more."""
    expect(board.detail).to_contain_text("Metadata")
    board.wait_for_picture()
    box = board.slider.bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    board.page.mouse.move(box["x"] + box["width"] * start, y)
    board.page.mouse.down()
    board.page.mouse.move(box["x"] + box["width"] * (start + end) / 2, y, steps=3)
    board.page.mouse.move(box["x"] + box["width"] * end, y, steps=3)
    board.page.mouse.up()


def test_a_region_is_dragged_and_loops(long: Board) -> None:
    start, end = 0.5, 0.51
    drag(long, start, end)
    expect(long.detail.locator(".region")).to_be_visible()
    long.key("l")
    expect(long.button("Loop", long.detail)).to_have_attribute("aria-pressed", "true")
    long.key("Home")
    long.page.keyboard.press(" ")
    long.wait_heard()
    begun = LONG_SECONDS * start
    long.eventually(lambda: long.sounding("currentTime"), lambda at: abs(at - begun) < 0.5, "the region")
    # By seeking until the region is decoded; from then on a buffer goes round by itself, exact to the sample.
    long.eventually(
        lambda: len(long.heard("seeked")) >= 3 or any(one["loop"] for one in long.page.evaluate("window.started")),
        bool,
        "turns",
    )
    assert not long.heard("ended")


def test_a_region_by_keys_is_played_once(long: Board) -> None:
    long.key("ArrowRight", "ArrowRight", "i", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "o")
    long.key("Home", " ")
    long.wait_heard()
    long.wait_heard(kind="pause")
    assert position(long) == pytest.approx(2.0, abs=0.1), "it goes back to the region's start"


def test_speed_by_keys_and_back(long: Board) -> None:
    long.key(" ")
    long.wait_heard()
    assert long.sounding("playbackRate") == 1
    long.key("<")
    long.eventually(lambda: long.sounding("playbackRate"), lambda rate: rate < 1, "slower")
    long.key(">", ">")
    long.eventually(lambda: long.sounding("playbackRate"), lambda rate: rate > 1, "faster")
    long.key("0")
    long.eventually(lambda: long.sounding("playbackRate"), lambda rate: rate == 1, "as it was recorded")
    assert long.sounding("preservesPitch") is True


def test_volume_and_mute_by_keys(long: Board) -> None:
    long.key(" ")
    long.wait_heard()
    long.key("-", "-")
    long.eventually(lambda: long.sounding("volume"), lambda volume: volume < 1, "quieter")
    low = long.sounding("volume")
    long.key("+")
    long.eventually(lambda: long.sounding("volume"), lambda volume: volume > low, "louder")
    long.key("m")
    long.eventually(lambda: long.sounding("muted"), bool, "silence")
    long.key("m")
    long.eventually(lambda: not long.sounding("muted"), bool, "sound")


def test_one_channel_alone_is_heard(board: Board, study: View) -> None:
    board.open({"key": "stereo/pair"})
    board.expect_selected(study.row(key="stereo/pair")["id"])
    board.key(" ")
    board.wait_heard(study.row(key="stereo/pair")["id"])
    board.key("l")  # so that it goes on while we listen
    chooser = board.detail.get_by_label("Channel")
    for channel, pitch in (("2", 3000.0), ("1", 440.0)):
        option = next(text for text in chooser.locator("option").all_inner_texts() if channel in text)
        chooser.select_option(label=option)
        expect_pitch_alone(board, pitch)


def expect_pitch_alone(board: Board, pitch: float) -> None:
    """Wait until everything that is heard is a tone."""

    def is_it(ears: list[dict[str, float]]) -> bool:
        loud = [ear["pitch"] for ear in ears if ear["level"] > -60]
        return bool(loud) and all(abs(heard - pitch) < 20 for heard in loud)

    board.eventually(lambda: board.page.evaluate("window.loudest()"), is_it, f"{pitch} Hz alone")


def test_the_place_in_a_clip_is_in_the_address_and_comes_back(make_board: MakeBoard, long: Board, study: View) -> None:
    long.key(" ")
    long.wait_heard()
    long.key(" ")
    long.wait_heard(kind="pause")
    long.key("Home", *["ArrowRight"] * 7, "Shift+ArrowRight")
    assert float(
        long.eventually(lambda: long.state().get("t", ["0"])[0], lambda at: abs(float(at) - 7.1) < 0.01, "7.1 s")
    )
    other = make_board(study).open(long.page.url.partition("#")[2])
    other.expect_selected(study.row(**LONG)["id"])
    expect(other.slider).to_have_attribute("aria-valuetext", "7.1 seconds of 30 seconds")
    other.key(" ")
    heard = other.wait_heard(study.row(**LONG)["id"])
    assert heard["at"] == pytest.approx(7.1, abs=0.3)


def test_the_cursor_moves_over_waveform_and_picture_alike(long: Board) -> None:
    long.key(" ")
    long.wait_heard()
    before = long.slider.get_attribute("aria-valuenow")
    long.eventually(
        lambda: long.slider.get_attribute("aria-valuenow"), lambda now: now != before, "a cursor that moves"
    )


def test_nothing_begins_by_itself_when_a_clip_ends(listening: Board, samples: list[dict[str, Any]]) -> None:
    listening.key(" ")
    listening.wait_heard(samples[0]["id"], "ended")
    expect(listening.page.locator("#player-play")).to_have_accessible_name("Play")
    assert {event["src"].rpartition("/")[2] for event in listening.heard()} == {samples[0]["id"]}


def test_what_is_drawn_while_it_plays_changes_no_more_often_than_can_be_seen(long: Board) -> None:
    """A page that redraws with every frame of the screen takes a core from the training beside it."""
    long.page.evaluate(
        """() => {
          window.written = 0;
          const count = (all) => { window.written += all.length; };
          const options = { subtree: true, childList: true, characterData: true };
          new MutationObserver(count).observe(document.querySelector('.player'), options);
        }"""
    )
    long.key(" ")
    long.wait_heard()
    long.page.evaluate("window.written = 0")
    begun = long.sounding("currentTime")
    long.eventually(lambda: long.sounding("currentTime"), lambda at: at > begun + 2, "two seconds")
    passed = long.sounding("currentTime") - begun
    assert 0 < long.page.evaluate("window.written") <= 11 * passed + 5

"""Comparing: one transport, exact to the sample; loudness, difference, and a blind test that keeps its secret."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from audio_logging.dashboard.analysis.loudness import Loudness

from .conftest import MakeBoard
from .page import Board
from .recipes import EVENTS, GAINS
from .sounds import RATE, Samples, beside, noise
from .view import View


@pytest.fixture
def first(study: View) -> str:
    return study.run_id("first try")


@pytest.fixture
def pair(study: View, first: str) -> list[dict[str, Any]]:
    """A reference, and what the denoiser made at its second event: half as loud."""
    reference = study.rows(run=first, key="denoised/references")[0]
    generated = [
        row
        for row in study.rows(run=first, key="denoised/generated", step=EVENTS[1])
        if row.get("clip_id") == reference["clip_id"] and row.get("role") == "generated"
    ]
    return [reference, generated[0]]


@pytest.fixture
def comparing(board: Board, pair: list[dict[str, Any]]) -> Board:
    return opened(board, pair)


def opened(board: Board, rows: list[dict[str, Any]]) -> Board:
    """The comparison of some clips, decoded."""
    board.open({"view": "compare", "compare": [row["id"] for row in rows]}, ready=False)
    expect(switches(board)).to_have_count(len(rows))
    expect(board.page.locator("#compare .compare-play")).to_be_enabled()
    return board


def switches(board: Board) -> Any:
    return board.page.locator("#compare .compare-rows").get_by_role("button", name=re.compile("^Listen to"))


def heard_switch(board: Board) -> int:
    """The number of the clip that is heard."""
    pressed = switches(board).evaluate_all("all => all.map(one => one.ariaPressed)")
    assert pressed.count("true") == 1, pressed
    return int(pressed.index("true")) + 1


DECODED = """async ids => {
  const load = name => import(new URL(`web/${name}`, document.baseURI).href);
  const [mixer, difference] = [await load('compare/mixer.js'), await load('compare/difference.js')];
  const buffers = [];
  for (const id of ids) {
    const bytes = await (await fetch(`media/${id}`)).arrayBuffer();
    buffers.push(await new OfflineAudioContext(1, 1, 16000).decodeAudioData(bytes));
  }
  const samples = buffer => buffer.getChannelData(0);
  const furthest = (one, other) =>
    samples(one).reduce((most, value, i) => Math.max(most, Math.abs(value - samples(other)[i])), 0);
"""


def test_a_clip_minus_itself_is_exactly_nothing(board: Board, study: View, first: str) -> None:
    rows = study.rows(run=first, key="val/samples")
    board.open()
    made = board.page.evaluate(
        DECODED + "const { peak, identical } = await difference.differenceOf(buffers[0], buffers[0]);"
        "const mixed = await mixer.renderMix([buffers[0], buffers[0]], { selected: [0, 1] });"
        "const least = Math.max(...samples(mixed).map(Math.abs));"
        "return { peak, identical, least, first: samples(buffers[0])[5] }; }",
        [rows[0]["id"]],
    )
    assert (made["peak"], made["least"], made["identical"]) == (0, 0, True)
    assert made["first"] != 0


def test_what_is_heard_is_the_clips_own_samples(board: Board, study: View, pair: list[dict[str, Any]]) -> None:
    board.open()
    furthest = board.page.evaluate(
        DECODED + "const found = [];"
        "for (const selected of [0, 1])"
        "  found.push(furthest(await mixer.renderMix(buffers, { selected }), buffers[selected]));"
        "return found; }",
        [row["id"] for row in pair],
    )
    assert furthest == [0, 0]


def test_a_switch_fades_within_ten_milliseconds_and_to_the_sample(board: Board, pair: list[dict[str, Any]]) -> None:
    board.open()
    samples = board.page.evaluate(
        DECODED + "const context = new OfflineAudioContext(1, buffers[0].length, 16000);"
        "const mix = mixer.buildMix(context, buffers);"
        "mix.start(0, 0); mix.select([1, 1], 1, 0.5);"
        "const mixed = samples(await context.startRendering());"
        "return [mixed, samples(buffers[0]), samples(buffers[1])].map(all => Array.from(all)); }",
        [row["id"] for row in pair],
    )
    mixed, one, other = map(np.asarray, samples)
    begin, end = 8000, 8000 + 160 + 1
    assert np.array_equal(mixed[:begin], one[:begin])
    assert np.abs(mixed[end:] - other[end:]).max() < 1e-7
    share = (mixed[begin:end] - one[begin:end])[20:-20] / (other - one)[begin:end][20:-20]
    assert np.all(np.diff(np.median(share[: len(share) // 10 * 10].reshape(-1, 10), axis=1)) > 0)


def test_a_switch_between_equal_clips_is_not_heard(board: Board, pair: list[dict[str, Any]]) -> None:
    board.open()
    furthest = board.page.evaluate(
        DECODED + "const context = new OfflineAudioContext(1, buffers[0].length, 16000);"
        "const mix = mixer.buildMix(context, [buffers[0], buffers[0]]);"
        "mix.start(0, 0); mix.select([1, 1], 1, 0.5); mix.select([1, 1], 0, 0.504); mix.select([1, 1], 1, 0.506);"
        "return furthest(await context.startRendering(), buffers[0]); }",
        [row["id"] for row in pair],
    )
    assert furthest < 1e-6


def test_number_keys_and_clicks_switch_without_stopping(comparing: Board) -> None:
    comparing.key(" ")
    comparing.eventually(lambda: comparing.page.evaluate("window.started.length"), lambda n: n == 2, "two sources")
    times = comparing.page.evaluate("window.started.map(one => one.times.slice(0, 2).join())")
    assert len(set(times)) == 1, "all start at the same frame"
    assert heard_switch(comparing) == 1
    comparing.key("2")
    assert heard_switch(comparing) == 2
    switches(comparing).first.click()
    assert heard_switch(comparing) == 1
    assert comparing.page.evaluate("window.started.length") == 2, "nothing started anew"
    expect(comparing.page.locator("#compare .compare-play")).to_have_accessible_name("Pause")
    comparing.key("Escape", " ")


def test_play_pressed_while_clips_load_is_meant_for_them(board: Board, pair: list[dict[str, Any]]) -> None:
    held: list[Route] = []
    board.page.route(f"**/media/{pair[1]['id']}*", lambda route: held.append(route))
    board.open({"view": "compare", "compare": [row["id"] for row in pair]})
    board.eventually(lambda: held, bool, "a clip that is asked for")
    board.key(" ")
    expect(board.page.locator("#compare .compare-note")).to_contain_text("Loading")
    assert board.page.evaluate("window.started") == []
    assert board.heard() == [], "nor does the list's clip play instead"
    held[0].continue_()
    board.eventually(lambda: board.page.evaluate("window.started.length"), lambda n: n == 2, "two sources")


def test_the_sound_itself_changes_at_a_switch(board: Board, study: View, first: str) -> None:
    rows = study.rows(run=first, key="val/samples")
    opened(board, [rows[0], rows[5]])
    board.key("l", " ")

    def expect_pitch(pitch: float) -> None:
        board.eventually(
            lambda: board.page.evaluate("window.loudest()"),
            lambda ears: any(ear["level"] > -70 and abs(ear["pitch"] - pitch) < 15 for ear in ears),
            f"{pitch} Hz",
        )

    expect_pitch(300)
    board.key("2")
    expect_pitch(800)
    board.key("1")
    expect_pitch(300)


def test_loudness_is_matched_and_the_gain_is_shown(comparing: Board) -> None:
    match = comparing.button("Match loudness")
    expect(match).to_have_attribute("aria-pressed", "false")
    comparing.key("g")
    expect(match).to_have_attribute("aria-pressed", "true")
    gains = comparing.page.locator("#compare .compare-gain")
    expect(gains.first).to_contain_text("dB")
    shown = [float(text.replace("\u2212", "-").split()[0]) for text in gains.all_inner_texts()]
    # The reference has peak 0.4, the generated one 0.8 times the event's gain.
    apart = 20 * np.log10(0.4 / (0.8 * GAINS[1]))
    assert shown[1] - shown[0] == pytest.approx(apart, abs=0.15)
    comparing.key("g")
    expect(match).to_have_attribute("aria-pressed", "false")


def test_the_difference_is_heard_drawn_and_measured(comparing: Board) -> None:
    comparing.key("d")
    expect(comparing.button("Difference")).to_have_attribute("aria-pressed", "true")
    lane = comparing.page.locator("#compare").get_by_text(re.compile("dB"))
    expect(lane.first).to_be_visible()
    # Half of the reference is left: 6 dB below it.
    texts = " ".join(lane.all_inner_texts()).replace("\u2212", "-")
    assert any(abs(float(text) + 6.0) < 0.2 for text in re.findall(r"-?\d+\.\d", texts)), texts
    comparing.key("d")
    expect(comparing.button("Difference")).to_have_attribute("aria-pressed", "false")


def test_equal_clips_are_called_identical(board: Board, study: View, first: str) -> None:
    sample = study.rows(run=first, key="val/samples")[0]
    same = next(row for row in study.rows(run=first, key="val/predictions") if row["sha256"] == sample["sha256"])
    opened(board, [sample, same])
    board.key("d")
    expect(board.page.locator("#compare")).to_contain_text(re.compile("identical|same", re.IGNORECASE))


def test_seek_loop_and_speed_hold_for_all(comparing: Board) -> None:
    position = comparing.page.get_by_role("slider", name="Position in the comparison")
    comparing.key("ArrowRight")
    expect(position).to_have_attribute("aria-valuetext", re.compile("^1 second"))
    comparing.key("Home", "Shift+ArrowRight", "Shift+ArrowRight")
    expect(position).to_have_attribute("aria-valuetext", re.compile("^0.2 seconds"))
    comparing.key("l", " ")
    comparing.eventually(
        lambda: comparing.page.evaluate("window.started"),
        lambda all_: len(all_) == 2 and all(one["loop"] for one in all_),
        "a loop",
    )
    comparing.key(">")
    expect(comparing.page.get_by_label("Speed of all clips")).to_have_value("1.25")
    comparing.key("0")
    expect(comparing.page.get_by_label("Speed of all clips")).to_have_value("1")


FORESEEN = """() => {
  let next = 0;
  const drawn = (window.drawn = []);
  const random = crypto.getRandomValues.bind(crypto);
  crypto.getRandomValues = (array) => {
    if (!(array instanceof Uint8Array) || array.length !== 1) return random(array);
    array[0] = [1, 0, 0, 1, 1, 0, 1, 0, 1, 1][next++ % 10];
    drawn.push(array[0]);
    return array;
  };
}"""


@pytest.mark.parametrize(("wrong", "p"), [(0, 1 / 1024), (2, 56 / 1024), (10, 1.0)])
def test_a_blind_test_counts_and_tells_its_p_value(comparing: Board, wrong: int, p: float) -> None:
    comparing.page.evaluate(FORESEEN)
    comparing.key("x")
    panel = comparing.page.get_by_role("region", name="Blind test")
    panel.get_by_role("button", name="Start").click()
    for trial in range(10):
        answers = [panel.get_by_role("button", name=f"X is {letter}") for letter in "AB"]
        expect(panel.get_by_role("heading")).to_contain_text(f"{trial + 1} of 10")
        expect(answers[0]).to_be_disabled()
        comparing.key("a", "b", "X")
        expect(answers[0]).to_be_enabled()
        text = comparing.page.locator("#compare").inner_text().lower()
        assert "right" not in text and "score" not in text, "a score on the way changes how one guesses"
        x = comparing.page.evaluate(f"window.drawn[{trial}]")
        answers[x if trial >= wrong else 1 - x].click()
    expect(panel.get_by_role("heading")).to_contain_text(f"{10 - wrong} of 10")
    expect(panel.get_by_role("status")).to_contain_text(f"p = {float(f'{p:.3g}'):.3g}"[:8])


def test_nothing_in_the_page_tells_what_x_is(comparing: Board) -> None:
    """Rows, cursors and pressed buttons are the same whatever X is."""
    pages = []
    for bit in (0, 1):
        comparing.page.evaluate(f"() => {{ crypto.getRandomValues = array => (array[0] = {bit}, array); }}")
        comparing.key("x")
        panel = comparing.page.get_by_role("region", name="Blind test")
        panel.get_by_role("button", name="Start").click()
        comparing.key("X")
        expect(panel.get_by_role("button", name="X is A")).to_be_enabled()
        markup = str(panel.evaluate("panel => panel.outerHTML"))
        pages.append(markup)
        panel.get_by_role("button", name="Leave without a result").click()
    assert pages[0] == pages[1]


def test_c_collects_clips_and_big_c_opens_what_belongs_together(board: Board, study: View, first: str) -> None:
    rows = study.rows(run=first, key="val/samples")
    board.open({"run": first, "key": "val/samples"})
    board.select(rows[0]["id"])
    board.key("Escape", "c")
    board.select(rows[1]["id"])
    board.key("Escape", "c")
    board.eventually(
        lambda: board.state().get("compare"), lambda ids: ids == [row["id"] for row in rows[:2]], "two clips"
    )
    board.key("Alt+2")
    expect(switches(board)).to_have_count(2)


def test_the_related_clips_of_a_generated_one_are_its_input_and_its_reference(
    board: Board, study: View, first: str, pair: list[dict[str, Any]]
) -> None:
    board.open({"run": first, "key": "denoised/generated", "step": EVENTS[1]})
    board.select(pair[1]["id"])
    expect(board.detail).to_contain_text("Metadata")
    board.key("Escape", "C")
    expect(board.page.locator("#compare")).to_be_visible()
    ids = board.eventually(lambda: board.state().get("compare", []), lambda ids: len(ids) >= 3, "three clips")
    assert {pair[0]["id"], pair[1]["id"]} <= set(ids)
    roles = {row.get("role") for row in (study.get(f"api/clip/{clip}") for clip in ids)}
    assert {"reference", "generated", "sample"} <= roles


def test_other_steps_and_other_runs_are_added(board: Board, study: View, first: str) -> None:
    row = study.rows(run=first, key="progress/clip", step=0)[0]
    opened(board, [row])
    board.button("Other steps").click()
    expect(switches(board)).to_have_count(len(EVENTS))
    ids = board.eventually(lambda: board.state().get("compare", []), lambda ids: len(ids) == len(EVENTS), "all steps")
    assert [study.get(f"api/clip/{clip}")["step"] for clip in ids] == list(EVENTS)


def test_at_most_six_are_compared(board: Board, study: View, first: str, make_board: MakeBoard) -> None:
    rows = study.rows(run=first, key="val/samples")[:8]
    board.open({"view": "compare", "compare": [row["id"] for row in rows]}, ready=False)
    expect(switches(board)).to_have_count(6)


def test_the_player_and_the_comparison_never_sound_together(board: Board, study: View, first: str) -> None:
    rows = study.rows(run=first, key="val/samples")
    opened(board, rows[8:10])
    board.key("l", " ")
    expect(board.page.locator("#compare .compare-play")).to_have_accessible_name("Pause")
    board.key("Alt+1")
    board.key("j")
    board.wait_heard()
    board.key("Alt+2")
    expect(board.page.locator("#compare .compare-play")).to_have_accessible_name("Play")


# The region


def dragged(board: Board, row: int, start: float, end: float) -> None:
    """Drag a region on a clip's waveform, from one share of its width to another."""
    box = board.page.locator("#compare .compare-wave").nth(row).bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    board.page.mouse.move(box["x"] + start * box["width"], middle)
    board.page.mouse.down()
    board.page.mouse.move(box["x"] + end * box["width"], middle, steps=4)
    board.page.mouse.up()


def region(board: Board) -> list[float]:
    """Where the region starts and ends [%]."""
    read = "stack => ['--from', '--to'].map(name => parseFloat(stack.style.getPropertyValue(name)))"
    found: list[float] = board.page.locator("#compare .compare").evaluate(read)
    return found


def test_escape_takes_the_region_away_and_then_leaves(comparing: Board) -> None:
    dragged(comparing, 0, 0.25, 0.75)
    assert region(comparing) == pytest.approx([25, 75], abs=1)
    comparing.key("Escape")
    assert region(comparing) == [0, 0]
    expect(comparing.page.locator("#compare")).to_be_visible()
    comparing.key("Escape")
    expect(comparing.page.locator("#compare")).to_be_hidden()


def test_i_and_o_set_the_two_ends_of_one_region(comparing: Board) -> None:
    comparing.key("Home", *["Shift+ArrowRight"] * 3, "i", *["Shift+ArrowRight"] * 6, "o")
    assert region(comparing) == pytest.approx([20, 60], abs=0.1), "0.3 s and 0.9 s of 1.5 s"


@pytest.fixture
def long(study: View) -> list[dict[str, Any]]:
    """Clips of 3 s, 4 s and 2 s, the first in stereo."""
    run = study.run_id("sounds")
    return [study.rows(run=run, key=key)[0] for key in ("stereo/pair", "speech/transcript", "spectrum/tone")]


def remove(board: Board, number: int) -> None:
    board.button(f"Take {number} out of the comparison").click()


@pytest.mark.parametrize(
    ("ends", "left"), [((0.5, 0.9), [100 * 2 / 3, 100]), ((0.8, 0.95), [0, 0])], ids=["cut", "dropped"]
)
def test_a_region_ends_with_the_longest_clip_that_is_left(
    board: Board, long: list[dict[str, Any]], ends: tuple[float, float], left: list[float]
) -> None:
    opened(board, long)
    dragged(board, 1, *ends)
    remove(board, 2)
    expect(switches(board)).to_have_count(2)
    assert region(board) == pytest.approx(left, abs=1)
    board.forget()
    board.key(" ")
    started = board.eventually(lambda: board.page.evaluate("window.started"), lambda all_: len(all_) == 2, "a loop")
    assert all(one["times"][1] < 3 for one in started), "nothing starts behind the end"
    assert max(one["duration"] for one in started) == pytest.approx(3, abs=1e-3)


# Other clips, while it plays


def position(board: Board) -> float:
    """The time of the clock [s]."""
    return float(board.page.get_by_role("slider", name="Position in the comparison").input_value())


def play_looped(board: Board) -> None:
    board.key("l", " ")
    expect(board.page.locator("#compare .compare-play")).to_have_accessible_name("Pause")
    board.eventually(lambda: position(board), lambda time: time > 0.5, "half a second")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_it_plays_on_without_a_clip_that_is_taken_out(board: Board, long: list[dict[str, Any]], number: int) -> None:
    opened(board, [long[0], long[2], long[1]])
    board.key("2")
    play_looped(board)
    board.forget()
    before = position(board)
    remove(board, number)
    expect(switches(board)).to_have_count(2)
    expect(board.page.locator("#compare .compare-play")).to_have_accessible_name("Pause")
    started = board.page.evaluate("window.started")
    assert len(started) == 2, "each is started again, once"
    assert all(one["times"][1] >= before for one in started), "at the same place"
    assert heard_switch(board) == (1 if number < 3 else 2), "the same clip, or another one where it was taken out"


def test_it_plays_on_when_a_clip_is_moved(board: Board, long: list[dict[str, Any]]) -> None:
    opened(board, long)
    play_looped(board)
    board.button("Move 1 down").click()
    assert heard_switch(board) == 2
    expect(board.page.locator("#compare .compare-play")).to_have_accessible_name("Pause")
    assert position(board) > 0.5


def test_it_plays_on_once_another_clip_is_loaded(board: Board, long: list[dict[str, Any]]) -> None:
    opened(board, long[:2])
    play_looped(board)
    board.forget()
    board.go({"view": "compare", "compare": [row["id"] for row in long]})
    started = board.eventually(
        lambda: board.page.evaluate("window.started"), lambda all_: len(all_) == 3, "three clips"
    )
    assert all(one["times"][1] >= 0.5 for one in started)


def test_clips_that_come_after_all_were_taken_out_do_not_play(board: Board, long: list[dict[str, Any]]) -> None:
    opened(board, long[:2])
    play_looped(board)
    board.button("Clear", within=board.page.locator("#compare")).click()
    expect(board.page.locator("#compare")).to_contain_text("Nothing to compare yet")
    board.forget()
    opened(board, long[:2])
    board.page.wait_for_timeout(200)
    assert board.page.evaluate("window.started") == []


def test_the_focus_goes_to_the_row_behind_the_one_that_was_taken_out(board: Board, long: list[dict[str, Any]]) -> None:
    opened(board, long)
    for number, then in [(2, 2), (2, 1)]:
        board.button(f"Take {number} out of the comparison").focus()
        board.key("Enter")
        expect(board.button(f"Take {then} out of the comparison")).to_be_focused()
    expect(switches(board)).to_have_count(1)


# The player of the page, which has no buttons here


def test_space_pauses_the_clip_of_the_list_before_it_starts_the_comparison(
    board: Board, pair: list[dict[str, Any]]
) -> None:
    board.open({"view": "compare", "compare": [row["id"] for row in pair], "key": "long/clip"})
    expect(board.page.locator("#compare .compare-play")).to_be_enabled()
    board.option().first.click()
    board.wait_heard()
    board.key(" ")
    board.wait_heard(kind="pause")
    assert board.sounding("paused")
    assert board.page.evaluate("window.started") == []
    board.key(" ")
    board.eventually(lambda: board.page.evaluate("window.started.length"), lambda n: n == 2, "two sources")


# What is matched is what is heard

MATCHED = """async ([lufs]) => {
  const { MatchedLoudness } = await import(new URL('web/compare/matched_loudness.js', document.baseURI).href);
  const loudness = new MatchedLoudness({ levels: async (id) => ({ lufs: lufs[id - 1] }) });
  const entries = lufs.map((_, i) => {
    const buffer = new AudioBuffer({ numberOfChannels: i + 1, length: 16000, sampleRate: 16000 });
    for (let c = 0; c <= i; c += 1) buffer.getChannelData(c).fill(0.25);
    return { id: String(i + 1), buffer };
  });
  loudness.on = true;
  await loudness.measure(entries);
  loudness.apply(entries);
  return { gains: loudness.gains, texts: entries.map((entry, i) => loudness.textOf(entry, i)) };
}"""


def test_a_mono_clip_and_the_same_on_two_channels_are_equally_loud(board: Board) -> None:
    """BS.1770 counts the one channel of a mono file once; it is heard on both ears."""
    sound = noise(2.0, peak=0.25)
    lufs = [measured(sound[:, None]), measured(beside(sound, sound))]
    assert lufs[1] - lufs[0] == pytest.approx(10 * np.log10(2), abs=0.01)
    board.open()
    matched = board.page.evaluate(MATCHED, [lufs])
    assert matched["gains"] == pytest.approx([1, 1], abs=0.001)
    assert matched["texts"][0] == matched["texts"][1]
    alone = board.page.evaluate(MATCHED, [lufs[:1]])
    assert f"{-lufs[0]:.1f} LUFS" in alone["texts"][0], "among mono clips alone, the loudness is the file's"


def measured(samples: Samples) -> float:
    loudness = Loudness(RATE, samples.shape[1])
    loudness.add(samples)
    found = loudness.integrated()
    assert found is not None
    return found


# What else is seen and heard


def test_the_difference_of_four_clips_is_brought_into_sight_on_a_phone(
    make_board: MakeBoard, study: View, first: str
) -> None:
    board = opened(
        make_board(study, viewport={"width": 390, "height": 844}), study.rows(run=first, key="val/samples")[:4]
    )
    board.button("Difference").click()
    expect(board.page.get_by_role("region", name="Difference")).to_be_in_viewport(ratio=1)


def test_play_in_a_new_trial_of_a_blind_test_means_x(comparing: Board) -> None:
    """What the last trial played would be taken for it."""
    comparing.key("x")
    panel = comparing.page.get_by_role("region", name="Blind test")
    panel.get_by_role("button", name="Start").click()
    comparing.key("X", "a")
    panel.get_by_role("button", name="X is A").click()
    expect(panel.get_by_role("button", name="X is A")).to_be_disabled()
    comparing.page.locator("#compare .compare-play").click()
    expect(panel.get_by_role("button", name="Listen to X")).to_have_attribute("aria-pressed", "true")
    expect(panel.get_by_role("button", name="X is A")).to_be_enabled()

"""What is shown of one clip: numbers that are true, pictures that show the right pitch, captions that follow."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from .conftest import MakeBoard
from .page import Board
from .recipes import CUES, LABELS, predicted, score
from .sounds import tone
from .view import View


def fact(board: Board, section: str, name: str) -> str:
    """Return what stands beside a name, once it is measured."""
    block = board.detail.get_by_role("region", name=section)
    value = block.locator("div", has=board.page.locator("dt", has_text=re.compile(f"^{re.escape(name)}$"))).locator(
        "dd"
    )
    expect(block).not_to_have_attribute("aria-busy", "true")
    expect(value).not_to_have_class(re.compile("skeleton"))
    return str(value.inner_text()).replace("\u2212", "-").strip()


def opened(board: Board, row: dict[str, Any], **state: Any) -> Board:
    board.open({"clip": row["id"], "key": row["key"], **state})
    expect(board.detail).to_contain_text("Metadata")
    return board


def number(text: str) -> float:
    found = re.search(r"-?[\d,]+(\.\d+)?", text)
    assert found, text
    return float(found[0].replace(",", ""))


def test_what_is_seen_comes_before_the_levels(board: Board, study: View) -> None:
    row = study.row(key="levels/half")
    asked: list[str] = []
    held: list[Route] = []
    board.page.on("request", lambda request: asked.append(request.url))
    board.page.route(f"**/spectrogram/{row['id']}*", lambda route: held.append(route))
    opened(board, row)
    board.eventually(lambda: held, bool, "a question for the picture")
    board.page.wait_for_timeout(400)
    assert not any(f"api/levels/{row['id']}" in url for url in asked)
    held[0].continue_()
    board.eventually(lambda: any(f"api/levels/{row['id']}" in url for url in asked), bool, "a question for the levels")


def test_levels_of_half_a_full_scale_sine(board: Board, study: View) -> None:
    opened(board, study.row(key="levels/half"))
    assert number(fact(board, "Levels", "Peak")) == pytest.approx(20 * np.log10(0.5), abs=0.06)
    assert number(fact(board, "Levels", "RMS")) == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.06)
    assert fact(board, "Levels", "Clipped samples") == "none"
    # BS.1770: a 997 Hz sine at full scale in one channel reads -3.01 LUFS.
    assert number(fact(board, "Levels", "Loudness")) == pytest.approx(-3.01 + 20 * np.log10(0.5), abs=0.15)


def test_samples_that_were_clipped_are_counted_as_they_were_logged(board: Board, study: View) -> None:
    clipped = int((np.abs(tone(200, 1.0, peak=2.0)) > 1).sum())
    row = study.row(key="levels/clipped")
    assert row["clipped_samples"] == clipped
    opened(board, row)
    assert number(fact(board, "Levels", "Clipped samples")) == clipped
    assert "warn" in (board.detail.locator("dd", has_text=f"{clipped:,}").get_attribute("class") or "")


def test_the_peak_before_clipping_stays_beside_that_of_the_file(board: Board, study: View) -> None:
    opened(board, study.row(key="levels/clipped"))
    assert number(fact(board, "Levels", "Peak before clipping")) == pytest.approx(20 * np.log10(2), abs=0.06)
    assert number(fact(board, "Levels", "Peak")) == pytest.approx(0, abs=0.06)
    opened(board, study.row(key="levels/half"))
    fact(board, "Levels", "Peak")
    expect(board.detail).not_to_contain_text("before clipping")


def test_silence_is_called_silent(board: Board, study: View) -> None:
    opened(board, study.row(key="levels/silence"))
    for name in ("Peak", "RMS", "Loudness"):
        assert fact(board, "Levels", name) == "silent"


def test_metadata_is_what_was_logged(board: Board, study: View) -> None:
    row = study.row(key="stereo/pair")
    opened(board, row)
    wanted = {
        "Run": "sounds",
        "Key": "stereo/pair",
        "Step": "0",
        "Channels": "2",
        "Sample rate": "16 kHz",
        "Format": "flac",
    }
    assert {name: fact(board, "Metadata", name) for name in wanted} == wanted
    assert "0:03.000" in fact(board, "Metadata", "Duration") and "48,000" in fact(board, "Metadata", "Duration")
    assert row["sha256"][:12] in fact(board, "Metadata", "SHA-256")


def test_scores_are_bars_largest_first(board: Board, study: View) -> None:
    rows = study.rows(run=study.run_id("first try"), key="val/predictions", step=0)
    row = next(row for row in rows if row["correct"] is False)
    index = row["index"]
    opened(board, row)
    table = board.detail.get_by_role("region", name="Scores").get_by_role("row")
    texts = [text.split() for text in table.all_inner_texts() if "%" in text]
    assert texts[0][0] == predicted(index, 0) and texts[0][-2] == f"{round(100 * score(index))}"
    assert {text[0] for text in texts} == set(LABELS)
    widths = board.detail.locator(".bar").evaluate_all("bars => bars.map(bar => bar.getBoundingClientRect().width)")
    assert widths == sorted(widths, reverse=True) and widths[0] > widths[-1]
    expect(board.detail.locator(".scores .value").first).to_have_css("white-space", "nowrap")  # such as "100.0 %"
    expect(board.detail).to_contain_text("wrong")
    assert number(fact(board, "Metrics", "loss")) == pytest.approx(row["metrics"]["loss"], rel=1e-3)


# Of the picture's middle column: how bright each row is.
PICTURE = """image => {
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(Math.floor(canvas.width / 2), 0, 1, canvas.height);
  return Array.from({ length: canvas.height }, (_, row) => data.slice(4 * row, 4 * row + 3).reduce((a, b) => a + b));
}"""


def mel(pitch: float) -> float:
    return float(2595 * np.log10(1 + pitch / 700))


HEIGHTS = {
    "linear": 1000 / 8000,
    "mel": mel(1000) / mel(8000),
    "log": float(np.log(1000 / 20) / np.log(8000 / 20)),
}
"""Where 1 kHz lies between the bottom and the top of the picture, of a clip at 16 kHz."""


@pytest.mark.parametrize("colours", ["inferno", "grey"])
def test_a_tone_is_in_its_row_of_the_picture(board: Board, study: View, colours: str) -> None:
    opened(board, study.row(key="spectrum/tone"))
    choose(board, "Colours", colours)
    names = {"linear": "Linear", "mel": "Mel", "log": "Logarithmic"}
    for scale, height in HEIGHTS.items():
        choose(board, "Frequency scale", scale)
        label = re.compile(f"^{names[scale]} spectrogram")
        expect(board.page.locator("#spectrogram")).to_have_attribute("aria-label", label)
        board.wait_for_picture()
        column = board.picture.evaluate(PICTURE)
        brightest = np.flatnonzero(np.asarray(column) >= max(column) - 1).mean()
        assert brightest == pytest.approx((1 - height) * len(column), abs=0.02 * len(column)), scale


def choose(board: Board, name: str, value: str) -> None:
    """Set one of the spectrogram's options."""
    board.detail.get_by_label(name).select_option(value)


def test_the_picture_of_a_zoom_is_of_that_stretch(board: Board, study: View) -> None:
    asked: list[str] = []
    board.page.on("request", lambda request: asked.append(request.url) if "/spectrogram/" in request.url else None)
    opened(board, study.row(key="long/clip"))
    board.wait_for_picture()
    board.key("End", "ArrowLeft", "ArrowLeft", "i", "ArrowRight", "o", "z")
    board.eventually(lambda: [url for url in asked if "start=" in url], bool, "a closer picture")
    start = float(re.findall(r"start=([\d.]+)", asked[-1])[0])
    end = float(re.findall(r"end=([\d.]+)", asked[-1])[0])
    assert 27 < start <= 28.1 and 28.9 <= end < 30.1
    board.key("Z")
    board.eventually(lambda: "start=" not in asked[-1], bool, "the whole picture")


def test_a_transcript_follows_and_leads(board: Board, study: View) -> None:
    opened(board, study.row(key="speech/transcript"))
    transcript = board.detail.get_by_role("region", name="Transcript")
    lines = transcript.get_by_role("button")
    expect(lines).to_have_count(len(CUES))
    for line, (_, _, text) in zip(lines.all(), CUES, strict=True):
        expect(line).to_contain_text(text)
    lines.nth(2).click()
    heard = board.wait_heard()
    assert heard["at"] == pytest.approx(3.0, abs=0.3)
    expect(transcript.get_by_role("listitem").nth(2)).to_have_attribute("aria-current", "true")
    board.key("Escape", "Home")
    expect(transcript.get_by_role("listitem").nth(0)).to_have_attribute("aria-current", "true")


def test_a_download_is_the_file_to_the_byte(board: Board, study: View) -> None:
    row = study.row(key="exact/wav")
    opened(board, row)
    acts: list[Callable[[], object]] = [lambda: board.key("D"), board.button("Download", board.detail).click]
    for act in acts:
        with board.page.expect_download() as waiting:
            act()
        path = waiting.value.path()
        assert hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"]
        assert waiting.value.suggested_filename.endswith(".wav")


def test_a_copied_link_opens_the_same_clip_without_the_token(make_board: MakeBoard, study: View) -> None:
    row = study.row(key="long/clip")
    board = make_board(study, permissions=["clipboard-read", "clipboard-write"])
    opened(board, row)
    board.key("ArrowRight", "ArrowRight", "y")
    link = board.eventually(lambda: str(board.page.evaluate("navigator.clipboard.readText()")), bool, "a link")
    assert link.startswith(study.base) and study.token not in link
    assert row["id"] in link
    other = make_board(study).open(link.partition("#")[2])
    other.expect_selected(row["id"])
    expect(other.slider).to_have_attribute("aria-valuetext", re.compile("^2 seconds"))


# Canvases are copied before they are read: reading one often would make the browser warn of it.
COPIED = """canvas => {
  const copy = document.createElement('canvas');
  const { width, height } = Object.assign(copy, { width: canvas.width, height: canvas.height });
  const context = copy.getContext('2d', { willReadFrequently: true });
  if (!width || !height) return 0;
  context.drawImage(canvas, 0, 0);
"""

INK = (
    COPIED
    + """
  const { data } = context.getImageData(0, 0, width, height);
  const rows = new Set();
  data.forEach((value, i) => { if (i % 4 === 3 && value > 60) rows.add(Math.floor(i / 4 / width)); });
  return rows.size / height;
}"""
)


def test_true_height_or_full_height_by_a_key(board: Board, study: View) -> None:
    quiet = study.rows(run=study.run_id("first try"), key="val/samples")[0]
    assert quiet["peak"] == pytest.approx(0.1, abs=0.01)
    opened(board, quiet)
    canvas = board.slider.locator("canvas").first
    true = board.eventually(lambda: float(canvas.evaluate(INK)), lambda share: 0 < share < 0.3, "a low waveform")
    board.key("v")
    full = board.eventually(lambda: float(canvas.evaluate(INK)), lambda share: share > 0.7, "a waveform of full height")
    board.key("v")
    board.eventually(
        lambda: float(canvas.evaluate(INK)), lambda share: abs(share - true) < 0.1, f"{true} again, not {full}"
    )


def test_each_channel_has_a_lane(board: Board, study: View) -> None:
    opened(board, study.row(key="stereo/pair"))
    canvas = board.slider.locator("canvas").first
    halves = (
        COPIED
        + """
      const rows = (top, bottom) => {
        const { data } = context.getImageData(0, top, width, bottom - top);
        const found = new Set();
        data.forEach((value, i) => { if (i % 4 === 3 && value > 60) found.add(Math.floor(i / 4 / width)); });
        return found.size / (bottom - top);
      };
      return [rows(0, height / 2), rows(height / 2, height)];
    }"""
    )
    upper, lower = board.eventually(
        lambda: canvas.evaluate(halves), lambda lanes: lanes and min(lanes) > 0, "two lanes"
    )
    assert upper == pytest.approx(2 * lower, rel=0.25), "0.5 left, 0.25 right"

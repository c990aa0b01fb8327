"""Reports in one file or folder, opened from disk: they play, filter and compare as the dashboard does, alone."""

from __future__ import annotations

import contextlib
import hashlib
import html
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Frame, expect

from audio_logging.cli import main
from audio_logging.dashboard.notebook import view

from .conftest import MakeBoard, WriteStudy
from .page import Board
from .recipes import CUES, FORMATS, HOSTILE, progress_seconds, sample_seconds
from .view import View

Export = Callable[..., Path]
OpenReport = Callable[..., Board]


class OnDisk:
    """Stands where a View does, for a page without a server."""

    def __init__(self, path: Path) -> None:
        self.url = self.base = path.as_uri()


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    """``export(paths, *options)`` writes a report as a user does, once."""
    made: dict[tuple[Any, ...], Path] = {}

    def write(paths: tuple[Path, ...], *options: str, name: str = "report.html") -> Path:
        wanted = (paths, options, name)
        if wanted not in made:
            path = tmp_path_factory.mktemp("report") / name
            assert main(["export", *map(str, paths), "-o", str(path), *options]) == 0
            made[wanted] = path
        return made[wanted]

    return write


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def open_report(make_board: MakeBoard) -> OpenReport:
    """``open_report(path, state)`` opens it by double click, so to speak."""

    def open_(path: Path, state: dict[str, Any] | None = None, **options: Any) -> Board:
        return make_board(cast("View", OnDisk(path)), **options).open(state or {})

    return open_


@pytest.fixture(params=["file", "folder"])
def report(request: pytest.FixtureRequest, export: Export, study: View) -> Path:
    """The study, as one file and as a folder."""
    paths = tuple(study.paths)
    if request.param == "file":
        return export(paths)
    return export(paths, "--folder", name="report") / "index.html"


def test_a_clip_plays_by_key_and_by_mouse(report: Path, open_report: OpenReport, study: View) -> None:
    board = open_report(report, {"key": "val/samples"})
    rows = study.rows(key="val/samples")
    board.expect_total(len(rows))
    board.key(" ")
    assert board.wait_heard()["duration"] == pytest.approx(sample_seconds(0), abs=0.01)
    board.key("j")
    board.expect_selected(rows[1]["id"])
    board.eventually(board.heard, lambda heard: len(heard) > 1, "another clip that plays")
    assert board.heard()[-1]["duration"] == pytest.approx(sample_seconds(1), abs=0.01)
    assert board.heard()[-1]["src"].startswith("blob:")


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_plays(form: str, report: Path, open_report: OpenReport) -> None:
    board = open_report(report, {"key": f"formats/{form}"})
    board.key("j", " ")
    assert board.wait_heard()["duration"] == pytest.approx(1.5, abs=0.1)


def test_no_address_is_asked_but_the_files_own(report: Path, open_report: OpenReport) -> None:
    board = open_report(report)
    asked: list[str] = []
    board.page.on("request", lambda request: asked.append(request.url))
    for key in ("j", "j", "t", "Alt+2", "Alt+3", "Alt+4", "Alt+1"):
        board.key(key)
        board.page.wait_for_timeout(100)
    outside = [url for url in asked if not url.startswith(("blob:", "data:", report.parent.as_uri()))]
    assert outside == []
    files = [url for url in asked if url.startswith("file:")]
    assert all(re.fullmatch(rf"{re.escape(report.parent.as_uri())}/media/m\d+\.js", url) for url in files)


def test_pictures_levels_and_scores_need_no_server(report: Path, open_report: OpenReport, study: View) -> None:
    row = study.row(key="levels/half")
    board = open_report(report, {"clip": row["id"], "key": row["key"]})
    assert board.wait_for_picture().startswith("blob:")
    levels = board.detail.get_by_role("region", name="Levels")
    expect(levels).to_contain_text("\u22126.0 dBFS")
    expect(levels).to_contain_text("\u22129.1 LUFS")
    prediction = study.rows(key="val/predictions")[0] if study.rows(key="val/predictions") else None
    if prediction is not None:
        board.open({"clip": prediction["id"]})
        expect(board.detail).to_contain_text("Scores")


def test_a_tone_is_in_the_right_row_of_the_spectrogram(report: Path, open_report: OpenReport, study: View) -> None:
    row = study.row(key="spectrum/tone")
    board = open_report(report, {"clip": row["id"], "key": row["key"]})
    board.wait_for_picture()
    scale = board.page.get_by_role("combobox", name=re.compile("scale", re.IGNORECASE)).first
    scale.select_option(label="Linear")
    brightest = """async (image) => {
        try { await image.decode(); } catch { return -1; } // another picture has just come
        const context = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
        context.drawImage(image, 0, 0);
        const at = Math.floor(image.naturalWidth / 2);
        const { data } = context.getImageData(at, 0, 1, image.naturalHeight);
        const light = (row) => data[4 * row] + data[4 * row + 1] + data[4 * row + 2];
        const rows = Array.from({ length: image.naturalHeight }, (_, row) => row);
        return rows.reduce((best, row) => (light(row) > light(best) ? row : best), 0) / image.naturalHeight;
    }"""
    wanted = 1 - 1000 / 8000
    ask = lambda: float(board.picture.evaluate(brightest))  # noqa: E731
    board.eventually(ask, lambda place: abs(place - wanted) < 0.02, f"the tone at {wanted} of the height")


def test_filters_and_search_find_what_the_server_finds(report: Path, open_report: OpenReport, study: View) -> None:
    board = open_report(report)
    board.page.get_by_role("searchbox", name="Search").fill("sample-03")
    board.expect_total(len(study.rows(q="sample-03")))
    board.page.get_by_role("searchbox", name="Search").fill("")
    board.key("Escape", "w")
    board.expect_total(len(study.rows(correct="false")))


def test_the_address_leads_back_to_the_clip(report: Path, open_report: OpenReport, study: View) -> None:
    row = study.rows(key="progress/clip", step=20)[0]
    board = open_report(report, {"key": "progress/clip", "step": 20, "clip": row["id"], "t": 0.5})
    board.expect_selected(row["id"])
    board.key(" ")
    heard = board.wait_heard()
    assert heard["duration"] == pytest.approx(progress_seconds(20), abs=0.01)
    assert heard["at"] >= 0.45


def is_near(place: float, now: float) -> bool:
    return place - 0.05 <= now <= place + 0.9


def test_a_short_clip_can_be_listened_to_from_any_place(report: Path, open_report: OpenReport, study: View) -> None:
    row = study.row(key="formats/flac")
    board = open_report(report, {"clip": row["id"], "key": row["key"]})
    board.key(" ")
    board.wait_heard()
    for key, place in (("End", 1.5), ("Home", 0), ("ArrowRight", 1.0), ("Shift+ArrowLeft", 0.9)):
        board.key(key)
        board.eventually(partial(board.sounding, "currentTime"), partial(is_near, place), f"the clip at {place} s")
    assert board.heard("error") == []


def test_clips_are_compared_on_one_clock(report: Path, open_report: OpenReport, study: View) -> None:
    ids = [row["id"] for row in study.rows(key="progress/clip", step=20)]
    assert len(ids) > 1
    board = open_report(report, {"view": "compare", "compare": ids})
    expect(board.page.locator("#compare .compare-play")).to_be_enabled()
    board.key(" ")
    started = board.eventually(lambda: board.page.evaluate("window.started"), bool, "clips that start")
    assert {json.dumps(start["times"]) for start in started} == {json.dumps(started[0]["times"])}


def test_a_transcript_follows(report: Path, open_report: OpenReport, study: View) -> None:
    row = study.row(key="speech/transcript")
    board = open_report(report, {"clip": row["id"], "key": row["key"]})
    for _, _, text in CUES:
        expect(board.detail).to_contain_text(text)


def test_stars_and_notes_stay_in_the_page_and_can_be_saved(report: Path, open_report: OpenReport, study: View) -> None:
    first = study.rows(key="val/samples")[0]["id"]
    board = open_report(report, {"key": "val/samples"})
    board.select(first)
    board.key("Escape", "s", "n")
    note = board.page.get_by_role("textbox", name="Note")
    note.fill("a click <b>here</b>")
    board.key("Escape")
    with board.page.expect_download() as download:
        board.page.get_by_title(re.compile("Download all stars and notes")).click()
    saved = Path(str(download.value.path())).read_text(encoding="utf-8")
    assert first in saved
    assert "a click <b>here</b>" in saved
    board.page.reload()
    board.open({"starred": "true"})
    board.expect_total(1)
    board.expect_first(first)


def test_a_download_is_the_file_that_was_logged(report: Path, open_report: OpenReport, study: View) -> None:
    row = study.row(key="exact/wav")
    board = open_report(report, {"clip": row["id"], "key": row["key"]})
    with board.page.expect_download() as download:
        board.key("D")
    assert download.value.suggested_filename.endswith(".wav")
    content = Path(str(download.value.path())).read_bytes()
    assert hashlib.sha256(content).hexdigest() == row["sha256"]


def test_the_policy_is_in_the_page_and_nothing_breaks_it(report: Path, open_report: OpenReport) -> None:
    board = open_report(report)
    policy = str(board.page.locator("meta[http-equiv='Content-Security-Policy']").get_attribute("content"))
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert board.page.evaluate("window.violations") == []
    board.page.evaluate("() => { const p = document.createElement('p'); p.setAttribute('onclick', 'x=1'); p.click(); }")
    insert = "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s);"
    board.page.evaluate(f"() => {{ {insert} }}")
    assert board.page.evaluate("window.ran") is None
    board.allow("violates the following Content Security Policy|policy: script-src")


def test_a_clip_of_a_folder_that_is_gone_is_said(
    export: Export, open_report: OpenReport, study: View, tmp_path: Path
) -> None:
    page = export(tuple(study.paths), "--folder", "--key", "long/clip", name="gone") / "index.html"
    (page.parent / "media" / "m0.js").unlink()
    board = open_report(page)
    board.key("j", " ")
    expect(board.detail.get_by_role("alert").first).to_contain_text("media/m0.js is not there")
    board.allow("ERR_FILE_NOT_FOUND")


def test_a_folder_works_on_a_server_too(export: Export, make_board: MakeBoard, study: View) -> None:
    page = export(tuple(study.paths), "--folder", name="report") / "index.html"
    with served(page.parent) as address:
        stand_in = OnDisk(page)
        stand_in.url = stand_in.base = f"{address}/index.html"
        board = make_board(cast("View", stand_in)).open({"key": "val/samples"})
        board.key(" ")
        assert board.wait_heard()["duration"] == pytest.approx(sample_seconds(0), abs=0.01)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given, directory=str(folder))

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_opus_plays_and_is_as_long(export: Export, open_report: OpenReport, study: View) -> None:
    path = export(tuple(study.paths), "--format", "opus")
    assert path.stat().st_size < export(tuple(study.paths)).stat().st_size
    row = study.row(key="long/clip")
    board = open_report(path, {"clip": row["id"], "key": row["key"]})
    board.key(" ")
    assert board.wait_heard()["duration"] == pytest.approx(row["duration"], abs=0.02)
    board.wait_for_picture()
    with board.page.expect_download() as download:
        board.key("D")
    assert download.value.suggested_filename.endswith(".opus")


def test_texts_that_attack_are_texts(export: Export, open_report: OpenReport, write_study: WriteStudy) -> None:
    path = export((write_study("hostile"),), "--title", HOSTILE[1])
    board = open_report(path)
    board.expect_total(len(HOSTILE))
    for key in (" ", *"j" * len(HOSTILE), "Alt+3", "Alt+1"):
        board.key(key)
        board.page.wait_for_timeout(30)
    assert board.page.evaluate("[window.attacked, ({}).polluted]") == [None, None]
    assert board.page.locator("img[src=x], [onerror], [onload], [onmouseover]").count() == 0
    assert HOSTILE[1] in board.page.title()


def test_a_narrow_screen(export: Export, open_report: OpenReport, study: View) -> None:
    board = open_report(export(tuple(study.paths)), viewport={"width": 390, "height": 844})
    board.option().first.click()  # which plays it
    board.wait_heard()
    assert board.page.evaluate("document.documentElement.scrollWidth") <= 390


# Inside another page: a notebook, and W&B's own.


@pytest.fixture
def framed(browser: Any, tmp_path: Path) -> Iterator[Callable[[str], tuple[Any, Frame, list[str]]]]:
    """``framed(html)`` shows a piece of HTML as a notebook does; returns the page, the frame, and what went wrong."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})

    def show(piece: str) -> tuple[Any, Frame, list[str]]:
        path = tmp_path / "notebook.html"
        path.write_text(f"<!doctype html><meta charset=utf-8><p>Cell</p>{piece}", encoding="utf-8")
        page, problems = context.new_page(), []
        page.add_init_script(path=Path(__file__).with_name("listening.js"))
        page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(path.as_uri())
        frame = page.wait_for_selector("iframe").content_frame()
        frame.locator("#list [role=option]").first.wait_for()
        return page, frame, problems

    yield show
    context.close()


def heard_in(frame: Frame) -> list[dict[str, Any]]:
    return [event for event in frame.evaluate("window.heard") if event["type"] == "playing"]


def plays(page: Any, frame: Frame) -> list[dict[str, Any]]:
    frame.locator("#list [role=option]").nth(1).click()
    frame.locator("#list [role=option][aria-selected=true][aria-posinset='2']").wait_for()
    for _ in range(400):
        if heard_in(frame):
            break
        page.wait_for_timeout(25)
    return heard_in(frame)


def test_a_notebook_shows_it_and_it_plays(framed: Any, study: View) -> None:
    shown = view(study.paths, key="val/samples", height=600)
    page, frame, problems = framed(shown._repr_html_())
    assert frame.locator("#total").inner_text().startswith(f"{shown.shown} clips")
    assert plays(page, frame)[-1]["duration"] == pytest.approx(sample_seconds(1), abs=0.01)
    frame.locator("#spectrogram img[src^='blob:']").wait_for()
    assert page.locator("iframe").bounding_box()["height"] == 600
    assert problems == []


def test_a_page_in_a_notebook_cannot_reach_the_notebook(framed: Any, study: View) -> None:
    _, frame, _ = framed(view(study.paths, key="val/samples")._repr_html_())
    reach = "() => { try { return parent.document.body.textContent; } catch (error) { return error.name; } }"
    assert frame.evaluate(reach) == "SecurityError"


def test_wandbs_sandboxed_frame_plays_it(framed: Any, study: View) -> None:
    report = view(study.paths, key="val/samples").page.decode()
    page, frame, problems = framed(
        f'<iframe sandbox="allow-scripts" srcdoc="{html.escape(report)}" height=700></iframe>'
    )
    assert plays(page, frame)[-1]["duration"] == pytest.approx(sample_seconds(1), abs=0.01)
    assert problems == []

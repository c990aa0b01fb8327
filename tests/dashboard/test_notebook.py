from __future__ import annotations

import html
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest

from audio_logging.dashboard.catalog.queries import QueryError
from audio_logging.dashboard.notebook import HtmlView, paths_of, query_of, view
from audio_logging.errors import AudioTypeError, AudioValueError, NotFoundError
from audio_logging.runs import open_run
from tests.dashboard.conftest import RunFolder
from tests.dashboard.export.conftest import PutClip, ReportRead, own_cache, put_clip, read_report, run, sound

__all__ = ["own_cache", "put_clip", "run"]  # fixtures


def read(shown: HtmlView, tmp_path: Path) -> ReportRead:
    return read_report(shown.save(tmp_path / "saved.html", force=True))


def test_all_clips_of_a_run(run: RunFolder, tmp_path: Path) -> None:
    shown = view(run.folder)
    assert (shown.shown, shown.total, shown.left_out) == (6, 6, ())
    assert len(read(shown, tmp_path).rows) == 6
    assert re.fullmatch(r"HtmlView\(6 clips, \d\.\d MB; \.save\('report\.html'\) writes it\)", repr(shown))


def test_filters_are_those_of_the_dashboard(run: RunFolder, tmp_path: Path) -> None:
    assert view(run.folder, key="val").shown == 3
    assert view(run.folder, key=["val", "music/reference"], step=10).shown == 2
    assert view(run.folder, step="latest", correct=False).shown == 1
    assert view(run.folder, key=None, where=["metric.loss:gt:0.5"]).shown == 2
    with pytest.raises(QueryError, match="got the parameter 'colour'"):
        view(run.folder, colour="red")
    with pytest.raises(NotFoundError, match=r"no clip in .* is what was asked for"):
        view(run.folder, key="none")


def test_the_frame_holds_the_page_and_cannot_reach_out(run: RunFolder) -> None:
    shown = view(run.folder, height=500)

    class Frames(HTMLParser):
        found: list[dict[str, str | None]]

        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            self.found = [*getattr(self, "found", []), {"tag": tag, **dict(attributes)}]

    frames = Frames()
    frames.feed(shown._repr_html_())
    [frame] = frames.found
    assert frame["srcdoc"] == shown.page.decode()
    assert frame["height"] == "500"
    assert frame["sandbox"] == "allow-scripts allow-downloads"


def test_the_last_clips_that_fit_are_shown_and_it_says_so(
    new_run: Callable[..., RunFolder], put_clip: PutClip, tmp_path: Path
) -> None:
    run = new_run("abc")
    for step in range(40):
        put_clip(run, sound(step, 1.0), step=step)
    shown = view(run.folder, max_mb=1.0)
    assert 5 < shown.shown < 25
    assert shown.total == 40
    assert len(shown.page) <= 1e6
    assert [row["step"] for row in read(shown, tmp_path).rows] == list(range(40 - shown.shown, 40))
    assert f"HtmlView({shown.shown} of 40 clips" in repr(shown)
    assert f"<p>{shown.shown} of 40 clips: the others would make the notebook too large" in shown._repr_html_()
    first = view(run.folder, max_mb=1.0, sort="step")
    assert [row["step"] for row in read(first, tmp_path).rows] == list(range(first.shown))
    more = view(run.folder, max_mb=1.0, format="opus")
    assert more.shown > shown.shown
    assert len(more.page) <= 1e6


def test_long_captions_count_too(new_run: Callable[..., RunFolder], put_clip: PutClip) -> None:
    run = new_run("abc")
    for step in range(20):
        put_clip(run, sound(step, 0.01), step=step, caption="<" * 50_000)
    shown = view(run.folder, max_mb=2.0)
    assert 0 < shown.shown < 20
    assert len(shown.page) <= 2e6


def test_a_clip_that_is_too_long_does_not_hide_the_others(new_run: Callable[..., RunFolder], put_clip: PutClip) -> None:
    run = new_run("abc")
    put_clip(run, sound(1), step=1)
    put_clip(run, sound(2, 60.0), step=2)
    assert view(run.folder, max_mb=1.0).shown == 1


def test_when_nothing_fits_it_says_what_to_do(run: RunFolder) -> None:
    with pytest.raises(NotFoundError, match=r"no clip fits into 0\.1 MB\. Pass max_mb=, or format='opus'"):
        view(run.folder, max_mb=0.1)


def test_clips_that_cannot_be_read_are_named(run: RunFolder, put_clip: PutClip) -> None:
    put_clip(run, b"no audio", key="no", step=2)
    shown = view(run.folder)
    assert (shown.shown, shown.total) == (6, 7)
    assert shown.left_out[0].startswith("no, step 2, clip 0: ")


def test_save_writes_nothing_over(run: RunFolder, tmp_path: Path) -> None:
    shown = view(run.folder)
    assert shown.save(tmp_path / "report.html").read_bytes() == shown.page
    with pytest.raises(AudioValueError, match="is there already"):
        shown.save(tmp_path / "report.html")
    shown.save(str(tmp_path / "report.html"), force=True)


def test_ways_to_name_a_run(run: RunFolder, tmp_path: Path) -> None:
    assert paths_of(run.folder) == [run.folder]
    assert paths_of(str(run.folder)) == [run.folder]
    assert paths_of(open_run(run.folder)) == [run.folder]
    assert paths_of(SimpleNamespace(dir=str(run.folder / "files"))) == [run.folder], "wandb's own run"
    assert paths_of([run.folder, open_run(run.folder)]) == [run.folder, run.folder]
    with pytest.raises(AudioTypeError, match=r"got int, wanted a path, a Run of open_run, a wandb\.Run"):
        paths_of(3)


def test_without_a_name_it_is_the_latest_run(
    run: RunFolder, new_run: Callable[..., RunFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = new_run("xyz", date="20261121_083536")
    monkeypatch.delenv("WANDB_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    assert [path.resolve() for path in paths_of(None)] == [later.folder.resolve()]
    (tmp_path / "none").mkdir()
    monkeypatch.chdir(tmp_path / "none")
    with pytest.raises(NotFoundError, match=r"there is no run below 'wandb'; name one: view\('path/to/wandb'\)"):
        paths_of(None)
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    assert [os.path.realpath(path) for path in paths_of(None)] == [os.path.realpath(later.folder)]


def test_a_run_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no"):
        view(tmp_path / "nowhere")


def test_values_become_the_texts_of_an_address() -> None:
    query = query_of({"label": ("dog", "cat"), "correct": True, "step": 3, "q": "a b", "sort": None})
    assert (query.label, query.correct, query.step, query.q, query.sort) == (("dog", "cat"), True, 3, "a b", "logged")


def test_the_page_is_html_that_a_title_cannot_break(run: RunFolder) -> None:
    page = view(run.folder, title="</title><script>x=1</script>").page.decode()
    assert f"<title>{html.escape('</title><script>x=1</script>')}</title>" in page

from __future__ import annotations

import html
import json
import math
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from audio_logging.dashboard.catalog.queries import Condition, QueryError
from audio_logging.dashboard.notebook import HtmlView, paths_of, query_of, view
from audio_logging.errors import AudioTypeError, AudioValueError, NotFoundError, UnsupportedFormatError
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


def test_stars_are_those_of_the_notes(run: RunFolder, tmp_path: Path) -> None:
    notes = tmp_path / "notes.json"
    starred = read(view(run.folder), tmp_path).rows[2]
    notes.write_text(json.dumps({"notes": {starred["id"]: {"star": True}}}), encoding="utf-8")
    found = view(run.folder, starred=True, notes=notes)
    assert [row["id"] for row in read(found, tmp_path).rows] == [starred["id"]]
    assert view(run.folder, starred=True, notes=str(notes), key="val").shown == 1
    assert view(run.folder, notes=notes).shown == 6
    with pytest.raises(AudioValueError, match=r"stars are kept in the file .* Pass notes='notes\.json'"):
        view(run.folder, starred=True)
    with pytest.raises(NotFoundError, match=r"there is no 'none\.json', wanted the file that audio-logging view"):
        view(run.folder, notes="none.json")
    with pytest.raises(AudioTypeError, match="got notes=5, wanted the path of the file"):
        view(run.folder, notes=5)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["mp3", "", "KEEP", None, 5])
def test_a_format_that_is_none(form: Any, run: RunFolder) -> None:
    with pytest.raises(UnsupportedFormatError, match=f"got format={form!r}, wanted one of 'keep', 'opus', 'flac'"):
        view(run.folder, format=form)


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


def test_infinity_is_no_limit(new_run: Callable[..., RunFolder], put_clip: PutClip) -> None:
    run = new_run("abc")
    for step in range(3):
        put_clip(run, sound(step, 1.0), step=step)
    assert view(run.folder, max_mb=0.4).shown < 3
    for endless in (math.inf, np.float32("inf"), 10**400):
        assert view(run.folder, max_mb=endless).shown == 3  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"max_mb": math.nan}, AudioValueError, "got max_mb=nan, wanted a number of megabytes above 0"),
        ({"max_mb": -1}, AudioValueError, "got max_mb=-1, wanted a number of megabytes above 0"),
        ({"max_mb": 0}, AudioValueError, "got max_mb=0, wanted a number of megabytes above 0"),
        ({"max_mb": "5"}, AudioTypeError, "got max_mb='5', wanted a number of megabytes"),
        ({"max_mb": True}, AudioTypeError, "got max_mb=True, wanted a number of megabytes"),
        ({"max_mb": None}, AudioTypeError, "got max_mb=None, wanted a number of megabytes"),
        ({"title": 5}, AudioTypeError, "got title=5, wanted text, or None for the names of the runs"),
        ({"height": "5"}, AudioTypeError, "got height='5', wanted a number of pixels"),
        ({"height": math.inf}, AudioValueError, "got height=inf, wanted a number of pixels above 0, at most 100000"),
        ({"key": b"val"}, AudioTypeError, "got key=b'val', wanted text, a number, True or False, or a list of these"),
        ({"key": {"val": 1}}, AudioTypeError, "got key={'val': 1}, wanted text"),
        ({"key": [["val"]]}, AudioTypeError, r"got key=\['val'\], wanted text"),
        ({"step": np.array([1, 2])}, QueryError, "got step 2 times, wanted one"),
    ],
)
def test_arguments_that_are_something_else(
    arguments: dict[str, Any], kind: type[Exception], message: str, run: RunFolder
) -> None:
    with pytest.raises(kind, match=message):
        view(run.folder, **arguments)


def test_numbers_of_numpy_are_numbers(run: RunFolder) -> None:
    shown = view(run.folder, max_mb=np.float32(5), height=np.int64(500), title=np.str_("a"))  # type: ignore[arg-type]
    assert (shown.shown, shown.height) == (6, 500)
    assert 'height="500"' in shown._repr_html_()


def test_when_nothing_fits_it_says_what_to_do(run: RunFolder) -> None:
    with pytest.raises(NotFoundError, match=r"no clip fits into 0\.1 MB\. Pass max_mb=, or format='opus'"):
        view(run.folder, max_mb=0.1)


def test_clips_that_cannot_be_read_are_named(run: RunFolder, put_clip: PutClip) -> None:
    put_clip(run, b"no audio", key="no", step=2)
    shown = view(run.folder)
    assert (shown.shown, shown.total) == (6, 7)
    assert shown.left_out[0].startswith("no, step 2, clip 0: ")


def test_when_none_can_be_read_it_does_not_speak_of_size(new_run: Callable[..., RunFolder], put_clip: PutClip) -> None:
    run = new_run("abc")
    put_clip(run, b"no audio", key="no", step=2)
    for max_mb in (25.0, math.inf):
        with pytest.raises(
            NotFoundError, match="none of the 1 clips found can be read; the first: no, step 2, clip 0: "
        ):
            view(run.folder, max_mb=max_mb)


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
    assert paths_of(np.array([str(run.folder)])) == [run.folder]
    assert paths_of(each for each in {run.folder}) == [run.folder]


@pytest.mark.parametrize(
    ("given", "kind", "got"),
    [
        (3, AudioTypeError, "got int"), (b"wandb", AudioTypeError, "got bytes"), ({}, AudioTypeError, "got dict"),
        ([3], AudioTypeError, "got int"), ([], AudioValueError, "got an empty list"),
        ((), AudioValueError, "got an empty tuple"), (np.array([]), AudioValueError, "got an empty ndarray"),
    ],
)  # fmt: skip
def test_what_names_no_run(given: Any, kind: type[Exception], got: str) -> None:
    with pytest.raises(kind, match=rf"^{got}, wanted a path, a Run of open_run, a wandb\.Run, or a list of these$"):
        paths_of(given)


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


@pytest.mark.parametrize(
    "given",
    [
        ["dog", "cat"], ("dog", "cat"), np.array(["dog", "cat"]), iter(["dog", "cat"]), {"dog": 1, "cat": 2}.keys(),
        np.array(["dog", None, "cat"], object), [np.str_("dog"), "cat"],
    ],
)  # fmt: skip
def test_several_values_come_in_any_iterable(given: Any) -> None:
    assert query_of({"label": given}).label == ("dog", "cat")


def test_values_of_numpy_are_those_of_python() -> None:
    query = query_of({"correct": np.False_, "step": np.int64(3), "label": {np.int32(7)}, "q": np.array("a")})
    assert (query.correct, query.step, query.label, query.q) == (False, 3, ("7",), "a")
    assert query_of({"step": np.float32(0.5), "starred": np.True_}).step == 0.5
    condition = Condition("score", "lt", 0.5)
    assert query_of({"where": condition}).where == (condition,)


def test_the_page_is_html_that_a_title_cannot_break(run: RunFolder) -> None:
    page = view(run.folder, title="</title><script>x=1</script>").page.decode()
    assert f"<title>{html.escape('</title><script>x=1</script>')}</title>" in page

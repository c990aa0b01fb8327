"""The benchmarks run, so that they do not rot. Nothing here asserts how long anything takes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

from tests.browser.chromium import find_chromium

from .__main__ import main
from .harness import QUICK, Effort, Measure, Subject, compare, in_turn, once, take_turns
from .report import PAGE, markdown, write_section
from .suite import BENCHMARKS

THRICE = Effort(seconds=0, fewest=3, most=5)


@pytest.fixture(autouse=True)
def _importable_in_fresh_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in Path(__file__).parents[1:3]:  # pytest calls this package "benchmarks", python -m "tests.benchmarks"
        monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_returns_sane_figures(
    name: str, require: Callable[[str], ModuleType], skip_or_fail: Callable[[str], NoReturn]
) -> None:
    for package in BENCHMARKS[name].needs:
        require(package)
    if "playwright" in BENCHMARKS[name].needs and find_chromium() is None:
        skip_or_fail("there is no Chromium")
    measures = BENCHMARKS[name].run(QUICK)
    assert measures
    for measure in measures:
        figures = (measure.ours, measure.theirs, measure.ratio, measure.best_ratio)
        assert all(math.isfinite(figure) and figure >= 0 for figure in figures), measure
        assert measure.theirs > 0
        assert measure.goal is None or 0 <= measure.goal <= 10
    assert len({(measure.peer, measure.what) for measure in measures}) == len(measures)


def test_subjects_take_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []
    rounds = in_turn({name: lambda name=name: order.append(name) for name in "abc"}, THRICE)  # type: ignore[misc]
    assert {name: len(every) for name, every in rounds.items()} == {"a": 3, "b": 3, "c": 3}
    assert len(order) == 12
    assert all(set(order[start : start + 3]) == set("abc") for start in range(0, 12, 3))


def test_only_the_call_is_timed_and_it_settles_before_the_next() -> None:
    events: list[str] = []
    ticks: Iterator[float] = iter(range(100))

    def clock() -> float:
        events.append("clock")
        return next(ticks)

    def prepare() -> str:
        events.append("prepare")
        return "clip"

    subject = Subject(events.append, lambda: events.append("settle"))
    rounds = take_turns({"a": subject}, THRICE, prepare=prepare, before=lambda: events.append("before"), clock=clock)
    assert events[:6] == ["prepare", "before", "clock", "clip", "clock", "settle"]
    assert rounds == {"a": (1.0, 1.0, 1.0)}


def test_a_ratio_is_the_median_of_pairs_and_the_best_of_bests() -> None:
    measure = compare("what", {"ours": (1.0, 2.0, 9.0), "peer": (1.0, 4.0, 12.0)}, "ours", "peer", goal=0.8)
    assert measure == Measure("what", 2000.0, 4000.0, "ms", "peer", 0.75, 1.0, 0.8)
    assert measure.is_met


def test_what_is_added_to_the_peer_counts_in_every_pair() -> None:
    measure = compare("what", {"ours": (3.0,), "peer": (1.0,)}, "ours", "peer", plus=2.0, unit="s", factor=1.0)
    assert (measure.theirs, measure.ratio, measure.best_ratio, measure.is_met) == (3.0, 1.0, 1.0, None)


def test_a_table_says_where_a_goal_is_missed() -> None:
    lines = [once("bytes", 1.0, 4.0, "MB", "plain", goal=0.5), once("bytes", 3.0, 4.0, "MB", "plain", goal=0.5)]
    assert markdown(lines) == (
        "| | ours | plain | ratio | of the bests | goal | |\n"
        "|---|---|---|---|---|---|---|\n"
        "| bytes | 1 MB | 4 MB | 0.25 | 0.25 | 0.5 | met |\n"
        "| bytes | 3 MB | 4 MB | 0.75 | 0.75 | 0.5 | **missed** |"
    )


def test_each_peer_has_a_table_of_its_own() -> None:
    assert markdown([once("a", 1, 1, "s", "x"), once("b", 1, 1, "s", "y")]).count("\n|---|") == 2


@pytest.mark.parametrize("old", ["", "old\n", "\nold\n\nlines\n\n"])
def test_a_section_of_the_page_is_replaced(tmp_path: Path, old: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n<!-- bytes -->\n{old}<!-- end of bytes -->\nafter\n", encoding="utf-8")
    write_section(page, "bytes", "new\nlines")
    assert page.read_text(encoding="utf-8") == "before\n<!-- bytes -->\n\nnew\nlines\n\n<!-- end of bytes -->\nafter\n"
    with pytest.raises(ValueError, match="has no lines '<!-- other -->' and '<!-- end of other -->'"):
        write_section(page, "other", "new")


def test_the_page_has_a_section_for_every_benchmark() -> None:
    marked = re.findall(r"^<!-- (?!end of )(\w+) -->$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(marked) == {"conditions", *BENCHMARKS}


def test_the_command_line_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    listed = capsys.readouterr().out
    assert [line.split()[0] for line in listed.splitlines()] == list(BENCHMARKS)


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["nonsense"])
    assert "nonsense" in capsys.readouterr().err

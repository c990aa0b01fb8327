"""How quickly does the dashboard answer, play, filter and follow, and what does it take? In a real Chromium.

Each figure stands beside its goal; "ratio" is their ratio, so that 1 is just met. Times in the page are taken by the
page's own clock from the key or the click on, times from outside with everything that lies between.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.browser.chromium import find_chromium, launch
from tests.browser.many_clips import ManyClips, write_many
from tests.browser.view import View
from tests.browser.writer import Writer

from .dashboard_long import write_long
from .dashboard_memory import MostMemory
from .dashboard_visit import Visit
from .harness import Effort, Measure, once
from .runs import temporary_wandb

__all__ = ["measure"]

SIZES = (1_000, 10_000, 100_000)
"""Clips of a run; a quick look tries one."""

GOAL = "the goal"
ROUNDS = 20
"""Of what takes a part of a second; what takes longer is done less often."""


def measure(effort: Effort) -> Iterator[Measure]:
    """Yield everything, by the number of clips."""
    if find_chromium() is None:
        raise RuntimeError("there is no Chromium; install it, or name it in AUDIO_LOGGING_CHROMIUM")
    with launch() as browser, temporary_wandb() as folder:
        for clips in SIZES if effort.scale == 1 else SIZES[:1]:
            # At 100,000 clips share a thousand files, as equal clips do.
            many = ManyClips(effort.count(clips), distinct=min(effort.count(clips), 1_000 if clips > 10_000 else clips))
            run = write_many(folder / f"{clips}", many)
            yield from _of_a_run(browser, run, clips, effort)
        yield from _of_a_live_run(browser, folder / "live", effort)
        yield from _of_a_long_clip(browser, write_long(folder / "long", 600 * effort.scale), effort)
        yield from _of_an_export(browser, write_many(folder / "export", ManyClips(effort.count(1_000))), effort)
        yield from _of_the_front_end(browser, folder / f"{SIZES[0]}")


def _rounds(effort: Effort, most: int = ROUNDS) -> int:
    return min(most, max(2, round(most * effort.scale)))


@contextmanager
def _serving(run: Path) -> Iterator[View]:
    with TemporaryDirectory(prefix="audio-logging-benchmark-home-") as home, View([run], Path(home)) as view:
        view.wait_indexed(1, patience=600)
        yield view


def _of_a_run(browser: Any, run: Path, clips: int, effort: Effort) -> Iterator[Measure]:
    what = f"{clips:,} clips"
    yield from _starts(run, what, effort)
    with _serving(run) as view:
        first = [Visit(browser, view).first_sound() for _ in range(_rounds(effort))]
        yield from _spread(f"{what}: page opened, cold, to first sound", first, "s", 1.0)
        with Visit(browser, view) as visit:
            visit.open()
            yield from _spread(
                f"{what}: key j to the next clip's sound", visit.next_sounds(2 * _rounds(effort)), "ms", 0.15
            )
            acts: dict[str, Callable[[], float]] = {
                "wrong only": visit.filter_wrong,
                "sort by loss": visit.sort_by_loss,
                "search": visit.search,
                "last row": visit.scroll_to_end,
            }
            for name, act in acts.items():
                yield from _spread(f"{what}: {name} to rows", [act() for _ in range(_rounds(effort))], "ms", 0.3)
            heap, nodes = visit.weight()
            yield once(f"{what}: JavaScript heap", heap / 1e6, 40.0, "MB", GOAL, goal=1.0)
            yield once(f"{what}: nodes of the page", nodes, 1_000, "nodes", GOAL, goal=1.0)
        limit = 200.0 if clips > 10_000 else 80.0
        yield once(f"{what}: server's memory, all processes, used", view.memory() / 1e6, limit, "MB", GOAL, goal=1.0)


def _starts(run: Path, what: str, effort: Effort) -> Iterator[Measure]:
    """Time from the command to the first rows, unknown to the index and known to it."""
    new, known = [], []
    for _ in range(_rounds(effort, 5)):
        with TemporaryDirectory(prefix="audio-logging-benchmark-home-") as home:
            new.append(_start(run, Path(home)))
            known.append(_start(run, Path(home)))
    yield from _spread(f"{what}: command to the first 200 rows, new to the index", new, "s", 1.0, worst=False)
    yield from _spread(f"{what}: command to the first 200 rows, again", known, "s", 1.0, worst=False)


def _start(run: Path, home: Path) -> float:
    begun = time.perf_counter()
    with View([run], home) as view:
        while not view.get("api/clips", limit=200)["rows"]:
            time.sleep(0.005)
        elapsed = time.perf_counter() - begun
        view.wait_indexed(1, patience=600)
    return elapsed


def _of_a_live_run(browser: Any, folder: Path, effort: Effort) -> Iterator[Measure]:
    folder.mkdir()
    with Writer(folder) as writer:
        writer.log("train/clip", 0, 20)
        with _serving(writer.runs) as view, Visit(browser, view) as visit:
            visit.open()
            lags = [visit.wait_total(20 + step) - writer_time for step, writer_time in _logged(writer, _rounds(effort))]
    yield from _spread("live: flush in another process to the row on the page", lags, "s", 2.0)


def _logged(writer: Writer, number: int) -> Iterator[tuple[int, float]]:
    for step in range(1, number + 1):
        yield step, writer.log("train/clip", step)


def _of_a_long_clip(browser: Any, run: Path, effort: Effort) -> Iterator[Measure]:
    what = "10 min of 44.1 kHz stereo, wav"
    plays, seeks, pictures, growths = [], [], [], []
    for _ in range(_rounds(effort, 5)):
        with _serving(run) as view, Visit(browser, view) as visit:
            visit.open()
            with MostMemory(view) as memory:
                play, picture = visit.choose_next()
                plays.append(play)
                pictures.append(picture)
                seeks += visit.seeks((0.8, 0.3, 0.95, 0.1))
            growths.append(memory.growth / 1e6)
    yield from _spread(f"{what}: chosen to sound", plays, "ms", 0.3)
    yield from _spread(f"{what}: seek to sound there", seeks, "ms", 0.3)
    yield from _spread(f"{what}: chosen to spectrogram, computed", pictures, "s", 1.5)
    yield once(f"{what}: server's memory more, at most", max(0.0, *growths), 50.0, "MB", GOAL, goal=1.0)


def _of_an_export(browser: Any, run: Path, effort: Effort) -> Iterator[Measure]:
    made, opened = [], []
    report = run.parent / "report.html"
    for _ in range(_rounds(effort, 3)):
        report.unlink(missing_ok=True)
        begun = time.perf_counter()
        command = [sys.executable, "-m", "audio_logging", "export", str(run), "-o", str(report)]
        subprocess.run(command, check=True, capture_output=True, env=os.environ)
        made.append(time.perf_counter() - begun)
        opened.append(Visit(browser, None).first_sound(report.as_uri()))
    yield from _spread("export of 1,000 wavs of 1 s to one file, whole command", made, "s", 2.0, worst=False)
    yield from _spread("export of 1,000 wavs: opened as a file to first sound", opened, "s", 1.0, worst=False)


def _of_the_front_end(browser: Any, run: Path) -> Iterator[Measure]:
    with _serving(run) as view, Visit(browser, view) as visit:
        code, outside = visit.loaded()
        yield once("front end as it is sent: page, script, style", code / 1e3, 80.0, "kB", GOAL, goal=1.0)
        yield once("requests to anywhere else", outside, 1.0, "", "one request", goal=0.0)
        yield once("largest sample of a clip minus itself", visit.null_test(), 2.0**-15, "", "one step", goal=0.0)


def _spread(what: str, figures: Sequence[float], unit: str, goal: float, *, worst: bool = True) -> Iterator[Measure]:
    """Yield the median and the 95th percentile of times [s] beside the goal [s], which is one for the latter."""
    factor = {"s": 1.0, "ms": 1e3}[unit]
    of = partial(once, theirs=goal * factor, unit=unit, peer=GOAL)
    yield of(f"{what}, median of {len(figures)}", statistics.median(figures) * factor, goal=None if worst else 1.0)
    if worst:
        ordered = sorted(figures)
        yield of(f"{what}, p95", ordered[math.ceil(0.95 * len(ordered)) - 1] * factor, goal=1.0)

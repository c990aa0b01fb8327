"""Measures as Markdown, on the screen and in docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

from .harness import Measure

__all__ = ["PAGE", "conditions", "markdown", "write_section"]

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"


def markdown(measures: Iterable[Measure]) -> str:
    """Return one table for each peer.

    Parameters
    ----------
    measures : iterable of Measure

    Returns
    -------
    str
    """
    tables = [_table(peer, list(lines)) for peer, lines in groupby(measures, key=lambda measure: measure.peer)]
    return "\n\n".join(tables)


def _table(peer: str, lines: Sequence[Measure]) -> str:
    head = f"| | ours | {peer} | ratio | of the bests | goal | |\n|---|---|---|---|---|---|---|"
    return "\n".join([head, *map(_line, lines)])


def _line(measure: Measure) -> str:
    goal = "" if measure.goal is None else _short(measure.goal)
    verdict = {None: "", True: "met", False: "**missed**"}[measure.is_met]
    figures = (f"{_short(figure)} {measure.unit}" for figure in (measure.ours, measure.theirs))
    ratios = map(_short, (measure.ratio, measure.best_ratio))
    return "| " + " | ".join((measure.what, *figures, *ratios, goal, verdict)) + " |"


def _short(figure: float) -> str:
    return f"{figure:.3g}" if figure < 1000 else f"{figure:.0f}"


def conditions() -> str:
    """Return what was measured on, in one line."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("wandb", "numpy", "soundfile"))
    load = f"load {os.getloadavg()[0]:.1f} with this and other work"
    return f"{time.strftime('%Y-%m-%d')}: {_processor()}, {load}; Python {platform.python_version()}, {packages}"


def _processor() -> str:
    try:
        model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    except OSError:
        model = None
    return f"{os.cpu_count()} cores of {model[1].strip() if model else platform.machine()}"


def write_section(page: Path, name: str, text: str) -> None:
    """Replace what stands between the page's marks of that name.

    Parameters
    ----------
    page : Path
    name : str
    text : str

    Raises
    ------
    ValueError
        The page has no such marks.
    """
    before = page.read_text(encoding="utf-8")
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    after, replaced = re.subn(
        f"{re.escape(begin)}\n.*?{re.escape(end)}", lambda _: f"{begin}\n\n{text}\n\n{end}", before, flags=re.DOTALL
    )
    if not replaced:
        raise ValueError(f"{page} has no lines {begin!r} and {end!r}, wanted both")
    page.write_text(after, encoding="utf-8")

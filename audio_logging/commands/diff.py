"""``audio-logging diff``: which clips and labels of an artifact were added, removed or changed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from audio_logging.commands.forms import Subparsers, add_json_option, add_root_option, new_command, print_lines
from audio_logging.listing.lines import Record, json_lines, one_line
from audio_logging.runs import ArtifactCatalog, list_runs
from audio_logging.runs.comparison import Change, Comparison, compare

__all__ = ["add_diff_command"]

MARKS = {"added": "+", "removed": "-", "changed": "~"}

SHORT_HASH = 12


def add_diff_command(commands: Subparsers) -> None:
    """Add ``diff``."""
    command = new_command(commands, "diff", "tell which clips and labels differ between two versions of an artifact")
    command.add_argument("before", metavar="NAME:v1")
    command.add_argument("after", metavar="NAME:v2")
    add_root_option(command)
    add_json_option(command)
    command.set_defaults(run=_diff)


def _diff(options: argparse.Namespace) -> int:
    catalog = ArtifactCatalog(list_runs(options.root))
    before, after = catalog.find(options.before), catalog.find(options.after)
    comparison = compare(before.artifact, after.artifact, catalog.index)
    if options.json:
        print_lines(json_lines(_record(change) for change in comparison.changes))
    else:
        print_lines(_lines(comparison, f"{before.name} -> {after.name}"))
    return 0


def _lines(comparison: Comparison, title: str) -> Iterator[str]:
    counts = ", ".join(f"{comparison.count(kind)} {kind}" for kind in MARKS)
    yield f"{title}: {counts}, {comparison.unchanged} as they were"
    labels = [("+", label) for label in comparison.labels_added] + [("-", label) for label in comparison.labels_removed]
    if labels:
        yield "labels: " + ", ".join(f"{mark} {one_line(label, 80)}" for mark, label in labels)
    for change in comparison.changes:
        label = "" if change.label is None or change.differences else f"  {one_line(change.label, 80)}"
        yield f"{MARKS[change.kind]} {one_line(change.name, 200)}{label}"
        for what, old, new in change.differences:
            yield f"    {one_line(what, 40)}: {_shown(what, old)} -> {_shown(what, new)}"


def _record(change: Change) -> Record:
    differences = {what: {"before": old, "after": new} for what, old, new in change.differences}
    return {"change": change.kind, "name": change.name, "label": change.label, "differences": differences or None}


def _shown(what: str, value: Any) -> str:
    is_hash = isinstance(value, str) and len(value) == 64 and what not in ("caption", "label")
    return one_line(value[:SHORT_HASH] if is_hash else value, 80) if value is not None else "none"

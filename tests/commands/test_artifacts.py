from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audio_logging.errors import AudioValueError, NotFoundError
from tests.commands.conftest import Command

Records = Callable[..., list[dict[str, Any]]]


def test_artifacts_are_listed_with_their_latest_version_and_who_made_it(records: Records, logged: Path) -> None:
    found = {(record["project"], record["artifact"]): record for record in records("artifacts", "--root", logged)}
    bells = found["birds", "bells"]
    assert (bells["type"], bells["versions"], bells["latest"], bells["files"]) == ("dataset", 2, "v0", 15)
    assert bells["made_by"] == "first"
    assert bells["size"] > 10_000
    assert ("fish", "summary") in found


def test_versions_are_listed_with_their_aliases(records: Records, command: Command, logged: Path) -> None:
    first, second = records("artifacts", "birds/bells", "--root", logged)
    assert (first["artifact"], first["aliases"], first["made_by"], first["times"]) == (
        "bells:v0",
        ["latest"],
        "first",
        2,
    )
    assert (second["artifact"], second["aliases"], second["made_by"]) == ("bells:v1", ["good"], "second")
    assert first["description"] == "all of them"
    title, head, *_ = command("artifacts", "bells", "--root", logged)
    assert title == "birds/bells: 2 versions"
    assert head.split()[:4] == ["artifact", "aliases", "type", "files"]


def test_missing_files_are_counted(records: Records, logged: Path) -> None:
    hidden = logged.parent / "hidden"
    (logged.parent / "data").rename(hidden)
    try:
        assert records("artifacts", "bells", "--root", logged)[0]["missing"] == 14
    finally:
        hidden.rename(logged.parent / "data")


def test_names_that_are_none_are_refused(command: Command, logged: Path) -> None:
    with pytest.raises(AudioValueError, match="got 'bells:v0', wanted a name without a version"):
        command("artifacts", "bells:v0", "--root", logged)
    with pytest.raises(NotFoundError, match="there is no artifact 'bell'; there are 'birds/bells'"):
        command("artifacts", "bell", "--root", logged)


def test_diff_tells_what_was_added_removed_and_changed(command: Command, logged: Path) -> None:
    assert command("diff", "bells:v0", "bells:v1", "--root", logged) == [
        "bells:v0 -> bells:v1: 1 added, 0 removed, 1 changed, 6 as they were",
        "labels: + bird, + cow, - cat",
        "~ table/id1",
        "    label: cat -> bird",
        "+ table/id2  cow",
    ]
    assert command("diff", "bells:v1", "bells:v0", "--root", logged)[0].endswith(
        "0 added, 1 removed, 1 changed, 6 as they were"
    )


def test_diff_has_json_too(records: Records, logged: Path) -> None:
    assert records("diff", "bells:v0", "bells:good", "--root", logged) == [
        {"change": "changed", "name": "table/id1", "label": "bird",
         "differences": {"label": {"before": "cat", "after": "bird"}}},
        {"change": "added", "name": "table/id2", "label": "cow"},
    ]  # fmt: skip


def test_equal_versions_have_no_difference(records: Records, command: Command, logged: Path) -> None:
    assert records("diff", "bells:v0", "bells:latest", "--root", logged) == []
    assert command("diff", "bells:v0", "bells:v0", "--root", logged) == [
        "bells:v0 -> bells:v0: 0 added, 0 removed, 0 changed, 7 as they were"
    ]

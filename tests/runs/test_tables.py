from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from audio_logging.runs import Run, StoredClip, open_run


@pytest.fixture(scope="module")
def run(real_run: Path) -> Run:
    return open_run(real_run)


def test_tables_have_their_rows_with_audio(run: Run) -> None:
    table = run.tables()[0]
    assert (table.key, table.step, table.columns) == ("val/table", 10, ["id", "audio", "label", "score"])
    assert (len(table), table.source, table.first_row) == (2, "artifact", 0)
    assert [[row[0], row[2], row[3]] for row in table.rows] == [[1, "dog", 0.5], [2, "cat", 0.25]]
    first = table.rows[0][1]
    assert isinstance(first, StoredClip)
    assert (first.caption, first.frames, first.sample_rate) == ("c5", 1600, 16000)
    with first.open() as file:
        assert file.read(4) == b"RIFF"
    assert table.records()[1]["label"] == "cat"
    assert repr(table) == "StoredTable('val/table', step 10, 2 rows of id, audio, label, score)"


def test_a_clip_in_a_table_has_what_its_row_tells(run: Run) -> None:
    first, second = run.tables()[0].clips()
    assert [(clip.label, clip.metrics) for clip in (first, second)] == [
        ("dog", {"score": 0.5}),
        ("cat", {"score": 0.25}),
    ]


def test_an_incremental_table_comes_in_its_parts(run: Run) -> None:
    parts = [table for table in run.tables() if table.key == "growing"]
    assert [(table.step, table.first_row, table.rows[0][0]) for table in parts] == [(11, 0, 0), (12, 1, 1)]
    assert [clip.index for table in parts for clip in table.clips()] == [0, 1]


def test_lists_of_audio_in_cells_are_lists_of_clips(tmp_path: Path, write_run: Any) -> None:
    folder = write_run(
        tmp_path,
        """
        wandb.Audio.__eq__ = lambda self, other: self is other  # wandb 0.31's own raises on None
        run = wandb.init(settings=settings)
        table = wandb.Table(columns=["takes"])
        table.add_data([tone(1, "a"), tone(2, "b")])
        run.log({"table": table})
        run.finish()
        wandb.teardown()
        """,
    )
    [table] = open_run(folder).tables()
    assert [clip.caption for clip in table.rows[0][0]] == ["a", "b"]
    assert [(clip.index, clip.column) for clip in table.clips()] == [(0, "takes[0]"), (0, "takes[1]")]


@pytest.fixture
def moved(real_run: Path, tmp_path: Path) -> Path:
    """Copy the whole run, staging folder and all; its records still name the old place."""
    return Path(shutil.copytree(real_run, tmp_path / real_run.name))


def test_without_its_staged_files_a_table_is_the_preview(
    moved: Path, tmp_path: Path, real_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = real_run.parent.parent / "data" / "artifacts"
    hidden = staging.rename(tmp_path / "hidden")
    try:
        run = open_run(moved)
        table = run.tables()[0]
        assert (table.source, table.columns) == ("preview", ["id", "audio", "label", "score"])
        assert table.rows == [[1, "Audio", "dog", 0.5], [2, "Audio", "cat", 0.25]]
        assert [clip for clip in run.clips() if clip.table] == []
        assert any(problem.startswith("table 'val/table', step 10: ") for problem in run.problems)
        assert any(problem.endswith("is gone") for problem in run.problems)
    finally:
        hidden.rename(staging)


def test_a_clip_that_is_missing_from_a_table_leaves_its_cell(real_run: Path, tmp_path: Path) -> None:
    run = open_run(real_run)
    clip = run.tables()[0].rows[0][1]
    hidden = Path(clip.file).rename(tmp_path / "hidden")
    try:
        run = open_run(real_run)
        cell = run.tables()[0].rows[0][1]
        assert (cell.file, cell.caption, cell.label) == (None, "c5", "dog")
        assert any("is gone" in problem for problem in run.problems)
    finally:
        hidden.rename(clip.file)

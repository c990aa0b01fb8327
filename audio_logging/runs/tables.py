"""Tables that a run logged: their rows with the audio in them, from the artifact's staged files.

What lies in the media folder is only a preview, with the word "Audio" in place of each clip. It is what remains where
there are no staged files: of online runs, and of run directories copied without them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal, NamedTuple

from audio_logging._types import StrPath
from audio_logging.errors import AudioLoggingError, AudioValueError, NotFoundError
from audio_logging.runs.artifacts import ArtifactIndex, StoredArtifact, staged_file
from audio_logging.runs.clips import StoredClip
from audio_logging.runs.json_files import read_json_file
from audio_logging.runs.media import FoundTable, audio_fields, is_audio
from audio_logging.runs.paths import Folder
from audio_logging.runs.problems import Problems
from audio_logging.runs.table_rows import row_fields

__all__ = ["StoredTable", "TableContent", "TableReader", "read_table"]

MAX_TABLE_SIZE = 128 * 1024 * 1024
"""Of a table's JSON. wandb's limit is 200,000 rows; with a clip in each that is some 50 MB."""


@dataclass(frozen=True, eq=False, repr=False)
class StoredTable:
    """One table as it was logged at one step.

    Attributes
    ----------
    key : str
    step : int, float or None
    columns : list of str
    rows : list of list
        JSON values; audio is a :class:`StoredClip`, lists of audio are lists of them.
    first_row : int
        Which row of the whole table is the first here; not 0 only for later parts of an incremental table.
    source : {"artifact", "preview"}
        From where; a preview has no audio.
    artifact : str or None
        Name of the artifact that holds it.
    """

    key: str
    step: float | None
    columns: list[str]
    rows: list[list[Any]]
    first_row: int = 0
    source: Literal["artifact", "preview"] = "artifact"
    artifact: str | None = None

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dicts by column."""
        return [dict(zip(self.columns, row, strict=False)) for row in self.rows]

    def clips(self) -> Iterator[StoredClip]:
        """Yield the clips in the rows, those in lists too."""
        for row in self.rows:
            for cell in row:
                for item in cell if isinstance(cell, list) else (cell,):
                    if isinstance(item, StoredClip):
                        yield item

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"StoredTable({self.key!r}, step {self.step}, {len(self.rows)} rows of {', '.join(self.columns)[:80]})"


class TableContent(NamedTuple):
    """A table's file: columns, rows of JSON values, and whether it is a later part of an incremental table."""

    columns: list[str]
    rows: list[list[Any]]
    is_part: bool


def read_table(path: StrPath) -> TableContent:
    """Read a ``.table.json``, wandb's way of storing a table.

    Raises
    ------
    AudioValueError
        It is no table, or too large.
    NotFoundError
        There is no such file.
    """
    content = read_json_file(path, most=MAX_TABLE_SIZE)
    if not isinstance(content, dict) or not isinstance(content.get("data"), list):
        kind = content.get("_type") if isinstance(content, dict) else type(content).__name__
        raise AudioValueError(f"{os.fspath(path)!r} is no table with rows, but {kind!r}")
    columns = content.get("columns")
    return TableContent(
        [str(column) for column in columns] if isinstance(columns, list) else [],
        [row for row in content["data"] if isinstance(row, list)],
        content.get("log_mode") == "INCREMENTAL",
    )


class TableReader:
    """From a table's JSON in a history row to the table.

    Parameters
    ----------
    artifacts : ArtifactIndex
    files : Folder
        The run's ``files`` folder, for previews.
    problems : Problems
        Gets what cannot be read, missing clips included.
    headers : bool
        Whether to read rate, frames and channels of the clips from their files.

    Attributes
    ----------
    artifacts : ArtifactIndex
    """

    def __init__(self, artifacts: ArtifactIndex, files: Folder, problems: Problems, *, headers: bool = True) -> None:
        self.artifacts = artifacts
        self._files = files
        self._problems = problems
        self._headers = headers

    def read(self, found: FoundTable, step: Any) -> StoredTable | None:
        """Return the table, or None (and a problem) when nothing of it can be read."""
        try:
            artifact, path = self.artifacts.follow(_text(found.value.get("artifact_path")))
            return self.read_entry(artifact, path, found.key, step, rows_in_all=found.value.get("nrows"))
        except AudioLoggingError as error:
            self._problems.add(f"table {found.key!r}, step {step}: {error}; taking the preview, which has no audio")
        try:
            content = read_table(self._files.find(_text(found.value.get("path"))))
        except AudioLoggingError as error:
            self._problems.add(f"table {found.key!r}, step {step}: {error}")
            return None
        return StoredTable(found.key, step, content.columns, content.rows, source="preview")

    def read_entry(
        self, artifact: StoredArtifact, path: str, key: str, step: Any = None, *, rows_in_all: Any = None
    ) -> StoredTable:
        """Return a table that an artifact holds.

        Raises
        ------
        NotFoundError
            It is not there, or its staged file is missing.
        AudioValueError
            It is no table.
        """
        home, entry = self.artifacts.resolve(artifact, path)
        columns, rows, is_part = read_table(staged_file(home, entry))
        first_row = max(rows_in_all - len(rows), 0) if is_part and isinstance(rows_in_all, int) else 0
        told = {"key": key, "step": step, "table": key, "source": "record"}
        return StoredTable(
            key,
            step,
            columns,
            [self._row(home, {**told, "index": first_row + number}, columns, row) for number, row in enumerate(rows)],
            first_row,
            artifact=home.name,
        )

    def _row(self, home: StoredArtifact, told: dict[str, Any], columns: list[str], cells: list[Any]) -> list[Any]:
        named = list(zip_longest(columns[: len(cells)], cells, fillvalue=""))
        told.update(row_fields(named))
        return [self._cell(home, {**told, "column": column}, cell) for column, cell in named]

    def _cell(self, home: StoredArtifact, told: dict[str, Any], cell: Any) -> Any:
        if isinstance(cell, list):
            column = told["column"]
            return [
                self._cell(home, {**told, "column": f"{column}[{place}]"}, item) if is_audio(item) else item
                for place, item in enumerate(cell)
            ]
        return self._clip(home, {**audio_fields(cell), **told}) if is_audio(cell) else cell

    def _clip(self, home: StoredArtifact, told: dict[str, Any]) -> StoredClip:
        recorded = told["recorded_path"] = told.pop("path", "")
        try:
            artifact, entry = self.artifacts.resolve(home, recorded)
            told.setdefault("size", entry.size)
            told["file"] = staged_file(artifact, entry)
        except AudioLoggingError as error:
            self._problems.add(f"table {told['key']!r}, row {told['index']}: {error}")
        clip = StoredClip.of(told)
        return clip.with_header() if self._headers else clip


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise NotFoundError("the history does not tell where it lies")
    return value

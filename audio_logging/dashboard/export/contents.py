"""What goes into a report: the clips that a query finds, and where their bytes lie."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audio_logging.dashboard.catalog.catalog import Catalog
from audio_logging.dashboard.catalog.queries import Query
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.errors import AudioLoggingError

__all__ = ["Contents", "contents_of", "describe_row"]


@dataclass(frozen=True)
class Contents:
    """The clips of a report.

    Attributes
    ----------
    rows : tuple of dict
        As the dashboard's API gives single clips, in the query's order.
    files : mapping
        The file of each, by the row's id.
    sizes : mapping
        [bytes] Of each file as it is stored, by its content.
    points : tuple of dict
        The map of embeddings.
    runs : tuple of dict
    left_out : tuple of str
        Clips that cannot be read, named, with the reason.
    """

    rows: tuple[dict[str, Any], ...]
    files: Mapping[str, StoredFile]
    sizes: Mapping[str, int]
    points: tuple[dict[str, Any], ...] = ()
    runs: tuple[dict[str, Any], ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def distinct_files(self) -> list[StoredFile]:
        """One file of each content, in the order of the rows."""
        return list({file.content: file for file in (self.files[row["id"]] for row in self.rows)}.values())

    def size_of(self, rows: Iterable[Mapping[str, Any]]) -> int:
        """Return how many bytes some of the clips have as they are stored, what is likely equal counted once."""
        files = (self.files[row["id"]] for row in rows)
        return sum({file.sha256 or file.content: self.sizes[file.content] for file in files}.values())

    def without(self, unreadable: Mapping[str, str]) -> Contents:
        """Return what stays when some contents cannot be read.

        Parameters
        ----------
        unreadable : mapping
            The reason, by the content.
        """
        if not unreadable:
            return self
        gone = [row for row in self.rows if self.files[row["id"]].content in unreadable]
        left_out = [f"{describe_row(row)}: {unreadable[self.files[row['id']].content]}" for row in gone]
        ids = {row["id"] for row in gone}
        kept = self.only([row for row in self.rows if row["id"] not in ids])
        return replace(kept, left_out=(*self.left_out, *left_out))

    def with_contents(self, contents: Collection[str]) -> Contents:
        """Return what has one of these contents."""
        return self.only([row for row in self.rows if self.files[row["id"]].content in contents])

    def only(self, rows: Sequence[dict[str, Any]]) -> Contents:
        """Return the same with these rows only."""
        ids, runs = {row["id"] for row in rows}, {row["run"] for row in rows}
        return replace(
            self,
            rows=tuple(rows),
            points=tuple(point for point in self.points if point["id"] in ids),
            runs=tuple(run for run in self.runs if run["id"] in runs),
        )


def contents_of(catalog: Catalog, query: Query) -> Contents:
    """Return what a query finds.

    Parameters
    ----------
    catalog : Catalog
        That has read everything.
    query : Query

    Returns
    -------
    Contents
    """
    rows, files, sizes, left_out = [], {}, {}, []
    for row, find_file in catalog.rows_and_files(query):
        try:
            file = files[row["id"]] = find_file()
            if file.content not in sizes:
                sizes[file.content] = Path(file.path).stat().st_size
            rows.append(row)
        except (AudioLoggingError, OSError) as error:
            left_out.append(f"{describe_row(row)}: {error}")
    found = Contents(tuple(rows), files, sizes, _points(catalog, query), tuple(catalog.runs()), tuple(left_out))
    return found.only(rows)


def describe_row(row: Mapping[str, Any]) -> str:
    """Return what to call a clip in a message."""
    step = row.get("step")
    return f"{row['key']}{'' if step is None else f', step {step:g}'}, clip {row['index']}"


def _points(catalog: Catalog, query: Query) -> tuple[dict[str, Any], ...]:
    points: Collection[dict[str, Any]] = catalog.points(query)["points"]
    return tuple(points)

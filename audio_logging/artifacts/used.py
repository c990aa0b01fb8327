"""What use_artifact returns, wherever the artifact lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from audio_logging._types import StrPath
from audio_logging.errors import NotFoundError

__all__ = ["AUDIO_SUFFIX", "TABLE_SUFFIX", "ArtifactTable", "UsedArtifact", "find_entry", "readable_names"]

AUDIO_SUFFIX = ".audio-file.json"
TABLE_SUFFIX = ".table.json"
"""What ``Artifact.add`` puts behind the names of clips and tables."""

MOST_NAMED = 10
"""How many names an error lists."""


class UsedArtifact(Protocol):
    """One version of an artifact, on disk or on a server."""

    @property
    def name(self) -> str:
        """Name and version, such as ``"samples:v2"``."""

    @property
    def type(self) -> str:
        """Such as ``"dataset"``."""

    @property
    def version(self) -> str:
        """Such as ``"v2"``."""

    @property
    def aliases(self) -> list[str]:
        """Such as ``["latest"]``."""

    @property
    def metadata(self) -> dict[str, Any]:
        """What was given when it was made; a copy."""

    @property
    def description(self) -> str | None:
        """What was given when it was made."""

    @property
    def digest(self) -> str:
        """Of the content: equal content has an equal digest."""

    @property
    def run_id(self) -> str | None:
        """The id of the run that made it; None when unknown."""

    def files(self) -> list[str]:
        """Return the names of its files."""

    def path(self, name: str) -> Path:
        """Return one of its files on this machine, its content checked.

        Raises
        ------
        NotFoundError
            There is no such file in it, or its bytes are missing; the message says what is there.
        AudioValueError
            The bytes were changed since.
        """

    def get(self, name: str) -> Any:
        """Return a clip or a table by the name under which it was added.

        Parameters
        ----------
        name : str
            As in ``artifact.add(clip, name)``; or the whole name of a file that is audio.

        Returns
        -------
        Audio or ArtifactTable

        Raises
        ------
        NotFoundError
            There is neither, or bytes are missing; the message says what is there.
        AudioValueError
            What is there is no clip and no table, or its bytes were changed since.
        """

    def download(self, root: StrPath | None = None) -> Path:
        """Put all files into a folder.

        Parameters
        ----------
        root : str or Path, optional
            Default: ``artifacts/name:version`` (in ``WANDB_ARTIFACT_DIR`` if that is set), as wandb has it.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        NotFoundError, AudioValueError
            As for `path`; or a file with other content is there.
        """


@dataclass(frozen=True, eq=False, repr=False)
class ArtifactTable:
    """A table that an artifact holds.

    Attributes
    ----------
    columns : list of str
    rows : list of list
        JSON values; audio is an :class:`audio_logging.Audio`, lists of audio are lists of them.

    Examples
    --------
    >>> list(ArtifactTable(["label", "score"], [["dog", 0.5]]))
    [{'label': 'dog', 'score': 0.5}]
    """

    columns: list[str]
    rows: list[list[Any]]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the rows as dicts by column."""
        return (dict(zip(self.columns, row, strict=False)) for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, name: str) -> list[Any]:
        """Return the cells of a column.

        Raises
        ------
        NotFoundError
            There is no such column; the message says which there are.
        """
        if name not in self.columns:
            raise NotFoundError(f"the table has no column {name!r}; it has {', '.join(map(repr, self.columns))}")
        place = self.columns.index(name)
        return [row[place] if place < len(row) else None for row in self.rows]

    def __repr__(self) -> str:
        return f"ArtifactTable({len(self.rows)} rows of {', '.join(self.columns)[:80]})"


def find_entry(names: Sequence[str], wanted: str, artifact: str) -> str:
    """Return the entry that a user means by a name: itself, or with what ``Artifact.add`` puts behind.

    Parameters
    ----------
    names : sequence of str
        All entries.
    wanted : str
    artifact : str
        Its name, for the error.

    Raises
    ------
    NotFoundError
        There is none; the message says what is there.

    Examples
    --------
    >>> find_entry(["clip.audio-file.json", "media/audio/1.wav"], "clip", "set:v0")
    'clip.audio-file.json'
    """
    there = set(names)
    for candidate in (wanted + AUDIO_SUFFIX, wanted + TABLE_SUFFIX, wanted):
        if candidate in there:
            return candidate
    shown = readable_names(names)
    listed = ", ".join(repr(name) for name in shown[:MOST_NAMED]) or "nothing"
    more = f" and {len(shown) - MOST_NAMED} more" if len(shown) > MOST_NAMED else ""
    raise NotFoundError(f"artifact {artifact!r} has no {wanted!r}; it has {listed}{more}")


def readable_names(names: Sequence[str]) -> list[str]:
    """Return names as a user gave them: clips and tables first, without what ``Artifact.add`` puts behind."""
    added = [
        name.removesuffix(suffix) for suffix in (AUDIO_SUFFIX, TABLE_SUFFIX) for name in names if name.endswith(suffix)
    ]
    return added + [name for name in names if not name.endswith((AUDIO_SUFFIX, TABLE_SUFFIX))]

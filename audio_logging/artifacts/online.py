"""An artifact that a server has, through wandb's own client."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import wandb

from audio_logging._types import StrPath
from audio_logging.artifacts.used import AUDIO_SUFFIX, TABLE_SUFFIX, ArtifactTable, find_entry
from audio_logging.encoding import CODECS
from audio_logging.errors import AudioValueError, NotFoundError
from audio_logging.media.audio import Audio
from audio_logging.runs.media import audio_fields, is_audio
from audio_logging.runs.tables import read_table

__all__ = ["OnlineArtifact"]


@dataclass(frozen=True, eq=False, repr=False)
class OnlineArtifact:
    """One version of an artifact on a server; see :class:`audio_logging.artifacts.UsedArtifact`.

    Parameters
    ----------
    artifact : wandb.Artifact
    """

    artifact: wandb.Artifact

    @classmethod
    def of(cls, run: wandb.Run, name: str) -> OnlineArtifact:
        """Use an artifact in a run, which the server notes.

        Raises
        ------
        NotFoundError
            There is none of that name.
        """
        try:
            return cls(run.use_artifact(name))
        except (ValueError, wandb.errors.CommError) as error:
            # wandb says ValueError for what is not there, and wraps it as it does what went wrong on the way.
            if not isinstance(getattr(error, "exc", error), ValueError):
                raise
            raise NotFoundError(f"there is no artifact {name!r}: {error}. See {run.project_url}/artifacts") from error

    @property
    def name(self) -> str:
        """Name and version; wandb's own name has the alias that was asked for."""
        return f"{self.artifact.name.partition(':')[0]}:{self.version}"

    @property
    def type(self) -> str:
        """Such as ``"dataset"``."""
        return self.artifact.type

    @property
    def version(self) -> str:
        """Such as ``"v2"``."""
        return self.artifact.version

    @property
    def aliases(self) -> list[str]:
        """Those that it has now."""
        return list(self.artifact.aliases)

    @property
    def metadata(self) -> dict[str, Any]:
        """What was given when it was made; a copy."""
        return dict(self.artifact.metadata)

    @property
    def description(self) -> str | None:
        """What was given when it was made."""
        return self.artifact.description or None

    @property
    def digest(self) -> str:
        """Of the content."""
        return self.artifact.digest

    @property
    def run_id(self) -> str | None:
        """The id of the run that made it; the server is asked."""
        run = self.artifact.logged_by()
        return None if run is None else str(run.id)

    def files(self) -> list[str]:
        """Return the names of its files."""
        return list(self.artifact.manifest.entries)

    def path(self, name: str) -> Path:
        """Return one of its files, downloaded; see UsedArtifact for the errors."""
        entry = name if name in self.artifact.manifest.entries else find_entry(self.files(), name, self.name)
        return Path(self.artifact.get_entry(entry).download())

    def get(self, name: str) -> Any:
        """Return a clip or a table by the name under which it was added; see UsedArtifact for the errors.

        What else wandb knows (images, for example) comes as wandb has it.
        """
        entry = find_entry(self.files(), name, self.name)
        if Path(entry).suffix.lower() in {codec.extension for codec in CODECS.values()}:
            return Audio(self.path(entry))
        if entry.endswith(TABLE_SUFFIX) and self.artifact.get_entry(entry).ref is None:
            table = read_table(self.path(entry))
            if not any(_is_other_media(cell) for row in table.rows for cell in row):
                return ArtifactTable(table.columns, [[self._cell(cell) for cell in row] for row in table.rows])
        found = self.artifact.get(entry.removesuffix(AUDIO_SUFFIX).removesuffix(TABLE_SUFFIX))
        if found is None:
            raise AudioValueError(
                f"{entry!r} of {self.name!r} is neither a clip nor a table; path({entry!r}) has the file"
            )
        return _rows(found) if isinstance(found, wandb.Table) else found

    def _cell(self, cell: Any) -> Any:
        """Return a cell with its clips; wandb's own reader does not look into lists, and fetches references first."""
        if isinstance(cell, list):
            return [self._cell(item) for item in cell]
        return Audio.from_json(audio_fields(cell), self.artifact) if is_audio(cell) else cell

    def download(self, root: StrPath | None = None) -> Path:
        """Put all files into a folder, as wandb does."""
        return Path(self.artifact.download(None if root is None else str(root)))

    def __repr__(self) -> str:
        return f"OnlineArtifact({self.name!r}, {self.type!r}, {len(self.artifact.manifest.entries)} files)"


def _rows(table: wandb.Table) -> ArtifactTable:
    return ArtifactTable([str(column) for column in table.columns], [list(row) for row in table.data])


def _is_other_media(cell: Any) -> bool:
    """Whether a cell holds something that only wandb can read, such as an image."""
    if isinstance(cell, list):
        return any(map(_is_other_media, cell))
    return isinstance(cell, dict) and "_type" in cell and not is_audio(cell)

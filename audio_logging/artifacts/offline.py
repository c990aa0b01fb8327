"""An artifact that a run logged offline, read from its staged files."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_logging._types import StrPath
from audio_logging.artifacts.copying import copy_checked
from audio_logging.artifacts.local_references import is_local_reference, referred_file
from audio_logging.artifacts.used import AUDIO_SUFFIX, TABLE_SUFFIX, ArtifactTable, find_entry
from audio_logging.encoding import CODECS
from audio_logging.errors import AudioLoggingWarning, AudioValueError
from audio_logging.media.audio import Audio
from audio_logging.runs import ArtifactIndex, ArtifactVersion, Run, StoredArtifact, verified_file
from audio_logging.runs.artifacts import staged_file
from audio_logging.runs.json_files import read_json_file
from audio_logging.runs.media import audio_fields, is_audio
from audio_logging.runs.paths import Folder
from audio_logging.runs.tables import read_table
from audio_logging.storage.content import FileContent, ReferenceContent
from audio_logging.storage.details import AudioDetails

__all__ = ["OfflineArtifact"]

MAX_CLIP_JSON = 64 * 2**20
"""[bytes] Of the JSON of one clip: room for a long caption."""


@dataclass(frozen=True, eq=False, repr=False)
class OfflineArtifact:
    """One version of an artifact that a run logged offline; see :class:`audio_logging.artifacts.UsedArtifact`.

    Parameters
    ----------
    found : ArtifactVersion
    index : ArtifactIndex
        Follows references into other artifacts.
    """

    found: ArtifactVersion
    index: ArtifactIndex

    @property
    def name(self) -> str:
        """Name and version."""
        return self.found.name

    @property
    def type(self) -> str:
        """Such as ``"dataset"``."""
        return self._stored.type

    @property
    def version(self) -> str:
        """Such as ``"v2"``."""
        return f"v{self.found.number}"

    @property
    def aliases(self) -> list[str]:
        """Those that it has now."""
        return list(self.found.aliases)

    @property
    def metadata(self) -> dict[str, Any]:
        """What was given when it was made; a copy."""
        return dict(self._stored.metadata)

    @property
    def description(self) -> str | None:
        """What was given when it was made."""
        return self._stored.description or None

    @property
    def digest(self) -> str:
        """Of the content."""
        return self._stored.digest

    @property
    def run_id(self) -> str | None:
        """The id of the run that made it."""
        return self.run.id

    @property
    def run(self) -> Run:
        """The run that made it."""
        return self.found.run

    def files(self) -> list[str]:
        """Return the names of its files."""
        return list(self._stored.entries)

    def path(self, name: str) -> Path:
        """Return one of its files, its content checked; see UsedArtifact for the errors."""
        if name not in self._stored.entries:
            name = find_entry(self.files(), name, self.name)
        return self._path(self._stored, name)

    def get(self, name: str) -> Audio | ArtifactTable:
        """Return a clip or a table by the name under which it was added; see UsedArtifact for the errors."""
        entry = find_entry(self.files(), name, self.name)
        if entry.endswith(TABLE_SUFFIX):
            return self._table(*self._resolve(self._stored, entry))
        if entry.endswith(AUDIO_SUFFIX):
            return self._added_clip(*self._resolve(self._stored, entry))
        if Path(entry).suffix.lower() in {codec.extension for codec in CODECS.values()}:
            return self._audio(self._stored, {"path": entry})
        raise AudioValueError(f"{entry!r} of {self.name!r} is neither a clip nor a table; path({entry!r}) has the file")

    def download(self, root: StrPath | None = None) -> Path:
        """Put all files into a folder, their content checked; see UsedArtifact for the errors."""
        usual = Path(os.environ.get("WANDB_ARTIFACT_DIR", "artifacts")) / self.name.replace(":", _separator())
        folder = Folder(usual if root is None else root)
        addresses = [name for name in self.files() if not self._download(name, folder)]
        if addresses:
            warnings.warn(
                f"{self.name}: {len(addresses)} entries stand behind addresses and were left out, such as "
                f"{addresses[0]!r}. get({addresses[0]!r}) gives the reference",
                AudioLoggingWarning,
                stacklevel=2,
            )
        return folder.root

    def __repr__(self) -> str:
        return f"OfflineArtifact({self.name!r}, {self.type!r}, {len(self._stored.entries)} files)"

    @property
    def _stored(self) -> StoredArtifact:
        return self.found.artifact

    def _download(self, name: str, folder: Folder) -> bool:
        home, path = self._resolve(self._stored, name)
        entry = home.entries[path]
        if entry.ref is not None and not is_local_reference(entry):
            return False
        source = referred_file(home, entry) if entry.ref else Path(staged_file(home, entry))
        copy_checked(home, entry, source, folder.target(name))
        return True

    def _resolve(self, artifact: StoredArtifact, name: str) -> tuple[StoredArtifact, str]:
        home, entry = self.index.resolve(artifact, name)
        return home, entry.path

    def _path(self, artifact: StoredArtifact, name: str) -> Path:
        home, entry = self.index.resolve(artifact, name)
        if is_local_reference(entry):
            return referred_file(home, entry)
        return Path(verified_file(self.index, artifact, name))

    def _added_clip(self, home: StoredArtifact, name: str) -> Audio:
        value = read_json_file(self._path(home, name), most=MAX_CLIP_JSON)
        if not is_audio(value):
            raise AudioValueError(f"{name!r} of artifact {home.name!r} says that it is no clip")
        return self._audio(home, value)

    def _table(self, home: StoredArtifact, name: str) -> ArtifactTable:
        content = read_table(self._path(home, name))
        return ArtifactTable(content.columns, [[self._cell(home, cell) for cell in row] for row in content.rows])

    def _cell(self, home: StoredArtifact, cell: Any) -> Any:
        if isinstance(cell, list):
            return [self._audio(home, item) if is_audio(item) else item for item in cell]
        return self._audio(home, cell) if is_audio(cell) else cell

    def _audio(self, home: StoredArtifact, value: dict[str, Any]) -> Audio:
        fields = audio_fields(value)
        details, caption = AudioDetails.from_json(fields), fields.get("caption")
        home, name = self._resolve(home, fields.get("path", ""))
        entry = home.entries[name]
        if entry.ref is not None and not is_local_reference(entry):
            return Audio.over(ReferenceContent(entry.ref), details, caption)
        content = FileContent(self._path(home, name), fields.get("sha256"))
        return Audio.over(content, details if details.sample_rate else None, caption)


def _separator() -> str:
    return "-" if os.name == "nt" else ":"

"""Whether staged bytes are still those that were logged: wandb writes the MD5 of each into the record."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from audio_logging.errors import AudioValueError
from audio_logging.runs.artifacts import ArtifactEntry, ArtifactIndex, StoredArtifact, staged_file
from audio_logging.runs.paths import open_regular

__all__ = ["ContentCheck", "verified_file"]

CHUNK = 2**20


def verified_file(index: ArtifactIndex, artifact: StoredArtifact, path: str) -> str:
    """Return the file that holds an entry's bytes, read once to see that they are those that were logged.

    Parameters
    ----------
    index : ArtifactIndex
        Follows references.
    artifact : StoredArtifact
    path : str
        The entry's name.

    Returns
    -------
    str

    Raises
    ------
    NotFoundError
        There is no such entry, or its staged file is missing.
    AudioValueError
        The file was changed since.
    """
    home, entry = index.resolve(artifact, path)
    file, check = staged_file(home, entry), ContentCheck(home, entry)
    with open_regular(file) as content:
        while chunk := content.read(CHUNK):
            check.update(chunk)
    check.finish()
    return file


class ContentCheck:
    """Takes an entry's bytes as they go by.

    Parameters
    ----------
    artifact : StoredArtifact
    entry : ArtifactEntry
    """

    def __init__(self, artifact: StoredArtifact, entry: ArtifactEntry) -> None:
        self._artifact = artifact
        self._entry = entry
        self._size = 0
        self._md5: Any = hashlib.md5(usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self._size += len(chunk)
        self._md5.update(chunk)

    def finish(self) -> None:
        """Say that these were all.

        Raises
        ------
        AudioValueError
            They are not those that were logged. Where another digest than MD5 was recorded, only their number is known.
        """
        wanted, got = self._entry.digest, base64.b64encode(self._md5.digest()).decode()
        has_md5 = wanted and "MD5" in (self._artifact.digest_algorithm or "MD5")
        if (has_md5 and got != wanted) or self._entry.size not in (None, self._size):
            raise AudioValueError(
                f"{self._entry.path!r} of artifact {self._artifact.name!r} was changed after it was logged: got "
                f"{self._size} bytes with MD5 {got}, wanted {self._entry.size} with {wanted}: {self._entry.file}"
            )

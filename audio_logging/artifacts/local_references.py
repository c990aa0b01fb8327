"""Files that an artifact refers to where they lie (``file://``), instead of holding them.

An address in a record is data from elsewhere, and may name any file of this machine. So only a file whose content has
the checksum that was logged is handed on: whoever wrote the record learns and shows nothing that was not known before.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from audio_logging.errors import AudioValueError, NotFoundError
from audio_logging.runs import ArtifactEntry, ContentCheck, StoredArtifact
from audio_logging.runs.paths import open_regular

__all__ = ["is_local_reference", "referred_file"]

CHUNK = 2**20
MD5_SIZE = 16


def is_local_reference(entry: ArtifactEntry) -> bool:
    """Whether the entry's bytes lie in a file of the machine that logged it, outside the run."""
    return entry.ref is not None and entry.ref.startswith("file://")


def referred_file(artifact: StoredArtifact, entry: ArtifactEntry) -> Path:
    """Return the file, whose content is what was logged.

    Raises
    ------
    NotFoundError
        It is not on this machine.
    AudioValueError
        It was changed since, it is no regular file, or no checksum was logged.
    """
    what = f"{entry.path!r} of artifact {artifact.name!r}"
    if not _is_md5(entry.digest):
        raise AudioValueError(f"{what} refers to {entry.ref!r} without a checksum, and so could be any file")
    path, check = Path(url2pathname(urlsplit(entry.ref or "").path)), ContentCheck(artifact, entry)
    try:
        with open_regular(path) as file:
            while chunk := file.read(CHUNK):
                check.update(chunk)
    except NotFoundError as error:
        raise NotFoundError(f"{what} refers to a file instead of holding it: {error}") from error
    check.finish()
    return path


def _is_md5(digest: str) -> bool:
    try:
        return len(base64.b64decode(digest, validate=True)) == MD5_SIZE
    except (ValueError, binascii.Error):
        return False

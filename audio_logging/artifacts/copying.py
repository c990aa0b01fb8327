"""Copying an artifact's file out of the staging folder: whole, and the bytes that were logged, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from audio_logging.errors import AudioValueError
from audio_logging.runs import ArtifactEntry, ContentCheck, StoredArtifact
from audio_logging.runs.paths import open_regular

__all__ = ["copy_checked"]

CHUNK = 2**20


def copy_checked(artifact: StoredArtifact, entry: ArtifactEntry, source: Path, target: Path) -> None:
    """Copy one file; one that is there with the same content stays.

    Parameters
    ----------
    artifact : StoredArtifact
    entry : ArtifactEntry
        What the content must be.
    source, target : Path
        Folders of the target are made.

    Raises
    ------
    AudioValueError
        The source was changed since, or there is a file of other content in the target's place.
    OSError
        The disk is full. Nothing is left behind.
    """
    if target.exists():
        _compare(artifact, entry, target)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.parent / f".{os.getpid()}-{os.urandom(6).hex()}.part"
    check = ContentCheck(artifact, entry)
    try:
        with open_regular(source) as original, partial.open("xb") as copy:
            while chunk := original.read(CHUNK):
                check.update(chunk)
                copy.write(chunk)
        check.finish()
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _compare(artifact: StoredArtifact, entry: ArtifactEntry, target: Path) -> None:
    check = ContentCheck(artifact, entry)
    with open_regular(target) as file:
        while chunk := file.read(CHUNK):
            check.update(chunk)
    try:
        check.finish()
    except AudioValueError:
        raise AudioValueError(
            f"{str(target)!r} is there with other content; move it away, or download to another folder"
        ) from None

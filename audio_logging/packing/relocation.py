"""Other paths for the staged files that a record file names: records stay as they are, but for these."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeAlias

from audio_logging.errors import AudioValueError
from audio_logging.runs.artifacts import MAX_MANIFEST_LINE, MAX_MANIFEST_SIZE
from audio_logging.runs.messages import ArtifactManifest, ArtifactManifestEntry, ArtifactRecord, Record
from audio_logging.runs.problems import Problems
from audio_logging.runs.record_log import RecordLog, Writable, write_log
from audio_logging.runs.records import kind_of
from audio_logging.runs.wire import WireError, change_fields

__all__ = ["Move", "relocate_manifest", "relocate_records"]

Move: TypeAlias = Callable[[str], str]
"""From a recorded path to the one to record in its place."""

_MANIFEST = (Record.ARTIFACT, ArtifactRecord.MANIFEST)
_PATHS = (
    (*_MANIFEST, ArtifactManifest.CONTENTS, ArtifactManifestEntry.LOCAL_PATH),
    (*_MANIFEST, ArtifactManifest.MANIFEST_FILE_PATH),
)
"""Where in a record the paths of staged files stand."""


def relocate_records(
    source: BinaryIO, target: Writable, move: Move, problems: Problems, name: str, *, end: int | None = None
) -> None:
    """Copy a record file with other paths of staged files.

    Parameters
    ----------
    source : binary file
    target : object with a write method
    move : callable
    problems : Problems
        Gets what is damaged; it is left out.
    name : str
        How the problems call the file.
    end : int, optional
        Where to stop as if the file ended there.
    """
    log = RecordLog(source, problems, name, end=end)
    write_log(target, (_relocated(record, move) for record in log))


def relocate_manifest(file: BinaryIO, move: Move) -> bytes:
    """Return the gzipped manifest of a large artifact with other paths of staged files.

    Raises
    ------
    OSError, EOFError
        It is torn.
    AudioValueError
        It unpacks to more than any manifest.
    """
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed:
        for line in _lines(file):
            packed.write(_relocated_line(line, move))
    return out.getvalue()


def _relocated(record: bytes, move: Move) -> bytes:
    try:
        found = kind_of(record)
        if found is None or found[0] != Record.ARTIFACT:
            return record
        for path in _PATHS:
            record = change_fields(record, path, lambda recorded: _moved(recorded, move))
    except WireError:
        pass
    return record


def _moved(recorded: bytes, move: Move) -> bytes:
    try:
        return move(recorded.decode()).encode()
    except UnicodeError:
        return recorded


def _lines(file: BinaryIO) -> Iterator[bytes]:
    left = MAX_MANIFEST_SIZE
    with gzip.open(file) as lines:
        while line := lines.readline(MAX_MANIFEST_LINE):
            left -= len(line)
            if left < 0:
                raise AudioValueError(f"a manifest is larger than {MAX_MANIFEST_SIZE} bytes")
            yield line


def _relocated_line(line: bytes, move: Move) -> bytes:
    try:
        entry = json.loads(line)
        entry["local_path"] = move(entry["local_path"])
    except (ValueError, RecursionError, TypeError, KeyError):
        return line
    return json.dumps(entry).encode() + b"\n"

"""From what a run tells of its clips to StoredClips: sidecar first, record file second, bare media folder third."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from audio_logging.errors import AudioLoggingError
from audio_logging.runs.axes import Axes
from audio_logging.runs.clips import ClipSource, StoredClip
from audio_logging.runs.media import FoundAudio, find_media
from audio_logging.runs.paths import Folder
from audio_logging.runs.problems import Problems
from audio_logging.runs.tables import TableReader
from audio_logging.schema import MEDIA_FOLDER, STEP_KEY

__all__ = ["ClipCollector"]

_WANDB_NAME = re.compile(r"(.+)_(\d+|summary)_[0-9a-f]{20}")
"""``{key}_{step}_{sha256[:20]}``, as ``Media.bind_to_run`` of wandb calls a file."""


class ClipCollector:
    """Makes one run's clips, each once.

    Parameters
    ----------
    files : Folder
        The run's ``files`` folder.
    problems : Problems
        Gets the clips whose file is missing or was refused.
    headers : bool
        Whether to read what the run does not tell from the files' headers.
    """

    def __init__(self, files: Folder, problems: Problems, *, headers: bool = True) -> None:
        self._files = files
        self._problems = problems
        self._headers = headers
        self._told: set[tuple[str, Any, str]] = set()
        self._paths: set[str] = set()

    def from_sidecar(self, line: dict[str, Any]) -> StoredClip:
        """Make the clip of one sidecar line."""
        clip = self._clip("sidecar", line)
        self._told.add((clip.key, clip.step, clip.sha256 or clip.recorded_path))
        return clip

    def from_row(self, row: dict[str, Any], axes: Axes, tables: TableReader) -> Iterator[StoredClip]:
        """Make the clips of a history row that the sidecar did not tell: alone, in lists and in tables."""
        for found in find_media(row):
            step = axes.step_of(found.key, row)
            if isinstance(found, FoundAudio):
                if not self._is_told(found.key, found.fields, row):
                    told = {**found.fields, "key": found.key, "step": step, "index": found.index}
                    yield self._clip("record", told)
            else:
                table = tables.read(found, step)
                for clip in table.clips() if table else ():
                    if not self._is_told(found.key, {"sha256": clip.sha256, "path": clip.recorded_path}, row):
                        yield clip

    def from_summary(self, summary: dict[str, Any]) -> Iterator[StoredClip]:
        """Make the clips that only the summary has."""
        for found in find_media(summary):
            if isinstance(found, FoundAudio) and found.fields.get("path", "") not in self._paths:
                yield self._clip("record", {**found.fields, "key": found.key, "index": found.index})

    def from_media_folder(self) -> Iterator[StoredClip]:
        """Make the clips that nobody told of, from the names of their files."""
        for relative in _audio_files(self._files):
            if relative not in self._paths:
                key, step = _key_in_name(relative.removeprefix(f"{MEDIA_FOLDER}/"))
                yield self._clip("media", {"key": key, "step": step, "path": relative})

    def _is_told(self, key: str, fields: Mapping[str, Any], row: dict[str, Any]) -> bool:
        """Whether the sidecar has this clip, at one of the steps that the row may mean."""
        if not self._told:
            return False
        known = fields.get("sha256") or fields.get("path", "")
        return any((key, _hashable(step), known) in self._told for step in (row.get(STEP_KEY), row.get("_step"), None))

    def _clip(self, source: ClipSource, told: dict[str, Any]) -> StoredClip:
        recorded = told["recorded_path"] = told.pop("path", "")
        told["source"] = source
        self._paths.add(recorded)
        try:
            told["file"] = self._files.find(recorded)
        except AudioLoggingError as error:
            self._problems.add(f"clip {told['key']!r}, step {told.get('step')}: {error}")
        clip = StoredClip.of(told)
        return clip.with_header() if self._headers else clip


def _hashable(step: Any) -> Any:
    return step if isinstance(step, (int, float)) else None


def _audio_files(files: Folder) -> Iterator[str]:
    try:
        home = str(files.folder(MEDIA_FOLDER).root)
    except AudioLoggingError:
        return
    for folder, _, names in os.walk(home):
        within = MEDIA_FOLDER + folder[len(home) :].replace(os.sep, "/")
        for name in sorted(names):
            if not name.startswith("."):
                yield f"{within}/{name}"


def _key_in_name(name: str) -> tuple[str, int | None]:
    stem = PurePosixPath(name).with_suffix("").as_posix()
    match = _WANDB_NAME.fullmatch(stem)
    if match is None:
        return stem, None
    return match[1], int(match[2]) if match[2] != "summary" else None

"""From what a run tells of its clips to StoredClips: sidecar first, record file second, bare media folder third."""

from __future__ import annotations

import dataclasses
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
    repeats : bool
        Whether a table's clip that the sidecar told comes again, with what the table tells of it.
    """

    def __init__(self, files: Folder, problems: Problems, *, headers: bool = True, repeats: bool = False) -> None:
        self._files = files
        self._problems = problems
        self._headers = headers
        self._repeats = repeats
        # Hashes, as there may be 100,000 of either; that two of them share one is less likely than a broken disk.
        self._told: set[int] = set()
        self._paths: set[int] = set()

    def from_sidecar(self, line: dict[str, Any]) -> StoredClip:
        """Make the clip of one sidecar line."""
        clip = self._clip("sidecar", line)
        self._told.add(hash((clip.key, clip.step, clip.sha256 or clip.recorded_path)))
        return clip

    def from_row(self, row: dict[str, Any], axes: Axes, tables: TableReader) -> Iterator[StoredClip]:
        """Make the clips of a history row that the sidecar did not tell: alone, in lists and in tables."""
        for found in find_media(row):
            step = axes.step_of(found.key, row)
            if isinstance(found, FoundAudio):
                if not self._told_steps(found.key, found.fields, row):
                    told = {**found.fields, "key": found.key, "step": step, "index": found.index}
                    yield self._clip("record", told)
            else:
                table = tables.read(found, step)
                for clip in table.clips() if table else ():
                    steps = self._told_steps(found.key, {"sha256": clip.sha256, "path": clip.recorded_path}, row)
                    if not steps:
                        yield clip
                    elif self._repeats:
                        yield dataclasses.replace(clip, step=steps[0], source="sidecar")

    def from_summary(self, summary: dict[str, Any]) -> Iterator[StoredClip]:
        """Make the clips that only the summary has."""
        for found in find_media(summary):
            if isinstance(found, FoundAudio) and not self.is_told(found.fields.get("path", "")):
                yield self._clip("record", {**found.fields, "key": found.key, "index": found.index})

    def from_media(self, relative: str) -> StoredClip:
        """Make the clip that a file of the media folder is, from its name."""
        key, step = _key_in_name(relative.removeprefix(f"{MEDIA_FOLDER}/"))
        return self._clip("media", {"key": key, "step": step, "path": relative})

    def is_told(self, recorded: str) -> bool:
        """Whether a clip of this path was made."""
        return hash(recorded) in self._paths

    def _told_steps(self, key: str, fields: Mapping[str, Any], row: dict[str, Any]) -> list[Any]:
        """Return at which of the steps that the row may mean the sidecar has this clip."""
        if not self._told:
            return []
        known = fields.get("sha256") or fields.get("path", "")
        steps = (_hashable(row.get(STEP_KEY)), _hashable(row.get("_step")), None)
        return [step for step in steps if hash((key, step, known)) in self._told]

    def _clip(self, source: ClipSource, told: dict[str, Any]) -> StoredClip:
        recorded = told["recorded_path"] = told.pop("path", "")
        told["source"] = source
        self._paths.add(hash(recorded))
        try:
            told["file"] = self._files.find(recorded)
        except AudioLoggingError as error:
            self._problems.add(f"clip {told['key']!r}, step {told.get('step')}: {error}")
        clip = StoredClip.of(told)
        return clip.with_header() if self._headers else clip


def _hashable(step: Any) -> Any:
    return step if isinstance(step, (int, float)) else None


def _key_in_name(name: str) -> tuple[str, int | None]:
    stem = PurePosixPath(name).with_suffix("").as_posix()
    match = _WANDB_NAME.fullmatch(stem)
    if match is None:
        return stem, None
    return match[1], int(match[2]) if match[2] != "summary" else None

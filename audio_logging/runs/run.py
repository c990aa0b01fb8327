"""Run: a run directory as it was when it was opened, read without a server and without wandb.

Nothing here writes, and no file stays open. What cannot be read is left out and named in `problems`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from audio_logging.errors import AudioLoggingError
from audio_logging.runs.artifacts import ArtifactIndex, ArtifactReader, StoredArtifact
from audio_logging.runs.axes import Axes
from audio_logging.runs.clips import StoredClip
from audio_logging.runs.collect import ClipCollector
from audio_logging.runs.follow import LiveFacts, Patience, RecordTail, SidecarTail
from audio_logging.runs.locate import find_record_file, find_sidecar, id_in_name
from audio_logging.runs.media import AUDIO_MARKS, TABLE_MARKS, FoundTable, add_files, find_media
from audio_logging.runs.media_folder import MediaFolder
from audio_logging.runs.paths import Folder, StagingFolders, open_regular
from audio_logging.runs.problems import Problems
from audio_logging.runs.record_file import RecordTotals, read_row, read_rows, read_totals
from audio_logging.runs.record_log import HEADER, RecordLog
from audio_logging.runs.tables import StoredTable, TableReader
from audio_logging.runs.tail import ClipTail
from audio_logging.schema import SIDECAR_PATH

__all__ = ["Run"]


@dataclass(frozen=True, eq=False, repr=False)
class Run:
    """A run directory, as it was when it was opened; `refresh` and `follow` tell what came since.

    Attributes
    ----------
    folder : Path
        The run directory.
    record_path : Path or None
        Its ``run-ID.wandb``.
    sidecar_path : Path or None
        Its index of clips.
    record_size, sidecar_size : int
        [bytes] When the run was opened; what was written later is not read.
    """

    folder: Path
    record_path: Path | None
    record_size: int
    sidecar_path: Path | None
    sidecar_size: int
    _problems: Problems = field(default_factory=Problems)

    @classmethod
    def at(cls, folder: Path) -> Run:
        """Open a run directory as it is now; `open_run` looks whether it is one."""
        record, sidecar = find_record_file(folder), find_sidecar(folder)
        return cls(folder, record, _size(record), sidecar, _size(sidecar))

    @property
    def id(self) -> str:
        """The run's id, from the record file or else from the directory's name."""
        return self._totals.run.run_id or id_in_name(self.folder)

    @property
    def name(self) -> str:
        """The name that people see; the id when the run was given none (offline, wandb invents none)."""
        return self._totals.run.name or self.id

    @property
    def project(self) -> str | None:
        """The project, None when unknown."""
        return self._totals.run.project or None

    @property
    def entity(self) -> str | None:
        """The user or team, None when unknown."""
        return self._totals.run.entity or None

    @property
    def group(self) -> str | None:
        """The group, None when there is none."""
        return self._totals.run.group or None

    @property
    def job_type(self) -> str | None:
        """The job type, None when there is none."""
        return self._totals.run.job_type or None

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags."""
        return self._totals.run.tags

    @property
    def notes(self) -> str | None:
        """The notes, None when there are none."""
        return self._totals.run.notes or None

    @property
    def host(self) -> str | None:
        """The machine that it ran on."""
        return self._totals.run.host or None

    @property
    def started(self) -> float | None:
        """When it began, in seconds since 1970."""
        return self._totals.run.started

    @property
    def config(self) -> dict[str, Any]:
        """The configuration as it was last; a copy."""
        return dict(self._totals.config)

    @property
    def summary(self) -> dict[str, Any]:
        """The summary as it was last; a copy."""
        return dict(self._totals.summary)

    @property
    def finished(self) -> bool:
        """Whether the run said that it ended; False while it runs and after it was killed."""
        return self._totals.exit_code is not None

    @property
    def exit_code(self) -> int | None:
        """0 for success; None while it runs and after it was killed."""
        return self._totals.exit_code

    @property
    def offline(self) -> bool:
        """Whether it was logged offline, as the directory's name tells."""
        return self.folder.name.startswith("offline-")

    @property
    def problems(self) -> list[str]:
        """What could not be read or was refused, by what was asked for so far."""
        _ = self._totals
        return list(self._problems)

    def history(self, *, resolve: bool = True) -> list[dict[str, Any]]:
        """Return the rows of the record file.

        Parameters
        ----------
        resolve : bool
            Whether media in the rows get a key ``"file"``: the absolute path, or None when it is missing or was
            refused. Without, rows are as they were logged.

        Returns
        -------
        list of dict
            JSON values by key, in the order of logging; ``_step`` is wandb's own step.
        """
        rows = self._rows()
        return [add_files(row, self._files) for row in rows] if resolve else list(rows)

    def clips(self, *, headers: bool = True) -> list[StoredClip]:
        """Return every clip of the run: as the sidecar tells, then the record file, then the bare media folder.

        Parameters
        ----------
        headers : bool
            Whether to read from the files what the run does not tell, such as the sample rate of a plain
            ``wandb.Audio``; some 30 us a clip.

        Returns
        -------
        list of StoredClip
            In the order of logging within each of the three.
        """
        return list(self.tail_clips(headers=headers).read())

    def tables(self, *, headers: bool = True) -> list[StoredTable]:
        """Return every table that was logged, with the audio in it.

        Parameters
        ----------
        headers : bool
            As for `clips`.

        Returns
        -------
        list of StoredTable
            In the order of logging, one for each time.
        """
        axes = Axes(self._totals.metrics)
        reader = TableReader(ArtifactIndex(self._artifacts), self._files, self._problems, headers=headers)
        found = [
            (table, axes.step_of(table.key, row))
            for row in self._rows(*TABLE_MARKS)
            for table in find_media(row)
            if isinstance(table, FoundTable)
        ]
        tables = [reader.read(table, step) for table, step in found]
        return [table for table in tables if table is not None]

    def artifacts(self) -> list[StoredArtifact]:
        """Return the artifacts that the run logged offline, those of its tables too, in the order of logging."""
        return list(self._artifacts)

    def follow(self, *, poll: float = 0.2, timeout: float | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows that come after those of `history`, until the run finishes.

        wandb writes 32 KiB of records at a time, so that rows come late and in bunches; `follow_clips` tells of clips
        at once.

        Parameters
        ----------
        poll : float > 0
            [s] Between looks at the file.
        timeout : float, optional
            [s] Stop when nothing came for so long; default: never, for a killed run says no more.

        Yields
        ------
        dict
            As from `history`.
        """
        tail, patience = self._record_tail(), Patience(poll, timeout)
        while True:
            for kind, body in tail.read():
                patience.renew()
                row = read_row(kind, body, self._problems, self._record_name)
                if row is not None:
                    yield add_files(row, self._files)
            if tail.finished or not patience.wait():
                return

    def follow_clips(
        self, *, headers: bool = True, poll: float = 0.2, timeout: float | None = None
    ) -> Iterator[StoredClip]:
        """Yield the clips that come after those of `clips`, until the run finishes.

        A clip that was only a file in the media folder so far comes again when its row does.

        Parameters
        ----------
        headers : bool
            As for `clips`.
        poll, timeout : float
            As for `follow`.

        Yields
        ------
        StoredClip
        """
        tail, patience = self.tail_clips(headers=headers), Patience(poll, timeout)
        for _ in tail.read():
            pass
        while True:
            begin = tail.position
            yield from (clip for clip in tail.read() if clip.source != "media")
            if tail.position != begin:
                patience.renew()
            if tail.finished or not patience.wait():
                return

    def tail_clips(self, *, headers: bool = True, repeats: bool = False) -> ClipTail:
        """Return a reader of the clips so far and of those to come, for whoever has other things to do meanwhile.

        Parameters
        ----------
        headers : bool
            As for `clips`.
        repeats : bool
            Whether a table's clip that the sidecar told before comes again, with what the table tells of it. Such a
            clip has a `table`, and its `source` is ``"sidecar"``.

        Returns
        -------
        ClipTail
        """
        tables = TableReader(ArtifactIndex(self._artifacts), self._files, self._problems, headers=headers)
        collector = ClipCollector(self._files, self._problems, headers=headers, repeats=repeats)
        return ClipTail(
            lambda: self._rows(*AUDIO_MARKS),
            self.sidecar_size,
            collector,
            LiveFacts(self._totals, self._artifact_reader, tables, self._record_name),
            SidecarTail(lambda: find_sidecar(self.folder), self._problems, SIDECAR_PATH),
            self._record_tail(),
            MediaFolder(self._files, collector.is_told),
            self._problems,
        )

    def refresh(self) -> Run:
        """Return the run as it is now."""
        return Run.at(self.folder)

    def __repr__(self) -> str:
        return f"Run({self.name!r}, {'finished' if self.finished else 'not finished'}, {str(self.folder)!r})"

    @cached_property
    def _files(self) -> Folder:
        try:
            return Folder(self.folder).folder("files")
        except AudioLoggingError as error:
            self._problems.add(str(error))
            return Folder(os.devnull)

    @cached_property
    def _totals(self) -> RecordTotals:
        if self.record_path is None:
            self._problems.add(f"there is no {self._record_name}; history, config and summary are unknown")
            return RecordTotals()
        with self._open(self.record_path) as file:
            totals = read_totals(file, self._problems, self._record_name, end=self.record_size)
        if totals.position <= len(HEADER):
            self._problems.add(
                f"{self._record_name}: {self.record_size} bytes and no record; wandb writes 32 KiB at a time, and the "
                "rest when the run finishes"
            )
        return totals

    @property
    def _record_name(self) -> str:
        return self.record_path.name if self.record_path else f"run-{id_in_name(self.folder)}.wandb"

    def _open(self, path: Path | None) -> BinaryIO:
        if path is None:
            return io.BytesIO()
        try:
            return open_regular(path)
        except AudioLoggingError as error:
            self._problems.add(str(error))
            return io.BytesIO()

    def _rows(self, *containing: bytes) -> Iterator[dict[str, Any]]:
        with self._open(self.record_path) as file:
            log = RecordLog(file, self._problems, self._record_name, end=self.record_size)
            yield from read_rows(log, self._problems, self._record_name, containing=containing)

    @cached_property
    def _artifacts(self) -> list[StoredArtifact]:
        return self._artifact_reader.read(self._totals.artifacts, self.id)

    @property
    def _artifact_reader(self) -> ArtifactReader:
        return ArtifactReader(Folder(self.folder), StagingFolders(), self._problems)

    def _record_tail(self) -> RecordTail:
        totals = self._totals
        return RecordTail(
            lambda: find_record_file(self.folder), self._problems, position=totals.position, finished=self.finished
        )


def _size(path: Path | None) -> int:
    try:
        return path.stat().st_size if path else 0
    except OSError:
        return 0

"""Following a run that is being written: its new rows, its new clips.

Reading resumes behind the last whole record and the last ended line; what is half written is taken when it is whole.
"""

from __future__ import annotations

import copy
import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from audio_logging.errors import AudioLoggingError
from audio_logging.runs.artifacts import ArtifactReader
from audio_logging.runs.axes import Axes
from audio_logging.runs.media import AUDIO_MARKS
from audio_logging.runs.messages import Record
from audio_logging.runs.paths import open_regular
from audio_logging.runs.problems import Problems
from audio_logging.runs.record_file import RecordTotals, read_bodies, read_row
from audio_logging.runs.record_log import RecordLog
from audio_logging.runs.sidecar import Sidecar
from audio_logging.runs.tables import TableReader

__all__ = ["LiveFacts", "Patience", "RecordTail", "SidecarTail"]


class RecordTail:
    """The records that a file gets from now on.

    Parameters
    ----------
    locate : callable
        Returns the record file, or None while there is none.
    problems : Problems
    position : int
        Where to begin: behind the last whole record that is known.

    Attributes
    ----------
    position : int
        Behind the last whole record that was read.
    finished : bool
        Whether the run said that it ended.
    """

    def __init__(self, locate: Callable[[], Path | None], problems: Problems, *, position: int, finished: bool) -> None:
        self._locate = locate
        self._problems = problems
        self.position = position
        self.finished = finished

    def size(self) -> int:
        """Return the size of the file now [bytes], 0 while there is none."""
        path = self._locate()
        try:
            return path.stat().st_size if path else 0
        except OSError:
            return 0

    def read(self, *, end: int | None = None) -> Iterator[tuple[int, bytes]]:
        """Yield the records that came since the last call, up to `end`: kind and body."""
        if end is not None and end <= self.position:
            return
        path = self._locate()
        if path is None:
            return
        try:
            file = open_regular(path)
        except AudioLoggingError:
            return
        with file:
            log = RecordLog(file, self._problems, path.name, position=self.position, end=end)
            for kind, body in read_bodies(log, self._problems, path.name):
                self.position = log.position
                self.finished |= kind == Record.EXIT
                yield kind, body
            self.position = log.position


class SidecarTail:
    """The lines that a sidecar gets from now on.

    Parameters
    ----------
    locate, problems
        As for RecordTail.
    name : str
        How problems call the file.

    Attributes
    ----------
    position : int
        Behind the last line that was read.
    """

    def __init__(self, locate: Callable[[], Path | None], problems: Problems, name: str) -> None:
        self._locate = locate
        self._problems = problems
        self._name = name
        self.position = 0
        self._line = 0

    def read(self, *, end: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield the lines that came since the last call; up to `end`, also a last one without its line break."""
        path = self._locate()
        if path is None:
            return
        try:
            file = open_regular(path)
        except AudioLoggingError as error:
            self._problems.add(str(error))
            return
        with file:
            if end is None and os.fstat(file.fileno()).st_size <= self.position:
                return
            sidecar = Sidecar(file, self._problems, self._name, position=self.position, line=self._line, end=end)
            for line in sidecar:
                self.position, self._line = sidecar.position, sidecar.line
                yield line
            last = sidecar.take_last() if end is not None else None
            self.position, self._line = sidecar.position, sidecar.line
        if last is not None:
            yield last


class LiveFacts:
    """What rows need to know of the records before them, kept up to date.

    Parameters
    ----------
    totals : RecordTotals
        What was known when the run was opened; not changed.
    reader : ArtifactReader
    tables : TableReader
        Gets the artifacts that are logged from now on.
    name : str
        How problems call the record file.

    Attributes
    ----------
    totals : RecordTotals
        With what came since.
    axes : Axes
    tables : TableReader
    """

    def __init__(self, totals: RecordTotals, reader: ArtifactReader, tables: TableReader, name: str) -> None:
        self.totals = dataclasses.replace(
            totals,
            config=copy.deepcopy(totals.config),
            summary=copy.deepcopy(totals.summary),
            metrics=list(totals.metrics),
            artifacts=[],
        )
        self._reader = reader
        self._name = name
        self.tables = tables
        self.axes = Axes(totals.metrics)

    def take(self, record: tuple[int, bytes], problems: Problems) -> dict[str, Any] | None:
        """Return the row with audio that the record is; other records are learned from."""
        kind, body = record
        if kind == Record.HISTORY:
            has_audio = any(mark in body for mark in AUDIO_MARKS)
            return read_row(kind, body, problems, self._name) if has_audio else None
        self.totals.take(kind, body, problems, self._name)
        if kind == Record.METRIC:
            self.axes = Axes(self.totals.metrics)
        elif kind == Record.ARTIFACT:
            self.tables.artifacts.add(self._reader.read(self.totals.artifacts, self.totals.run.run_id))
            self.totals.artifacts.clear()
        return None


class Patience:
    """Waits between looks, and knows when nothing came for too long.

    Parameters
    ----------
    poll : float > 0
        [s] Between looks.
    timeout : float or None
        [s] Without anything new; None: for ever.
    """

    def __init__(self, poll: float, timeout: float | None) -> None:
        self._poll = poll
        self._timeout = timeout
        self._last = time.monotonic()

    def renew(self) -> None:
        """Something came."""
        self._last = time.monotonic()

    def wait(self) -> bool:
        """Wait until the next look; False when it has been too long."""
        if self._timeout is not None and time.monotonic() - self._last >= self._timeout:
            return False
        time.sleep(self._poll)
        return True

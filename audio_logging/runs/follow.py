"""Following a run that is being written: its new rows, its new clips.

Reading resumes behind the last whole record and the last ended line; what is half written is taken when it is whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from audio_logging.errors import AudioLoggingError
from audio_logging.runs.artifacts import ArtifactReader
from audio_logging.runs.axes import Axes
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
    finished : bool
        Whether the run said that it ended.
    """

    def __init__(self, locate: Callable[[], Path | None], problems: Problems, *, position: int, finished: bool) -> None:
        self._locate = locate
        self._problems = problems
        self._position = position
        self.finished = finished

    def read(self) -> Iterator[tuple[int, bytes]]:
        """Yield the records that came since the last call: kind and body."""
        path = self._locate()
        if path is None:
            return
        try:
            file = open_regular(path)
        except AudioLoggingError:
            return
        with file:
            log = RecordLog(file, self._problems, path.name, position=self._position)
            for kind, body in read_bodies(log, self._problems, path.name):
                self._position = log.position
                self.finished |= kind == Record.EXIT
                yield kind, body
            self._position = log.position


class SidecarTail:
    """The lines that a sidecar gets from now on; the parameters are those of RecordTail."""

    def __init__(self, locate: Callable[[], Path | None], problems: Problems, name: str) -> None:
        self._locate = locate
        self._problems = problems
        self._name = name
        self._position = 0
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
            sidecar = Sidecar(file, self._problems, self._name, position=self._position, line=self._line, end=end)
            for line in sidecar:
                self._position, self._line = sidecar.position, sidecar.line
                yield line
            last = sidecar.take_last() if end is not None else None
            self._position, self._line = sidecar.position, sidecar.line
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
    axes : Axes
    tables : TableReader
    """

    def __init__(self, totals: RecordTotals, reader: ArtifactReader, tables: TableReader, name: str) -> None:
        self._totals = RecordTotals(run=totals.run, metrics=list(totals.metrics))
        self._reader = reader
        self._name = name
        self.tables = tables
        self.axes = Axes(totals.metrics)

    def take(self, record: tuple[int, bytes], problems: Problems) -> dict[str, Any] | None:
        """Return the row that the record is; other records are learned from."""
        kind, body = record
        if kind in (Record.METRIC, Record.ARTIFACT):
            self._totals.take(kind, body, problems, self._name)
            self.axes = Axes(self._totals.metrics)
            self.tables.artifacts.add(self._reader.read(self._totals.artifacts, self._totals.run.run_id))
            self._totals.artifacts.clear()
        return read_row(kind, body, problems, self._name)


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

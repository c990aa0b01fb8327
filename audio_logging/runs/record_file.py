"""The record file as a whole: what its records add up to, and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from audio_logging.runs.clock import Clock
from audio_logging.runs.messages import Record
from audio_logging.runs.problems import Problems
from audio_logging.runs.record_log import HEADER, RecordLog
from audio_logging.runs.records import (
    ArtifactFacts,
    MetricFacts,
    RunFacts,
    decode_artifact,
    decode_exit_code,
    decode_history,
    decode_metric,
    decode_run,
    kind_of,
    update_tree,
)
from audio_logging.runs.wire import WireError

__all__ = ["RecordTotals", "read_bodies", "read_row", "read_rows", "read_totals"]


@dataclass
class RecordTotals:
    """What everything but the rows adds up to.

    Attributes
    ----------
    run : RunFacts
        Of the last ``run`` record.
    config, summary : dict
        As the last records left them, without wandb's own ``_wandb``.
    metrics : list of MetricFacts
        In the order of their definition.
    artifacts : list of ArtifactFacts
        In the order of logging.
    exit_code : int or None
        None while no ``exit`` record is there.
    position : int
        Behind the last whole record.
    """

    run: RunFacts = field(default_factory=RunFacts)
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    metrics: list[MetricFacts] = field(default_factory=list)
    artifacts: list[ArtifactFacts] = field(default_factory=list)
    exit_code: int | None = None
    position: int = 0
    _clock: Clock = field(default_factory=Clock)

    def take(self, kind: int, body: bytes, problems: Problems, name: str) -> None:
        """Add one record; what cannot be read is named in the problems of the file called `name`."""
        try:
            self._add(kind, body, problems)
        except WireError as error:
            problems.add(f"{name}: a record of kind {kind} cannot be read: {error}")

    def _add(self, kind: int, body: bytes, problems: Problems) -> None:
        self._clock.see(kind, body)
        if kind == Record.SUMMARY:
            update_tree(self.summary, body, problems)
        elif kind == Record.CONFIG:
            update_tree(self.config, body, problems)
        elif kind == Record.METRIC:
            self.metrics.append(decode_metric(body))
        elif kind == Record.ARTIFACT:
            self.artifacts.append(decode_artifact(body, problems, logged=self._clock.now()))
        elif kind == Record.EXIT:
            self.exit_code = decode_exit_code(body)
        elif kind == Record.RUN:
            self.run = decode_run(body)
            update_tree(self.config, self.run.config, problems)
            update_tree(self.summary, self.run.summary, problems)


def read_totals(file: BinaryIO, problems: Problems, name: str, *, end: int | None = None) -> RecordTotals:
    """Read a whole record file, rows aside.

    Parameters
    ----------
    file : binary file
    problems : Problems
        Gets what could not be read.
    name : str
        How the problems call the file.
    end : int, optional
        Where to stop as if the file ended there.

    Returns
    -------
    RecordTotals
    """
    totals = RecordTotals()
    log = RecordLog(file, problems, name, end=end)
    for kind, body in read_bodies(log, problems, name):
        totals.take(kind, body, problems, name)
    totals.position = log.position
    if log.torn and totals.position > len(HEADER):
        problems.add(
            f"{name}: ends inside a record after byte {log.position}: still being written, or the run was killed"
        )
    for tree in (totals.config, totals.summary):
        tree.pop("_wandb", None)
    return totals


def read_rows(
    log: RecordLog, problems: Problems, name: str, *, containing: tuple[bytes, ...] = ()
) -> Iterator[dict[str, Any]]:
    """Read the history.

    Parameters
    ----------
    log : RecordLog
    problems : Problems
        Gets what could not be read.
    name : str
        How the problems call the file.
    containing : tuple of bytes
        Skip rows that have none of these in them, undecoded.

    Yields
    ------
    dict
        One row, JSON decoded.
    """
    for kind, body in read_bodies(log, problems, name):
        if not containing or any(part in body for part in containing):
            row = read_row(kind, body, problems, name)
            if row is not None:
                yield row


def read_row(kind: int, body: bytes, problems: Problems, name: str) -> dict[str, Any] | None:
    """Return the row that a record is, or None when it is something else or cannot be read."""
    if kind != Record.HISTORY:
        return None
    try:
        return decode_history(body, problems)
    except WireError as error:
        problems.add(f"{name}: a row cannot be read: {error}")
        return None


def read_bodies(log: RecordLog, problems: Problems, name: str) -> Iterator[tuple[int, bytes]]:
    """Read the records that are of interest.

    Parameters
    ----------
    log : RecordLog
    problems : Problems
        Gets what could not be read.
    name : str
        How the problems call the file.

    Yields
    ------
    kind : int
        One of the numbers in `Record`.
    body : bytes
    """
    for record in log:
        try:
            found = kind_of(record)
        except WireError as error:
            problems.add(f"{name}: a record cannot be read: {error}")
            continue
        if found is not None:
            yield found

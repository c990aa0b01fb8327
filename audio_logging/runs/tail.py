"""ClipTail: a run's clips so far, and then those that it gets; it never waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from audio_logging.runs.clips import StoredClip
from audio_logging.runs.collect import ClipCollector
from audio_logging.runs.follow import LiveFacts, RecordTail, SidecarTail
from audio_logging.runs.media_folder import MediaFolder
from audio_logging.runs.problems import Problems
from audio_logging.runs.record_file import RecordTotals

__all__ = ["ClipTail"]

MEDIA_AGE = 1.0
"""[s] How old a file must be to stand for itself: the line or the row that tells of it comes later than the file."""


class ClipTail:
    """Reads a run bit by bit; `Run.tail_clips` makes it.

    Parameters
    ----------
    rows : callable
        Returns the history rows with audio of the run as it was when it was opened.
    sidecar_size : int
        [bytes] When the run was opened.
    collector : ClipCollector
    live : LiveFacts
    lines : SidecarTail
    records : RecordTail
        Begins behind the records that `rows` reads.
    media : MediaFolder
    problems : Problems
    """

    def __init__(
        self,
        rows: Callable[[], Iterable[dict[str, Any]]],
        sidecar_size: int,
        collector: ClipCollector,
        live: LiveFacts,
        lines: SidecarTail,
        records: RecordTail,
        media: MediaFolder,
        problems: Problems,
    ) -> None:
        self._rows = rows
        self._sidecar_size = sidecar_size
        self._collector = collector
        self._live = live
        self._lines = lines
        self._records = records
        self._media = media
        self._problems = problems
        self._begun = False

    @property
    def finished(self) -> bool:
        """Whether the run said that it ended, and what it had told by then was read."""
        return self._begun and self._records.finished

    @property
    def position(self) -> int:
        """Bytes read of sidecar and record file together: grows when something came, a clip or not."""
        return self._lines.position + self._records.position

    @property
    def totals(self) -> RecordTotals:
        """What the records read so far add up to; not to be changed."""
        return self._live.totals

    def read(self) -> Iterator[StoredClip]:
        """Yield the clips that came since the last call; at the first call those that `Run.clips` returns.

        A clip that was only a file in the media folder so far comes again when its line or its row does.

        Yields
        ------
        StoredClip
            To be taken to the end before the next call.
        """
        if self._begun:
            return self._later()
        self._begun = True
        return self._first()

    def _first(self) -> Iterator[StoredClip]:
        yield from map(self._collector.from_sidecar, self._lines.read(end=self._sidecar_size))
        for row in self._rows():
            yield from self._collector.from_row(row, self._live.axes, self._live.tables)
        yield from self._collector.from_summary(self.totals.summary)
        yield from self._from_media(age=0.0)

    def _later(self) -> Iterator[StoredClip]:
        # A clip's line is written before its row: the rows that are there now have theirs when the sidecar is read.
        end = self._records.size()
        yield from map(self._collector.from_sidecar, self._lines.read())
        for record in self._records.read(end=end):
            row = self._live.take(record, self._problems)
            if row is not None:
                yield from self._collector.from_row(row, self._live.axes, self._live.tables)
        if self.finished:
            yield from self._collector.from_summary(self.totals.summary)
        yield from self._from_media(age=0.0 if self.finished else MEDIA_AGE)

    def _from_media(self, *, age: float) -> Iterator[StoredClip]:
        for relative in self._media.read(age=age):
            yield self._collector.from_media(relative)

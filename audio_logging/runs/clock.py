"""When something was logged, about: records of artifacts carry no time, but rows and system measurements do."""

from __future__ import annotations

from audio_logging.runs.messages import Record, StatsRecord
from audio_logging.runs.problems import Problems
from audio_logging.runs.records import decode_history, decode_timestamp
from audio_logging.runs.wire import WireError, fields

__all__ = ["Clock"]


class Clock:
    """Goes by the records of one file, in order; wandb measures the system every 10 s or so."""

    def __init__(self) -> None:
        self._row = b""
        self._stats = b""

    def see(self, kind: int, body: bytes) -> None:
        """Take notice of a record; nothing is decoded until somebody asks."""
        if kind == Record.HISTORY:
            self._row = body
        elif kind == Record.STATS:
            self._stats = body

    def now(self) -> float | None:
        """Return the last time that was told, in seconds since 1970; None when there was none."""
        told = [time for time in (self._row_time(), self._stats_time()) if time is not None]
        return max(told, default=None)

    def _row_time(self) -> float | None:
        try:
            time = decode_history(self._row, Problems()).get("_timestamp")
        except WireError:
            return None
        return float(time) if isinstance(time, (int, float)) and 0 < time < 2**40 else None

    def _stats_time(self) -> float | None:
        try:
            found = [value for number, value in fields(self._stats) if number == StatsRecord.TIMESTAMP]
            return decode_timestamp(found[-1]) if found and isinstance(found[-1], bytes) else None
        except WireError:
            return None

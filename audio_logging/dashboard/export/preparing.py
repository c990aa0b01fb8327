"""Clips made ready for a report, beside each other and in order: their bytes, their levels, and their small peaks.

Threads do for what takes long, which is encoding and long clips: libsndfile, soxr and numpy let go of the interpreter
while they work (40 clips to Opus on two cores: 0.7 of the time, as with processes). A short clip that is kept spends
its millisecond between their calls, and threads only wait for each other, even a single one for whoever writes (1,000
clips: 1.2 times as long).
"""

from __future__ import annotations

import base64
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from audio_logging.dashboard.analysis import Levels, levels_and_peaks
from audio_logging.dashboard.export.conversion import UNREAD, Converted, Format, convert, extension_of
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.errors import AudioLoggingError

__all__ = ["Prepared", "prepare"]

LIST_PEAKS = 64
"""[buckets] What the list draws; of a clip that is opened, the page computes finer ones."""

LONG_PEAKS = 2048
"""[buckets] Of a long clip, which a page can show whole without decoding it."""

LONG = 30.0
"""[s]"""

WORTH_A_THREAD = 2**20
"""[bytes] Of a file, on the average."""


@dataclass(frozen=True)
class Prepared:
    """One stored file, ready for a report.

    Attributes
    ----------
    file : StoredFile
    converted : Converted or None
        None when it cannot be read.
    levels, peaks : dict
        As the server's API gives them; ``{"error": text}`` where they cannot be computed.
    problem : str or None
        Why it cannot be read.
    """

    file: StoredFile
    converted: Converted | None
    levels: dict[str, Any]
    peaks: dict[str, Any]
    problem: str | None = None


def prepare(
    files: Iterable[StoredFile],
    format: Format,  # noqa: A002 - "format" is the public word
    *,
    size: float = 0.0,
) -> Iterator[Prepared]:
    """Make clips ready, in the order given; never more than a few at a time are in memory.

    Parameters
    ----------
    files : iterable of StoredFile
    format : {"keep", "opus", "flac"}
    size : float
        [bytes] Of a file, on the average.

    Yields
    ------
    Prepared
    """
    if format == "opus" or size >= WORTH_A_THREAD:
        yield from _beside_each_other(files, format, _processors())
    else:
        yield from (_prepare(file, format) for file in files)


def _beside_each_other(files: Iterable[StoredFile], format: Format, workers: int) -> Iterator[Prepared]:  # noqa: A002
    waiting: deque[Future[Prepared]] = deque()
    with ThreadPoolExecutor(workers, "audio-logging-export") as pool:
        try:
            for file in files:
                waiting.append(pool.submit(_prepare, file, format))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _prepare(file: StoredFile, format: Format) -> Prepared:  # noqa: A002
    try:
        converted = convert(file, format)
        if extension_of(file) in UNREAD:
            unread = {"error": f"libsndfile does not read {extension_of(file)}"}
            return Prepared(file, converted, unread, unread)
        level, peak = levels_and_peaks(file, _buckets)
        data = base64.b64encode(peak.data).decode("ascii")
        return Prepared(file, converted, dict(level), {"channels": peak.channels, "n": peak.n, "data": data})
    except (AudioLoggingError, OSError) as error:
        return Prepared(file, None, {}, {}, str(error))


def _buckets(level: Levels) -> int:
    return LONG_PEAKS if level["frames"] > LONG * level["sample_rate"] else LIST_PEAKS


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1

"""Clips made ready for a report, several at a time and in order: their bytes, their levels, and their small peaks.

Threads do: libsndfile, soxr, numpy and hashlib let go of the interpreter while they work.
"""

from __future__ import annotations

import base64
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from audio_logging.dashboard.analysis import Analyser
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


def prepare(files: Iterable[StoredFile], format: Format) -> Iterator[Prepared]:  # noqa: A002
    """Make clips ready, in the order given; never more than a few at a time are in memory.

    Parameters
    ----------
    files : iterable of StoredFile
    format : {"keep", "opus", "flac"}

    Yields
    ------
    Prepared
    """
    analyser, workers = Analyser(None), _processors()
    waiting: deque[Future[Prepared]] = deque()
    with ThreadPoolExecutor(workers, "audio-logging-export") as pool:
        try:
            for file in files:
                waiting.append(pool.submit(_prepare, analyser, file, format))
                if len(waiting) > 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _prepare(analyser: Analyser, file: StoredFile, format: Format) -> Prepared:  # noqa: A002
    try:
        converted = convert(file, format)
        if extension_of(file) in UNREAD:
            unread = {"error": f"libsndfile does not read {extension_of(file)}"}
            return Prepared(file, converted, unread, unread)
        levels = analyser.levels(file)
        long = levels["frames"] > LONG * levels["sample_rate"]
        peaks = analyser.peaks(file, LONG_PEAKS if long else LIST_PEAKS)
        data = base64.b64encode(peaks.data).decode("ascii")
        told = {"channels": peaks.channels, "n": peaks.n, "data": data}
        return Prepared(file, converted, dict(levels), told)
    except (AudioLoggingError, OSError) as error:
        return Prepared(file, None, {}, {}, str(error))


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1

"""Levels and peaks of a clip together: a short one is decoded once for both."""

from __future__ import annotations

from collections.abc import Callable

from audio_logging.dashboard.analysis.blocks import open_blocks
from audio_logging.dashboard.analysis.levels import Levels, levels_of
from audio_logging.dashboard.analysis.peaks import Peaks, bucket_peaks, overview, peaks
from audio_logging.dashboard.stored_file import StoredFile

__all__ = ["levels_and_peaks"]


def levels_and_peaks(file: StoredFile, buckets_for: Callable[[Levels], int]) -> tuple[Levels, Peaks]:
    """Return the levels of a stored file, and the peaks of all of it.

    Parameters
    ----------
    file : StoredFile
    buckets_for : callable
        Returns how many buckets the peaks have, 1 to 4096.

    Returns
    -------
    levels : Levels
    peaks : Peaks

    Raises
    ------
    NotFoundError, AudioValueError, AudioDecodeError
        As by `levels` and `peaks`.
    """
    with open_blocks(file) as reader:
        found = levels_of(reader)
        if reader.is_held:
            frames = found["frames"]
            ranges = bucket_peaks(reader, frames, buckets_for(found), None, None, lambda: overview(reader, frames))
            return found, ranges
    return found, peaks(file, buckets_for(found))

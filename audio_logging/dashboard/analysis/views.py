"""The part of a clip that is looked at."""

from __future__ import annotations

import math

from audio_logging.errors import AudioValueError

__all__ = ["view_of"]


def view_of(start: float | None, end: float | None, frames: int, sample_rate: int) -> tuple[int, int]:
    """Return the first frame and the one behind the last of a part of a clip.

    Parameters
    ----------
    start, end : float or None
        [s] None for the ends of the clip; what lies outside is cut off.
    frames : int
        Of the clip.
    sample_rate : int
        [Hz]

    Returns
    -------
    first, last : int
        At least one frame of every clip that has any.

    Raises
    ------
    AudioValueError
        Not finite, or the end is not after the start.
    """
    begin = 0.0 if start is None else start
    stop = math.inf if end is None else end
    if not (math.isfinite(begin) and begin < stop and (end is None or math.isfinite(stop))):
        raise AudioValueError(f"got start={start} and end={end} [s], wanted the end to be after the start")
    if not frames:
        return 0, 0
    first = min(max(round(begin * sample_rate), 0), frames - 1)
    last = frames if end is None else min(round(stop * sample_rate), frames)
    return first, max(last, first + 1)

"""StoredFile: the bytes of one clip, as the rest of the dashboard is handed them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StoredFile"]


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredFile:
    """The file of a clip; None where nothing is known.

    Attributes
    ----------
    path : str
        Absolute, checked to lie in the run or the staging folder; opened with `runs.paths.open_regular` only.
    content : str
        Names the bytes, for caches: the sha256 where it is known, else made of path, size and time of change.
    format : str or None
    sample_rate, channels, frames : int or None
    name : str
        What a download is called.
    """

    path: str
    content: str
    format: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    frames: int | None = None
    name: str = "clip"

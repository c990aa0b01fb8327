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
        Names the bytes, for caches: made of path, size and time of change.
    sha256 : str or None
        As it was recorded, where the size is the recorded one. Nobody compared it with the bytes, so that it says what
        is likely equal, and what will not be written again, but not what is the same.
    format : str or None
    sample_rate, channels, frames : int or None
    name : str
        What a download is called.
    """

    path: str
    content: str
    sha256: str | None = None
    format: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    frames: int | None = None
    name: str = "clip"

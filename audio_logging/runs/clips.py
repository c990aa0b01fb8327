"""StoredClip: what a run remembers of one clip, and where its bytes lie."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias

from audio_logging.errors import NotFoundError
from audio_logging.runs.headers import read_header
from audio_logging.runs.paths import open_regular

__all__ = ["ClipSource", "StoredClip"]

ClipSource: TypeAlias = Literal["sidecar", "record", "media"]


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class StoredClip:
    """One clip of a run; None where nothing is known.

    Attributes
    ----------
    key : str
        Under which it was logged; levels of nested dicts are joined with dots.
    step : int, float or None
        Where on its key's axis: the logger's own step for what :class:`audio_logging.AudioLogger` logged, wandb's
        ``_step`` for the rest.
    index : int
        Place in its list, or row of its table; 0 for a clip alone.
    file : str or None
        Absolute path, checked to lie in the run or the staging folder; None when it is missing or refused.
    recorded_path : str
        As the run tells it: from the run's ``files`` folder, or within the artifact for a clip in a table.
    sample_rate : int or None
        [Hz]
    frames, channels : int or None
    duration : float or None
        [s]
    peak : float or None
        Largest absolute sample, 1.0 is full scale.
    metrics : mapping of str to number or None
        What the sidecar tells, or the columns of numbers and booleans in its row of a table.
    embedding : sequence of float or None
        Of its row of a table, from the column of that name.
    x, y : float or None
        Of its row of a table: a place on a map.
    table, column : str or None
        For a cell of a table: the table's key, and the column; ``column[2]`` for the third of a list in a cell.
    source : {"sidecar", "record", "media"}
        Who told first: the sidecar, the record file (history and artifacts), or only the name of a file in the media
        folder. The step in such a name may be off by some, as wandb takes it before it knows the row.

    Examples
    --------
    >>> StoredClip(key="val/clip", step=3, index=0, sample_rate=16000, duration=1.5)
    StoredClip('val/clip', step 3, index 0, 1.50 s, 16000 Hz)
    """

    key: str
    step: float | None = None
    index: int = 0
    file: str | None = None
    recorded_path: str = ""
    sha256: str | None = None
    size: int | None = None
    format: str | None = None
    sample_rate: int | None = None
    frames: int | None = None
    channels: int | None = None
    duration: float | None = None
    peak: float | None = None
    clipped_samples: int | None = None
    caption: str | None = None
    role: str | None = None
    clip_id: str | None = None
    label: Any = None
    prediction: Any = None
    scores: Any = None
    metrics: Mapping[str, Any] | None = None
    embedding: Sequence[float] | None = None
    x: float | None = None
    y: float | None = None
    time: float | None = None
    table: str | None = None
    column: str | None = None
    source: ClipSource = "sidecar"

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> StoredClip:
        """Make a clip of fields by name, in half the constructor's time: there may be 100,000 of them.

        Parameters
        ----------
        told : mapping
            What is absent is unknown; what is no field is left out.

        Returns
        -------
        StoredClip
        """
        clip = cls.__new__(cls)
        get = told.get
        for name, unknown, put in _SLOTS:
            put(clip, get(name, unknown))
        return clip

    @property
    def path(self) -> Path | None:
        """`file` as a path."""
        return None if self.file is None else Path(self.file)

    def open(self) -> BinaryIO:
        """Open the stored bytes for reading.

        Raises
        ------
        NotFoundError
            The file is missing, or its recorded path was refused.
        """
        if self.file is None:
            raise NotFoundError(f"{self.recorded_path!r} of {self.key!r} is missing or was refused; see run.problems")
        return open_regular(self.file)

    def with_header(self) -> StoredClip:
        """Return the clip with format, rate, frames, channels and duration from its file, where they were unknown."""
        if self.file is None or None not in (self.sample_rate, self.frames, self.channels):
            return self
        header = read_header(self.file)
        if header is None:
            return self
        known = {name: value for name, value in header._asdict().items() if getattr(self, name) is None}
        clip = dataclasses.replace(self, **known)
        if clip.duration is None and clip.frames is not None and clip.sample_rate:
            clip = dataclasses.replace(clip, duration=clip.frames / clip.sample_rate)
        return clip

    def __repr__(self) -> str:
        where = f"StoredClip({self.key!r}, step {self.step}, index {self.index}"
        length = "" if self.duration is None else f", {self.duration:.2f} s"
        rate = "" if self.sample_rate is None else f", {self.sample_rate} Hz"
        return f"{where}{length}{rate})"


_SLOTS = tuple(
    (slot.name, slot.default, getattr(StoredClip, slot.name).__set__) for slot in dataclasses.fields(StoredClip)
)

"""Columns: what clips are filtered and sorted by, side by side in memory; 100,000 clips take some 15 MB.

Texts are numbers into lists of distinct texts. One thread writes; whoever reads holds the lock.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from audio_logging.dashboard.indexing.database import KeptClip
from audio_logging.dashboard.indexing.rows import ClipRow

__all__ = ["NUMBERS", "TEXTS", "Columns", "Names"]

NUMBERS = (
    "step", "ordinal", "score", "duration", "size", "peak", "sample_rate", "channels", "clipped_samples", "time",
)  # fmt: skip
"""Fields of a ClipRow that are float64 here, NaN where unknown."""

TEXTS = ("key", "role", "label", "prediction", "caption")

MAX_METRICS = 2000
"""Names of metrics that are filtered and sorted by; who has more has put values into names."""

SORTED_CAPTION = 60
"""Characters of a caption that sorting goes by."""

Kind = TypeVar("Kind", bound=np.generic)


class Growing(Generic[Kind]):
    """An array that gets longer.

    Parameters
    ----------
    kind : dtype
    """

    def __init__(self, kind: type[Kind]) -> None:
        self._values: npt.NDArray[Kind] = np.empty(256, kind)
        self._length = 0

    def extend(self, values: Sequence[Any] | npt.NDArray[Any]) -> None:
        """Add values at the end."""
        end = self._length + len(values)
        if end > len(self._values):
            grown = np.empty(max(end, len(self._values) * 3 // 2), self._values.dtype)
            grown[: self._length] = self._values[: self._length]
            self._values = grown
        self._values[self._length : end] = values
        self._length = end

    @property
    def values(self) -> npt.NDArray[Kind]:
        """What is there so far; writing into it changes it."""
        return self._values[: self._length]


class Names:
    """Distinct texts, and for each clip which of them it has; -1 for none."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}
        self._codes: Growing[np.int32] = Growing(np.int32)
        self._ranks: npt.NDArray[np.float64] = np.empty(0)

    @property
    def codes(self) -> npt.NDArray[np.int32]:
        """Numbers of texts, by clip."""
        return self._codes.values

    def extend(self, texts: Iterable[str | None]) -> None:
        """Add clips' texts."""
        self._codes.extend([self._code(text) for text in texts])

    def put(self, position: int, text: str | None) -> None:
        """Change one clip's text."""
        self.codes[position] = self._code(text)

    def numbers(self, texts: Iterable[str]) -> list[int]:
        """Return the numbers of texts; of those that no clip has, none."""
        return [self._numbers[text] for text in texts if text in self._numbers]

    def sort_values(self) -> npt.NDArray[np.float64]:
        """Return for each clip a number that sorts as its text does, NaN for none."""
        if len(self._ranks) != len(self.texts) + 1:
            order = sorted(range(len(self.texts)), key=[text.casefold() for text in self.texts].__getitem__)
            self._ranks = np.full(len(order) + 1, np.nan)  # the last is what -1 finds
            self._ranks[order] = np.arange(len(order))
        return self._ranks[self.codes]

    def _code(self, text: str | None) -> int:
        if text is None:
            return -1
        code = self._numbers.get(text)
        if code is None:
            code = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return code


class Metric:
    """One metric of the clips that have it."""

    def __init__(self) -> None:
        self._positions: Growing[np.int32] = Growing(np.int32)
        self._values: Growing[np.float64] = Growing(np.float64)

    def extend(self, positions: Sequence[int], values: Sequence[float]) -> None:
        """Add values; a later one of a clip counts."""
        self._positions.extend(positions)
        self._values.extend(values)

    def of(self, length: int) -> npt.NDArray[np.float64]:
        """Return the values of all clips, NaN where there is none."""
        values = np.full(length, np.nan)
        values[self._positions.values] = self._values.values
        return values


class Columns:
    """Every clip has a position, the same in all columns; clips that are gone keep theirs.

    Attributes
    ----------
    lock : threading.RLock
    numbers : dict of str to Growing float64
    texts : dict of str to Names
    metrics : dict of str to Metric
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.numbers = {name: Growing(np.float64) for name in NUMBERS}
        self.texts = {name: Names() for name in TEXTS}
        self.metrics: dict[str, Metric] = {}
        self._clips: Growing[np.int64] = Growing(np.int64)
        self._uids: Growing[np.int64] = Growing(np.int64)
        self._runs: Growing[np.int32] = Growing(np.int32)
        self._same: Growing[np.int64] = Growing(np.int64)
        self._correct: Growing[np.int8] = Growing(np.int8)
        self._placed: Growing[np.int8] = Growing(np.int8)
        self._there: Growing[np.bool_] = Growing(np.bool_)

    def __len__(self) -> int:
        return len(self._clips.values)

    @property
    def clips(self) -> npt.NDArray[np.int64]:
        """Numbers of the clips, ascending."""
        return self._clips.values

    @property
    def uids(self) -> npt.NDArray[np.int64]:
        """What names each clip within its run."""
        return self._uids.values

    @property
    def runs(self) -> npt.NDArray[np.int32]:
        """Numbers of the runs."""
        return self._runs.values

    @property
    def same(self) -> npt.NDArray[np.int64]:
        """A hash of what makes a clip the same as another one: its clip_id, or key, index and column."""
        return self._same.values

    @property
    def correct(self) -> npt.NDArray[np.int8]:
        """1 yes, 0 no, -1 unknown."""
        return self._correct.values

    @property
    def placed(self) -> npt.NDArray[np.int8]:
        """2 for clips with an embedding, 1 for those with x and y only, else 0."""
        return self._placed.values

    @property
    def there(self) -> npt.NDArray[np.bool_]:
        """Which are still clips."""
        return self._there.values

    def add(self, clips: Sequence[KeptClip]) -> None:
        """Add clips whose numbers are larger than those before."""
        with self.lock:
            begin = len(self)
            rows = [clip.row for clip in clips]
            self._clips.extend([clip.clip for clip in clips])
            self._uids.extend([row.uid for row in rows])
            self._runs.extend([clip.run for clip in clips])
            self._same.extend([_same(clip) for clip in clips])
            self._correct.extend([_correct(clip) for clip in clips])
            self._placed.extend([_placed(clip) for clip in clips])
            self._there.extend(np.ones(len(clips), np.bool_))
            for name, column in self.numbers.items():
                column.extend(_floats([getattr(row, name) for row in rows]))
            for name, names in self.texts.items():
                names.extend([_text(getattr(row, name), name) for row in rows])
            self._add_metrics([(begin + place, row.metrics) for place, row in enumerate(rows) if row.metrics])

    def change(self, clips: Iterable[tuple[KeptClip, ClipRow]]) -> None:
        """Put other values in place of what is known of clips; with each comes its row as it was."""
        with self.lock:
            for clip, before in clips:
                position = self.position(clip.clip)
                row = clip.row
                self.same[position] = _same(clip)
                self.correct[position] = _correct(clip)
                if clip.place is not None:
                    self.placed[position] = _placed(clip)
                for name, column in self.numbers.items():
                    [column.values[position]] = _floats([getattr(row, name)])
                for name, names in self.texts.items():
                    names.put(position, _text(getattr(row, name), name))
                gone = dict.fromkeys(before.metrics or (), math.nan)
                self._add_metrics([(position, {**gone, **(row.metrics or {})})])

    def remove(self, clips: Sequence[int]) -> None:
        """Forget clips."""
        with self.lock:
            for clip in clips:
                self.there[self.position(clip)] = False

    def remove_run(self, run: int) -> None:
        """Forget the clips of a run."""
        with self.lock:
            self.there[self.runs == run] = False

    def position(self, clip: int) -> int:
        """Return where the clip of a number stands."""
        return int(np.searchsorted(self.clips, clip))

    def counts(self) -> dict[int, int]:
        """Return how many clips each run has."""
        with self.lock:
            counts = np.bincount(self.runs[self.there])
        return {run: int(count) for run, count in enumerate(counts) if count}

    def of_run(self, run: int) -> dict[int, int]:
        """Return the numbers of a run's clips by their uids."""
        with self.lock:
            chosen = self.there & (self.runs == run)
            return dict(zip(self.uids[chosen].tolist(), self.clips[chosen].tolist(), strict=True))

    def _add_metrics(self, told: Sequence[tuple[int, dict[str, float]]]) -> None:
        found: dict[str, tuple[list[int], list[float]]] = {}
        for position, metrics in told:
            for name, value in metrics.items():
                positions, values = found.setdefault(name, ([], []))
                positions.append(position)
                values.append(value)
        for name, (positions, values) in found.items():
            if name in self.metrics or len(self.metrics) < MAX_METRICS:
                self.metrics.setdefault(name, Metric()).extend(positions, values)


def _same(clip: KeptClip) -> int:
    row = clip.row
    return hash(row.clip_id) if row.clip_id is not None else hash((row.key, row.ordinal, row.column))


def _correct(clip: KeptClip) -> int:
    return -1 if clip.row.correct is None else int(clip.row.correct)


def _placed(clip: KeptClip) -> int:
    if clip.place is None:
        return 0
    return 1 if clip.place.embedding is None else 2


def _floats(values: list[Any]) -> npt.NDArray[np.float64]:
    return np.array(values, np.float64)  # None becomes NaN


def _text(text: str | None, name: str) -> str | None:
    return text[:SORTED_CAPTION] if text and name == "caption" else text

"""Outcome: what became of one input of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["FIELDS", "Outcome"]

FIELDS = (
    "index",
    "path",
    "window",
    "windows",
    "start",
    "end",
    "last_coverage",
    "label",
    "score",
    "scores",
    "embedding",
    "error",
)
"""Keys of a row, in order. ``index`` counts inputs; ``window`` is None in a row that sums several up; ``embedding`` is
the row's place in the file of embeddings; ``error`` is None but for an input that could not be used."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of one input.

    Attributes
    ----------
    index : int
        Its place among the inputs.
    path : str
        Its name.
    rows : sequence of dict
        One, or one a window; without the keys that are the same in all.
    vectors : ndarray [shape=(rows, size)], float32, or None
    error : str or None
        Why there are no rows.
    """

    index: int
    path: str
    rows: Sequence[Mapping[str, Any]] = ()
    vectors: npt.NDArray[np.float32] | None = None
    error: str | None = None

    def records(self, first_vector: int) -> list[dict[str, Any]]:
        """Return its rows with all keys.

        Parameters
        ----------
        first_vector : int
            Where its vectors begin in the file of embeddings.

        Returns
        -------
        list of dict
            At least one: an input that could not be used has a row with its error.
        """
        common = {"index": self.index, "path": self.path, "error": self.error}
        records = []
        for place, row in enumerate(self.rows or [{}]):
            number = None if self.vectors is None else first_vector + place
            known = {**common, **row, "embedding": number}
            records.append({name: known.get(name) for name in FIELDS})
        return records

"""Classification: what a classifier says of one clip, window by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audio_logging.inference.scores import Aggregate, LabelScore, Scores, aggregate_scores, check_top_k, rank

__all__ = ["Classification", "TimedLabelScore"]


class TimedLabelScore(LabelScore):
    """One class of one window."""

    start: float
    end: float


@dataclass(frozen=True, eq=False)
class Classification:
    """What a classifier says of one clip.

    Attributes
    ----------
    labels : tuple of str
    scores : ndarray [shape=(windows, classes)], float64
        After the function that makes scores of outputs.
    times : ndarray [shape=(windows, 2)], float64
        [s] Start and end of each window's part of the clip.
    coverage : float in (0, 1]
        How much of the last window is the clip, and not silence added at its end.
    threshold : float or None
        Least score that `top` returns.
    embeddings : ndarray [shape=(windows, size)], float32, or None
        Where the model was opened with an embedding.
    """

    labels: tuple[str, ...]
    scores: Scores
    times: npt.NDArray[np.float64]
    coverage: float
    threshold: float | None = None
    embeddings: npt.NDArray[np.float32] | None = None

    def top(self, top_k: int | None = 5, *, aggregate: Aggregate = "mean") -> Sequence[LabelScore]:
        """Return the best classes of the clip.

        Parameters
        ----------
        top_k : int >= 0 or None
            How many; None, or more than there are, for all.
        aggregate : {"mean", "max", "vote", "none"}
            How windows become one result: the mean or the largest score of each class, or the share of windows in
            which it is the best. "none" returns the best classes of each window, with its ``start`` and ``end`` [s],
            window after window.

        Returns
        -------
        list of {"label": str, "score": float}
            Best first; of equal ones that with the lower index.

        Raises
        ------
        AudioValueError
            A negative `top_k`, or another word for `aggregate`.
        """
        count = check_top_k(top_k)
        if aggregate == "none":
            return [row for window in range(len(self.scores)) for row in self.window(window, count)]
        return rank(aggregate_scores(self.scores, aggregate), self.labels, top_k=count, threshold=self.threshold)

    def window(self, index: int, top_k: int | None = 5) -> list[TimedLabelScore]:
        """Return the best classes of one window, with its times."""
        start, end = self.times[index].tolist()
        best = rank(self.scores[index], self.labels, top_k=check_top_k(top_k), threshold=self.threshold)
        return [{**row, "start": start, "end": end} for row in best]

    def prediction(self, top_k: int | None = 5, *, aggregate: Aggregate = "mean") -> dict[str, Any]:
        """Return a row for PredictionLogger and its tables.

        Parameters
        ----------
        top_k : int or None
        aggregate : {"mean", "max", "vote"}

        Returns
        -------
        dict
            ``label``, ``score`` and ``scores``; for a clip of several windows ``windows`` (their number), ``start``
            and ``end`` [s] of the one in which the label has its highest score, and ``last_coverage``; and
            ``embedding`` (the mean over windows) where there is one.
        """
        best = list(self.top(top_k, aggregate=aggregate))
        row: dict[str, Any] = {"scores": best}
        if best:
            row |= best[0]
        if best and len(self.times) > 1:
            winner = int(aggregate_scores(self.scores, aggregate).argmax())
            start, end = self.times[int(self.scores[:, winner].argmax())].tolist()
            row |= {"windows": len(self.times), "start": start, "end": end, "last_coverage": self.coverage}
        if self.embeddings is not None:
            row["embedding"] = self.embeddings.mean(axis=0)
        return row

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        best = ", ".join(f"{row['label']} {row['score']:.3f}" for row in self.top(1))
        return f"Classification({len(self)} windows, {len(self.labels)} classes, {best})"

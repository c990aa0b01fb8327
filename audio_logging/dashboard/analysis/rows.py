"""From the frequencies of a Fourier transform to the rows of a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audio_logging._types import Samples
from audio_logging.dashboard.analysis.scales import row_edges

__all__ = ["Rows"]

SMALLEST = np.float32(1e-30)
"""Power of what is taken for silence: -300 dB."""


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """How rows are made of a transform's bins.

    A row shows the loudest bin in its band. Low rows of the mel and logarithmic scales may be narrower than a bin, and
    hold none: they show the straight line, in dB, between the nearest two.

    Attributes
    ----------
    first : ndarray of int [shape=(height,)]
        The first bin of each row, or the one after the band where it holds none.
    empty : ndarray of int
        The rows that hold none.
    share : ndarray of float32
        For each of those, how much of the bin after it counts.
    """

    first: npt.NDArray[np.int64]
    empty: npt.NDArray[np.int64]
    share: npt.NDArray[np.float32]

    @classmethod
    def of(cls, scale: str, sample_rate: int, height: int, window: int) -> Rows:
        """Make them.

        Parameters
        ----------
        scale : {"mel", "log", "linear"}
        sample_rate : int
            [Hz]
        height : int
            Rows.
        window : int
            [frames] Length of the transform.

        Returns
        -------
        Rows
        """
        edges = row_edges(scale, sample_rate, height) * (window / sample_rate)
        first = np.minimum(np.ceil(edges - 1e-9), window // 2).astype(np.int64)
        after = np.append(first[1:-1], window // 2 + 1)
        empty = np.flatnonzero(first[:-1] == after)
        middle = (edges[empty] + edges[empty + 1]) / 2
        return cls(first[:-1], empty, np.asarray(middle - (first[empty] - 1), np.float32))

    def levels(self, power: Samples) -> npt.NDArray[np.float32]:
        """Return the level of each row.

        Parameters
        ----------
        power : ndarray of float32 [shape=(columns, bins)]

        Returns
        -------
        ndarray of float32 [shape=(columns, height)]
            [dB]
        """
        bins = 10 * np.log10(np.maximum(power, SMALLEST))
        rows = np.maximum.reduceat(bins, self.first, axis=1)
        above = self.first[self.empty]
        rows[:, self.empty] = bins[:, above] * self.share + bins[:, above - 1] * (1 - self.share)
        return np.asarray(rows, np.float32)

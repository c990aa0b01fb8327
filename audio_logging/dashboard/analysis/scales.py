"""Frequency scales: which frequencies each row of a spectrogram shows.

Rows split the axis evenly, in mel, in octaves or in hertz, without gaps: whatever the height, each frequency on the
axis is in exactly one row.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["SCALES", "Scale", "row_edges"]

Scale: TypeAlias = Literal["mel", "log", "linear"]

Frequencies: TypeAlias = npt.NDArray[np.float64]

LOWEST = 20.0
"""[Hz] Where the logarithmic axis begins, as hearing does, unless that is more than ..."""

DECADES = 1000
"""... three decades below the highest frequency."""


def _mel(nyquist: float, places: Frequencies) -> Frequencies:
    """2595 log10(1 + f / 700): D. O'Shaughnessy, "Speech Communication", 1987; the Hidden Markov Model Toolkit's."""
    mels = places * 2595 * np.log10(1 + nyquist / 700)
    return np.asarray(700 * (10 ** (mels / 2595) - 1))


def _log(nyquist: float, places: Frequencies) -> Frequencies:
    lowest = min(max(LOWEST, nyquist / DECADES), nyquist / 2)
    return np.asarray(lowest * (nyquist / lowest) ** places)


def _linear(nyquist: float, places: Frequencies) -> Frequencies:
    return places * nyquist


SCALES: dict[str, Callable[[float, Frequencies], Frequencies]] = {"mel": _mel, "log": _log, "linear": _linear}
"""From places on the axis, 0 at its bottom and 1 at its top, to frequencies [Hz]."""


def row_edges(scale: str, sample_rate: int, height: int) -> Frequencies:
    """Return the frequencies between which each row lies.

    Parameters
    ----------
    scale : {"mel", "log", "linear"}
    sample_rate : int
        [Hz]
    height : int
        Rows.

    Returns
    -------
    ndarray of float64 [shape=(height + 1,)]
        [Hz] Rising, up to half the sample rate. Row `r` from the bottom shows ``edges[r]`` to ``edges[r + 1]``.
    """
    edges = SCALES[scale](sample_rate / 2, np.linspace(0, 1, height + 1))
    edges[-1] = sample_rate / 2
    return edges

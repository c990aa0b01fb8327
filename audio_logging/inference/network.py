"""Network: a model of any format as the classifier and the embedder see it."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from audio_logging.inference.errors import ModelRuntimeError
from audio_logging.inference.sound import SoundSpec
from audio_logging.inference.windows import Piece

__all__ = ["Network", "Outputs", "as_rows"]

Outputs: TypeAlias = list[npt.NDArray[np.float32]]
"""One array for each output that was asked for [shape=(windows, size)]."""


class Network(Protocol):
    """Windows in, numbers out."""

    @property
    def sound(self) -> SoundSpec:
        """What it takes."""

    @property
    def sizes(self) -> tuple[int | None, ...]:
        """How many numbers each output has a window; None where the model does not say."""

    @property
    def most_windows(self) -> int:
        """How many windows of one length it takes at once."""

    def run(self, piece: Piece) -> Outputs:
        """Return the outputs.

        Raises
        ------
        ModelRuntimeError
        """


def as_rows(output: Any, windows: int, name: str) -> npt.NDArray[np.float32]:
    """Return an output with one row a window, checked.

    Parameters
    ----------
    output : array
    windows : int
    name : str
        What to call it in errors.

    Returns
    -------
    ndarray [shape=(windows, size)], float32

    Raises
    ------
    ModelRuntimeError
        Not one vector a window, or NaN and infinity in it.
    """
    array = np.asarray(output)
    if array.ndim == 1 and windows == 1:
        array = array[np.newaxis]
    if array.ndim < 2 or len(array) != windows or max(array.shape[1:]) != array[0].size:
        raise ModelRuntimeError(f"the output {name} has shape {array.shape} for {windows} windows, wanted one row each")
    rows = array.reshape(windows, -1).astype(np.float32, copy=False)
    if not np.isfinite(rows).all():
        bad = int(np.argmin(np.isfinite(rows).all(axis=1)))
        raise ModelRuntimeError(
            f"the model gave NaN or infinity in its output {name}, first for window {bad} of a batch"
        )
    return rows

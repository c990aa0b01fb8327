"""Samples must be numbers."""

from __future__ import annotations

import numpy as np

from audio_logging._types import Samples
from audio_logging.datasets.files import shown
from audio_logging.errors import NonFiniteAudioError

__all__ = ["check_finite"]


def check_finite(path: str, samples: Samples) -> None:
    """Refuse samples that are no numbers: one NaN in a batch ends a training.

    Parameters
    ----------
    path : str
        Where they come from, for the message.
    samples : ndarray, float32
        Any shape.

    Raises
    ------
    NonFiniteAudioError
        NaN or infinity among them.
    """
    if np.isfinite(samples).all():
        return
    count = int(np.count_nonzero(~np.isfinite(samples)))
    raise NonFiniteAudioError(
        f"{shown(path)}: {count} of {samples.size} samples are NaN or infinite. Mend the file, or pass on_error='skip'"
    )

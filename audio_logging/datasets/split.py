"""Which files are for training and which for validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audio_logging.errors import AudioValueError

__all__ = ["split_places"]


def split_places(
    count: int, validation_split: float, labels: Sequence[Any] | None = None
) -> tuple[list[int], list[int]]:
    """Return the places of the training files and of the validation files.

    Parameters
    ----------
    count : int
        Number of files.
    validation_split : float in (0, 1)
        The share for validation; ``int(validation_split * count)`` files, as in Keras.
    labels : sequence, optional
        One a file: split every class by itself. Default: the last files are for validation.

    Returns
    -------
    tuple of (list of int, list of int)
        Each in the order of the files.

    Raises
    ------
    AudioValueError
        The labels are sets of classes.

    Examples
    --------
    >>> split_places(5, 0.4)
    ([0, 1, 2], [3, 4])
    >>> split_places(6, 0.5, labels=[0, 0, 0, 0, 1, 1])
    ([0, 1, 4], [2, 3, 5])
    """
    held_out = int(validation_split * count)
    if labels is None:
        return list(range(count - held_out)), list(range(count - held_out, count))
    quotas = _quotas(labels, validation_split, held_out)
    validation: set[int] = set()
    for place in range(count - 1, -1, -1):
        if quotas[labels[place]]:
            quotas[labels[place]] -= 1
            validation.add(place)
    return [place for place in range(count) if place not in validation], sorted(validation)


def _quotas(labels: Sequence[Any], share: float, total: int) -> dict[Any, int]:
    """Return how many files of each class are held out: whole parts first, then the largest remainders."""
    if any(isinstance(label, tuple) for label in labels):
        raise AudioValueError("got stratify=True with several labels a file; wanted one label a file")
    classes, counts = np.unique(np.asarray(labels), return_counts=True)
    wanted = counts * share
    quotas = wanted.astype(int)
    for place in np.argsort(quotas - wanted, kind="stable")[: max(0, total - int(quotas.sum()))]:
        quotas[place] += 1
    return dict(zip(classes.tolist(), quotas.tolist(), strict=True))

"""How many files each class has, and weights that make up for it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from audio_logging.datasets.label_table import LabelledFiles

__all__ = ["class_counts", "class_weights"]


def class_counts(files: LabelledFiles) -> dict[str, int]:
    """Return how many files each class has.

    Parameters
    ----------
    files : LabelledFiles

    Returns
    -------
    dict of str to int
        In the order of the class names; a file with several labels counts for each. Empty without labels.
    """
    return {name: count for _, name, count in _classes(files)}


def class_weights(files: LabelledFiles) -> dict[Any, float]:
    """Return weights by label: ``files / (classes * files of the class)``.

    Parameters
    ----------
    files : LabelledFiles

    Returns
    -------
    dict of label to float
        Every class then counts the same; classes without files have weight 0.

    Examples
    --------
    >>> class_weights(LabelledFiles(["a", "b", "c"], [0, 0, 1], ["cat", "dog"]))
    {0: 0.75, 1: 1.5}
    """
    classes = _classes(files)
    present = sum(1 for _, _, count in classes if count)
    return {label: len(files.paths) / (present * count) if count else 0.0 for label, _, count in classes}


def _classes(files: LabelledFiles) -> list[tuple[Any, str, int]]:
    """Return label, name and number of files of every class."""
    counts: Counter[Any] = Counter()
    for label in files.labels or ():
        counts.update(label if isinstance(label, tuple) and not files.own_values else (label,))
    if files.own_values:
        return [(label, str(label), counts[label]) for label in sorted(counts)]
    return [(place, name, counts[place]) for place, name in enumerate(files.class_names or ())]

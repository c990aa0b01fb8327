"""Points: a map of clips, of their embeddings or of the places that a table gave them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audio_logging.dashboard.indexing.database import MapPlace
from audio_logging.inference.projection import project

__all__ = ["MAX_POINTS", "MAX_VALUES", "coordinates", "thinned"]

MAX_POINTS = 5000
"""More would neither be told apart on a screen nor drawn in time."""

MAX_VALUES = 2**21
"""Of all embeddings together: 16 MiB as float64, some three times that while they are projected."""


def thinned(numbers: npt.NDArray[np.int64], size: int = 1) -> npt.NDArray[np.int64]:
    """Return at most MAX_POINTS of the numbers, evenly spread over their order.

    Parameters
    ----------
    numbers : ndarray of int64 [shape=(clips,)]
    size : int
        Values of one embedding; of large ones there are fewer points.

    Returns
    -------
    ndarray of int64
    """
    most = min(MAX_POINTS, max(MAX_VALUES // max(size, 1), 2))
    if len(numbers) <= most:
        return numbers
    return numbers[np.linspace(0, len(numbers) - 1, most).astype(np.int64)]


def coordinates(places: Sequence[MapPlace | None]) -> list[tuple[float, float] | None]:
    """Return where each clip stands on the map.

    Parameters
    ----------
    places : sequence of MapPlace or None

    Returns
    -------
    list of (float, float) or None
        The two principal components of the embeddings of the size that most have; where nobody has one, x and y. None
        for clips that have no such place.
    """
    sizes = [len(place.embedding) for place in places if place and place.embedding]
    if not sizes:
        return [_own_place(place) for place in places]
    size = max(set(sizes), key=sizes.count)
    embeddings = [place.embedding if place and len(place.embedding or b"") == size else None for place in places]
    told = b"".join(embedding for embedding in embeddings if embedding)
    found = iter(project(np.frombuffer(told, np.float32).reshape(-1, size // 4)))
    points = [next(found) if embedding else None for embedding in embeddings]
    return [None if point is None else (point.x, point.y) for point in points]


def _own_place(place: MapPlace | None) -> tuple[float, float] | None:
    return None if place is None or place.x is None or place.y is None else (place.x, place.y)

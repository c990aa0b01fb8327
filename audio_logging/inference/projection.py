"""project(embeddings): a map of sounds, on which each point knows what to play."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audio_logging.errors import AudioShapeError, AudioValueError, NonFiniteAudioError
from audio_logging.inference.embedding import WindowEmbeddings

__all__ = ["MapPoint", "project"]


@dataclass(frozen=True)
class MapPoint:
    """A window of a clip on the map.

    Attributes
    ----------
    x, y : float
        In the units of the embeddings; x is the direction in which they differ the most.
    clip_id : str or None
    start, end : float or None
        [s] Where in the clip.
    """

    x: float
    y: float
    clip_id: str | None = None
    start: float | None = None
    end: float | None = None


def project(embeddings: Any, *, clip_ids: Sequence[str] | None = None) -> list[MapPoint]:
    """Return two-dimensional coordinates of embeddings: their principal components, centred.

    Centred, because embeddings behind a ReLU are never negative, and so all point the same way.

    Parameters
    ----------
    embeddings : ndarray [shape=(points, size)], or sequence of WindowEmbeddings
        At least one point.
    clip_ids : sequence of str, optional
        One a row of an array, or one an item of a sequence; default: those that the items carry.

    Returns
    -------
    list of MapPoint
        In the order given. The same points give the same map: of each axis, the direction is such that its largest
        weight is positive.

    Raises
    ------
    AudioShapeError
        No points, or of different sizes.
    NonFiniteAudioError
        NaN or infinity.
    AudioValueError
        Not one clip id each.

    Examples
    --------
    >>> points = project(np.array([[1.0, 0.0], [0.0, 0.0], [-1.0, 0.0]]), clip_ids=["a", "b", "c"])
    >>> [(point.x, point.clip_id) for point in points]
    [(1.0, 'a'), (0.0, 'b'), (-1.0, 'c')]
    """
    rows, places = _rows(embeddings, clip_ids)
    coordinates = principal_components(rows).tolist()
    return [MapPoint(x, y, *place) for (x, y), place in zip(coordinates, places, strict=True)]


Place = tuple[str | None, float | None, float | None]


def _rows(embeddings: Any, clip_ids: Sequence[str] | None) -> tuple[npt.NDArray[np.float64], list[Place]]:
    if isinstance(embeddings, WindowEmbeddings):
        embeddings = [embeddings]
    is_windows = isinstance(embeddings, (list, tuple)) and all(isinstance(e, WindowEmbeddings) for e in embeddings)
    if clip_ids is not None and len(clip_ids) != len(embeddings):
        raise AudioValueError(f"got {len(clip_ids)} clip ids for {len(embeddings)} embeddings, wanted one each")
    if not is_windows:
        rows = _checked(embeddings)
        names = clip_ids if clip_ids is not None else [None] * len(rows)
        return rows, [(name, None, None) for name in names]
    names = clip_ids if clip_ids is not None else [item.clip_id for item in embeddings]
    places: list[Place] = [
        (name, start, end) for name, item in zip(names, embeddings, strict=True) for start, end in item.times.tolist()
    ]
    sizes = {item.values.shape[1] for item in embeddings}
    if len(sizes) > 1:
        raise AudioShapeError(f"got embeddings of the sizes {sorted(sizes)}, wanted one size")
    return _checked(np.concatenate([item.values for item in embeddings]) if embeddings else []), places


def _checked(embeddings: Any) -> npt.NDArray[np.float64]:
    try:
        rows = np.asarray(embeddings, np.float64)
    except (TypeError, ValueError) as error:
        raise AudioShapeError(f"got embeddings that are no array ({error}); wanted (points, size)") from error
    if rows.ndim != 2 or not rows.size:
        raise AudioShapeError(f"got embeddings with shape {rows.shape}, wanted (points, size)")
    if not np.isfinite(rows).all():
        raise NonFiniteAudioError("got NaN or infinity among the embeddings, wanted finite ones")
    return rows


def principal_components(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the first two principal components [shape=(points, 2)]; zeros where there is no second.

    Parameters
    ----------
    rows : ndarray [shape=(points, size)]

    Returns
    -------
    ndarray [shape=(points, 2)]
    """
    centred = rows - rows.mean(axis=0)
    # of the smaller of the two matrices that have the same eigenvalues: 100,000 points of 1,024 take seconds
    if len(rows) <= rows.shape[1]:
        values, vectors = np.linalg.eigh(centred @ centred.T)
        axes = centred.T @ vectors[:, ::-1][:, :2]
        norms = np.linalg.norm(axes, axis=0)
        axes = np.divide(axes, norms, out=np.zeros_like(axes), where=norms > 1e-9 * np.sqrt(max(values[-1], 1e-300)))
    else:
        axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1][:, :2]
    axes = np.pad(axes, ((0, 0), (0, 2 - axes.shape[1])))
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(2)]
    return np.asarray(centred @ (axes * np.where(largest < 0, -1.0, 1.0)))

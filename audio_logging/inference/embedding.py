"""Embeddings as tflite_support returns them, how they are made of a model's output, and how alike two of them are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from audio_logging.errors import AudioValueError

__all__ = ["Embedding", "EmbeddingResult", "FeatureVector", "WindowEmbeddings", "cosine_similarity", "feature_values"]


@dataclass(frozen=True, eq=False)
class FeatureVector:
    """A vector that describes a sound.

    Attributes
    ----------
    value : ndarray [shape=(size,)], float64 or uint8
        uint8 holds quantised numbers from -128 to 127 in two's complement: 255 means -1.
    """

    value: npt.NDArray[Any]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FeatureVector):
            return NotImplemented
        return self.value.dtype == other.value.dtype and np.array_equal(self.value, other.value)

    def __hash__(self) -> int:
        return hash((self.value.dtype.str, self.value.tobytes()))


@dataclass(frozen=True)
class Embedding:
    """One output layer's vector for one window.

    Attributes
    ----------
    feature_vector : FeatureVector
    output_index : int
    start, end : float or None
        [s] Where in the clip; None for a TensorAudio.
    """

    feature_vector: FeatureVector
    output_index: int
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class EmbeddingResult:
    """What an embedder says of one clip.

    Attributes
    ----------
    embeddings : list of Embedding
        Window after window, and for each window one an output layer.
    """

    embeddings: list[Embedding] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class WindowEmbeddings:
    """The vectors of one output layer for all windows of a clip.

    Attributes
    ----------
    values : ndarray [shape=(windows, size)], float32
    times : ndarray [shape=(windows, 2)], float64
        [s] Start and end of each window's part of the clip.
    coverage : float in (0, 1]
        How much of the last window is the clip.
    clip_id : str or None
    """

    values: npt.NDArray[np.float32]
    times: npt.NDArray[np.float64]
    coverage: float = 1.0
    clip_id: str | None = None


def feature_values(output: npt.NDArray[Any], *, l2_normalize: bool, quantize: bool) -> npt.NDArray[Any]:
    """Make feature vectors of a model's output.

    Parameters
    ----------
    output : ndarray [shape=(..., size)]
    l2_normalize : bool
        Whether vectors get length 1; one of zeros stays.
    quantize : bool
        Whether numbers become ``round(128 v)``, halves away from zero, held within -128 and 127.

    Returns
    -------
    ndarray [shape=(..., size)], float64, or uint8 when quantised
    """
    values = np.asarray(output, np.float64)
    if l2_normalize:
        norm = np.sqrt((values**2).sum(axis=-1, keepdims=True))
        values = np.divide(values, norm, out=values.copy(), where=norm > 0)
    if not quantize:
        return values
    rounded = np.copysign(np.floor(np.abs(values * 128) + 0.5), values)
    return np.clip(rounded, -128, 127).astype(np.int8).view(np.uint8)


def cosine_similarity(u: FeatureVector, v: FeatureVector) -> float:
    """Return how alike two vectors are: 1 for the same direction, 0 for a right angle.

    Parameters
    ----------
    u, v : FeatureVector
        Both float64 or both uint8, of the same size.

    Returns
    -------
    float in [-1, 1]
        NaN where a vector holds NaN.

    Raises
    ------
    AudioValueError
        Different sizes or kinds, no numbers, or only zeros.
    """
    first, kind = _numbers(u)
    second, other = _numbers(v)
    prefix = "Cannot compute cosine similarity"
    if kind != other:
        raise AudioValueError(f"{prefix} between quantized and float feature vectors")
    if first.shape != second.shape:
        raise AudioValueError(f"{prefix} on {kind} feature vectors of different sizes ({first.size} vs {second.size})")
    if not first.size:
        raise AudioValueError(f"{prefix} on empty feature vectors")
    squares = float(first @ first), float(second @ second)
    if not all(squares):
        raise AudioValueError(f"{prefix} on feature vector with 0 norm")
    return float(first @ second) / float(np.sqrt(squares[0] * squares[1]))


def _numbers(vector: FeatureVector) -> tuple[npt.NDArray[np.float64], str]:
    value = vector.value
    if value.dtype == np.uint8:
        return value.view(np.int8).astype(np.float64).reshape(-1), "quantized"
    if value.dtype == np.float64:
        return value.reshape(-1), "float"
    raise AudioValueError("Invalid dtype. Only float and np.uint8 are supported.")

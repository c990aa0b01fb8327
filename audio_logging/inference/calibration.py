"""Calibration: scores of different classes made comparable, as a TFLite model's metadata says.

Formulas: tensorflow_lite_support/cc/task/core/score_calibration.cc and ScoreCalibrationOptions in
tensorflow_lite_support/metadata/metadata_schema.fbs (tflite-support 0.4.4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audio_logging.inference.errors import MetadataError

__all__ = ["Calibration", "read_calibration"]

LOG_MINIMUM = 1e-16
"""kLogScoreMinimum there."""


def clamped_log(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the logarithm, continued smoothly below 1e-16, where it would run off to minus infinity."""
    mirrored = 2 * np.log(LOG_MINIMUM) - np.log(2 * LOG_MINIMUM - np.minimum(value, LOG_MINIMUM))
    return np.where(value < LOG_MINIMUM, mirrored, np.log(np.maximum(value, LOG_MINIMUM)))


TRANSFORMATIONS: tuple[Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]], ...] = (
    lambda score: score,
    clamped_log,
    lambda score: clamped_log(score) - clamped_log(1 - score),
)
"""In the order of the schema's ScoreTransformationType: identity, logarithm, inverse logistic."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """A sigmoid for each class.

    Attributes
    ----------
    parameters : ndarray [shape=(classes, 4)], float64
        Scale, slope, offset and least uncalibrated score (-inf where there is none); NaN for classes without.
    transformation : int
        Which of the schema's transformations comes first.
    default_score : float
        Of classes without parameters, and below the least uncalibrated score.
    """

    parameters: npt.NDArray[np.float64]
    transformation: int
    default_score: float

    def apply(self, scores: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return calibrated scores.

        Parameters
        ----------
        scores : ndarray [shape=(..., classes)]

        Returns
        -------
        ndarray [shape=(..., classes)], float64
        """
        scale, slope, offset, least = self.parameters.T
        given = np.asarray(scores, np.float64)
        bent = TRANSFORMATIONS[self.transformation](given) * slope + offset
        small = np.exp(-np.abs(bent))
        calibrated = scale * np.where(bent >= 0, 1.0, small) / (1 + small)
        return np.where((given < least) | np.isnan(scale), self.default_score, calibrated)


def read_calibration(text: str, *, classes: int, transformation: int, default_score: float) -> Calibration:
    """Read the lines ``scale,slope,offset[,min_uncalibrated]``, one a class; an empty line has none.

    Parameters
    ----------
    text : str
    classes : int
    transformation : int
    default_score : float

    Returns
    -------
    Calibration

    Raises
    ------
    MetadataError
        Not one line a class, not 3 or 4 numbers in a line, or no such transformation.
    """
    if not text:
        raise MetadataError("Expected non-empty score calibration file.")
    if not 0 <= transformation < len(TRANSFORMATIONS):
        raise MetadataError(f"got score transformation {transformation}, wanted 0 to {len(TRANSFORMATIONS) - 1}")
    lines = text.split("\n")
    lines = lines[:-1] if len(lines) == classes + 1 and not lines[-1].strip() else lines
    if len(lines) != classes:
        raise MetadataError(
            f"Mismatch between number of labels ({classes}) and score calibration parameters ({len(lines)})."
        )
    rows = np.array([_parse(line.strip()) for line in lines], np.float64)
    return Calibration(rows.reshape(classes, 4), transformation, default_score)


def _parse(line: str) -> list[float]:
    if not line:
        return [np.nan] * 4
    parts = line.split(",")
    if len(parts) not in (3, 4):
        raise MetadataError(f"Expected 3 or 4 parameters per line in score calibration file, got {len(parts)}.")
    try:
        numbers = [float(part) for part in parts]
    except ValueError as error:
        raise MetadataError(f"Could not parse score calibration parameter as float: {line!r:.100}.") from error
    if not np.isfinite(numbers).all():
        raise MetadataError(f"got score calibration parameters {line!r:.100}, wanted finite numbers")
    return numbers if len(numbers) == 4 else [*numbers, -np.inf]

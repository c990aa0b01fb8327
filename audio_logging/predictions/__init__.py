"""Predictions while a model learns: a fixed choice of samples once, tables of predictions that refer to them."""

from __future__ import annotations

from audio_logging.predictions.logger import PredictionLogger
from audio_logging.predictions.selection import Budget, When

__all__ = ["Budget", "PredictionLogger", "When"]

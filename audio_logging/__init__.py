"""Hear what your model hears: audio logging, playback and comparison while a model trains.

This file is the table of contents. Names load when they are first used, so ``import audio_logging`` imports nothing
heavier than numpy.

Examples
--------
>>> import audio_logging as al
>>> al.as_clip([0.0, 0.5, -0.5], 16000)
AudioClip(0.00 s, 16000 Hz, 1 ch, peak 0.50)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audio_logging.clip import AudioClip
    from audio_logging.dataset_artifact import log_dataset
    from audio_logging.datasets import AudioDataset, audio_dataset_from_directory
    from audio_logging.encoding import available_formats
    from audio_logging.errors import AudioLoggingError, AudioLoggingWarning
    from audio_logging.inputs import as_clip
    from audio_logging.logger import AudioLogger
    from audio_logging.media import Audio
    from audio_logging.prediction_logger import PredictionLogger
    from audio_logging.runs import list_runs, open_run
    from audio_logging.selection import Budget, When

__version__ = "0.1.0"

__all__ = [
    "Audio",
    "AudioClip",
    "AudioDataset",
    "AudioLogger",
    "AudioLoggingError",
    "AudioLoggingWarning",
    "Budget",
    "PredictionLogger",
    "When",
    "__version__",
    "as_clip",
    "audio_dataset_from_directory",
    "available_formats",
    "list_runs",
    "log_dataset",
    "open_run",
]

_HOME_OF = {
    "Audio": "media",
    "AudioClip": "clip",
    "AudioDataset": "datasets",
    "AudioLogger": "logger",
    "AudioLoggingError": "errors",
    "AudioLoggingWarning": "errors",
    "Budget": "selection",
    "PredictionLogger": "prediction_logger",
    "When": "selection",
    "as_clip": "inputs",
    "audio_dataset_from_directory": "datasets",
    "available_formats": "encoding",
    "list_runs": "runs",
    "log_dataset": "dataset_artifact",
    "open_run": "runs",
}


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

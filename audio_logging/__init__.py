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
    from audio_logging.artifacts import use_artifact
    from audio_logging.clip import AudioClip
    from audio_logging.dashboard.notebook import view
    from audio_logging.dataset_artifact import log_dataset
    from audio_logging.datasets import AudioDataset, audio_dataset_from_directory
    from audio_logging.encoding import available_formats
    from audio_logging.errors import AudioLoggingError, AudioLoggingWarning
    from audio_logging.inference import (
        AudioClassifier,
        AudioEmbedder,
        AudioEmbedderOptions,
        AudioFormat,
        AudioRecord,
        BaseOptions,
        EmbeddingOptions,
        TensorAudio,
        pipeline,
        predict_dataset,
        project,
    )
    from audio_logging.inputs import as_clip
    from audio_logging.logger import AudioLogger
    from audio_logging.media import Audio
    from audio_logging.predictions import Budget, PredictionLogger, When
    from audio_logging.predictions.artifact import log_predictions
    from audio_logging.report_media import log_report
    from audio_logging.runs import list_runs, open_run
    from audio_logging.workspaces import workspace

__version__ = "0.1.0"

__all__ = [
    "Audio",
    "AudioClassifier",
    "AudioClip",
    "AudioDataset",
    "AudioEmbedder",
    "AudioEmbedderOptions",
    "AudioFormat",
    "AudioLogger",
    "AudioLoggingError",
    "AudioLoggingWarning",
    "AudioRecord",
    "BaseOptions",
    "Budget",
    "EmbeddingOptions",
    "PredictionLogger",
    "TensorAudio",
    "When",
    "__version__",
    "as_clip",
    "audio_dataset_from_directory",
    "available_formats",
    "list_runs",
    "log_dataset",
    "log_predictions",
    "log_report",
    "open_run",
    "pipeline",
    "predict_dataset",
    "project",
    "use_artifact",
    "view",
    "workspace",
]

_HOME_OF = {
    "Audio": "media",
    "AudioClassifier": "inference",
    "AudioClip": "clip",
    "AudioDataset": "datasets",
    "AudioEmbedder": "inference",
    "AudioEmbedderOptions": "inference",
    "AudioFormat": "inference",
    "AudioLogger": "logger",
    "AudioLoggingError": "errors",
    "AudioLoggingWarning": "errors",
    "AudioRecord": "inference",
    "BaseOptions": "inference",
    "Budget": "predictions",
    "EmbeddingOptions": "inference",
    "PredictionLogger": "predictions",
    "TensorAudio": "inference",
    "When": "predictions",
    "as_clip": "inputs",
    "audio_dataset_from_directory": "datasets",
    "available_formats": "encoding",
    "list_runs": "runs",
    "log_dataset": "dataset_artifact",
    "log_predictions": "predictions.artifact",
    "log_report": "report_media",
    "open_run": "runs",
    "pipeline": "inference",
    "predict_dataset": "inference",
    "project": "inference",
    "use_artifact": "artifacts",
    "view": "dashboard.notebook",
    "workspace": "workspaces",
}


_MODULES = frozenset({"callbacks", "errors"})
"""Modules that are reached as attributes, such as ``audio_logging.callbacks.keras``."""


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

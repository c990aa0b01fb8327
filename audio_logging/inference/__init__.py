"""Predictions: audio classifiers, embedders, and both for whole folders.

Data flows one way::

    model file -> model_file, huggingface, tflite_metadata -> opening, embedder_model -> network
    clip -> sound (mono, rate) -> windows -> hearing (batches) -> network -> scores -> classification, embedding
                                                                     bulk, command ---^

Only `onnx_runtime`, `litert`, `microphone` and `bulk.ray_engine` import the packages of their extras, when they are
used. Names load when they are first used.

Examples
--------
>>> from audio_logging.inference import pipeline
>>> classify = pipeline("audio-classification", model=lambda clips: [{"loud": clip.peak} for clip in clips])
>>> classify((8000, [0.5, -0.25]))
[{'label': 'loud', 'score': 0.5}]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audio_logging.inference.audio_format import AudioFormat
    from audio_logging.inference.bulk import BadInput, BulkReport, predict_dataset
    from audio_logging.inference.classification import Classification
    from audio_logging.inference.classifier import AudioClassifier
    from audio_logging.inference.embedder import AudioEmbedder
    from audio_logging.inference.embedder_options import AudioEmbedderOptions, BaseOptions, EmbeddingOptions
    from audio_logging.inference.embedding import Embedding, EmbeddingResult, FeatureVector, WindowEmbeddings
    from audio_logging.inference.errors import (
        MetadataError,
        MicrophoneError,
        ModelError,
        ModelFileNotFoundError,
        ModelRuntimeError,
    )
    from audio_logging.inference.microphone import AudioRecord
    from audio_logging.inference.pipelines import pipeline
    from audio_logging.inference.projection import MapPoint, project
    from audio_logging.inference.tensor_audio import TensorAudio
    from audio_logging.inference.windows import WindowPolicy

_HOME_OF = {
    "AudioClassifier": "classifier",
    "AudioEmbedder": "embedder",
    "AudioEmbedderOptions": "embedder_options",
    "AudioFormat": "audio_format",
    "AudioRecord": "microphone",
    "BadInput": "bulk",
    "BaseOptions": "embedder_options",
    "BulkReport": "bulk",
    "Classification": "classification",
    "Embedding": "embedding",
    "EmbeddingOptions": "embedder_options",
    "EmbeddingResult": "embedding",
    "FeatureVector": "embedding",
    "MapPoint": "projection",
    "MetadataError": "errors",
    "MicrophoneError": "errors",
    "ModelError": "errors",
    "ModelFileNotFoundError": "errors",
    "ModelRuntimeError": "errors",
    "TensorAudio": "tensor_audio",
    "WindowEmbeddings": "embedding",
    "WindowPolicy": "windows",
    "pipeline": "pipelines",
    "predict_dataset": "bulk",
    "project": "projection",
}

__all__ = [
    "AudioClassifier",
    "AudioEmbedder",
    "AudioEmbedderOptions",
    "AudioFormat",
    "AudioRecord",
    "BadInput",
    "BaseOptions",
    "BulkReport",
    "Classification",
    "Embedding",
    "EmbeddingOptions",
    "EmbeddingResult",
    "FeatureVector",
    "MapPoint",
    "MetadataError",
    "MicrophoneError",
    "ModelError",
    "ModelFileNotFoundError",
    "ModelRuntimeError",
    "TensorAudio",
    "WindowEmbeddings",
    "WindowPolicy",
    "pipeline",
    "predict_dataset",
    "project",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""What can go wrong with models: kinds of their own, each also the builtin that a caller expects."""

from __future__ import annotations

from audio_logging.errors import AudioLoggingError

__all__ = ["MetadataError", "MicrophoneError", "ModelError", "ModelFileNotFoundError", "ModelRuntimeError"]


class ModelError(AudioLoggingError, ValueError):
    """The model cannot be used: damaged, of another kind, or without what has to be known of it."""


class MetadataError(ModelError):
    """The description inside a TFLite model is damaged, or larger than anything honest."""


class ModelRuntimeError(AudioLoggingError, RuntimeError):
    """The model file cannot be read, or running the model failed."""


class ModelFileNotFoundError(ModelRuntimeError, FileNotFoundError):
    """There is no such model; a RuntimeError too, as in tflite_support."""


class MicrophoneError(AudioLoggingError, OSError):
    """There is no PortAudio, no microphone, or it cannot be opened."""

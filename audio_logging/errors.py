"""What can go wrong, by kind.

Every error descends from :class:`AudioLoggingError` and from the builtin that a caller would expect, so
``except ValueError`` and ``except AudioLoggingError`` both work. Warnings descend from :class:`AudioLoggingWarning`.
"""

from __future__ import annotations

__all__ = [
    "AudioDecodeError",
    "AudioDownloadError",
    "AudioDurationError",
    "AudioEncodeError",
    "AudioFileNotFoundError",
    "AudioLoggingError",
    "AudioLoggingWarning",
    "AudioShapeError",
    "AudioTypeError",
    "AudioValueError",
    "EmptyAudioError",
    "LoggerClosedError",
    "MissingDependencyError",
    "NoRunError",
    "NonFiniteAudioError",
    "NotFoundError",
    "PredictionError",
    "SampleRateError",
    "UnsupportedFormatError",
]


class AudioLoggingError(Exception):
    """Root of everything that this package raises on purpose."""


class AudioTypeError(AudioLoggingError, TypeError):
    """The value is of a kind that holds no audio (complex numbers, text, objects)."""


class AudioValueError(AudioLoggingError, ValueError):
    """The value is of the right kind, but not usable as it is."""


class AudioShapeError(AudioValueError):
    """The array is neither ``(frames,)`` nor ``(frames, channels)``."""


class EmptyAudioError(AudioShapeError):
    """The clip has no frames, and the caller did not ask for that."""


class NonFiniteAudioError(AudioValueError):
    """The samples hold NaN or infinity."""


class SampleRateError(AudioValueError):
    """The sample rate is missing, not a positive integer, or contradicts the file's own."""


class AudioDurationError(AudioValueError):
    """The clip is shorter or longer than the caller allows."""


class AudioDecodeError(AudioValueError):
    """The file or bytes are not whole, readable audio."""


class AudioFileNotFoundError(AudioLoggingError, FileNotFoundError):
    """There is no such file."""


class AudioDownloadError(AudioLoggingError, OSError):
    """An address could not be fetched within its bounds."""


class AudioEncodeError(AudioValueError):
    """The clip cannot be stored in the format asked for."""


class UnsupportedFormatError(AudioEncodeError):
    """There is no such format or subtype."""


class NoRunError(AudioLoggingError, RuntimeError):
    """There is no W&B run to log to."""


class LoggerClosedError(AudioLoggingError, RuntimeError):
    """The logger was closed, or its run has finished."""


class PredictionError(AudioLoggingError, RuntimeError):
    """The user's ``predict`` failed or returned something unusable."""


class NotFoundError(AudioLoggingError, LookupError):
    """A run, artifact, entry or clip of that name is not there."""


class MissingDependencyError(AudioLoggingError, ImportError):
    """An optional package is needed for this; the message names the extra that brings it."""


class AudioLoggingWarning(UserWarning):
    """Something was counted, altered at the user's wish, or not logged; training goes on."""

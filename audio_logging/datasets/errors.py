"""What can go wrong with folders and files of a dataset, beyond :mod:`audio_logging.errors`."""

from __future__ import annotations

from audio_logging.errors import AudioFileNotFoundError, AudioLoggingError, AudioValueError

__all__ = ["AudioReadError", "MissingFolderError", "ReaderDiedError"]


class AudioReadError(AudioLoggingError, OSError):
    """The file or folder is there, but cannot be read: no permission, no regular file, a link that leads nowhere."""


class MissingFolderError(AudioFileNotFoundError, AudioValueError):
    """There is no such folder.

    Keras raises FileNotFoundError or ValueError for it, depending on the labels asked for; this is both.
    """


class ReaderDiedError(AudioLoggingError, RuntimeError):
    """A thread that reads ahead ended without a result and without an ordinary error."""

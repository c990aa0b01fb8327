"""What could not be read, and what was done about it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal, TypeAlias

from audio_logging.datasets.files import shown
from audio_logging.errors import AudioLoggingError, AudioLoggingWarning, AudioValueError

__all__ = ["BadFile", "OnError", "ReadingReport"]

OnError: TypeAlias = Literal["raise", "skip", "zero"]

_CHOICES = ("raise", "skip", "zero")


@dataclass(frozen=True)
class BadFile:
    """A file or folder that could not be read.

    Parameters
    ----------
    path : str
        Where it is.
    reason : str
        What is wrong with it, and what to do.
    """

    path: str
    reason: str


class ReadingReport:
    """Decides about files that cannot be read, and remembers them.

    Parameters
    ----------
    on_error : {"raise", "skip", "zero"}
        Stop with the error, leave the file out, or put silence in its place.

    Raises
    ------
    AudioValueError
        `on_error` is none of these.

    Examples
    --------
    >>> report = ReadingReport("skip")
    >>> report
    ReadingReport(on_error='skip', 0 bad files)
    """

    def __init__(self, on_error: OnError) -> None:
        if on_error not in _CHOICES:
            raise AudioValueError(f"got on_error={on_error!r}, wanted one of {', '.join(map(repr, _CHOICES))}")
        self.on_error = on_error
        self._bad: dict[str, BadFile] = {}
        self._told = 0

    @property
    def bad_files(self) -> tuple[BadFile, ...]:
        """Every bad file once, in the order in which they were met."""
        return tuple(self._bad.values())

    def note(self, path: str, error: AudioLoggingError) -> None:
        """Raise the error, or remember the file and warn about the first one.

        Parameters
        ----------
        path : str
            The file or folder.
        error : AudioLoggingError
            What is wrong with it.

        Raises
        ------
        AudioLoggingError
            The error, when `on_error` is "raise".
        """
        if self.on_error == "raise":
            raise error
        if path in self._bad:
            return
        self._bad[path] = BadFile(path, str(error))
        if len(self._bad) == 1:
            self._told = 1
            warnings.warn(f"{self._treatment()}: {error}", AudioLoggingWarning, stacklevel=2)

    def summarize(self) -> None:
        """Warn how many files were bad, if there are more than the last warning said."""
        count = len(self._bad)
        if count <= self._told:
            return
        self._told = count
        latest = shown(next(reversed(self._bad)))
        warnings.warn(
            f"{self._treatment()} {count} files that could not be read, the latest {latest}; all of them, with "
            "reasons, are in dataset.report.bad_files",
            AudioLoggingWarning,
            stacklevel=2,
        )

    def __repr__(self) -> str:
        return f"ReadingReport(on_error={self.on_error!r}, {len(self._bad)} bad files)"

    def _treatment(self) -> str:
        return "left out" if self.on_error == "skip" else "put silence in place of"

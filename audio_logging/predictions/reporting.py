"""What becomes of errors in the middle of a training: a warning once a kind and a counter, or an exception."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from audio_logging.errors import AudioLoggingError, PredictionError
from audio_logging.logger.audio_logger import AudioLogger, OnError
from audio_logging.notices import warn_once

__all__ = ["Reporter"]


class Reporter:
    """Reports errors as the user asked for it.

    Parameters
    ----------
    name : str
        What they are about.
    on_error : {"warn", "raise"}

    Attributes
    ----------
    logger : AudioLogger or None
        Where they are counted, in the run's summary.
    """

    def __init__(self, name: str, on_error: OnError) -> None:
        self.logger: AudioLogger | None = None
        self._name = name
        self._raises = on_error == "raise"

    @contextmanager
    def guard(self, what: str) -> Iterator[None]:
        """Report what goes wrong inside, so that training goes on.

        Parameters
        ----------
        what : str
            What did not happen then.
        """
        try:
            yield
        except Exception as error:
            self.report(self._failure(what, error))

    def report(self, error: BaseException) -> None:
        """Raise an error, or count it and warn of it.

        Parameters
        ----------
        error : exception
        """
        if self._raises:
            raise error
        output = None if self.logger is None else self.logger.output
        if output is not None:
            output.count_error(error)
        self.warn(error)

    def warn(self, error: BaseException) -> None:
        """Warn of an error, once a kind and run."""
        kinds = [type(cause).__name__ for cause in _causes(error)]
        warn_once(
            f"{self._name}: {error}. Training goes on; such errors are counted in the run's summary as "
            "audio_logging/errors, and this kind is not reported again",
            "prediction error",
            self._name,
            "" if self.logger is None else str(self.logger.run.id),
            *kinds,
        )

    def count_skipped(self) -> None:
        """Count an event that was not logged for want of budget."""
        output = None if self.logger is None else self.logger.output
        if output is not None:
            output.count("skipped")

    def raise_pending(self) -> None:
        """Raise what went wrong in the background since the last call, where that is asked for."""
        if self._raises and self.logger is not None:
            self.logger.flush(timeout=0)

    @staticmethod
    def _failure(what: str, error: Exception) -> PredictionError:
        said = str(error) if isinstance(error, AudioLoggingError) else f"{type(error).__name__}: {error}"
        failure = PredictionError(f"{what}: {said}")
        failure.__cause__ = error
        return failure


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__

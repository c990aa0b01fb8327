"""Warnings that come once, however often their cause comes back."""

from __future__ import annotations

import threading
import warnings

from audio_logging.errors import AudioLoggingWarning

__all__ = ["warn_once"]

MAX_REMEMBERED = 100_000

_seen: set[tuple[str, ...]] = set()
_lock = threading.Lock()


def warn_once(message: str, *scope: str, stacklevel: int = 3) -> None:
    """Warn, unless a warning of the same scope was given before in this process.

    Parameters
    ----------
    message : str
    *scope : str
        What the warning is about, such as a run, a key and a kind.
    stacklevel : int
        As in :func:`warnings.warn`, counted from here.
    """
    with _lock:
        if scope in _seen:
            return
        if len(_seen) < MAX_REMEMBERED:
            _seen.add(scope)
    warnings.warn(message, AudioLoggingWarning, stacklevel=stacklevel)

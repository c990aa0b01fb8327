"""Warnings that come once, however often their cause comes back."""

from __future__ import annotations

import warnings

from audio_logging.errors import AudioLoggingWarning

__all__ = ["warn_once"]

MAX_REMEMBERED = 100_000

_seen: dict[tuple[str, ...], object] = {}


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
    if len(_seen) > MAX_REMEMBERED:
        _seen.clear()
    mine = object()
    # One atomic step in place of a lock, which a forked child could inherit locked.
    if _seen.setdefault(scope, mine) is mine:
        warnings.warn(message, AudioLoggingWarning, stacklevel=stacklevel)

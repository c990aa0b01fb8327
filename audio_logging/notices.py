"""Warnings that come once, however often their cause comes back."""

from __future__ import annotations

import inspect
import warnings

from audio_logging.errors import AudioLoggingWarning

__all__ = ["warn_once"]

MAX_REMEMBERED = 100_000

_seen: dict[tuple[str, ...], object] = {}


def warn_once(message: str, *scope: str) -> None:
    """Warn at the line of the user's own code, unless a warning of the same scope was given before in this process.

    Parameters
    ----------
    message : str
    *scope : str
        What the warning is about, such as a run, a key and a kind.
    """
    if len(_seen) > MAX_REMEMBERED:
        _seen.clear()
    mine = object()
    # One atomic step in place of a lock, which a forked child could inherit locked.
    if _seen.setdefault(scope, mine) is mine:
        warnings.warn(message, AudioLoggingWarning, stacklevel=_levels_to_the_user())


def _levels_to_the_user() -> int:
    """Return the ``stacklevel`` of the first frame that is neither ours nor wandb's; a thread of ours has none."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] in ("audio_logging", "wandb"):
        level, frame = level + 1, frame.f_back
    return level - 1

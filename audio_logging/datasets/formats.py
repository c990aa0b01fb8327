"""Which file names count as audio: formats are a table of extensions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from audio_logging.errors import AudioValueError

__all__ = ["EXTENSIONS", "extensions_of"]

EXTENSIONS: Final[dict[str, tuple[str, ...]]] = {
    "wav": (".wav",),
    "flac": (".flac",),
    "ogg": (".ogg", ".oga"),
    "opus": (".opus",),
    "mp3": (".mp3",),
    "aiff": (".aiff", ".aif", ".aifc"),
    "au": (".au", ".snd"),
    "caf": (".caf",),
    "w64": (".w64",),
    "rf64": (".rf64",),
    "voc": (".voc",),
    "nist": (".sph", ".nist"),
}
"""Formats that libsndfile reads, with the endings of their file names."""


def extensions_of(formats: str | Iterable[str]) -> tuple[str, ...]:
    """Return the endings of file names that stand for these formats.

    Parameters
    ----------
    formats : str or iterable of str
        Names or endings, such as "flac" or ".flac", or "all".

    Returns
    -------
    tuple of str
        Lower case, with the dot.

    Raises
    ------
    AudioValueError
        A name is unknown, or there is none.

    Examples
    --------
    >>> extensions_of("wav")
    ('.wav',)
    >>> extensions_of(["wav", ".ogg"])
    ('.wav', '.ogg', '.oga')
    """
    names = [formats] if isinstance(formats, str) else list(formats)
    names = list(EXTENSIONS) if names == ["all"] else names
    if not names:
        raise AudioValueError("got formats=(), wanted at least one, for example formats=('wav', 'flac')")
    endings = [ending for name in names for ending in _endings(name)]
    return tuple(dict.fromkeys(endings))


def _endings(name: str) -> tuple[str, ...]:
    plain = str(name).lower()
    if plain.removeprefix(".") in EXTENSIONS:
        return EXTENSIONS[plain.removeprefix(".")]
    if any(plain in endings for endings in EXTENSIONS.values()):
        return (plain,)
    raise AudioValueError(f"got formats={name!r}, wanted some of {', '.join(EXTENSIONS)}, or 'all'")

"""What a clip's file is called and said to be, in the headers that it is sent with."""

from __future__ import annotations

import unicodedata
from pathlib import PurePath
from urllib.parse import quote

from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.encoding import CODECS

__all__ = ["disposition", "media_type"]

MAX_NAME = 150
"""[characters] File systems allow 255 bytes."""

OTHER_TYPES = {
    "aac": "audio/aac",
    "aif": "audio/aiff",
    "aiff": "audio/aiff",
    "m4a": "audio/mp4",
    "oga": "audio/ogg",
    "wave": "audio/wav",
    "webm": "audio/webm",
}
"""Of files that others logged."""

UNSAFE = frozenset('\\/:*?"<>|%')
"""Not allowed in names on some system, or read wrongly in the header by some browser."""


def media_type(file: StoredFile) -> str:
    """Return ``Content-Type``; what is no audio by its name is only bytes, whatever is in it.

    Parameters
    ----------
    file : StoredFile

    Returns
    -------
    str
    """
    extension = (file.format or PurePath(file.path).suffix).lower().lstrip(".")
    codec = CODECS.get(extension)
    return codec.media_type if codec else OTHER_TYPES.get(extension, "application/octet-stream")


def disposition(kind: str, name: str) -> str:
    r"""Return ``Content-Disposition`` (RFC 6266) with a name that hides nothing.

    Parameters
    ----------
    kind : str
        ``"inline"`` or ``"attachment"``.
    name : str

    Returns
    -------
    str

    Examples
    --------
    >>> disposition("attachment", "../val/bird_3.wav")
    'attachment; filename="bird_3.wav"'
    >>> disposition("attachment", 'a"\r\nÄ.wav')
    'attachment; filename="a_A.wav"; filename*=UTF-8\'\'a_%C3%84.wav'
    """
    clean = _clean(name)
    plain = unicodedata.normalize("NFKD", clean).encode("ascii", "ignore").decode("ascii")
    stem, dot, extension = plain.rpartition(".")
    fallback = plain if stem or not dot else f"clip.{extension}"
    header = f'{kind}; filename="{fallback or "clip"}"'
    return header if plain == clean else f"{header}; filename*=UTF-8''{quote(clean, safe='')}"


def _clean(name: str) -> str:
    """Keep the last part of a path, without what cannot be seen: control characters, changes of direction."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    kept = "".join("_" if char in UNSAFE else char for char in last if unicodedata.category(char)[0] != "C")
    stem, dot, extension = kept.strip(" .").rpartition(".")
    short = f"{stem[: MAX_NAME - len(extension[:10]) - 1]}{dot}{extension[:10]}" if dot else kept.strip(" .")[:MAX_NAME]
    return short or "clip"

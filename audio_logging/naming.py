"""File names made of keys: readable, and always inside their folder."""

from __future__ import annotations

import hashlib
import re
import unicodedata

__all__ = ["artifact_name", "media_name"]

MAX_PART = 100
"""[bytes] One folder or file name; file systems allow 255, and a step, a hash and an extension follow."""

MAX_PARTS = 8

FORBIDDEN = re.compile(r'[\\:*?"<>|\x00-\x1f\x7f-\x9f]')
"""What Windows does not allow in a name (and wandb refuses there), and control characters."""


def media_name(key: str, *parts: object, extension: str) -> str:
    """Return the path of a clip's file below the media folder, with forward slashes.

    Ordinary keys stay as they are: ``media_name("val/clip", 5, "0a1b", extension=".wav")`` is
    ``"val/clip_5_0a1b.wav"``, as wandb names its files. What could leave the folder, does not fit in a file name or is
    not allowed in one is replaced, and a hash of the key keeps different keys apart.

    Parameters
    ----------
    key : str
        What the user logs under; slashes make folders.
    *parts : object
        Joined to the key with underscores.
    extension : str
        With its dot.

    Returns
    -------
    str

    Examples
    --------
    >>> media_name("val/clip", 5, "0a1b", extension=".wav")
    'val/clip_5_0a1b.wav'
    >>> media_name("../../etc/passwd", "0a1b", extension=".wav")
    '_/_/etc/passwd_7dba42f4_0a1b.wav'
    """
    stem = _safe_key(key)
    return "_".join([stem, *(FORBIDDEN.sub("_", str(part)).replace("/", "_") for part in parts)]) + extension


def artifact_name(text: str) -> str:
    """Return a name that wandb takes for an artifact: letters, digits, dots, dashes, underscores, 128 at most.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> artifact_name("val/clean speech")
    'val-clean-speech'
    """
    return re.sub(r"[^A-Za-z0-9_.-]", "-", text)[:128] or "-"


def _safe_key(key: str) -> str:
    given = [part for part in str(key).split("/") if part]
    safe = [_safe_part(part) for part in given[:MAX_PARTS]] or ["_"]
    if safe == str(key).split("/"):
        return "/".join(safe)
    return "/".join(safe) + "_" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _safe_part(part: str) -> str:
    if set(part) <= {"."}:
        return "_"
    encodable = unicodedata.normalize("NFC", part).encode("utf-8", "replace")[:MAX_PART]
    return FORBIDDEN.sub("_", encodable.decode("utf-8", "ignore")).rstrip(" ") or "_"

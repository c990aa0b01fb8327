"""File names made of keys: readable, and always inside their folder."""

from __future__ import annotations

import hashlib
import re
import unicodedata

__all__ = ["artifact_name", "media_name"]

MAX_PART = 100
"""[bytes] One folder or file name; file systems allow 255, and a step, a hash and an extension follow."""

MAX_PARTS = 8

MAX_DETAIL = 40
"""[bytes] What follows the key in a name: a step, a hash, an extension."""

FORBIDDEN = re.compile(r'[\\:*?"<>|\x00-\x1f\x7f-\x9f]')
"""What Windows does not allow in a name (and wandb refuses there), and control characters."""

RESERVED = re.compile(r"^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)", re.IGNORECASE)
"""Names that are devices on Windows, with any extension."""

LOOKS_HASHED = re.compile(r"_[0-9a-f]{8}$")
"""Keys that end so get a hash too: nobody's key is another key's replacement."""


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
    '_/_/etc/passwd_3754d6cb_0a1b.wav'
    """
    stem = _safe_key(key)
    return "_".join([stem, *(_plain(str(part), MAX_DETAIL) for part in parts)]) + _plain(extension, MAX_DETAIL)


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
    if safe == str(key).split("/") and not LOOKS_HASHED.search(key):
        return "/".join(safe)
    return "/".join(safe) + "_" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _safe_part(part: str) -> str:
    plain = _plain(part, MAX_PART).rstrip(" .")  # Windows drops these; what is left cannot be "." or ".."
    return RESERVED.sub(r"\g<0>_", plain) or "_"


def _plain(text: str, most: int) -> str:
    encodable = unicodedata.normalize("NFC", text).encode("utf-8", "replace")[:most].decode("utf-8", "ignore")
    return FORBIDDEN.sub("_", encodable).replace("/", "_")

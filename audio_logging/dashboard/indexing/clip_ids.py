"""What a clip is called: the same on every machine, as often as its run is indexed."""

from __future__ import annotations

import hashlib

from audio_logging.runs import StoredClip

__all__ = ["NAMING", "public_id", "uid_of", "uid_of_id"]

NAMING = 2
"""Of how clips are named: what was indexed with another number is indexed anew."""

_ID_BITS = (1 << 64) - 1
_HEX = frozenset("0123456789abcdef")


def uid_of(run_id: str, clip: StoredClip, *, column: str | None, again: int = 0) -> int:
    """Return the number that names a clip: the same on every machine, whoever indexes it.

    A clip without a sidecar line is named by its file, whose name holds key, step and hash: while the run goes on, the
    file is there long before the row that tells the rest.

    Parameters
    ----------
    run_id : str
    clip : StoredClip
    column : str or None
        Of its table; None to name the clip that a sidecar line told.
    again : int
        How many clips before it in the run are the same in all of this.

    Returns
    -------
    int
        Of 64 bits, signed.
    """
    if clip.source != "sidecar" and clip.recorded_path:
        return _number(f"file {len(run_id)} {run_id} {clip.recorded_path} {again}")
    step = clip.step
    if type(step) is float and step.is_integer():
        step = int(step)
    key, known = clip.key, clip.sha256 or clip.recorded_path
    # Each text with its length: no two clips are told in the same words.
    return _number(
        f"{len(run_id)} {run_id} {len(key)} {key} {step} {clip.index} {column and len(column)} {column} {known} {again}"
    )


def public_id(uid: int) -> str:
    """Return a clip's id, 16 hexadecimal digits.

    Examples
    --------
    >>> public_id(-2), uid_of_id("fffffffffffffffe"), uid_of_id("../etc")
    ('fffffffffffffffe', -2, None)
    """
    return f"{uid & _ID_BITS:016x}"


def uid_of_id(clip: str) -> int | None:
    """Return the number of an id, or None when it is none."""
    if len(clip) != 16 or not set(clip) <= _HEX:
        return None
    uid = int(clip, 16)
    return uid - (1 << 64) if uid >> 63 else uid


def _number(named: str) -> int:
    digest = hashlib.blake2b(named.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)

"""Salts: what sets apart the clips of runs that have the same id, in two folders: resumed, copied or unpacked ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

__all__ = ["salts"]


def salts(runs: Sequence[tuple[str, Path]]) -> list[int]:
    """Return for each run what the ids of its clips are mixed with.

    Parameters
    ----------
    runs : sequence of (str, Path)
        Id and folder, in the order in which they began.

    Returns
    -------
    list of int
        Of 64 bits, signed. 0 for the first of each id, so that its clips are called the same on every machine; made of
        the folder's name for others, of its whole path where that is taken.

    Examples
    --------
    >>> first, second = salts([("abc", Path("a/run-1-abc")), ("abc", Path("a/run-2-abc"))])
    >>> first, second == salts([("abc", Path("b/run-1-abc")), ("abc", Path("b/run-2-abc"))])[1]
    (0, True)
    """
    taken: set[tuple[str, int]] = set()
    found: list[int] = []
    for run_id, folder in runs:
        choices = (0, _number(folder.name), _number(os.fspath(folder)))
        salt = next((choice for choice in choices if (run_id, choice) not in taken), choices[-1])
        taken.add((run_id, salt))
        found.append(salt)
    return found


def _number(told: str) -> int:
    return int.from_bytes(hashlib.blake2b(os.fsencode(told), digest_size=8).digest(), "big", signed=True)

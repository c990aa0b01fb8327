"""Files that appear under their final name only when they are whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["copy_file", "hash_file", "write_file"]

CHUNK = 2**20


def write_file(path: Path, data: memoryview | bytes) -> None:
    """Write a file, whole or not at all.

    Parameters
    ----------
    path : Path
        Its folders are made; a file of that name is replaced.
    data : bytes or memoryview

    Raises
    ------
    OSError
        The disk is full, the folder is read-only. Nothing is left behind.
    """
    with _appearing_whole(path) as file:
        file.write(data)


def copy_file(source: Path, target: Path) -> tuple[str, int]:
    """Copy a file, whole or not at all, and hash it on the way.

    Parameters
    ----------
    source, target : Path

    Returns
    -------
    sha256 : str
        Hexadecimal, of what was copied.
    size : int
        [bytes]

    Raises
    ------
    OSError
        As for :func:`write_file`.
    """
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as original, _appearing_whole(target) as copy:
        while chunk := original.read(CHUNK):
            digest.update(chunk)
            copy.write(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def hash_file(path: Path) -> tuple[str, int]:
    """Return the hexadecimal SHA-256 and the size of a file in bytes."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


@contextmanager
def _appearing_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside `path` that takes its name at the end, and is gone if anything fails before."""
    partial = path.with_name(f".{os.getpid()}-{os.urandom(6).hex()}.part")
    try:
        file = _open_new(partial)
        with file:
            yield file
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _open_new(path: Path) -> BinaryIO:
    try:
        return path.open("xb", buffering=0)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb", buffering=0)

"""Files that appear under their final name only when they are whole."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
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
    with _unfinished(path.parent) as (partial, file):
        _write_all(file, data)
        file.close()
        partial.replace(path)


def copy_file(source: Path, folder: Path, name_for: Callable[[str], str]) -> tuple[Path, str, int]:
    """Copy a file, whole or not at all, under a name that may depend on its hash, which is taken on the way.

    Parameters
    ----------
    source : Path
    folder : Path
        Made if need be.
    name_for : callable
        ``name_for(sha256)`` returns the path from `folder`, with forward slashes.

    Returns
    -------
    target : Path
    sha256 : str
        Hexadecimal, of what was copied.
    size : int
        [bytes]

    Raises
    ------
    OSError
        As for :func:`write_file`, or the source cannot be read.
    """
    with _unfinished(folder) as (partial, copy):
        sha256, size = _hash(source, copy)
        copy.close()
        target = folder / name_for(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(target)
    return target, sha256, size


def hash_file(path: Path) -> tuple[str, int]:
    """Return the hexadecimal SHA-256 and the size of a file in bytes."""
    return _hash(path, None)


def _hash(path: Path, copy: BinaryIO | None) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if copy is not None:
                _write_all(copy, chunk)
    return digest.hexdigest(), size


def _write_all(file: BinaryIO, data: memoryview | bytes) -> None:
    """Write to an unbuffered file; on a disk that is nearly full, one write takes only a part and says nothing."""
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


@contextmanager
def _unfinished(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """Open a file that is to get its name when it is whole, and is gone if anything fails before."""
    partial = folder / f".{os.getpid()}-{os.urandom(6).hex()}.part"
    try:
        with _open_new(partial) as file:
            yield partial, file
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _open_new(path: Path) -> BinaryIO:
    try:
        return path.open("xb", buffering=0)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb", buffering=0)

"""Where a report goes: a file or a folder that appears under its name when it is whole, and never before."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from audio_logging.errors import AudioValueError, NotFoundError

__all__ = ["MEDIA_FOLDER", "PAGE_NAME", "check_target", "new_file", "new_folder"]

PAGE_NAME = "index.html"
MEDIA_FOLDER = "media"


def check_target(path: Path, *, replace: bool) -> None:
    """Refuse a place where a report cannot go, before any work is done.

    Parameters
    ----------
    path : Path
    replace : bool
        Whether what is there may be written over.

    Raises
    ------
    NotFoundError
        The folder that it is to lie in is not there.
    AudioValueError
        Something is there already.
    """
    if not path.parent.is_dir():
        raise NotFoundError(f"there is no folder {str(path.parent)!r} to write {path.name!r} into; make it first")
    if os.path.lexists(path) and not replace:
        raise AudioValueError(
            f"{str(path)!r} is there already; nothing is written over. Pass --force (force=True), or another name"
        )


@contextmanager
def new_file(path: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """Open a file that gets its name when the block ends well; else nothing of it stays.

    Parameters
    ----------
    path : Path
    replace : bool

    Yields
    ------
    binary file

    Raises
    ------
    NotFoundError, AudioValueError
        As :func:`check_target`; a folder is never written over by a file.
    OSError
        The disk is full, the folder is read-only; names the path.
    """
    check_target(path, replace=replace)
    if path.is_dir():
        raise AudioValueError(f"{str(path)!r} is a folder, wanted the name of a file such as 'report.html'")
    partial = _partial(path)
    with _naming(path):
        try:
            with partial.open("xb") as file:
                yield file
            _publish(partial, path, replace=replace)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path, *, replace: bool) -> Iterator[Path]:
    """Make a folder that gets its name when the block ends well; else nothing of it stays.

    Parameters
    ----------
    path : Path
    replace : bool
        Only a folder that is such a report is ever written over.

    Yields
    ------
    Path
        To write into.

    Raises
    ------
    NotFoundError, AudioValueError
        As :func:`check_target`; or there is something else than a report.
    OSError
        As :func:`new_file`.
    """
    check_target(path, replace=replace)
    if os.path.lexists(path) and not _is_report(path):
        raise AudioValueError(f"{str(path)!r} is something else than a report of ours; it is not written over")
    partial = _partial(path)
    with _naming(path):
        partial.mkdir()
        try:
            yield partial
            if path.exists():
                _swap(partial, path)
            else:
                partial.rename(path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _partial(path: Path) -> Path:
    return path.with_name(f".audio-logging-{os.urandom(6).hex()}.part")


def _publish(partial: Path, path: Path, *, replace: bool) -> None:
    if replace:
        partial.replace(path)
        return
    try:
        os.link(partial, path)  # unlike a rename, this fails when somebody has been quicker
    except FileExistsError:
        check_target(path, replace=False)
        raise
    except OSError:  # a file system without hard links
        check_target(path, replace=False)
        partial.rename(path)


def _swap(partial: Path, path: Path) -> None:
    old = _partial(path)
    path.rename(old)
    partial.rename(path)
    shutil.rmtree(old, ignore_errors=True)


def _is_report(path: Path) -> bool:
    if path.is_symlink() or not path.is_dir():
        return False
    return sorted(entry.name for entry in path.iterdir()) in ([], [PAGE_NAME, MEDIA_FOLDER])


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Say which file it was: a write to a full disk does not."""
    try:
        yield
    except OSError as error:
        if error.filename is not None or error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error

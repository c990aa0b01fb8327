"""Bytes of a file, with errors that name it.

Small files, the many of most datasets, cost one open, one read and one close: they are read into a buffer that the
thread keeps, since fresh memory costs more than the read.
"""

from __future__ import annotations

import os
import stat
import threading
from typing import NoReturn

from audio_logging.datasets.errors import AudioReadError
from audio_logging.errors import AudioDecodeError, AudioFileNotFoundError

__all__ = [
    "CHUNK_BYTES",
    "HEAD_BYTES",
    "kept_chunk",
    "open_regular",
    "raise_unreadable",
    "read_at",
    "read_head",
    "shown",
]

HEAD_BYTES = 1 << 16
"""Smaller files are read at once when they are opened; most keyword and digit recordings are smaller."""

LONG_HEAD_BYTES = 1 << 12
"""How much of a longer file is kept: its header."""

CHUNK_BYTES = 3 << 19
"""How much of a long file is read at once: fits the cache, and is a multiple of every sample width."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""Non-blocking, since opening a named pipe would otherwise wait for ever."""


class _Kept(threading.local):
    """A buffer for each thread, and how much to read of the next file: only its header after a long one."""

    def __init__(self) -> None:
        self.chunk = memoryview(bytearray(CHUNK_BYTES))
        self.head_bytes = HEAD_BYTES


_kept = _Kept()


def _fill_by_copy(descriptor: int, buffer: memoryview) -> int:
    content = os.read(descriptor, len(buffer))
    buffer[: len(content)] = content
    return len(content)


def _fill_in_place(descriptor: int, buffer: memoryview) -> int:
    return os.readv(descriptor, (buffer,))


fill = _fill_in_place if hasattr(os, "readv") else _fill_by_copy
"""Read from a descriptor into a buffer and return how many bytes came. Windows has no ``readv``."""


def kept_chunk() -> memoryview:
    """Return this thread's buffer of `CHUNK_BYTES`; its content lasts until the thread reads the next file."""
    return _kept.chunk


def read_head(path: str) -> tuple[bytes, int]:
    """Return the first bytes of a file, all of them when it is small, and its size.

    Parameters
    ----------
    path : str
        A file name, possibly with bytes that are not UTF-8 (as ``os.fsdecode`` gives them).

    Returns
    -------
    tuple of (bytes, int)
        `LONG_HEAD_BYTES` of it, or all of a file below `HEAD_BYTES` (after a longer one only a part of it, too); and
        the size of the file [bytes].

    Raises
    ------
    AudioFileNotFoundError
        There is no such file (any more).
    AudioReadError
        It cannot be opened or read, or is no regular file.
    AudioDecodeError
        It is empty.
    """
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            wanted = _kept.head_bytes
            count = fill(descriptor, _kept.chunk[:wanted])
            if 0 < count < wanted:
                _kept.head_bytes = HEAD_BYTES
                return _kept.chunk[:count].tobytes(), count
            size = regular_size(descriptor, path)
            _kept.head_bytes = LONG_HEAD_BYTES if size >= HEAD_BYTES else HEAD_BYTES
            return _kept.chunk[: min(count, LONG_HEAD_BYTES)].tobytes(), size
        finally:
            os.close(descriptor)
    except OSError as error:
        raise_unreadable(path, error)


def open_regular(path: str) -> int:
    """Open a regular file for reading and return its descriptor.

    Parameters
    ----------
    path : str
        A file name.

    Returns
    -------
    int
        A file descriptor; the caller closes it.

    Raises
    ------
    AudioFileNotFoundError, AudioReadError, AudioDecodeError
        As `read_head`.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        raise_unreadable(path, error)
    try:
        regular_size(descriptor, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_at(path: str, head: bytes, position: int, count: int) -> bytes:
    """Return bytes from anywhere in a file of which the first bytes are known.

    Parameters
    ----------
    path : str
        The file.
    head : bytes
        Its first bytes; the file is opened only for what lies beyond them.
    position, count : int
        Where to begin, and how many.

    Returns
    -------
    bytes
        Fewer than `count` at the end of the file.

    Raises
    ------
    AudioFileNotFoundError, AudioReadError
        It is gone, or cannot be read.
    """
    if position + count <= len(head):
        return head[position : position + count]
    with os.fdopen(open_regular(path), "rb", buffering=0) as file:
        file.seek(position)
        return file.read(count)


def shown(path: str) -> str:
    r"""Return a path as it can be printed: line breaks and bytes that are not UTF-8 become escapes.

    Parameters
    ----------
    path : str
        Any file name.

    Returns
    -------
    str

    Examples
    --------
    >>> shown("a/b.wav")
    'a/b.wav'
    >>> print(shown("a\n.wav"))
    a\n.wav
    """
    if path.isprintable():
        return path
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in path)


def raise_unreadable(path: str, error: OSError) -> NoReturn:
    """Raise what an operating system error means for this file, naming it.

    Parameters
    ----------
    path : str
        The file or folder.
    error : OSError
        What opening or reading it gave.

    Raises
    ------
    AudioFileNotFoundError
        It is not there.
    AudioReadError
        Anything else.
    """
    if isinstance(error, AudioReadError | AudioFileNotFoundError):
        raise error
    if isinstance(error, FileNotFoundError):
        raise AudioFileNotFoundError(
            f"{shown(path)}: there is no such file; it was moved or deleted since the folder was listed, or is a "
            "link that leads nowhere. List the folder again, or pass on_error='skip'"
        ) from error
    reason = error.strerror or str(error)
    raise AudioReadError(f"{shown(path)}: cannot be read: {reason}. Mend the file, or pass on_error='skip'") from error


def regular_size(descriptor: int, path: str) -> int:
    """Return the size of an open file [bytes].

    Parameters
    ----------
    descriptor : int
        The file.
    path : str
        Its name, for the message.

    Returns
    -------
    int

    Raises
    ------
    AudioReadError
        It is a pipe, socket, device or folder.
    AudioDecodeError
        It is empty.
    """
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise AudioReadError(f"{shown(path)}: is no regular file (a pipe, socket, device or folder)")
    if not status.st_size:
        raise AudioDecodeError(f"{shown(path)}: the file is empty (0 bytes). Remove it, or pass on_error='skip'")
    return status.st_size

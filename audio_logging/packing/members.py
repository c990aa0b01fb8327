"""Reading a pack, which is data from elsewhere: plain files and links to earlier ones, inside one folder, nothing else.

Neither compressed nor sparse archives are taken, so that nothing grows beyond the pack's own size.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from audio_logging.errors import AudioValueError

__all__ = ["Member", "read_members"]

CHUNK = 2**20
BLOCK = tarfile.BLOCKSIZE

MAX_NAME = 16 * 1024
"""[bytes] Of a long name, which stands in a member of its own; file systems take 4096."""

_LONG = {tarfile.GNUTYPE_LONGNAME: "name", tarfile.GNUTYPE_LONGLINK: "link"}
_MARKS = "\0\\:" if os.name == "nt" else "\0"
"""Characters that could make another path of a name."""

_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE)


@dataclass(frozen=True)
class Member:
    """One file of a pack.

    Attributes
    ----------
    name : str
        With forward slashes; leads nowhere but down.
    size : int
        [bytes]
    mtime : float
        Seconds since 1970.
    link : str or None
        The name of the earlier member that it is the same file as.
    chunks : iterator of bytes
        The content, to be read before the next member.
    """

    name: str
    size: int
    mtime: float
    link: str | None
    chunks: Iterator[bytes]


def read_members(file: BinaryIO) -> Iterator[Member]:
    """Yield the files of a pack, up to its end.

    Parameters
    ----------
    file : binary file
        Seekable.

    Yields
    ------
    Member

    Raises
    ------
    AudioValueError
        It is no pack, it is cut off, or a member would lead out of its folder.
    """
    long: dict[str, str] = {}
    while (info := _read_header(file)) is not None:
        start = file.tell()
        if info.type in _LONG:
            long[_LONG[info.type]] = _text(_exactly(file, info.size))
        elif info.type != tarfile.DIRTYPE:
            yield _member(file, info, long.get("name", info.name), long.get("link", info.linkname))
            long.clear()
        file.seek(start + _whole_blocks(info.size))


def _read_header(file: BinaryIO) -> tarfile.TarInfo | None:
    block = _exactly(file, BLOCK)
    if not any(block):
        return None
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError, OverflowError) as error:
        raise AudioValueError(f"at byte {file.tell() - BLOCK} is no header of a tar file: {error}") from error
    if info.type not in (*_FILES, *_LONG, tarfile.LNKTYPE, tarfile.DIRTYPE):
        raise AudioValueError(f"{info.name!r} is refused: wanted a file, or a link to an earlier file of the pack")
    if not 0 <= info.size <= (MAX_NAME if info.type in _LONG else 2**60):
        raise AudioValueError(f"{info.name!r} is refused: it says that it has {info.size} bytes")
    return info


def _member(file: BinaryIO, info: tarfile.TarInfo, name: str, link: str) -> Member:
    _refuse_bad_name(name)
    if info.type == tarfile.LNKTYPE:
        _refuse_bad_name(link)
        return Member(name, 0, info.mtime, link, iter(()))
    return Member(name, info.size, info.mtime, None, _chunks(file, info.size))


def _chunks(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        yield (chunk := _exactly(file, min(size, CHUNK)))
        size -= len(chunk)


def _exactly(file: BinaryIO, size: int) -> bytes:
    found = file.read(size)
    if len(found) < size:
        raise AudioValueError("the pack is cut off")
    return found


def _refuse_bad_name(name: str) -> None:
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or any(mark in name for mark in _MARKS):
        raise AudioValueError(f"{name[:200]!r} is refused: wanted a path that leads nowhere but down")


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _whole_blocks(size: int) -> int:
    return size + -size % BLOCK

"""Where the bytes of clips go: into the page, or into files beside it. Always a piece at a time."""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Protocol

from audio_logging.dashboard.export.conversion import Converted
from audio_logging.dashboard.export.documents import media_element

__all__ = ["FolderMedia", "Media", "PageMedia"]

CHUNK = 3 * 2**18
"""[bytes] A multiple of three: base64 then has no padding in the middle."""


class Media(Protocol):
    """Takes clips.

    Attributes
    ----------
    size : int
        [bytes] Written so far.
    """

    size: int

    def add(self, name: str, clip: Converted) -> None:
        """Write a clip.

        Parameters
        ----------
        name : str
            By which the page asks for it.
        clip : Converted

        Raises
        ------
        OSError
            The disk is full.
        NotFoundError
            The clip's file is gone.
        """


class PageMedia:
    """Clips inside the page, each in an element that no browser runs.

    Parameters
    ----------
    file : binary file
    """

    def __init__(self, file: BinaryIO) -> None:
        self.size = 0
        self._file = file

    def add(self, name: str, clip: Converted) -> None:
        """Write a clip's element."""
        before, after = media_element(name)
        self.size += _write(self._file, before, clip, after)


class FolderMedia:
    """Clips beside the page, each in a script that hands it over: from ``file://``, nothing else can be loaded.

    Parameters
    ----------
    folder : Path
        That is there, and empty.
    """

    def __init__(self, folder: Path) -> None:
        self.size = 0
        self._folder = folder

    def add(self, name: str, clip: Converted) -> None:
        """Write a clip's script; `source_inline.js` has the function that it calls."""
        with (self._folder / f"{name}.js").open("xb") as file:
            self.size += _write(file, f'audioLoggingMedia("{name}","', clip, '");\n')


def _write(file: BinaryIO, before: str, clip: Converted, after: str) -> int:
    pieces = chain([before.encode()], _base64(clip), [after.encode()])
    return sum(file.write(piece) for piece in pieces)


def _base64(clip: Converted) -> Iterator[bytes]:
    with clip.open() as file:
        while chunk := file.read(CHUNK):
            yield binascii.b2a_base64(chunk, newline=False)

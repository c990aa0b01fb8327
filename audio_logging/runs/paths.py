"""Paths in records are data from elsewhere: what they may lead to, and opening it without following a trick.

A path is taken only when it stays inside the folder that it was recorded for, links resolved, and names a regular file.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from audio_logging._types import StrPath
from audio_logging.errors import AudioValueError, NotFoundError

__all__ = ["Folder", "StagingFolders", "open_regular"]

MAX_KNOWN = 1000
"""Found files that are remembered; a clip is asked for again soon, in the next table, or not at all."""

_DRIVE = re.compile(r"[A-Za-z]:")


def open_regular(path: StrPath) -> BinaryIO:
    """Open a regular file for reading; links, pipes and devices are refused, and nothing ever waits.

    Raises
    ------
    AudioValueError
        It is something else than a regular file.
    NotFoundError
        There is nothing, or it cannot be read.
    """
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        number = os.open(path, flags)
    except OSError as error:
        raise NotFoundError(f"{os.fspath(path)!r} cannot be opened: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise AudioValueError(f"{os.fspath(path)!r} is no regular file")
    return os.fdopen(number, "rb")


class Folder:
    """A folder that no recorded path leads out of.

    Parameters
    ----------
    root : str or Path
        Links in it are followed: whoever names it, means it.

    Attributes
    ----------
    root : Path
        Absolute, without links.
    """

    def __init__(self, root: StrPath) -> None:
        self.root = Path(os.path.realpath(root))
        self._known: dict[str, str] = {}
        self._listings: dict[str, tuple[str, frozenset[str]]] = {}

    def find(self, relative: str) -> str:
        """Return the regular file of this name, absolute and without links; text, since there are many.

        Raises
        ------
        AudioValueError
            The name is absolute, has ``..`` in it, or leads out of the folder through a link; or it is no regular file.
        NotFoundError
            There is no such file.
        """
        path = self._known.get(relative)
        if path is None:
            if len(self._known) == MAX_KNOWN:
                self._known.clear()
            path = self._known[relative] = self._locate(relative)
        return path

    def folder(self, relative: str) -> Folder:
        """Return the folder of this name in here, there or not.

        Raises
        ------
        AudioValueError
            It leads out of this one.
        """
        return Folder(self._resolve(relative, relative))

    def target(self, relative: str) -> Path:
        """Return where a file of this name would be written, absolute and without links, there or not.

        Raises
        ------
        AudioValueError
            It leads out of this folder.
        """
        if not relative:
            raise AudioValueError(f"'' is refused: wanted a path that stays inside {self.root}")
        return self._resolve(relative, relative)

    def _locate(self, relative: str) -> str:
        folder, _, name = relative.rpartition("/")
        listing = self._listings.get(folder)
        if listing is None:
            home = self._resolve(folder, relative)
            listing = self._listings[folder] = (str(home), _regular_files(home))
        if name in listing[1]:
            return f"{listing[0]}{os.sep}{name}"
        # Written since the folder was listed, a link, or not there at all.
        path = self._resolve(relative, relative)
        try:
            mode = path.lstat().st_mode
        except OSError:
            raise NotFoundError(f"{relative!r} is not in {self.root}") from None
        if not stat.S_ISREG(mode):
            raise AudioValueError(f"{relative!r} is no regular file")
        return str(path)

    def _resolve(self, relative: str, shown: str) -> Path:
        parts = relative.split("/") if relative else []
        if any(part in ("", ".", "..") for part in parts) or _is_elsewhere(relative) or not _is_sayable(relative):
            raise AudioValueError(f"{shown!r} is refused: wanted a path that stays inside {self.root}")
        path = Path(os.path.realpath(self.root.joinpath(*parts)))
        if not path.is_relative_to(self.root):
            raise AudioValueError(f"{shown!r} is refused: a link leads out of {self.root}")
        return path


def _is_elsewhere(path: str) -> bool:
    return path.startswith(("/", "\\")) or (os.name == "nt" and ("\\" in path or _DRIVE.match(path) is not None))


def _is_sayable(path: str) -> bool:
    """Whether the operating system takes it for a path at all: no NUL, no half of a surrogate pair."""
    try:
        return b"\0" not in os.fsencode(path)
    except ValueError:
        return False


def _regular_files(folder: Path) -> frozenset[str]:
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
    except OSError:
        return frozenset()


_STAGED_NAME = re.compile(r"tmp[a-z0-9_]{8}|[\w.]+\.manifest_contents\.jl\.gz")
"""What ``tempfile`` calls the files that wandb stages, and ``interface.py`` the manifests of large artifacts."""


class StagingFolders:
    """Where wandb keeps the bytes of artifacts logged offline: ``artifacts/staging`` in its data folder.

    Records name staged files by absolute paths. Taken are those in the staging folder of this machine's settings
    (``WANDB_DATA_DIR``, else the user's data folder), in folders named here, and in any other folder that is called
    ``artifacts/staging`` for names such as wandb gives: training ran with another ``WANDB_DATA_DIR`` perhaps.

    Parameters
    ----------
    folders : str or Path
        More folders to trust, with everything in them.
    """

    def __init__(self, *folders: StrPath) -> None:
        self._trusted = {os.path.realpath(folder) for folder in (*folders, *_usual_folders())}
        self._homes: dict[str, str] = {}

    def find(self, recorded: str) -> str:
        """Return the staged file that a record names, absolute and without links.

        Raises
        ------
        AudioValueError
            It lies outside every staging folder, or is no regular file.
        NotFoundError
            It is gone.
        """
        folder, name = os.path.split(recorded)
        if not Path(recorded).is_absolute() or not _is_sayable(recorded) or name in ("", ".", ".."):
            raise AudioValueError(f"{recorded!r} is refused: wanted an absolute path in a staging folder")
        home = self._homes.get(folder)
        if home is None:
            home = self._homes[folder] = os.path.realpath(folder)
        path = Path(home, name)
        if not self._is_staging(home) and not (_looks_like_staging(home) and _STAGED_NAME.fullmatch(name)):
            raise AudioValueError(
                f"{recorded!r} is refused: it lies outside the staging folder. If it is wandb's, "
                f"set WANDB_DATA_DIR to the folder that holds artifacts/staging"
            )
        try:
            mode = path.lstat().st_mode
        except OSError:
            raise NotFoundError(f"the staged file {recorded!r} is gone") from None
        if not stat.S_ISREG(mode):
            raise AudioValueError(f"{recorded!r} is no regular file")
        return str(path)

    def _is_staging(self, home: str) -> bool:
        return home in self._trusted or str(Path(home).parent) in self._trusted


def _looks_like_staging(home: str) -> bool:
    parts = Path(home).parts
    return parts[-2:] == ("artifacts", "staging") or parts[-3:] == ("artifacts", "staging", "artifact_manifests")


def _usual_folders() -> list[Path]:
    """Where ``wandb.env.get_data_dir`` looks; the default is platformdirs' user data folder."""
    data = os.environ.get("WANDB_DATA_DIR")
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
    xdg = os.environ.get("XDG_DATA_HOME") or home / ".local" / "share"
    usual = [Path(xdg) / "wandb", home / "Library" / "Application Support" / "wandb"]
    return [Path(folder) / "artifacts" / "staging" for folder in ([data] if data else []) + usual]

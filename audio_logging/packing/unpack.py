"""unpack: a pack into a folder, whole or not at all, with nothing written over and nothing outside it."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_logging._types import StrPath
from audio_logging.errors import AudioLoggingError, AudioValueError
from audio_logging.packing.members import Member, read_members
from audio_logging.packing.relocation import Move, relocate_manifest, relocate_records
from audio_logging.packing.sums import MAX_LINE, SUMS, read_sum
from audio_logging.runs import Run
from audio_logging.runs.paths import Folder, open_regular
from audio_logging.runs.problems import Problems

__all__ = ["Unpacked", "unpack"]

MAX_GROWTH = 100
"""How many times a pack's own size repeated files may take where the file system has no hard links."""


@dataclass(frozen=True)
class Unpacked:
    """What unpack did.

    Attributes
    ----------
    folders : tuple of Path
        The run directories.
    members : int
        Files in them.
    problems : tuple of str
        What is damaged in the record files.
    """

    folders: tuple[Path, ...]
    members: int
    problems: tuple[str, ...] = ()


def unpack(archive: StrPath, into: StrPath = "wandb") -> Unpacked:
    """Put the runs of a pack into a folder; there they are read, and synced by ``wandb sync``, like any others.

    Parameters
    ----------
    archive : str or Path
        What :func:`pack` made.
    into : str or Path
        Made if need be.

    Returns
    -------
    Unpacked

    Raises
    ------
    NotFoundError
        There is no such file.
    AudioValueError
        It is no pack, it is damaged or cut off, it would write outside the folder, or a run of one of its names is
        there already. Nothing is left behind.
    OSError
        The disk is full, for example. Nothing is left behind.
    """
    with open_regular(os.path.realpath(archive)) as file:
        limit = MAX_GROWTH * os.fstat(file.fileno()).st_size
        home = Path(into)
        home.mkdir(parents=True, exist_ok=True)
        with _temporary_folder(home) as folder:
            extraction = _Extraction(home, folder, limit)
            try:
                for member in read_members(file):
                    extraction.take(member)
                extraction.check()
            except AudioValueError as error:
                raise AudioValueError(f"{os.fspath(archive)!r}: {error}") from error
            problems = Problems()
            for name in extraction.runs:
                _settle(folder / name, home.resolve() / name, problems)
            for name in extraction.runs:
                (folder / name).rename(home / name)
    return Unpacked(tuple(home / name for name in extraction.runs), extraction.members, tuple(problems))


class _Extraction:
    """Puts members into an empty folder that nobody else knows, so that there is no link to be led astray by."""

    def __init__(self, home: Path, folder: Path, limit: int) -> None:
        self._home = home
        self._folder = folder
        self._left = limit
        self._sums: dict[str, str] = {}
        self._is_ended = False
        self.members = 0
        self.runs: list[str] = []

    def take(self, member: Member) -> None:
        if self._is_ended:
            raise AudioValueError(f"{member.name!r} comes after {SUMS}, which is the last of a pack")
        if member.name == SUMS:
            self._compare(member)
            return
        if member.name in self._sums:
            raise AudioValueError(f"{member.name!r} is in it twice")
        self._enter_run(member.name)
        self._sums[member.name] = self._link(member) if member.link else self._write(member)
        self.members += 1

    def check(self) -> None:
        if not self._is_ended:
            raise AudioValueError(f"the pack is cut off, or none of ours: it has no {SUMS}")

    def _enter_run(self, name: str) -> None:
        run, _, rest = name.partition("/")
        if not rest or run.startswith("."):
            raise AudioValueError(f"{name[:200]!r} is refused: wanted a file in the folder of a run")
        if run not in self.runs:
            if os.path.lexists(self._home / run):
                raise AudioValueError(f"{str(self._home / run)!r} is there already; nothing is written over")
            self.runs.append(run)

    def _write(self, member: Member) -> str:
        digest: Any = hashlib.sha256()
        target = self._target(member)
        with target.open("xb") as file:
            for chunk in member.chunks:
                digest.update(chunk)
                file.write(chunk)
        os.utime(target, (0, min(max(member.mtime, 0.0), 2.0**33)))
        return str(digest.hexdigest())

    def _link(self, member: Member) -> str:
        sha256 = self._sums.get(member.link or "")
        if sha256 is None:
            raise AudioValueError(f"{member.name!r} is refused: it is a link to {member.link!r}, no earlier file")
        source, target = self._folder / str(member.link), self._target(member)
        try:
            target.hardlink_to(source)
        except OSError:  # no hard links here, or too many to one file
            self._left -= source.stat().st_size
            if self._left < 0:
                raise AudioValueError("its repeated files take too much here; unpack where hard links work") from None
            shutil.copyfile(source, target)
        return sha256

    def _target(self, member: Member) -> Path:
        target = self._folder / member.name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def _compare(self, member: Member) -> None:
        expected = dict(self._sums)
        for line in _lines(member.chunks):
            name, sha256 = read_sum(line)
            if expected.pop(name, None) != sha256:
                raise AudioValueError(f"{name!r} is damaged: its content is not what {SUMS} says")
        if expected:
            raise AudioValueError(f"{next(iter(expected))!r} is not in {SUMS}")
        self._is_ended = True


def _lines(chunks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE:
            raise AudioValueError(f"a line of {SUMS} is longer than {MAX_LINE} bytes")
        yield from (line.decode("utf-8", "surrogateescape") + "\n" for line in whole)
    if rest:
        raise AudioValueError(f"{SUMS} is cut off")


def _settle(folder: Path, final: Path, problems: Problems) -> None:
    """Make the recorded paths of staged files absolute, as ``wandb sync`` wants them."""
    run = Run.at(folder)
    artifacts = run.artifacts()
    if not artifacts or run.record_path is None:
        return

    here = Folder(folder)

    def move(recorded: str) -> str:
        return str(final / recorded) if _is_within(here, recorded) else recorded

    with open_regular(run.record_path) as source, _replacement(run.record_path) as target:
        relocate_records(source, target, move, problems, run.record_path.name)
    for artifact in artifacts:
        if artifact.manifest is not None and artifact.manifest.file is not None:
            _settle_manifest(Path(artifact.manifest.file), move, problems)


def _settle_manifest(path: Path, move: Move, problems: Problems) -> None:
    try:
        with open_regular(path) as source:
            content = relocate_manifest(source, move)
    except (OSError, EOFError, AudioLoggingError) as error:
        problems.add(f"{path.name}: cannot be read: {error}")
        return
    with _replacement(path) as target:
        target.write(content)


def _is_within(folder: Folder, recorded: str) -> bool:
    try:
        return not Path(recorded).is_absolute() and bool(folder.find(recorded))
    except AudioLoggingError:
        return False


@contextmanager
def _replacement(path: Path) -> Iterator[Any]:
    new = path.with_name(f".{path.name}.part")
    with new.open("xb") as file:
        yield file
    os.utime(new, (0, path.stat().st_mtime))
    new.replace(path)


@contextmanager
def _temporary_folder(home: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=".unpack-", dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""pack: runs into one file, whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from audio_logging._types import StrPath
from audio_logging.errors import AudioLoggingError, AudioValueError, NotFoundError
from audio_logging.packing.archive import ArchiveWriter, Part
from audio_logging.packing.contents import SHARED, RunContents, contents_of
from audio_logging.packing.relocation import Move, relocate_manifest, relocate_records
from audio_logging.runs import Run
from audio_logging.runs.artifacts import CLIENT_REFERENCE
from audio_logging.runs.paths import open_regular
from audio_logging.runs.problems import Problems

__all__ = ["Packed", "pack"]


@dataclass(frozen=True)
class Packed:
    """What pack did.

    Attributes
    ----------
    path : Path
        The pack.
    runs : tuple of str
        Folders of the runs in it.
    members, size : int
        Files in it, and its bytes.
    saved : int
        [bytes] What repeated contents would have taken.
    problems : tuple of str
        What is not in it, though a run names it.
    """

    path: Path
    runs: tuple[str, ...]
    members: int
    size: int
    saved: int
    problems: tuple[str, ...]


def pack(runs: Iterable[Run], output: StrPath, *, links: bool = False) -> Packed:
    """Put runs into one file, with all that belongs to them.

    Parameters
    ----------
    runs : iterable of Run
        Running ones are taken as they were when they were opened.
    output : str or Path
        The tar file to make. It appears when it is whole; nothing is written over.
    links : bool
        Whether to take what links in the runs' folders lead to (``run.save`` makes them); otherwise they are left out
        and named.

    Returns
    -------
    Packed

    Raises
    ------
    NotFoundError
        There is no run.
    AudioValueError
        There is a file of that name; or two runs have folders of one name.
    OSError
        The disk is full, for example. Nothing is left behind.
    """
    path = Path(output)
    _refuse_to_replace(path)
    found = [contents_of(run, links=links) for run in runs]
    _check(found)
    with _whole_file(path) as file:
        writer = ArchiveWriter(file)
        problems = [f"{one.run.folder.name}: {problem}" for one in found for problem in _add(writer, one)]
        writer.finish()
        size = file.tell()
    names = tuple(one.run.folder.name for one in found)
    return Packed(path, names, writer.members, size, writer.saved, (*problems, *_dangling(found)))


def _add(writer: ArchiveWriter, contents: RunContents) -> Iterator[str]:
    """Add a run; yield what is not in the pack."""
    run = contents.run
    yield from contents.problems
    if not run.finished:
        yield "not finished; what wandb has not written yet is not in the pack"
    problems, ends = Problems(), contents.ends
    for name, path in contents.files.items():
        member = f"{run.folder.name}/{name}"
        try:
            if path == run.record_path and contents.moves:
                writer.add(member, partial(_write_records, contents, path, problems), mtime=path.stat().st_mtime)
            elif name in contents.manifests:
                writer.add(member, partial(_write_manifest, contents, path), mtime=path.stat().st_mtime)
            else:
                writer.add_file(member, path, once=name.startswith(SHARED), end=ends.get(path))
        except (AudioLoggingError, EOFError) as error:
            yield f"{name} was left out: {error}"
    yield from problems


def _write_records(contents: RunContents, path: Path, problems: Problems, part: Part) -> None:
    with open_regular(path) as source:
        relocate_records(source, part, _mover(contents), problems, path.name, end=contents.run.record_size)


def _write_manifest(contents: RunContents, path: Path, part: Part) -> None:
    with open_regular(path) as file:
        part.write(relocate_manifest(file, _mover(contents)))


def _mover(contents: RunContents) -> Move:
    return lambda recorded: contents.moves.get(recorded, recorded)


def _check(found: Sequence[RunContents]) -> None:
    if not found:
        raise NotFoundError("got no run, wanted at least one")
    folders: dict[str, Path] = {}
    for contents in found:
        folder = contents.run.folder
        if folders.setdefault(folder.name, folder) != folder:
            raise AudioValueError(f"got two runs in folders called {folder.name!r}; pack them apart")


def _dangling(found: Sequence[RunContents]) -> Iterator[str]:
    """Yield what packed artifacts refer to, but which is not in the pack."""
    artifacts = [artifact for contents in found for artifact in contents.run.artifacts()]
    packed = {artifact.client_id for artifact in artifacts}
    for artifact in artifacts:
        references = {entry.ref for entry in artifact.entries.values() if entry.ref}
        homes = {ref.removeprefix(CLIENT_REFERENCE).partition("/")[0] for ref in references if _is_client(ref)}
        if homes - packed:
            yield f"artifact {artifact.name!r} refers to one that another run logged; pack that run, too"
        files = sum(ref.startswith("file://") for ref in references)
        if files:
            yield f"artifact {artifact.name!r} refers to {files} files where they lie; they are not in the pack"


def _is_client(reference: str) -> bool:
    return reference.startswith(CLIENT_REFERENCE)


@contextmanager
def _whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name when it is whole, unless there is one by then."""
    unfinished = path.parent / f".{path.name}.{os.getpid()}.part"
    try:
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _name(unfinished, path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            raise OSError(error.errno, f"the disk is full; the unfinished {str(path)!r} was removed") from error
        raise
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _name(unfinished: Path, path: Path) -> None:
    try:
        path.hardlink_to(unfinished)
    except FileExistsError:
        _refuse_to_replace(path)
    except OSError:  # a file system without hard links
        _refuse_to_replace(path)
        unfinished.rename(path)
    else:
        unfinished.unlink()


def _refuse_to_replace(path: Path) -> None:
    if os.path.lexists(path):
        raise AudioValueError(f"{str(path)!r} is there already; nothing is written over. Name another file")

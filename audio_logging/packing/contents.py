"""What of a run goes into a pack, and under which names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from audio_logging.runs import ArtifactEntry, Run, StoredArtifact

__all__ = ["RunContents", "contents_of"]

STAGING = "artifacts/staging"
"""Where staged files lie in a packed run: as in wandb's own folder, so that other readers trust it too."""

SHARED = ("files/media/", f"{STAGING}/")
"""Below these, files with equal content are stored once: nobody writes to them again."""


@dataclass(frozen=True)
class RunContents:
    """The files of one run.

    Attributes
    ----------
    run : Run
    files : dict of str to Path
        By name in the run's folder.
    moves : dict of str to str
        From the recorded path of a staged file to its name in the run's folder.
    manifests : tuple of str
        Which of the files are manifests of large artifacts.
    problems : tuple of str
        What is not there, or may not be taken.
    """

    run: Run
    files: dict[str, Path]
    moves: dict[str, str] = field(default_factory=dict)
    manifests: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def ends(self) -> dict[Path, int]:
        """[bytes] How much to take of the files that grow: they were looked at first, so that all they name is here."""
        run = self.run
        known = [(run.record_path, run.record_size), (run.sidecar_path, run.sidecar_size)]
        return {path: size for path, size in known if path is not None}


def contents_of(run: Run, *, links: bool = False) -> RunContents:
    """Find the files of a run and those that its artifacts staged elsewhere.

    Parameters
    ----------
    run : Run
    links : bool
        Whether to take what links in the run's folder lead to; otherwise they are left out.

    Returns
    -------
    RunContents
    """
    files, problems = _own_files(run.folder, links=links)
    staged = _Staged(run.folder, files)
    for artifact in run.artifacts():
        for entry in _staged_entries(artifact):
            if not staged.take(entry):
                problems.append(f"{entry.path!r} of artifact {artifact.name!r} was left out: {entry.problem}")
    manifests = [artifact.manifest for artifact in run.artifacts() if artifact.manifest and artifact.manifest.file]
    names = tuple(staged.moves[manifest.recorded_path] for manifest in manifests)
    return RunContents(run, dict(sorted(files.items())), staged.moves, names, tuple(problems))


def _own_files(folder: Path, *, links: bool) -> tuple[dict[str, Path], list[str]]:
    files, problems = dict[str, Path](), list[str]()
    for name, path in _walk(folder):
        is_link = path.is_symlink()
        if is_link and name.startswith("logs/"):
            continue  # to the log of wandb's service, which all runs of a process share
        if is_link and not links:
            problems.append(f"{name} is a link to {str(path.readlink())!r} and was left out")
        elif path.is_file():
            files[name] = path.resolve() if is_link else path
        else:
            problems.append(f"{name} is no regular file and was left out")
    return files, problems


class _Staged:
    """Gives staged files names in a run's folder; `files` gets them."""

    def __init__(self, folder: Path, files: dict[str, Path]) -> None:
        self._folder = folder
        self._files = files
        self.moves: dict[str, str] = {}

    def take(self, entry: ArtifactEntry) -> bool:
        if entry.file is None:
            return False
        path = Path(entry.file)
        if path.is_relative_to(self._folder):
            name = path.relative_to(self._folder).as_posix()
        else:
            name = self._name_for(path)
        self.moves[entry.recorded_path] = name
        return True

    def _name_for(self, path: Path) -> str:
        name = f"{STAGING}/{path.name}"
        number = 1
        while self._files.setdefault(name, path) != path:
            number += 1
            name = f"{STAGING}/{number}-{path.name}"
        return name


def _staged_entries(artifact: StoredArtifact) -> Iterator[ArtifactEntry]:
    yield from (entry for entry in artifact.entries.values() if entry.recorded_path)
    if artifact.manifest is not None:
        yield artifact.manifest


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    for home, folders, names in os.walk(folder):
        folders.sort()
        links = [name for name in folders if Path(home, name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(home, name)
            yield PurePosixPath(path.relative_to(folder)).as_posix(), path

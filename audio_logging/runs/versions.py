"""Versions of artifacts over many runs, as a server would number them: in the order of logging, equal content once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from audio_logging.errors import AudioValueError, NotFoundError
from audio_logging.runs.artifacts import ArtifactIndex, StoredArtifact
from audio_logging.runs.run import Run

__all__ = ["ArtifactCatalog", "ArtifactCollection", "ArtifactName", "ArtifactVersion"]

LATEST = "latest"
"""Alias of what was logged last."""

MOST_NAMED = 10
"""How many of those that are there an error lists."""

_VERSION = re.compile(r"v(\d{1,9})")


class ArtifactName(NamedTuple):
    """What ``entity/project/name:alias`` says; None where it does not."""

    entity: str | None
    project: str | None
    name: str
    alias: str | None

    @classmethod
    def parse(cls, text: str) -> ArtifactName:
        """Take a name apart.

        Raises
        ------
        AudioValueError
            It is none.

        Examples
        --------
        >>> ArtifactName.parse("birds/val-samples:v2")
        ArtifactName(entity=None, project='birds', name='val-samples', alias='v2')
        """
        path, _, alias = text.partition(":")
        *home, name = path.split("/")
        if not name or len(home) > 2 or not all(home) or ":" in alias:
            raise AudioValueError(f"got {text!r} for an artifact, wanted 'name:alias' or 'entity/project/name:alias'")
        entity, project = [None, None, *home][-2:]
        return cls(entity, project, name, alias or None)


@dataclass(frozen=True, eq=False, repr=False)
class ArtifactVersion:
    """One version of an artifact.

    Attributes
    ----------
    number : int
        0 for the first.
    aliases : tuple of str
        Those that it has now: each belongs to the version that was logged under it last.
    copies : tuple of (StoredArtifact, Run)
        Each time that this content was logged, in order, and the run that did.
    """

    number: int
    aliases: tuple[str, ...]
    copies: tuple[tuple[StoredArtifact, Run], ...]

    @property
    def name(self) -> str:
        """Name and version, such as ``"samples:v2"``."""
        return f"{self.artifact.name}:v{self.number}"

    @property
    def run(self) -> Run:
        """The run that made it: the first that logged it."""
        return self.copies[0][1]

    @property
    def logged(self) -> float | None:
        """When it was first logged, about, in seconds since 1970."""
        return _time(*self.copies[0])

    @cached_property
    def artifact(self) -> StoredArtifact:
        """The content: of the first copy that has all its files, or else of the first."""
        whole = (artifact for artifact, _ in self.copies if not _lacks_files(artifact))
        return next(whole, self.copies[0][0])

    def __repr__(self) -> str:
        return f"ArtifactVersion({self.name!r}, {', '.join(self.aliases)})"


@dataclass(frozen=True, eq=False, repr=False)
class ArtifactCollection:
    """All versions of one name in one project.

    Attributes
    ----------
    name : str
    entity, project : str or None
        Where it belongs; None when the runs do not tell.
    versions : tuple of ArtifactVersion
        In the order of logging.
    """

    name: str
    entity: str | None
    project: str | None
    versions: tuple[ArtifactVersion, ...]

    @property
    def full_name(self) -> str:
        """Name with the project, where known."""
        return f"{self.project}/{self.name}" if self.project else self.name

    @property
    def latest(self) -> ArtifactVersion:
        """What was logged last."""
        return self.find(LATEST)

    def find(self, alias: str) -> ArtifactVersion:
        """Return the version of that alias or number.

        Raises
        ------
        NotFoundError
            There is none; the message says which there are.
        """
        number = _VERSION.fullmatch(alias)
        for version in self.versions:
            if alias in version.aliases or (number and int(number[1]) == version.number):
                return version
        aliases = [alias for version in self.versions for alias in version.aliases]
        raise NotFoundError(
            f"artifact {self.name!r} has no version {alias!r}; it has v0 to v{len(self.versions) - 1}"
            f" and {_listed(aliases)}"
        )

    def __repr__(self) -> str:
        return f"ArtifactCollection({self.full_name!r}, {len(self.versions)} versions)"


class ArtifactCatalog:
    """The artifacts that runs logged offline, by name and version.

    Parameters
    ----------
    runs : sequence of Run
        In the order in which they began.

    Attributes
    ----------
    runs : tuple of Run
    collections : tuple of ArtifactCollection
        In the order in which their first versions were logged.
    index : ArtifactIndex
        Follows references among all of them.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = tuple(runs)
        logged = _in_order(self.runs)
        self.index = ArtifactIndex(artifact for artifact, _ in logged)
        self.collections = tuple(_collections(logged))

    def find(self, text: str) -> ArtifactVersion:
        """Return a version by its name, such as ``"samples:v2"`` or ``"birds/samples:best"``; latest by default.

        Raises
        ------
        NotFoundError
            There is none; the message says what is there.
        AudioValueError
            That is no name, or names in several projects.
        """
        wanted = ArtifactName.parse(text)
        return self.collection(text).find(wanted.alias or LATEST)

    def collection(self, text: str) -> ArtifactCollection:
        """Return all versions of a name.

        Raises
        ------
        NotFoundError, AudioValueError
            As for `find`.
        """
        wanted = ArtifactName.parse(text)
        found = [collection for collection in self.collections if _is_meant(collection, wanted)]
        if not found:
            raise NotFoundError(f"there is no artifact {text!r}; {self._what_is_there()}")
        if len(found) > 1:
            names = ", ".join(f"{collection.full_name!r}" for collection in found)
            raise AudioValueError(f"got {text!r}, which is in {len(found)} projects, wanted one of {names}")
        return found[0]

    def _what_is_there(self) -> str:
        names = [collection.full_name for collection in self.collections]
        there = f"there are {_listed(names)}" if names else "there is none"
        online = sum(not run.offline for run in self.runs)
        if online:
            there += (
                f". Runs that were online ({online} here) have theirs on the server only: pass a run that is online"
            )
        unfinished = [run.folder.name for run in self.runs if not run.finished and run.offline]
        if not unfinished:
            return there
        return (
            f"{there}. What {_listed(unfinished)} logged may be missing: wandb writes its records 32 KiB at a time, "
            "and the rest when the run finishes"
        )


def _in_order(runs: Iterable[Run]) -> list[tuple[StoredArtifact, Run]]:
    """Return all artifacts in the order of logging, one that is there twice (a copied run) once."""
    logged = [(artifact, run) for run in runs for artifact in run.artifacts()]
    logged.sort(key=lambda pair: _time(*pair) or 0.0)
    once = {artifact.client_id or str(number): (artifact, run) for number, (artifact, run) in enumerate(logged)}
    return list(once.values())


def _time(artifact: StoredArtifact, run: Run) -> float | None:
    return artifact.logged if artifact.logged is not None else run.started


def _collections(logged: Iterable[tuple[StoredArtifact, Run]]) -> Iterator[ArtifactCollection]:
    by_name: dict[tuple[str, str | None, str | None], list[tuple[StoredArtifact, Run]]] = {}
    for artifact, run in logged:
        by_name.setdefault((artifact.name, run.entity, run.project), []).append((artifact, run))
    for (name, entity, project), copies in by_name.items():
        yield ArtifactCollection(name, entity, project, tuple(_versions(copies)))


def _versions(copies: Iterable[tuple[StoredArtifact, Run]]) -> Iterator[ArtifactVersion]:
    versions: dict[str, list[tuple[StoredArtifact, Run]]] = {}
    owners: dict[str, str] = {}
    for place, (artifact, run) in enumerate(copies):
        content = artifact.digest or f"unknown {place}"
        versions.setdefault(content, []).append((artifact, run))
        owners.update(dict.fromkeys((*artifact.aliases, LATEST), content))
    for number, (content, same) in enumerate(versions.items()):
        aliases = tuple(alias for alias, owner in owners.items() if owner == content)
        yield ArtifactVersion(number, aliases, tuple(same))


def _lacks_files(artifact: StoredArtifact) -> bool:
    return any(entry.file is None and not entry.ref for entry in artifact.entries.values())


def _is_meant(collection: ArtifactCollection, wanted: ArtifactName) -> bool:
    if collection.name != wanted.name:
        return False
    known = ((collection.project, wanted.project), (collection.entity, wanted.entity))
    return all(theirs is None or asked is None or theirs == asked for theirs, asked in known)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:MOST_NAMED])
    return shown if len(names) <= MOST_NAMED else f"{shown} and {len(names) - MOST_NAMED} more"

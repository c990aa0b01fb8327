"""Artifacts that a run logged offline: what each holds, and where its staged bytes lie.

Runs that were logged online have no artifact records; there the server knows them.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO
from urllib.parse import unquote

from audio_logging.errors import AudioLoggingError, NotFoundError
from audio_logging.runs.locate import has_run_name
from audio_logging.runs.paths import Folder, StagingFolders, open_regular
from audio_logging.runs.problems import Problems
from audio_logging.runs.records import ArtifactFacts, EntryFacts, decode_entry_json

__all__ = ["ArtifactEntry", "ArtifactIndex", "ArtifactReader", "StoredArtifact", "staged_file"]

MAX_MANIFEST_SIZE = 512 * 1024 * 1024
"""Of a manifest beside the record file, unpacked; a million entries take some 250 MB."""

MAX_MANIFEST_ENTRIES = 1_000_000

MAX_MANIFEST_LINE = 64 * 1024

MAX_HOPS = 16
"""How many references are followed from one entry to the next; wandb makes one."""

ADVICE = (
    "Such files lie outside the run's folder, on the machine that logged it: 'audio-logging pack RUN -o run.tar' there "
    "takes them along"
)

CLIENT_REFERENCE = "wandb-client-artifact://"
"""wandb's scheme for an entry of an artifact that had not reached a server when it was referred to."""


@dataclass(frozen=True)
class ArtifactEntry:
    """One file of an artifact.

    Attributes
    ----------
    path : str
        Its name in the artifact.
    digest : str
        Base64 of the MD5 of its bytes, or what was recorded for a reference.
    size : int or None
        [bytes]
    ref : str or None
        The address that stands for its bytes: an http address, or an entry of another artifact.
    file : str or None
        The staged bytes, an absolute path checked to lie in the staging folder or the run; None when they are missing,
        were refused, or stand behind `ref`.
    recorded_path : str
        Where they were staged, as the run tells it.
    problem : str or None
        Why there is no `file`, where there should be one.
    """

    path: str
    digest: str = ""
    size: int | None = None
    ref: str | None = None
    file: str | None = None
    recorded_path: str = ""
    problem: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class StoredArtifact:
    """One artifact as a run logged it.

    Attributes
    ----------
    name, type, digest, description : str
    digest_algorithm : str
        Of the entries: empty for MD5.
    metadata : dict
    aliases, tags : tuple of str
        Of every time that the run logged or linked it.
    client_id : str
        By which other artifacts refer to it.
    run_id : str
        The run that logged it.
    logged : float or None
        When, about, in seconds since 1970; None when nothing in the run tells.
    manifest : ArtifactEntry or None
        The staged file that lists the entries, which only large artifacts have.
    entries : mapping of str to ArtifactEntry
        By name in the artifact.
    """

    name: str
    type: str
    digest: str
    description: str
    metadata: dict[str, Any]
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    client_id: str
    run_id: str
    digest_algorithm: str = ""
    logged: float | None = None
    manifest: ArtifactEntry | None = None
    entries: Mapping[str, ArtifactEntry] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The bytes of all entries together, where known."""
        return sum(entry.size or 0 for entry in self.entries.values())

    def __repr__(self) -> str:
        return f"StoredArtifact({self.name!r}, {self.type!r}, {len(self.entries)} files, digest {self.digest})"


class ArtifactIndex:
    """A run's artifacts, and the way from an entry to its bytes, references among them followed.

    Parameters
    ----------
    artifacts : iterable of StoredArtifact
        Of one run, or of all in which references may end.
    """

    def __init__(self, artifacts: Iterable[StoredArtifact]) -> None:
        self._by_client_id: dict[str, StoredArtifact] = {}
        self.add(artifacts)

    def add(self, artifacts: Iterable[StoredArtifact]) -> None:
        """Take in more artifacts."""
        self._by_client_id.update({artifact.client_id: artifact for artifact in artifacts if artifact.client_id})

    def resolve(self, artifact: StoredArtifact, path: str) -> tuple[StoredArtifact, ArtifactEntry]:
        """Return the entry that holds the bytes, and its artifact.

        Raises
        ------
        NotFoundError
            There is no such entry, or a reference leads to what is not here; the message names it.
        """
        for _ in range(MAX_HOPS):
            entry = artifact.entries.get(path)
            if entry is None:
                raise NotFoundError(f"artifact {artifact.name!r} has no entry {path!r}")
            if entry.ref is None or not entry.ref.startswith(CLIENT_REFERENCE):
                return artifact, entry
            artifact, path = self.follow(entry.ref)
        raise NotFoundError(f"references from {path!r} in artifact {artifact.name!r} lead in a circle")

    def follow(self, reference: str) -> tuple[StoredArtifact, str]:
        """Return the artifact and the name in it that a ``wandb-client-artifact://`` address means.

        Raises
        ------
        NotFoundError
            It is no such address, or the artifact is not here.
        """
        client_id, _, path = reference.removeprefix(CLIENT_REFERENCE).partition("/")
        artifact = self._by_client_id.get(client_id)
        if artifact is None or not reference.startswith(CLIENT_REFERENCE):
            raise NotFoundError(f"{reference[:200]!r} leads to no artifact that was logged offline here")
        return artifact, path if path in artifact.entries else unquote(path)

    def file(self, artifact: StoredArtifact, path: str) -> str:
        """Return the file that holds an entry's bytes.

        Raises
        ------
        NotFoundError
            As for `resolve`, or the staged bytes are missing or were refused.
        """
        home, entry = self.resolve(artifact, path)
        return staged_file(home, entry)


def staged_file(artifact: StoredArtifact, entry: ArtifactEntry) -> str:
    """Return the file that holds the entry's bytes.

    Raises
    ------
    NotFoundError
        They are missing, were refused, or stand behind an address.
    """
    if entry.file is not None:
        return entry.file
    what = f"{entry.path!r} of artifact {artifact.name!r}"
    if entry.ref:
        raise NotFoundError(f"{what} stands behind {entry.ref!r}")
    raise NotFoundError(f"{what}: {entry.problem or 'the run does not tell where it lies'}. {ADVICE}")


class ArtifactReader:
    """From what records say of artifacts to StoredArtifacts.

    Parameters
    ----------
    run_folder : Folder
        Staged files may lie in here too, as they do after packing.
    staging : StagingFolders
    problems : Problems
        Gets the staged files that are missing or refused.
    """

    def __init__(self, run_folder: Folder, staging: StagingFolders, problems: Problems) -> None:
        self._run_folder = run_folder
        self._staging = staging
        self._problems = problems

    def read(self, recorded: Iterable[ArtifactFacts], run_id: str) -> list[StoredArtifact]:
        """Return the artifacts in the order of logging; one that was logged or linked again is there once."""
        merged: dict[str, ArtifactFacts] = {}
        for number, facts in enumerate(recorded):
            key = facts.client_id or f"{number}/"
            merged[key] = _merge(merged[key], facts) if key in merged else facts
        return [self._artifact(facts, run_id) for facts in merged.values()]

    def _artifact(self, facts: ArtifactFacts, run_id: str) -> StoredArtifact:
        entries = {entry.path: self._entry(entry, facts.name) for entry in self._entries(facts)}
        return StoredArtifact(
            name=facts.name,
            type=facts.type,
            digest=facts.digest,
            description=facts.description,
            metadata=facts.metadata,
            aliases=facts.aliases,
            tags=facts.tags,
            client_id=facts.client_id,
            run_id=run_id,
            digest_algorithm=facts.digest_algorithm,
            logged=facts.logged,
            manifest=self._manifest(facts),
            entries=MappingProxyType(entries),
        )

    def _manifest(self, facts: ArtifactFacts) -> ArtifactEntry | None:
        if not facts.manifest_file_path:
            return None
        return self._entry(EntryFacts("manifest", local_path=facts.manifest_file_path), facts.name)

    def _entries(self, facts: ArtifactFacts) -> Iterator[EntryFacts]:
        yield from facts.entries
        manifest = self._manifest(facts)
        if manifest is not None and manifest.file is not None:
            what = f"manifest of artifact {facts.name!r}"
            try:
                with open_regular(manifest.file) as file:
                    yield from _read_manifest(file, what, self._problems)
            except AudioLoggingError as error:
                self._problems.add(f"{what}: {error}")

    def _entry(self, facts: EntryFacts, artifact: str) -> ArtifactEntry:
        file = problem = None
        if facts.local_path:
            try:
                file = self._find(facts.local_path)
            except AudioLoggingError as error:
                problem = str(error)
                self._problems.add(f"{facts.path!r} of artifact {artifact!r}: {problem}")
        return ArtifactEntry(facts.path, facts.digest, facts.size, facts.ref or None, file, facts.local_path, problem)

    def _find(self, recorded: str) -> str:
        within = _within(recorded, self._run_folder.root)
        return self._staging.find(recorded) if within is None else self._run_folder.find(within)


def _within(recorded: str, root: Path) -> str | None:
    """Return a path relative to the run's folder, or None when it is absolute and elsewhere.

    A run's folder may have been moved since; what lies in it is known by the folder's name.
    """
    if not recorded.startswith("/"):
        return recorded
    if recorded.startswith(f"{root}/"):
        return recorded.removeprefix(f"{root}/")
    return (has_run_name(root) and recorded.partition(f"/{root.name}/")[2]) or None


def _merge(first: ArtifactFacts, again: ArtifactFacts) -> ArtifactFacts:
    known = {**vars(first), **{name: value for name, value in vars(again).items() if value}}
    for name in ("aliases", "tags"):
        known[name] = tuple(dict.fromkeys((*getattr(first, name), *getattr(again, name))))
    known["logged"] = first.logged if first.logged is not None else again.logged
    return ArtifactFacts(**known)


def _read_manifest(file: BinaryIO, what: str, problems: Problems) -> Iterator[EntryFacts]:
    left, found = MAX_MANIFEST_SIZE, 0
    try:
        with gzip.open(file) as lines:
            while line := lines.readline(MAX_MANIFEST_LINE):
                left -= len(line)
                if left < 0:
                    problems.add(f"{what}: larger than {MAX_MANIFEST_SIZE} bytes; the rest is left out")
                    return
                if found == MAX_MANIFEST_ENTRIES:
                    problems.add(f"{what}: more than {MAX_MANIFEST_ENTRIES} entries; the rest is left out")
                    return
                entry = _manifest_entry(line)
                if entry is None:
                    problems.add(f"{what}: has lines that are no entries; left out")
                else:
                    found += 1
                    yield entry
    except (OSError, EOFError, zlib.error) as error:
        problems.add(f"{what}: cannot be read to its end: {error}")


def _manifest_entry(line: bytes) -> EntryFacts | None:
    try:
        return decode_entry_json(json.loads(line))
    except (ValueError, RecursionError):
        return None

"""What the server keeps: runs, artifacts, and the bytes of files by their MD5."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Artifact", "Run", "Store", "StoreError", "collection_of", "md5_of"]


NUMBERS = itertools.count(1)
"""Of artifacts, on all servers of a process: wandb remembers artifacts by their id until the process ends."""


class StoreError(ValueError):
    """What a client asks does not fit what is stored."""


def md5_of(data: bytes) -> str:
    """Return the digest that manifests have for a file: MD5 in base64."""
    return base64.b64encode(hashlib.md5(data).digest()).decode()


def collection_of(wanted: Mapping[str, Any]) -> str:
    """Return the collection that a new version is to belong to."""
    return str(wanted.get("artifactCollectionName") or wanted["artifactCollectionNames"][0])


@dataclass
class Run:
    """A run as the server knows it.

    Attributes
    ----------
    entity, project, name : str
        `name` is what wandb calls the run's id.
    values : dict
        What UpsertBucket said last, by its words: displayName, groupName, config, ...
    files : dict of bytes
        By their paths.
    streams : dict
        Lines of wandb-history.jsonl, wandb-events.jsonl, ... by file, writer and offset.
    """

    entity: str
    project: str
    name: str
    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    streams: dict[str, dict[tuple[str, int], str]] = field(default_factory=dict)
    exit_code: int | None = None
    logged: list[Artifact] = field(default_factory=list)
    used: list[Artifact] = field(default_factory=list)

    @property
    def history(self) -> list[dict[str, Any]]:
        """The rows, as they came in."""
        return [json.loads(line) for line in self.lines("wandb-history.jsonl")]

    @property
    def summary(self) -> dict[str, Any]:
        """The latest summary."""
        return dict(json.loads((self.lines("wandb-summary.json") or ["{}"])[-1]))

    @property
    def config(self) -> dict[str, Any]:
        """What the user gave as config."""
        config = json.loads(self.values.get("config") or "{}")
        return {key: item["value"] for key, item in config.items() if key != "_wandb"}

    @property
    def is_finished(self) -> bool:
        """Whether a writer said that it was the last."""
        return self.exit_code is not None

    def lines(self, file: str) -> list[str]:
        """Return the lines of one stream, in the order in which they first came."""
        return list(self.streams.get(file, {}).values())

    def add_lines(self, file: str, offset: int, lines: Iterable[str], writer: str) -> None:
        """Add lines to a stream; those sent again take the place of the first ones."""
        stream = self.streams.setdefault(file, {})
        for at, line in enumerate(lines, start=offset):
            stream[writer, at] = line


@dataclass(eq=False)
class Artifact:
    """One version of an artifact.

    Attributes
    ----------
    id : str
        Base64, as on the real server: references hold it in hexadecimal.
    entity, project, collection, type, digest : str
    run : Run
        Which logged it.
    index : int or None
        Of the version; None before it is committed.
    aliases : list of str
    manifest : dict
        As uploaded.
    """

    id: str
    entity: str
    project: str
    collection: str
    type: str
    digest: str
    run: Run | None
    description: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    index: int | None = None
    aliases: list[str] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def entries(self) -> dict[str, dict[str, Any]]:
        """What is in the manifest, by path."""
        return dict(self.manifest.get("contents", {}))

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """The entries that are files of its own, by path."""
        return {path: entry for path, entry in self.entries.items() if "ref" not in entry}

    @property
    def references(self) -> dict[str, str]:
        """The addresses of the entries that are references, by path."""
        return {path: entry["ref"] for path, entry in self.entries.items() if "ref" in entry}

    @property
    def size(self) -> int:
        """[bytes] Of all its files."""
        return sum(entry["size"] for entry in self.files.values())


class Store:
    """All that the server keeps. Collections of all projects are in one space."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.artifacts: dict[str, Artifact] = {}
        self.client_ids: dict[str, Artifact] = {}
        self.objects: dict[str, bytes] = {}
        self.uploads: list[str] = []

    def run(self, entity: str, project: str, name: str) -> Run:
        """Return a run.

        Raises
        ------
        StoreError
            There is none.
        """
        run = self.runs.get(name)
        if run is None or (run.entity, run.project) != (entity, project):
            raise StoreError(f"there is no run {entity}/{project}/{name}")
        return run

    def upsert_run(self, entity: str, project: str, name: str, values: Mapping[str, Any]) -> tuple[Run, bool]:
        """Make a run or change it; return it and whether it is new."""
        is_new = name not in self.runs
        run = self.runs.setdefault(name, Run(entity, project, name))
        run.values.update({key: value for key, value in values.items() if value is not None})
        return run, is_new

    def put_object(self, digest: str, data: bytes) -> None:
        """Keep a file's bytes.

        Raises
        ------
        StoreError
            They are not those of the digest.
        """
        if md5_of(data) != digest:
            raise StoreError(f"got a file with MD5 {md5_of(data)}, wanted {digest}")
        self.objects[digest] = data
        self.uploads.append(digest)

    def object(self, digest: str) -> bytes:
        """Return a file's bytes.

        Raises
        ------
        StoreError
            There is no such file.
        """
        if digest not in self.objects:
            raise StoreError(f"there is no file with MD5 {digest}")
        return self.objects[digest]

    def artifact(self, artifact_id: str) -> Artifact:
        """Return a version by its id.

        Raises
        ------
        StoreError
            There is none.
        """
        if artifact_id not in self.artifacts:
            raise StoreError(f"there is no artifact {artifact_id!r}")
        return self.artifacts[artifact_id]

    def versions(self, collection: str) -> list[Artifact]:
        """Return the committed versions of a collection, in order."""
        found = [item for item in self.artifacts.values() if item.collection == collection and item.index is not None]
        return sorted(found, key=lambda item: item.index or 0)

    def named(self, name: str) -> Artifact | None:
        """Return the version that ``collection:alias`` names; "latest" goes without saying."""
        collection, _, alias = name.rpartition("/")[2].partition(":")
        alias = alias or "latest"
        return next((item for item in self.versions(collection) if alias in (*item.aliases, f"v{item.index}")), None)

    def latest(self, collection: str) -> Artifact | None:
        """Return the newest version, or None."""
        versions = self.versions(collection)
        return versions[-1] if versions else None

    def create_artifact(self, run: Run | None, wanted: Mapping[str, Any]) -> Artifact:
        """Begin a version, or return the one that has the same digest, which gets the aliases."""
        collection = collection_of(wanted)
        aliases = [item["alias"] for item in wanted.get("aliases") or []]
        found = next((item for item in self.versions(collection) if item.digest == wanted["digest"]), None)
        if found is None:
            found = Artifact(
                id=base64.b64encode(f"Artifact:{next(NUMBERS)}".encode()).decode(),
                entity=wanted["entityName"],
                project=wanted["projectName"],
                collection=collection,
                type=wanted["artifactTypeName"],
                digest=wanted["digest"],
                run=run,
                description=wanted.get("description"),
                metadata=json.loads(wanted.get("metadata") or "{}"),
                aliases=aliases,
            )
            self.artifacts[found.id] = found
        else:
            self._move_aliases(aliases, found)
        if wanted.get("clientID"):
            self.client_ids[wanted["clientID"]] = found
        if run is not None and found not in run.logged:
            run.logged.append(found)
        return found

    def commit(self, artifact: Artifact) -> None:
        """Make a version whole: it gets its number and its aliases.

        Raises
        ------
        StoreError
            Something of it was not uploaded.
        """
        for path, entry in artifact.files.items():
            if len(self.object(entry["digest"])) != entry["size"]:
                raise StoreError(f"got {path} with the size {entry['size']}, which its bytes do not have")
        artifact.index = len(self.versions(artifact.collection))
        self._move_aliases([*artifact.aliases, "latest"], artifact)

    def broken_references(self) -> list[str]:
        """Return what committed versions refer to and is not there.

        Versions are uploaded at the same time, so that one may be whole before another one that it refers to.
        """
        committed = [item for item in self.artifacts.values() if item.index is not None]
        return [
            f"{item.collection}: {path} -> {address}"
            for item in committed
            for path, address in item.references.items()
            if address.startswith("wandb-") and self.referred(address) is None
        ]

    def referred(self, address: str) -> dict[str, Any] | None:
        """Return the entry that a ``wandb-artifact://<id in hexadecimal>/<path>`` is, or None."""
        scheme, _, rest = address.partition("://")
        home, _, path = rest.partition("/")
        if scheme != "wandb-artifact":
            return None
        artifact = self.artifacts.get(base64.b64encode(bytes.fromhex(home)).decode())
        return None if artifact is None else artifact.entries.get(path)

    def _move_aliases(self, aliases: Iterable[str], to: Artifact) -> None:
        for alias in aliases:
            for version in self.versions(to.collection):
                if alias in version.aliases and version is not to:
                    version.aliases.remove(alias)
            if alias not in to.aliases:
                to.aliases.append(alias)

"""What each GraphQL operation of the client does and answers, by the first field that it asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote

from tests.fake_wandb.store import Artifact, Run, Store, StoreError, collection_of, md5_of

__all__ = ["ENTITY", "Operations"]

ENTITY = "listeners"
"""Whose runs they are, when nobody says."""

CREATED_AT = "2026-11-20T08:00:00Z"

Variables: TypeAlias = Mapping[str, Any]


class Operations:
    """Answers the fields that stand first in a query; fields within them are in the values that it returns.

    Parameters
    ----------
    store : Store
    base_url : str
        Where the client can get and put files.
    """

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._base_url = base_url
        self._answers: dict[str, Callable[[Variables], Any]] = {
            "artifact": lambda given: self._version(store.artifact(given["id"])),
            "clientIDMapping": self._client_id_mapping,
            "commitArtifact": self._commit_artifact,
            "createArtifact": self._create_artifact,
            "createArtifactFiles": self._create_artifact_files,
            "createArtifactManifest": lambda given: self._manifest(given["artifactID"]),
            "createRunFiles": self._create_run_files,
            "entity": lambda given: {"name": given.get("entityName"), "organization": None},
            "model": self._model,
            "project": self._project,
            "serverInfo": lambda _: {"features": []},
            "updateArtifact": self._update_artifact,
            "upsertBucket": self._upsert_bucket,
            "useArtifact": self._use_artifact,
            "viewer": lambda _: {"id": "1", "entity": ENTITY, "username": ENTITY, "flags": "{}", "teams": _edges([])},
        }

    def knows(self, field: str) -> bool:
        """Whether there is an answer to a field."""
        return field in self._answers

    def answer(self, field: str, variables: Variables) -> Any:
        """Do what a field asks for and return its value.

        Parameters
        ----------
        field : str
        variables : dict
            Of the query; those of an ``input`` count as the query's own.

        Raises
        ------
        StoreError
            It does not fit what is stored.
        """
        return self._answers[field]({**variables, **variables.get("input", {})})

    def _upsert_bucket(self, given: Variables) -> Any:
        entity, project = given.get("entity") or ENTITY, given.get("project") or "uncategorized"
        run, is_new = self._store.upsert_run(entity, project, given.get("name") or given["id"], given)
        return {"bucket": self._run(run), "inserted": is_new}

    def _model(self, given: Variables) -> Any:
        run = self._store.runs.get(given["name"])
        return {"id": "1", "name": given.get("project"), "bucket": None if run is None else self._run(run)}

    def _create_run_files(self, given: Variables) -> Any:
        run = self._store.run(given["entity"], given["project"], given["run"])
        address = f"{self._base_url}/run-files/{run.name}"
        files = [{"name": name, "uploadUrl": f"{address}/{quote(name)}"} for name in given["files"]]
        return {"runID": run.name, "uploadHeaders": [], "files": files}

    def _create_artifact(self, given: Variables) -> Any:
        latest = self._store.latest(collection_of(given))
        run = self._store.runs.get(given.get("runName") or "")
        made = self._store.create_artifact(run, given)
        sequence = {"id": made.collection, "latestArtifact": None if latest is None else self._version(latest)}
        return {"artifact": {**self._version(made), "artifactSequence": sequence}}

    def _manifest(self, artifact_id: str) -> Any:
        """Return where a version's manifest goes; the manifest has the version's own id."""
        address = f"{self._base_url}/manifests/{quote(artifact_id, safe='')}"
        file = {"id": artifact_id, "uploadUrl": address, "uploadHeaders": []}
        return {"artifactManifest": {"id": artifact_id, "file": file}}

    def _create_artifact_files(self, given: Variables) -> Any:
        return {"files": _edges(self._upload(file) for file in given["artifactFiles"])}

    def _upload(self, file: Variables) -> dict[str, Any]:
        is_there = file["md5"] in self._store.objects
        return {
            "storagePath": file["name"],
            "uploadUrl": None if is_there else self._object_url(file["md5"]),
            "uploadHeaders": [],
            "artifact": {"id": file["artifactID"]},
        }

    def _commit_artifact(self, given: Variables) -> Any:
        artifact = self._store.artifact(given["artifactID"])
        self._store.commit(artifact)
        return {"artifact": self._version(artifact)}

    def _update_artifact(self, given: Variables) -> Any:
        artifact = self._store.artifact(given["artifactID"])
        if given.get("metadata") is not None:
            artifact.metadata = json.loads(given["metadata"])
        if given.get("description") is not None:
            artifact.description = given["description"]
        if given.get("aliases") is not None:
            artifact.aliases = [item["alias"] for item in given["aliases"]]
        return {"artifact": self._version(artifact)}

    def _use_artifact(self, given: Variables) -> Any:
        artifact = self._store.artifact(given["artifactID"])
        run = self._store.run(given["entityName"], given["projectName"], given["runName"])
        if artifact not in run.used:
            run.used.append(artifact)
        return {"artifact": self._version(artifact)}

    def _client_id_mapping(self, given: Variables) -> Any:
        artifact = self._store.client_ids.get(given["clientID"])
        return None if artifact is None else {"serverID": artifact.id}

    def _project(self, given: Variables) -> Any:
        entity = given.get("entity") or given.get("entityName") or ENTITY
        project = given.get("project") or given.get("projectName") or ""
        return {
            **_project_info(entity, project),
            "artifact": lambda: self._named(given["name"]),
            "artifactCollection": lambda: self._collection(given),
            "artifactCollectionMembership": lambda: self._membership(given["name"]),
            "run": lambda: self._run(self._store.run(entity, project, _run_name(given)), given.get("fileNames")),
            "runs": lambda: _edges(
                self._run(run) for run in self._store.runs.values() if (run.entity, run.project) == (entity, project)
            ),
            "runCount": len(self._store.runs),
        }

    def _run(self, run: Run, files: Iterable[str] | None = None) -> dict[str, Any]:
        rows = run.lines("wandb-history.jsonl")
        return {
            "__typename": "Run",
            "id": run.name,
            "name": run.name,
            "projectId": "1",
            "displayName": run.values.get("displayName") or run.name,
            "group": run.values.get("groupName"),
            "state": "finished" if run.is_finished else "running",
            "config": run.values.get("config") or "{}",
            "summaryMetrics": json.dumps(run.summary),
            "tags": [],
            "createdAt": CREATED_AT,
            "user": {"name": ENTITY, "username": ENTITY},
            "project": _project_info(run.entity, run.project),
            "historyLineCount": len(rows),
            "historyTail": json.dumps(rows[-1:]),
            "eventsLineCount": len(run.lines("wandb-events.jsonl")),
            "eventsTail": "[]",
            "logLineCount": 0,
            "wandbConfig": json.dumps({"t": {}}),
            "historyKeys": {"lastStep": len(rows) - 1, "keys": {}},
            "history": rows,
            "fileCount": len(run.files),
            "files": lambda: _edges(self._run_file(run, name) for name in files or run.files if name in run.files),
            "outputArtifacts": lambda: _edges(map(self._version, run.logged)),
            "inputArtifacts": lambda: _edges(map(self._version, run.used)),
        }

    def _run_file(self, run: Run, name: str) -> dict[str, Any]:
        address = f"{self._base_url}/run-files/{run.name}/{quote(name)}"
        data = run.files[name]
        return {
            "id": name,
            "name": name,
            "url": address,
            "directUrl": address,
            "sizeBytes": len(data),
            "md5": md5_of(data),
            "updatedAt": CREATED_AT,
        }

    def _named(self, name: str) -> dict[str, Any] | None:
        found = self._store.named(name)
        return None if found is None else self._version(found)

    def _collection(self, given: Variables) -> Any:
        name = f"{given['collection']}:{given.get('alias', 'latest')}"
        return {"__typename": "ArtifactSequence", "artifactMembership": lambda: self._membership(name, given)}

    def _membership(self, name: str, given: Variables | None = None) -> Any:
        found = self._store.named(name)
        if found is None:
            return None
        names = (given or {}).get("fileNames")
        return {
            "__typename": "ArtifactCollectionMembership",
            "id": found.id,
            "versionIndex": found.index,
            "createdAt": CREATED_AT,
            "aliases": _aliases(found),
            "artifactCollection": _collection_info(found),
            "artifact": self._version(found),
            "files": lambda: _edges(self._artifact_file(found, path) for path in names or found.entries),
        }

    def _artifact_file(self, artifact: Artifact, path: str) -> dict[str, Any]:
        """Return a file; references are listed with the others, and a download of the whole goes and gets them."""
        entry = artifact.entries[path]
        return {
            "__typename": "File",
            "id": path,
            "name": path,
            "displayName": path,
            "sizeBytes": entry.get("size", 0),
            "digest": entry["digest"],
            "md5": entry["digest"],
            "directUrl": entry.get("ref") or self._object_url(entry["digest"]),
        }

    def _version(self, artifact: Artifact) -> dict[str, Any]:
        return {
            "__typename": "Artifact",
            "id": artifact.id,
            "artifactSequence": _collection_info(artifact),
            "artifactType": {"name": artifact.type},
            "versionIndex": artifact.index,
            "description": artifact.description,
            "metadata": json.dumps(artifact.metadata),
            "tags": [],
            "ttlDurationSeconds": -2,
            "ttlIsInherited": True,
            "state": "PENDING" if artifact.index is None else "COMMITTED",
            "size": artifact.size,
            "digest": artifact.digest,
            "fileCount": len(artifact.files),
            "createdAt": CREATED_AT,
            "updatedAt": CREATED_AT,
            "aliases": _aliases(artifact),
            "createdBy": lambda: None if artifact.run is None else self._run(artifact.run),
            "currentManifest": {
                "file": {"directUrl": f"{self._base_url}/manifests/{quote(artifact.id, safe='')}"},
            },
        }

    def _object_url(self, digest: str) -> str:
        return f"{self._base_url}/objects/{quote(digest, safe='')}"


def _edges(nodes: Iterable[Any]) -> dict[str, Any]:
    edges = [{"node": node, "cursor": ""} for node in nodes]
    page = {"__typename": "PageInfo", "hasNextPage": False, "endCursor": None}
    return {"totalCount": len(edges), "pageInfo": page, "edges": edges}


def _project_info(entity: str, project: str) -> dict[str, Any]:
    return {"__typename": "Project", "id": project, "internalId": "1", "name": project, "entity": {"name": entity}}


def _collection_info(artifact: Artifact) -> dict[str, Any]:
    project = _project_info(artifact.entity, artifact.project)
    return {
        "__typename": "ArtifactSequence",
        "id": artifact.collection,
        "name": artifact.collection,
        "project": project,
    }


def _aliases(artifact: Artifact) -> list[dict[str, Any]]:
    collection = _collection_info(artifact)
    return [
        {"__typename": "ArtifactAlias", "id": alias, "alias": alias, "artifactCollection": collection}
        for alias in (*artifact.aliases, f"v{artifact.index}")
    ]


def _run_name(given: Variables) -> str:
    """Return the run that a query is about; it goes by several names."""
    for name in ("runName", "run", "name"):
        if given.get(name):
            return str(given[name])
    raise StoreError("got no run's name")

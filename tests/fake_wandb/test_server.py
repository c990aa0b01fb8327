"""The fake server itself: it takes nothing that does not fit, and writes down what it did not understand."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fake_wandb.server import AUTHORIZATION, Server
from tests.fake_wandb.store import Store, StoreError, md5_of


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


def _post(server: Server, query: str, variables: Any = None, key: str = AUTHORIZATION) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{server.url}/graphql", body, {"Authorization": key})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]


def test_an_operation_is_answered_and_noted(server: Server) -> None:
    assert _post(server, "query Viewer { viewer { entity flags } }") == {
        "viewer": {"entity": "listeners", "flags": "{}"}
    }
    assert server.operations == ["Viewer"]
    assert server.problems == []


def test_an_unknown_operation_is_refused_and_noted(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        _post(server, "mutation Dance { dance { id } }")
    assert server.problems == ["POST /graphql: QueryError: unknown operation Dance: dance"]


def test_an_unknown_address_is_refused_and_noted(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(f"{server.url}/nowhere")
    assert server.problems == ["GET /nowhere: StoreError: there is nothing here"]


def test_another_key_is_refused(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        _post(server, "query Viewer { viewer { entity } }", key="Basic YXBpOndyb25n")
    assert server.operations == []


def test_a_file_must_have_the_bytes_of_its_digest() -> None:
    store = Store()
    with pytest.raises(StoreError, match="wanted"):
        store.put_object(md5_of(b"one"), b"another")


def test_a_version_is_whole_only_with_all_its_files() -> None:
    store = Store()
    artifact = store.create_artifact(None, _wanted("clips", b"one"))
    artifact.manifest = {"contents": {"a.wav": {"digest": md5_of(b"one"), "size": 3}}}
    with pytest.raises(StoreError, match="there is no file"):
        store.commit(artifact)
    store.put_object(md5_of(b"one"), b"one")
    store.commit(artifact)
    assert (artifact.index, artifact.aliases) == (0, ["latest"])


def test_aliases_move_on_and_equal_content_is_the_same_version() -> None:
    store = Store()
    first, second = (store.create_artifact(None, _wanted("clips", content, "best")) for content in (b"one", b"two"))
    store.commit(first)
    store.commit(second)
    assert (first.aliases, second.aliases) == ([], ["best", "latest"])
    assert store.create_artifact(None, _wanted("clips", b"one", "best")) is first
    assert (store.named("clips:best"), store.named("clips:latest"), store.named("clips:v1")) == (first, second, second)
    assert store.named("clips:v2") is None


def test_a_reference_that_leads_nowhere_is_found() -> None:
    store = Store()
    artifact = store.create_artifact(None, _wanted("clips", b"one"))
    artifact.manifest = {"contents": {"a.wav": {"digest": "", "ref": "wandb-client-artifact://unresolved/a.wav"}}}
    store.commit(artifact)
    assert store.broken_references() == ["clips: a.wav -> wandb-client-artifact://unresolved/a.wav"]


def _wanted(name: str, content: bytes, *aliases: str) -> dict[str, Any]:
    return {
        "artifactCollectionName": name,
        "artifactTypeName": "dataset",
        "entityName": "listeners",
        "projectName": "sounds",
        "digest": hashlib.md5(content).hexdigest(),
        "aliases": [{"alias": alias} for alias in aliases],
    }

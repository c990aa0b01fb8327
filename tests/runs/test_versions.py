"""Versions over several runs, built record by record."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from audio_logging.errors import AudioValueError, NotFoundError
from audio_logging.runs import ArtifactCatalog, ArtifactVersion, list_runs
from audio_logging.runs.versions import ArtifactName

pb: Any = import_module("wandb.proto.wandb_internal_pb2")


def record(name: str, digest: str, *aliases: str, client_id: str = "") -> bytes:
    artifact = pb.ArtifactRecord(name=name, type="dataset", digest=digest, aliases=aliases, client_id=client_id)
    return bytes(pb.Record(artifact=artifact).SerializeToString())


def run_record(project: str, started: int) -> bytes:
    run = pb.RunRecord(run_id=f"r{started}", project=project)
    run.start_time.seconds = started
    return bytes(pb.Record(run=run).SerializeToString())


def row(time: float) -> bytes:
    found = pb.Record()
    found.history.item.add(nested_key=["_timestamp"], value_json=json.dumps(time))
    return bytes(found.SerializeToString())


def stats(time: int) -> bytes:
    found = pb.Record(stats=pb.StatsRecord())
    found.stats.timestamp.seconds = time
    return bytes(found.SerializeToString())


EXIT = bytes(pb.Record(exit=pb.RunExitRecord()).SerializeToString())


@pytest.fixture
def catalog(make_run: Any, frame: Any, tmp_path: Path) -> Any:
    """Make the catalog of runs, each a list of records, started one after the other, a hundred seconds apart."""

    def make(*runs: list[bytes], project: str = "p") -> ArtifactCatalog:
        for number, records in enumerate(runs):
            name = f"offline-run-20261120_08353{number}-r{number}"
            make_run(frame([run_record(project, 1000 + 100 * number), *records]), name=name)
        return ArtifactCatalog(list_runs(tmp_path))

    return make


def numbered(catalog: ArtifactCatalog, name: str = "set") -> list[tuple[str, list[str]]]:
    versions = catalog.collection(name).versions
    return [(version.artifact.digest, sorted(version.aliases)) for version in versions]


def test_versions_are_numbered_in_the_order_of_logging_over_runs(catalog: Any) -> None:
    found = catalog([record("set", "a", "latest")], [record("set", "b", "latest"), record("set", "c", "latest")])
    assert numbered(found) == [("a", []), ("b", []), ("c", ["latest"])]
    assert [version.name for version in found.collection("set").versions] == ["set:v0", "set:v1", "set:v2"]
    assert repr(found.find("set")) == "ArtifactVersion('set:v2', latest)"
    assert repr(found.collections[0]) == "ArtifactCollection('p/set', 3 versions)"


def test_what_was_logged_later_in_an_older_run_is_a_later_version(catalog: Any) -> None:
    by_row = [row(1500.0), record("set", "late", "latest")]
    found = catalog(by_row, [record("set", "early", "latest")], [stats(1300), record("set", "middle", "latest")])
    assert [digest for digest, _ in numbered(found)] == ["early", "middle", "late"]
    assert found.find("set").logged == 1500.0
    assert found.find("set:v0").logged == 1100.0


def test_equal_content_is_the_same_version_and_takes_the_aliases_along(catalog: Any) -> None:
    found = catalog([record("set", "a", "best")], [record("set", "b")], [record("set", "a", "latest", client_id="x")])
    assert numbered(found) == [("a", ["best", "latest"]), ("b", [])]
    assert [run.id for _, run in found.find("set").copies] == ["r1000", "r1200"]
    assert found.find("set").run.id == "r1000"


def test_an_alias_belongs_to_what_was_logged_under_it_last(catalog: Any) -> None:
    found = catalog([record("set", "a", "best")], [record("set", "b", "best")])
    assert found.find("set:best").number == 1
    assert numbered(found) == [("a", []), ("b", ["best", "latest"])]


def test_a_copied_run_adds_no_versions(catalog: Any, tmp_path: Path) -> None:
    catalog([record("set", "a", client_id="me")])
    [original] = (tmp_path / "wandb").iterdir()
    copy = tmp_path / "wandb" / "offline-run-20261121_000000-r0"
    copy.mkdir()
    [path] = original.glob("*.wandb")
    (copy / path.name).write_bytes(path.read_bytes())
    found = ArtifactCatalog(list_runs(tmp_path))
    assert len(found.find("set").copies) == 1


def test_the_copy_that_has_its_files_is_the_one_to_read(catalog: Any, tmp_path: Path) -> None:
    gone, here = (pb.ArtifactRecord(name="set", digest="a", client_id=name) for name in ("gone", "here"))
    gone.manifest.contents.add(path="x", local_path="artifacts/staging/gone")
    here.manifest.contents.add(path="x", local_path="run-r1.wandb")
    found = catalog(*[[pb.Record(artifact=artifact).SerializeToString()] for artifact in (gone, here)])
    version: ArtifactVersion = found.find("set")
    assert (version.artifact.client_id, version.run.id) == ("here", "r1000")


def test_an_artifact_without_digest_is_nobodys_equal(catalog: Any) -> None:
    assert len(numbered(catalog([record("set", ""), record("set", "")]))) == 2


def test_projects_are_kept_apart(make_run: Any, frame: Any, tmp_path: Path) -> None:
    for number, project in enumerate(("birds", "fish")):
        name = f"offline-run-20261120_08353{number}-r{number}"
        make_run(frame([run_record(project, number), record("set", project)]), name=name)
    found = ArtifactCatalog(list_runs(tmp_path))
    assert found.find("fish/set:v0").artifact.digest == "fish"
    assert found.find("any/fish/set").artifact.digest == "fish"
    with pytest.raises(
        AudioValueError, match="got 'set', which is in 2 projects, wanted one of 'birds/set', 'fish/set'"
    ):
        found.find("set")


def test_what_is_not_there_is_said_together_with_what_is(catalog: Any) -> None:
    found = catalog([record("set", "a", "best"), EXIT])
    with pytest.raises(LookupError, match=r"^there is no artifact 'sets'; there are 'p/set'$"):
        found.find("sets")
    with pytest.raises(NotFoundError, match="artifact 'set' has no version 'v1'; it has v0 to v0 and 'best', 'latest'"):
        found.find("set:v1")
    with pytest.raises(NotFoundError, match="has no version 'v0x'"):
        found.find("set:v0x")


def test_an_unfinished_run_is_named_as_what_may_have_more(catalog: Any) -> None:
    with pytest.raises(
        NotFoundError, match=r"there is none\. What 'offline-run-20261120_083530-r0' logged may be missing"
    ):
        catalog([]).find("set")


def test_runs_that_were_online_are_named_as_having_theirs_on_the_server(
    make_run: Any, frame: Any, tmp_path: Path
) -> None:
    make_run(frame([run_record("p", 1000), EXIT]), name="run-20261120_083530-r0")
    with pytest.raises(NotFoundError, match=r"Runs that were online \(1 here\) have theirs on the server only"):
        ArtifactCatalog(list_runs(tmp_path)).find("set")


def test_many_names_are_not_all_listed(catalog: Any) -> None:
    found = catalog([*(record(f"set{number}", "a") for number in range(30)), EXIT])
    with pytest.raises(NotFoundError, match=r"'p/set9' and 20 more$"):
        found.find("x")


@pytest.mark.parametrize("text", ["", ":v0", "a/b/c/d", "/set", "set:a:b", "a//set"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(AudioValueError, match="wanted 'name:alias' or 'entity/project/name:alias'"):
        ArtifactName.parse(text)


def test_times_that_make_no_sense_are_left_out(catalog: Any) -> None:
    bad = pb.Record()
    bad.history.item.add(nested_key=["_timestamp"], value_json='"noon"')
    found = catalog([bytes(bad.SerializeToString()), record("set", "a"), row(-5.0), record("set", "b")])
    assert {version.logged for version in found.collection("set").versions} == {1000.0}

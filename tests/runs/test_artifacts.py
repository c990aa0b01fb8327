from __future__ import annotations

import gzip
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from audio_logging.errors import NotFoundError
from audio_logging.runs import ArtifactIndex, Run, StoredArtifact, artifacts, open_run

pb: Any = import_module("wandb.proto.wandb_internal_pb2")


@pytest.fixture(scope="module")
def run(real_run: Path) -> Run:
    return open_run(real_run)


@pytest.fixture(scope="module")
def stored(run: Run) -> StoredArtifact:
    [artifact] = [artifact for artifact in run.artifacts() if artifact.name == "set"]
    return artifact


def test_artifacts_come_in_the_order_of_logging_those_of_tables_too(run: Run) -> None:
    kinds = [artifact.type for artifact in run.artifacts()]
    assert kinds == ["run_table", "wandb-run-incremental-table", "wandb-run-incremental-table", "dataset"]


def test_an_artifact_logged_twice_is_there_once_with_all_its_aliases(stored: StoredArtifact, run: Run) -> None:
    assert (stored.type, stored.description, stored.metadata) == ("dataset", "bells", {"clips": 2})
    assert sorted(stored.aliases) == ["again", "best", "latest"]
    assert stored.run_id == run.id
    assert len(stored.digest) == 32


def test_entries_have_their_staged_bytes(stored: StoredArtifact) -> None:
    note = stored.entries["note.txt"]
    assert (Path(note.file or "").read_bytes(), note.size) == (b"hello", 5)
    clip = json.loads(Path(stored.entries["clip.audio-file.json"].file or "").read_bytes())
    assert clip["caption"] == "in artifact"
    assert Path(stored.entries[clip["path"]].file or "").read_bytes()[:4] == b"RIFF"
    assert stored.size == sum(entry.size or 0 for entry in stored.entries.values())


def test_a_reference_to_elsewhere_has_an_address_and_no_file(stored: StoredArtifact, run: Run) -> None:
    entry = stored.entries["far.wav"]
    assert (entry.ref, entry.file) == ("https://example.com/x.wav", None)
    with pytest.raises(NotFoundError, match=r"'far.wav' of artifact 'set' stands behind 'https://example.com/x.wav'"):
        ArtifactIndex(run.artifacts()).file(stored, "far.wav")


def test_a_reference_into_another_artifact_is_followed(stored: StoredArtifact, run: Run) -> None:
    index = ArtifactIndex(run.artifacts())
    assert (stored.entries["again.table.json"].ref or "").startswith("wandb-client-artifact://")
    home, entry = index.resolve(stored, "again.table.json")
    assert (home.type, entry.path) == ("run_table", "val/table.table.json")
    assert b'"_type": "table"' in Path(index.file(stored, "again.table.json")).read_bytes()


def test_what_is_not_there_is_not_found(stored: StoredArtifact) -> None:
    index = ArtifactIndex([stored])
    with pytest.raises(NotFoundError, match="artifact 'set' has no entry 'nothing'"):
        index.file(stored, "nothing")
    with pytest.raises(NotFoundError, match="leads to no artifact that was logged offline here"):
        index.file(stored, "again.table.json")


def artifact_record(*entries: dict[str, Any], **fields: Any) -> bytes:
    record = pb.Record(artifact=pb.ArtifactRecord(name="set", type="dataset", **fields))
    for entry in entries:
        record.artifact.manifest.contents.add(**entry)
    return bytes(record.SerializeToString())


def test_references_in_a_circle_end(make_run: Any, frame: Any) -> None:
    record = artifact_record(
        {"path": "a", "ref": "wandb-client-artifact://me/b"}, {"path": "b", "ref": "wandb-client-artifact://me/a"},
        client_id="me",
    )  # fmt: skip
    found = open_run(make_run(frame([record]))).artifacts()
    with pytest.raises(NotFoundError, match="lead in a circle"):
        ArtifactIndex(found).file(found[0], "a")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    (tmp_path / "secret.wav").write_bytes(b"secret")
    return tmp_path / "secret.wav"


@pytest.mark.parametrize(
    "path", ["{secret}", "../../secret.wav", "files/link.wav", "{run}/../../secret.wav", "{run}/files/link.wav"]
)
def test_entries_outside_run_and_staging_folder_are_refused_by_name(
    make_run: Any, frame: Any, secret: Path, path: str, tmp_path: Path
) -> None:
    run = tmp_path / "wandb" / "offline-run-20261120_083536-abc123"
    make_run(frame([artifact_record({"path": "x.wav", "local_path": path.format(secret=secret, run=run)})]))
    (run / "files" / "link.wav").symlink_to(secret)
    opened = open_run(run)
    assert [entry.file for artifact in opened.artifacts() for entry in artifact.entries.values()] == [None]
    assert [problem for problem in opened.problems if "'x.wav' of artifact 'set'" in problem and "refused" in problem]


def test_entries_in_the_run_directory_are_found(make_run: Any, frame: Any, tmp_path: Path) -> None:
    run = tmp_path / "wandb" / "offline-run-20261120_083536-abc123"
    paths = ["artifacts/staged", str(run / "files" / "media" / "a.wav")]
    entries = [{"path": f"{number}", "local_path": path} for number, path in enumerate(paths)]
    make_run(frame([artifact_record(*entries)]), media={"../artifacts/staged": b"0", "media/a.wav": b"1"})
    [artifact] = open_run(run).artifacts()
    assert [Path(entry.file or "").read_bytes() for entry in artifact.entries.values()] == [b"0", b"1"]


@pytest.fixture
def staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "data"))
    folder = tmp_path / "data" / "artifacts" / "staging"
    folder.mkdir(parents=True)
    return folder


def with_manifest(make_run: Any, frame: Any, staging: Path, content: bytes) -> Run:
    (staging / "manifest.jl.gz").write_bytes(content)
    record = pb.Record(artifact=pb.ArtifactRecord(name="set"))
    record.artifact.manifest.manifest_file_path = str(staging / "manifest.jl.gz")
    return open_run(make_run(frame([record.SerializeToString()])))


def test_a_manifest_beside_the_record_file_is_read(tmp_path: Path, write_run: Any) -> None:
    folder = write_run(
        tmp_path,
        """
        import wandb.sdk.interface.interface as interface
        interface.MANIFEST_FILE_SIZE_THRESHOLD = 3
        run = wandb.init(settings=settings)
        artifact = wandb.Artifact("large", "dataset")
        for number in range(5):
            with artifact.new_file(f"{number}.txt") as file:
                file.write(str(number))
        run.log_artifact(artifact)
        run.finish()
        wandb.teardown()
        """,
    )
    [artifact] = open_run(folder).artifacts()
    assert list(artifact.entries) == [f"{number}.txt" for number in range(5)]
    assert [Path(entry.file or "").read_bytes() for entry in artifact.entries.values()] == [
        b"0",
        b"1",
        b"2",
        b"3",
        b"4",
    ]


def test_a_torn_manifest_gives_what_is_whole(make_run: Any, frame: Any, staging: Path) -> None:
    lines = b"".join(
        json.dumps({"path": f"{number}", "digest": "d" * number}).encode() + b"\n" for number in range(5000)
    )
    run = with_manifest(make_run, frame, staging, gzip.compress(lines)[:-500])
    [artifact] = run.artifacts()
    assert 0 < len(artifact.entries) < 5000
    assert any("manifest of artifact 'set': cannot be read to its end" in problem for problem in run.problems)


def test_lines_of_a_manifest_that_are_no_entries_are_left_out(make_run: Any, frame: Any, staging: Path) -> None:
    content = gzip.compress(b'garbage\n[1]\n{"digest": "d"}\n{"path": "a", "size": "x"}\n')
    run = with_manifest(make_run, frame, staging, content)
    assert list(run.artifacts()[0].entries) == ["a"]
    assert "manifest of artifact 'set': has lines that are no entries; left out" in run.problems


def test_a_manifest_that_is_a_bomb_ends(
    make_run: Any, frame: Any, staging: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "MAX_MANIFEST_SIZE", 2**20)
    run = with_manifest(make_run, frame, staging, gzip.compress(bytes(10 * 2**20)))
    assert dict(run.artifacts()[0].entries) == {}
    assert "manifest of artifact 'set': larger than 1048576 bytes; the rest is left out" in run.problems


def test_a_manifest_of_too_many_entries_ends(
    make_run: Any, frame: Any, staging: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "MAX_MANIFEST_ENTRIES", 2)
    run = with_manifest(make_run, frame, staging, gzip.compress(b'{"path": "a"}\n{"path": "b"}\n{"path": "c"}\n'))
    assert list(run.artifacts()[0].entries) == ["a", "b"]
    assert "manifest of artifact 'set': more than 2 entries; the rest is left out" in run.problems


def test_a_manifest_outside_the_staging_folder_is_refused(make_run: Any, frame: Any, secret: Path) -> None:
    record = pb.Record(artifact=pb.ArtifactRecord(name="set"))
    record.artifact.manifest.manifest_file_path = str(secret)
    run = open_run(make_run(frame([record.SerializeToString()])))
    assert dict(run.artifacts()[0].entries) == {}
    assert any("is refused: it lies outside the staging folder" in problem for problem in run.problems)


def test_entries_in_a_run_directory_that_was_moved_are_found_in_it(make_run: Any, frame: Any, tmp_path: Path) -> None:
    old = "/elsewhere/wandb/offline-run-20261120_083536-abc123/files/media/a.wav"
    run = make_run(frame([artifact_record({"path": "a", "local_path": old})]), media={"media/a.wav": b"1"})
    moved = tmp_path / "offline-run-20261120_083536-abc123"
    run.rename(moved)
    [artifact] = open_run(moved).artifacts()
    assert Path(artifact.entries["a"].file or "").read_bytes() == b"1"
    assert artifact.entries["a"].recorded_path == old


def test_a_run_directory_of_another_name_is_not_looked_for_in_paths(make_run: Any, frame: Any, tmp_path: Path) -> None:
    record = artifact_record({"path": "a", "local_path": "/home/run/files/a.wav"})
    folder = make_run(frame([record]), media={"a.wav": b"1"}, name="run")
    [artifact] = open_run(folder).artifacts()
    assert artifact.entries["a"].file is None
    assert "is refused" in (artifact.entries["a"].problem or "")

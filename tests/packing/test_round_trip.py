"""What was packed and unpacked elsewhere is all there, though the place that it came from is gone."""

from __future__ import annotations

import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import audio_logging as al
from audio_logging.artifacts import use_artifact
from audio_logging.errors import AudioValueError, NotFoundError
from audio_logging.packing import Packed, pack, unpack
from audio_logging.runs import Run


@pytest.fixture(scope="module")
def packed(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Packed:
    return pack(al.list_runs(trained), tmp_path_factory.mktemp("packed") / "run.tar")


@pytest.fixture
def elsewhere(packed: Packed, trained: Path, tmp_path: Path) -> Iterator[Path]:
    """The folder to which the pack was unpacked, with what it was made of out of the way."""
    trained.parent.rename(trained.parent.with_name("gone"))
    try:
        unpack(packed.path, tmp_path / "home" / "wandb")
        yield tmp_path / "home"
    finally:
        trained.parent.with_name("gone").rename(trained.parent)


def told(run: Run) -> Any:
    clips = [(clip.key, clip.step, clip.index, clip.caption, clip.sha256, clip.label) for clip in run.clips()]
    tables = [(table.key, table.columns, len(table), table.source) for table in run.tables()]
    artifacts = [(found.name, found.digest, list(found.entries), found.size) for found in run.artifacts()]
    return clips, tables, artifacts, run.history(resolve=False), run.config, run.summary, run.group, run.name


def test_a_pack_says_what_is_in_it(packed: Packed) -> None:
    assert packed.problems == ()
    assert len(packed.runs) == 1
    assert packed.size == packed.path.stat().st_size
    assert packed.saved > 0


def test_everything_is_read_as_before(packed: Packed, trained: Path, elsewhere: Path) -> None:
    [moved] = al.list_runs(elsewhere)
    now = told(moved)
    files = [clip.file for clip in moved.clips()] + [clip.file for table in moved.tables() for clip in table.clips()]
    assert moved.problems == []
    assert all(str(file).startswith(str(elsewhere)) for file in files)
    trained.parent.with_name("gone").rename(trained.parent)
    try:
        assert now == told(al.list_runs(trained)[0])
    finally:
        trained.parent.rename(trained.parent.with_name("gone"))


def test_artifacts_are_used_as_before(elsewhere: Path) -> None:
    assert use_artifact("set:latest", root=elsewhere).get("clip").caption == "in set"
    assert [row["label"] for row in use_artifact("val-samples", root=elsewhere).get("samples")] == ["a", "b"]


def test_they_are_used_even_after_the_run_was_moved_once_more(elsewhere: Path) -> None:
    (elsewhere / "wandb").rename(elsewhere / "runs")
    assert use_artifact("set:latest", root=elsewhere / "runs").get("clip").caption == "in set"


def test_packing_what_was_unpacked_makes_the_same_pack(packed: Packed, elsewhere: Path, tmp_path: Path) -> None:
    again = pack(al.list_runs(elsewhere), tmp_path / "again.tar")
    assert again.path.read_bytes() == packed.path.read_bytes()


def test_equal_files_of_different_times_share_one(packed: Packed, elsewhere: Path, tmp_path: Path) -> None:
    for number, path in enumerate([path for path in elsewhere.rglob("*.flac") if path.stat().st_nlink == 2]):
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        os.utime(path, (0, 1e9 + number))
    first = pack(al.list_runs(elsewhere), tmp_path / "first.tar")
    unpack(first.path, tmp_path / "third" / "wandb")
    again = pack(al.list_runs(tmp_path / "third"), tmp_path / "again.tar")
    assert again.path.read_bytes() == first.path.read_bytes()


def test_each_content_is_in_it_once(packed: Packed) -> None:
    with tarfile.open(packed.path) as archive:
        contents = [archive.extractfile(member).read() for member in archive if member.isreg()]  # type: ignore[union-attr]
        links = [member for member in archive if member.islnk()]
    media = [content for content in contents if content[:4] in (b"RIFF", b"fLaC")]
    assert len(media) == len(set(media)) == 7
    assert sum(member.name.endswith(".flac") for member in links) == 1
    assert {content[:4] for content in media} == {b"RIFF", b"fLaC"}


def test_repeated_content_is_there_once_after_unpacking_too(elsewhere: Path) -> None:
    same = [path for path in elsewhere.rglob("*.flac") if path.stat().st_nlink == 2]
    assert len(same) == 2
    assert same[0].samefile(same[1])


def test_standard_tools_unpack_and_check_it(packed: Packed, tmp_path: Path) -> None:
    subprocess.run(["tar", "-xf", packed.path, "-C", tmp_path], check=True)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=tmp_path, check=True)
    assert use_artifact("set", root=tmp_path).get("clip").caption == "in set"


def test_nothing_is_written_over(packed: Packed, trained: Path, tmp_path: Path) -> None:
    before = packed.path.read_bytes()
    with pytest.raises(AudioValueError, match=r"run.tar' is there already; nothing is written over. Name another file"):
        pack(al.list_runs(trained), packed.path)
    assert packed.path.read_bytes() == before
    (tmp_path / packed.runs[0]).symlink_to("nowhere")
    with pytest.raises(AudioValueError, match=rf"{packed.runs[0]}' is there already; nothing is written over"):
        unpack(packed.path, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [packed.runs[0]]


def test_a_file_that_appears_while_packing_is_not_written_over(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def appear(*_: Any) -> None:
        (tmp_path / "run.tar").write_text("mine")

    monkeypatch.setattr(os, "fsync", appear)
    with pytest.raises(AudioValueError, match="is there already"):
        pack(al.list_runs(trained), tmp_path / "run.tar")
    assert (tmp_path / "run.tar").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["run.tar"]


def test_several_runs_share_contents(logged: Path, tmp_path: Path) -> None:
    runs = al.list_runs(logged)
    packed = pack(runs, tmp_path / "all.tar")
    alone = [pack([run], tmp_path / f"{run.id}.tar").size for run in runs]
    assert packed.size < 0.75 * sum(alone)
    unpacked = unpack(packed.path, tmp_path / "all")
    assert [folder.name for folder in unpacked.folders] == list(packed.runs)
    assert use_artifact("birds/bells:good", root=tmp_path / "all").get("clip").caption == "one"


def test_an_artifact_of_a_run_that_is_not_packed_is_named(logged: Path, tmp_path: Path) -> None:
    for run in al.list_runs(logged):
        packed = pack([run], tmp_path / f"{run.id}.tar")
        assert not [problem for problem in packed.problems if "refers to one that another run logged" in problem]


def test_a_link_out_of_the_run_is_left_out_unless_asked_for(trained: Path, tmp_path: Path) -> None:
    [run] = al.list_runs(trained)
    (tmp_path / "model.pt").write_bytes(b"weights")
    link = run.folder / "files" / "model.pt"
    link.symlink_to(tmp_path / "model.pt")
    try:
        without = pack([run], tmp_path / "without.tar")
        with_it = pack([run], tmp_path / "with.tar", links=True)
    finally:
        link.unlink()
    assert without.problems == (
        f"{run.folder.name}: files/model.pt is a link to '{tmp_path}/model.pt' and was left out",
    )
    assert with_it.problems == ()
    [folder] = unpack(with_it.path, tmp_path / "home").folders
    assert (folder / "files" / "model.pt").read_bytes() == b"weights"
    assert not (folder / "files" / "model.pt").is_symlink()


def test_missing_staged_files_are_named_and_the_rest_is_packed(logged: Path, tmp_path: Path) -> None:
    hidden = logged.parent / "hidden"
    (logged.parent / "data").rename(hidden)
    try:
        packed = pack(al.list_runs(logged), tmp_path / "run.tar")
    finally:
        hidden.rename(logged.parent / "data")
    assert [
        problem for problem in packed.problems if "'clip.audio-file.json' of artifact 'bells' was left out" in problem
    ]
    assert unpack(packed.path, tmp_path / "home").problems == ()


def test_no_run_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="got no run, wanted at least one"):
        pack([], tmp_path / "run.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_large_artifact_whose_manifest_lies_beside_is_packed_too(tmp_path: Path) -> None:
    from tests.artifacts.conftest import write

    root = write(
        tmp_path,
        """
import wandb
import wandb.sdk.interface.interface as interface
interface.MANIFEST_FILE_SIZE_THRESHOLD = 3
run = wandb.init(settings=wandb.Settings(silent=True))
artifact = wandb.Artifact("large", "dataset")
for number in range(5):
    with artifact.new_file(f"{number}.txt") as file:
        file.write(str(number))
run.log_artifact(artifact)
run.finish()
wandb.teardown()
""",
    )
    packed = pack(al.list_runs(root), tmp_path / "run.tar")
    assert packed.problems == ()
    (tmp_path / "data").rename(tmp_path / "gone")
    unpack(packed.path, tmp_path / "home")
    large = use_artifact("large", root=tmp_path / "home")
    assert [large.path(name).read_text() for name in large.files()] == ["0", "1", "2", "3", "4"]

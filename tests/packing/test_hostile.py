"""Packs that mean harm, or were harmed: refused by name, with nothing left behind and nothing outside touched."""

from __future__ import annotations

import gzip
import tarfile
import time
import tracemalloc
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import audio_logging as al
from audio_logging.artifacts import use_artifact
from audio_logging.errors import AudioValueError, NotFoundError
from audio_logging.packing import pack, relocation, unpack
from audio_logging.runs import Run, open_run
from tests.packing.conftest import RUN, MakePack

pb: Any = import_module("wandb.proto.wandb_internal_pb2")


def refused(path: Path, into: Path, match: str) -> None:
    with pytest.raises(AudioValueError, match=match):
        unpack(path, into)
    assert list(into.iterdir()) == []


def test_a_made_pack_is_unpacked(make_pack: MakePack, tmp_path: Path) -> None:
    path = make_pack(
        {f"{RUN}/files/a.txt": b"a", f"{RUN}/files/b.txt": (b"1".decode(), f"{RUN}/files/a.txt")}, sums=False
    )
    refused(path, tmp_path / "home", "the pack is cut off, or none of ours: it has no SHA256SUMS")
    unpacked = unpack(make_pack({f"{RUN}/files/a.txt": b"a", f"{RUN}/deep/er/b.txt": b"b"}), tmp_path / "home")
    assert (unpacked.folders, unpacked.members) == ((tmp_path / "home" / RUN,), 2)
    assert (tmp_path / "home" / RUN / "deep" / "er" / "b.txt").read_bytes() == b"b"


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/etc/x",
        f"{RUN}/../../x",
        f"{RUN}//x",
        f"{RUN}/./x",
        "x",
        ".hidden/x",
        f"{RUN}/",
        "..",
        "",
        "./SHA256SUMS",
    ],
)
def test_names_that_lead_elsewhere_are_refused(make_pack: MakePack, tmp_path: Path, name: str) -> None:
    refused(make_pack({name: b"x"}), tmp_path / "a" / "home", "refused|none of ours|is not in SHA256SUMS")
    assert not list(tmp_path.rglob("x"))


@pytest.mark.parametrize(
    ("kind", "link"),
    [("2", "/etc/passwd"), ("2", "../../../x"), ("1", "/etc/passwd"), ("1", "../x"), ("1", f"{RUN}/later"), ("1", "x")],
)
def test_links_out_of_the_pack_are_refused(make_pack: MakePack, tmp_path: Path, kind: str, link: str) -> None:
    refused(make_pack({f"{RUN}/a": (kind, link), f"{RUN}/later": b"x"}), tmp_path / "home", "is refused")


@pytest.mark.parametrize("kind", ["3", "4", "6", "7", "S", "x", "g", "N", "\0"])
def test_devices_pipes_and_extensions_are_refused(make_pack: MakePack, tmp_path: Path, kind: str) -> None:
    if kind == "\0":  # an old way to say file
        unpack(make_pack({f"{RUN}/a": (kind, "")}), tmp_path / "home")
    else:
        refused(make_pack({f"{RUN}/a": (kind, "")}), tmp_path / "home", "is refused|none of ours")


def test_a_folder_in_place_of_a_file_is_refused(make_pack: MakePack, tmp_path: Path) -> None:
    path = make_pack({f"{RUN}/a/b": b"x", f"{RUN}/a": b"y"})
    with pytest.raises((AudioValueError, OSError)):
        unpack(path, tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


def test_a_name_that_comes_twice_is_refused(make_pack: MakePack, tmp_path: Path) -> None:
    path = make_pack({f"{RUN}/a": b"x"}, sums=False)
    twice = path.read_bytes()[:1024] * 2 + bytes(1024)
    path.write_bytes(twice)
    refused(path, tmp_path / "home", f"'{RUN}/a' is in it twice")


@pytest.mark.parametrize("size", [2**33, 2**62, 2**80, -1, -(2**40)])
def test_sizes_that_lie_cost_nothing(make_pack: MakePack, tmp_path: Path, size: int) -> None:
    path = make_pack({f"{RUN}/a": b"x" * 600})
    raw = bytearray(path.read_bytes())
    info = tarfile.TarInfo.frombuf(bytes(raw[:512]), "utf-8", "strict")
    info.size = size
    try:
        raw[:512] = info.tobuf(tarfile.GNU_FORMAT)
    except (ValueError, OverflowError):
        raw[124:136] = b"\xff" * 12
        raw[148:156] = b"%06o\0 " % (sum(raw[:148]) + sum(raw[156:512]) + 8 * 32)
    path.write_bytes(raw)
    tracemalloc.start()
    refused(path, tmp_path / "home", "cut off|is refused|no header")
    assert tracemalloc.get_traced_memory()[1] < 2**23
    tracemalloc.stop()


def test_a_long_name_that_is_too_long_is_refused(make_pack: MakePack, tmp_path: Path) -> None:
    with pytest.raises((AudioValueError, OSError)):
        unpack(make_pack({f"{RUN}/{'a' * 100_000}": b""}), tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


def test_many_long_names_in_a_row_end(make_pack: MakePack, tmp_path: Path) -> None:
    path = make_pack({f"{RUN}/{'a' * 200}": b""})
    path.write_bytes(path.read_bytes()[:1024] * 5000)
    refused(path, tmp_path / "home", "cut off")


def test_a_long_name_is_kept(trained: Path, tmp_path: Path) -> None:
    [run] = al.list_runs(trained)
    name = "/".join(["k" * 200, "ü" * 100, "line\nbreak\\"])
    target = run.folder / "files" / "media" / name
    target.parent.mkdir(parents=True)
    target.write_bytes(b"x")
    try:
        packed = pack([run], tmp_path / "run.tar")
    finally:
        target.unlink()
        target.parent.rmdir()
        target.parent.parent.rmdir()
    [folder] = unpack(packed.path, tmp_path / "home").folders
    assert (folder / "files" / "media" / name).read_bytes() == b"x"


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 100_000, bytes(100_000), b"PK\3\4" + bytes(10_000)])
def test_what_is_no_tar_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.tar").write_bytes(content)
    refused(tmp_path / "run.tar", tmp_path / "home", "cut off|no header of a tar file|none of ours")


def test_a_compressed_bomb_is_no_tar_file(tmp_path: Path) -> None:
    (tmp_path / "run.tar").write_bytes(gzip.compress(bytes(2**24)))
    refused(tmp_path / "run.tar", tmp_path / "home", "no header of a tar file")


def test_a_pack_that_was_cut_off_or_damaged_is_refused_wherever(trained: Path, tmp_path: Path) -> None:
    packed = pack(al.list_runs(trained), tmp_path / "run.tar")
    whole = packed.path.read_bytes()
    for place in (*range(0, len(whole) - 1024, 1999), len(whole) - 1025):
        (tmp_path / "cut.tar").write_bytes(whole[:place])
        refused(tmp_path / "cut.tar", tmp_path / "home", "cut off|is in it twice|damaged")
    for place in range(600, len(whole) - 2048, 4001):
        damaged = bytearray(whole)
        damaged[place] ^= 0x40
        (tmp_path / "bad.tar").write_bytes(damaged)
        try:
            unpack(tmp_path / "bad.tar", tmp_path / f"home{place}")  # padding, or a field that nobody needs
        except (AudioValueError, OSError):
            assert list((tmp_path / f"home{place}").iterdir()) == []


@given(st.binary(max_size=3000), st.integers(0, 30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_garbage_is_survived(make_pack: MakePack, tmp_path: Path, garbage: bytes, place: int) -> None:
    path = make_pack({f"{RUN}/a": b"x" * 1000, f"{RUN}/b": b"y"})
    whole = path.read_bytes()
    path.write_bytes(whole[: place * 100] + garbage + whole[place * 100 + len(garbage) :])
    try:
        for folder in unpack(path, tmp_path / "home").folders:
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
    except (AudioValueError, OSError):
        pass
    assert list((tmp_path / "home").iterdir()) == []


def test_hashes_that_are_wrong_or_missing_are_refused(make_pack: MakePack, tmp_path: Path) -> None:
    sums = {"wrong": b"0" * 64 + f"  {RUN}/a\n".encode(), "none": b"", "garbage": b"\xff\n", "cut": b"0" * 64}
    for content in sums.values():
        path = make_pack({f"{RUN}/a": b"x", "SHA256SUMS": content}, sums=False)
        refused(path, tmp_path / "home", "damaged|is not in SHA256SUMS|wanted a hash and a name|cut off")
    refused(
        make_pack({f"{RUN}/a": b"x", "SHA256SUMS": b"x" * 100_000 + b"\n"}, sums=False),
        tmp_path / "home",
        "wanted a hash",
    )


def test_repeated_files_are_bounded_where_hard_links_do_not_work(
    make_pack: MakePack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError("no hard links here")

    monkeypatch.setattr(Path, "hardlink_to", fail)
    few = {f"{RUN}/{number}": ("1", f"{RUN}/a") for number in range(5)}
    unpack(make_pack({f"{RUN}/a": b"x" * 2**20, **few}), tmp_path / "few")
    assert (tmp_path / "few" / RUN / "4").stat().st_size == 2**20
    many = {f"{RUN}/{number}": ("1", f"{RUN}/a") for number in range(300)}
    monkeypatch.setattr(import_module("audio_logging.packing.unpack"), "MAX_GROWTH", 3)
    refused(make_pack({f"{RUN}/a": b"x" * 2**20, **many}), tmp_path / "many", "its repeated files take too much here")


def hostile_run(make_pack: MakePack, frame: Any, tmp_path: Path, local_path: str, **files: bytes) -> Run:
    artifact = pb.ArtifactRecord(name="set", client_id="me")
    artifact.manifest.contents.add(path="x.wav", local_path=local_path)
    record = frame([pb.Record(artifact=artifact).SerializeToString()])
    members = {f"{RUN}/run-abc123.wandb": record, **{f"{RUN}/{name}": content for name, content in files.items()}}
    [folder] = unpack(make_pack(members), tmp_path / "home").folders
    return open_run(folder)


@pytest.mark.parametrize("path", ["/etc/passwd", "../../secret", "files/../../../secret", "~/secret", ""])
def test_recorded_paths_that_lead_elsewhere_lead_nowhere_after_unpacking(
    make_pack: MakePack, frame: Any, tmp_path: Path, path: str
) -> None:
    (tmp_path / "secret").write_text("secret")
    run = hostile_run(make_pack, frame, tmp_path, path)
    [artifact] = run.artifacts()
    assert artifact.entries["x.wav"].file is None
    with pytest.raises(NotFoundError):
        use_artifact("set", root=tmp_path / "home").path("x.wav")


def test_a_manifest_that_is_a_bomb_is_left_as_it_is(
    make_pack: MakePack, frame: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relocation, "MAX_MANIFEST_SIZE", 2**20)
    artifact = pb.ArtifactRecord(name="set", client_id="me")
    artifact.manifest.manifest_file_path = "artifacts/staging/bomb.manifest_contents.jl.gz"
    record = frame([pb.Record(artifact=artifact).SerializeToString()])
    bomb = gzip.compress(bytes(10 * 2**20))
    begin = time.monotonic()
    unpacked = unpack(
        make_pack({f"{RUN}/run-abc123.wandb": record, f"{RUN}/artifacts/staging/bomb.manifest_contents.jl.gz": bomb}),
        tmp_path / "home",
    )
    assert unpacked.problems == (
        "bomb.manifest_contents.jl.gz: cannot be read: a manifest is larger than 1048576 bytes",
    )
    assert time.monotonic() - begin < 5


def test_packing_a_hostile_run_takes_nothing_from_elsewhere(
    make_run: Any, frame: Any, tmp_path: Path, trained: Path
) -> None:
    (tmp_path / "secret").write_text("secret!")
    artifact = pb.ArtifactRecord(name="set", client_id="me")
    for path in (tmp_path / "secret", "/etc/passwd", "../../secret"):
        artifact.manifest.contents.add(path=str(path), local_path=str(path))
    folder = make_run(frame([pb.Record(artifact=artifact).SerializeToString()]))
    (folder / "files" / "link").symlink_to(tmp_path / "secret")
    (folder / "files" / "folder").symlink_to(tmp_path)
    packed = pack([open_run(folder)], tmp_path / "run.tar")
    with tarfile.open(packed.path) as archive:
        assert [name.partition("/")[2] for name in archive.getnames()] == ["run-abc123.wandb", ""]
    assert len([problem for problem in packed.problems if "was left out" in problem]) == 5

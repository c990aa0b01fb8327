"""Packing that is interrupted: by a kill, by a full disk, by a file that goes away, by a run that goes on."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

import audio_logging as al
from audio_logging.errors import AudioLoggingError
from audio_logging.packing import archive, pack, unpack
from audio_logging.runs import open_run
from tests.artifacts.conftest import environment

SLOW_PACK = """
import sys, time
import audio_logging as al
from audio_logging.packing import archive, pack
write = archive.Part.write
def slow(part, chunk):
    print("writing", flush=True)
    time.sleep(0.05)
    write(part, chunk)
archive.Part.write = slow
pack(al.list_runs(sys.argv[1]), sys.argv[2])
"""

SLOW_UNPACK = """
import sys, time
from audio_logging.packing import members, unpack
chunks = members._chunks
def slow(file, size):
    print("reading", flush=True)
    time.sleep(0.05)
    yield from chunks(file, size)
members._chunks = slow
unpack(sys.argv[1], sys.argv[2])
"""


def kill_in_the_middle(script: str, *arguments: Path, cwd: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments], env=environment(cwd), text=True, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    for _ in range(4):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_a_killed_pack_leaves_no_file_of_that_name_and_the_next_one_works(trained: Path, tmp_path: Path) -> None:
    kill_in_the_middle(SLOW_PACK, trained, tmp_path / "run.tar", cwd=tmp_path)
    assert [path.name[0] for path in tmp_path.iterdir()] == ["."]
    pack(al.list_runs(trained), tmp_path / "run.tar")
    assert unpack(tmp_path / "run.tar", tmp_path / "home").problems == ()


def test_a_killed_unpack_leaves_no_run_and_the_next_one_works(trained: Path, tmp_path: Path) -> None:
    packed = pack(al.list_runs(trained), tmp_path / "run.tar")
    kill_in_the_middle(SLOW_UNPACK, packed.path, tmp_path / "home", cwd=tmp_path)
    assert al.list_runs(tmp_path / "home") == []
    assert len(unpack(packed.path, tmp_path / "home").folders) == 1
    assert len(al.list_runs(tmp_path / "home")) == 1


def test_a_full_disk_leaves_nothing_and_says_so(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = 0

    def write(part: Any, chunk: bytes) -> None:
        nonlocal written
        written += len(chunk)
        if written > 20_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(archive.Part, "write", write)
    with pytest.raises(OSError, match=r"the disk is full; the unfinished '.*run.tar' was removed"):
        pack(al.list_runs(trained), tmp_path / "run.tar")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    """A disk of 64 kB; only where one may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("no disk may be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_really_full_leaves_nothing(trained: Path, small_disk: Path, tmp_path: Path) -> None:
    (small_disk / "other").write_bytes(bytes(40_000))
    with pytest.raises(OSError, match="the disk is full"):
        pack(al.list_runs(trained), small_disk / "run.tar")
    assert [path.name for path in small_disk.iterdir()] == ["other"]
    packed = pack(al.list_runs(trained), tmp_path / "run.tar")
    with pytest.raises(OSError, match="No space left on device"):
        unpack(packed.path, small_disk)
    assert [path.name for path in small_disk.iterdir()] == ["other"]
    assert (small_disk / "other").read_bytes() == bytes(40_000)


def test_a_limit_on_file_sizes_leaves_nothing(trained: Path, tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys\nimport audio_logging as al\nfrom audio_logging.packing import pack\n"
        "runs = al.list_runs(sys.argv[1])\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, {resource.RLIM_INFINITY}))\n"
        "try:\n    pack(runs, sys.argv[2])\nexcept OSError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, trained, tmp_path / "run.tar"],
        env=environment(tmp_path), capture_output=True, text=True,
    )  # fmt: skip
    assert "File too large" in done.stdout, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_goes_away_is_named_and_the_rest_is_packed(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_file = archive.ArchiveWriter.add_file

    def vanish(writer: Any, name: str, path: Path, **options: Any) -> None:
        add_file(writer, name, path.with_name("gone") if name.endswith("requirements.txt") else path, **options)

    monkeypatch.setattr(archive.ArchiveWriter, "add_file", vanish)
    packed = pack(al.list_runs(trained), tmp_path / "run.tar")
    [problem] = packed.problems
    assert "files/requirements.txt was left out" in problem
    unpacked = open_run(unpack(packed.path, tmp_path / "home").folders[0])
    assert len(unpacked.clips()) == len(al.list_runs(trained)[0].clips())


def test_a_file_that_becomes_shorter_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "long").write_bytes(b"x" * 10_000)
    monkeypatch.setattr(archive, "open_regular", lambda path: cut_off(path))
    with (tmp_path / "x.tar").open("xb") as file:
        writer = archive.ArchiveWriter(file)
        with pytest.raises(AudioLoggingError, match="long' became shorter while it was read"):
            writer.add_file("long", tmp_path / "long")
        writer.add("b", lambda part: part.write(b"b"))
        writer.finish()
    with tarfile.open(tmp_path / "x.tar") as made:
        assert made.getnames() == ["b", "SHA256SUMS"]


def cut_off(path: Path) -> Any:
    file = path.open("rb")
    file.seek(9_000)
    return file


GOES_ON = """
import sys, time
import numpy as np
import wandb
import audio_logging as al
run = wandb.init(project="live", settings=wandb.Settings(silent=True))
with al.AudioLogger(run) as logger:
    for step in range(10_000):
        logger.log("clip", np.full(800, step / 20_000, "float32"), sample_rate=16000, step=step)
        if step % 20 == 0:
            logger.flush()
            print(step, flush=True)
"""


def test_a_run_that_goes_on_is_packed_as_it_is_and_read_by_two_meanwhile(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", GOES_ON], env=environment(tmp_path), cwd=tmp_path, text=True, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        for _ in range(3):
            process.stdout.readline()
        [live] = al.list_runs(tmp_path)
        followers = [live.follow_clips(poll=0.01, timeout=5) for _ in range(2)]
        counts = [len([next(follower) for _ in range(30)]) for follower in followers]
        packed = pack([live.refresh()], tmp_path / "run.tar")
        step = int(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert counts == [30, 30]
    assert any("not finished; what wandb has not written yet is not in the pack" in text for text in packed.problems)
    [folder] = unpack(packed.path, tmp_path / "home").folders
    clips = open_run(folder).clips()
    assert 40 <= len(clips) <= step + 500
    assert all(clip.file for clip in clips)
    told = [clip.step for clip in clips if clip.source == "sidecar"]
    assert told == list(range(len(told)))


FINISHES = """
import time
import numpy as np
import wandb
import audio_logging as al
run = wandb.init(project="live", settings=wandb.Settings(silent=True))
artifact = wandb.Artifact("set", "dataset")
artifact.add(al.Audio(np.zeros(800, "float32"), 16000), "clip")
run.log_artifact(artifact)
with al.AudioLogger(run) as logger:
    for step in range(200):
        logger.log("clip", np.full(800, step / 20_000, "float32"), sample_rate=16000, step=step)
    logger.flush()
    print("flushed", flush=True)
run.finish()
print("finished", flush=True)
"""


@pytest.mark.parametrize("delay", [0.0, 0.1])
def test_a_run_killed_while_it_finishes_keeps_every_flushed_clip_through_packing(tmp_path: Path, delay: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", FINISHES], env=environment(tmp_path), cwd=tmp_path, text=True, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    packed = pack(al.list_runs(tmp_path), tmp_path / "run.tar")
    [folder] = unpack(packed.path, tmp_path / "home").folders
    clips = [clip for clip in open_run(folder).clips() if clip.key == "clip"]
    assert [clip.step for clip in clips] == list(range(200))
    assert all(clip.file for clip in clips)


def test_a_read_only_run_is_read_and_packed_with_nothing_opened_for_writing(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    real = os.open

    def watch(path: Any, flags: int, *args: Any, **options: Any) -> int:
        opened.append((os.fspath(path), flags))
        return real(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", watch)
    [run] = al.list_runs(trained)
    run.clips(), run.history(), run.tables(), run.artifacts()
    pack([run], tmp_path / "run.tar")
    assert opened
    assert not [path for path, flags in opened if flags & (os.O_WRONLY | os.O_RDWR) and str(trained) in str(path)]

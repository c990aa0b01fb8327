from __future__ import annotations

import hashlib
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from audio_logging.storage.files import copy_file, hash_file, write_file


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system cut every longer file, as a full disk would: the first write takes a part, the next one fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("data", [b"", b"a", b"abc" * 1_000_000], ids=["empty", "a byte", "3 MB"])
def test_a_file_holds_what_was_written(tmp_path: Path, data: bytes) -> None:
    write_file(tmp_path / "file", memoryview(data))
    assert (tmp_path / "file").read_bytes() == data
    assert names_in(tmp_path) == ["file"]


def test_folders_are_made(tmp_path: Path) -> None:
    write_file(tmp_path / "a" / "b" / "file", b"x")
    assert names_in(tmp_path) == ["file"]


def test_a_file_of_that_name_is_replaced(tmp_path: Path) -> None:
    write_file(tmp_path / "file", b"long before")
    write_file(tmp_path / "file", b"now")
    assert (tmp_path / "file").read_bytes() == b"now"


def test_a_file_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    with files_of_at_most(1000), pytest.raises(OSError, match="File too large"):
        write_file(tmp_path / "file", bytes(5000))
    assert names_in(tmp_path) == []


def test_a_file_that_does_not_fit_leaves_the_one_before_in_place(tmp_path: Path) -> None:
    write_file(tmp_path / "file", b"before")
    with files_of_at_most(1000), pytest.raises(OSError, match="File too large"):
        write_file(tmp_path / "file", bytes(5000))
    assert (tmp_path / "file").read_bytes() == b"before"
    assert names_in(tmp_path) == ["file"]


def test_a_copy_that_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(5000))
    with files_of_at_most(1000), pytest.raises(OSError, match="File too large"):
        copy_file(source, tmp_path / "copies", lambda sha256: sha256)
    assert names_in(tmp_path) == ["source"]


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1])
def test_a_copy_is_named_by_its_hash_which_is_taken_on_the_way(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256) + bytes(size % 256)
    (tmp_path / "source").write_bytes(data)
    target, sha256, copied = copy_file(tmp_path / "source", tmp_path / "copies", lambda sha256: f"val/{sha256[:8]}.wav")
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert target == tmp_path / "copies" / "val" / f"{sha256[:8]}.wav"
    assert copied == size
    assert target.read_bytes() == data
    assert names_in(tmp_path / "copies") == [target.name]


def test_a_file_can_be_copied_onto_itself(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"data")
    copy_file(tmp_path / "file", tmp_path, lambda _: "file")
    assert (tmp_path / "file").read_bytes() == b"data"
    assert names_in(tmp_path) == ["file"]


def test_a_missing_file_cannot_be_copied_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        copy_file(tmp_path / "nowhere", tmp_path / "copies", lambda sha256: sha256)
    assert names_in(tmp_path) == []


def test_a_hash_is_that_of_hashlib(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"some bytes" * 200_000)
    assert hash_file(tmp_path / "file") == (hashlib.sha256(b"some bytes" * 200_000).hexdigest(), 2_000_000)


def test_a_file_written_by_many_threads_at_once_is_always_whole(tmp_path: Path) -> None:
    seen: set[int] = set()

    def write(number: int) -> None:
        for _ in range(20):
            write_file(tmp_path / "file", bytes([number]) * 100_000)
            data = (tmp_path / "file").read_bytes()
            seen.add(len(data) if len(set(data)) == 1 else -1)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {100_000}
    assert names_in(tmp_path) == ["file"]

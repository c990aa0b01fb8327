from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from audio_logging.datasets.errors import AudioReadError
from audio_logging.datasets.files import HEAD_BYTES, open_regular, read_at, read_head, shown
from audio_logging.datasets.files import _fill_by_copy as fill_by_copy
from audio_logging.errors import AudioDecodeError, AudioFileNotFoundError


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder to write to before rights are dropped: root could read everything."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("size", [1, HEAD_BYTES - 1, HEAD_BYTES, HEAD_BYTES + 1])
def test_the_size_is_known_whatever_the_file_holds(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "a").write_bytes(content)
    head, known = read_head(str(tmp_path / "a"))
    assert known == size
    assert content.startswith(head)
    assert len(head) == size or size >= HEAD_BYTES


def test_after_a_long_file_only_a_header_is_read_until_a_short_one_comes(tmp_path: Path) -> None:
    contents = {name: os.urandom(size) for name, size in (("long", HEAD_BYTES + 9), ("short", 9000), ("tiny", 50))}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    lengths = []
    for name in ("long", "short", "short", "long", "tiny", "short"):
        head, size = read_head(str(tmp_path / name))
        assert size == len(contents[name])
        assert contents[name].startswith(head)
        lengths.append(len(head))
    assert lengths == [4096, 4096, 9000, 4096, 50, 9000]


def test_bytes_behind_the_head_are_read_from_the_file(tmp_path: Path) -> None:
    content = os.urandom(200)
    (tmp_path / "a").write_bytes(content)
    assert read_at(str(tmp_path / "a"), content[:50], 10, 20) == content[10:30]
    assert read_at(str(tmp_path / "a"), content[:50], 40, 20) == content[40:60]
    assert read_at(str(tmp_path / "a"), content[:50], 190, 20) == content[190:]


@pytest.mark.parametrize("read", [read_head, open_regular])
def test_an_empty_file_is_an_error_with_the_path(tmp_path: Path, read: object) -> None:
    (tmp_path / "a.wav").touch()
    with pytest.raises(AudioDecodeError, match=r"a\.wav: the file is empty \(0 bytes\)"):
        (read_head if read is read_head else open_regular)(str(tmp_path / "a.wav"))


@pytest.mark.parametrize("read", [read_head, open_regular])
def test_a_file_that_is_gone_is_an_error_with_the_path(tmp_path: Path, read: object) -> None:
    (tmp_path / "link.wav").symlink_to(tmp_path / "nowhere")
    for name in ("gone.wav", "link.wav"):
        with pytest.raises(AudioFileNotFoundError, match=rf"{name}: there is no such file"):
            (read_head if read is read_head else open_regular)(str(tmp_path / name))


def test_pipes_sockets_devices_and_folders_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "device.wav").symlink_to("/dev/zero")
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.wav"))
        for name in ("pipe", "folder", "device", "loop", "socket"):
            with pytest.raises(AudioReadError, match=rf"{name}\.wav: (is no regular file|cannot be read)"):
                read_head(str(tmp_path / f"{name}.wav"))


@pytest.mark.skipif(os.name != "posix", reason="rights are those of POSIX")
def test_a_file_without_permission_is_an_error_with_the_path(as_nobody: Path) -> None:
    path = as_nobody / "secret.wav"
    path.write_bytes(b"RIFF")
    path.chmod(0)
    user = os.geteuid()
    os.seteuid(65534 if user == 0 else user)
    try:
        with pytest.raises(AudioReadError, match=r"secret\.wav: cannot be read: Permission denied"):
            read_head(str(path))
    finally:
        os.seteuid(user)


def test_reading_by_copy_is_the_same_as_in_place(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    buffer = memoryview(bytearray(4))
    descriptor = open_regular(str(tmp_path / "a"))
    counts = [fill_by_copy(descriptor, buffer) for _ in range(4)]
    os.close(descriptor)
    assert counts == [4, 4, 2, 0]
    assert buffer.tobytes() == b"8967"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a b/é.wav", "a b/é.wav"),
        ("a\nb\x1b[31m", r"a\nb\x1b[31m"),
        (os.fsdecode(b"\xff\xfe.wav"), r"\udcff\udcfe.wav"),
    ],
)
def test_paths_are_shown_so_that_they_can_be_printed(path: str, expected: str) -> None:
    assert shown(path) == expected
    assert shown(path).isprintable()

"""How many bytes a container promises beyond its end, where no library writes such a file for us."""

from __future__ import annotations

import io
import struct

import pytest

from audio_logging.encoding.truncation import missing_bytes


def rf64(size: int, name: bytes = b"RF64") -> bytes:
    """The beginning of an RF64 file of 100 bytes that says it has this size."""
    head = name + b"\xff\xff\xff\xff" + b"WAVE" + struct.pack("<4sIqqqI", b"ds64", 28, size, 0, 0, 0)
    return head.ljust(100, b"\0")


def mp3(side_information: int, flags: int, size: int, tag: bytes = b"Xing") -> bytes:
    """The beginning of an MP3 file of 200 bytes whose first frame says that the stream has this size."""
    head = b"\xff\xfb\x90\x00" + bytes(side_information) + tag + struct.pack(">III", flags, 50, size)
    return head.ljust(200, b"\0")


@pytest.mark.parametrize("name", [b"RF64", b"BW64"])
def test_rf64_says_how_long_it_is(name: bytes) -> None:
    assert missing_bytes(io.BytesIO(rf64(92, name))) == 0
    assert missing_bytes(io.BytesIO(rf64(95, name))) == 3
    assert missing_bytes(io.BytesIO(rf64(2**40, name))) == 2**40 - 92


@pytest.mark.parametrize("size", [-1, 0])
def test_rf64_that_was_streamed_leaves_it_open(size: int) -> None:
    assert missing_bytes(io.BytesIO(rf64(size))) == 0


@pytest.mark.parametrize("tag", [b"Xing", b"Info"])
@pytest.mark.parametrize("side_information", [9, 17, 32])
def test_mp3_says_how_long_it_is_where_it_says_it(side_information: int, tag: bytes) -> None:
    assert missing_bytes(io.BytesIO(mp3(side_information, 0b0011, 200, tag))) == 0
    assert missing_bytes(io.BytesIO(mp3(side_information, 0b1111, 207, tag))) == 7
    for flags in (0b0000, 0b0001, 0b0100):
        assert missing_bytes(io.BytesIO(mp3(side_information, flags, 5000, tag))) == 0


def test_the_file_is_put_back_to_its_beginning() -> None:
    for data in (b"", b"RIFF", rf64(92), mp3(32, 3, 200), b"OggS" + bytes(50), bytes(100)):
        file = io.BytesIO(data)
        missing_bytes(file)
        assert file.tell() == 0

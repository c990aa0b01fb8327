"""Reading back: whole files only, by header and by samples."""

from __future__ import annotations

import importlib
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audio_logging import AudioClip
from audio_logging.encoding import decode, encode, probe
from audio_logging.errors import AudioDecodeError, AudioFileNotFoundError

RATE = 16_000
CONTAINERS = ["WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC", "OGG", "OPUS", "MP3"]


def stored(container: str, frames: int, folder: Path) -> bytes:
    """A file of a quiet tone, by libsndfile."""
    file = folder / "tone.any"
    samples = 0.3 * np.sin(np.arange(frames) * 0.2)
    format_and_subtype: dict[str, Any] = {"format": container}
    if container == "OPUS":
        format_and_subtype = {"format": "OGG", "subtype": "OPUS"}
    soundfile.write(file, samples, RATE, **format_and_subtype)
    return file.read_bytes()


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_file_that_is_cut_anywhere_is_refused(container: str, tmp_path: Path) -> None:
    """Libraries read what is there and say nothing; both the header's reader and the samples' say so."""
    data = stored(container, 32_000, tmp_path)
    assert probe(data).frames == decode(data).frames == 32_000
    middle = [int(len(data) * part) for part in (0.1, 0.25, 0.5, 0.75, 0.9, 0.99)]
    for length in [1, 3, 4, 11, 12, 20, 36, 40, 44, 45, 60, 100, *middle, len(data) - 2, len(data) - 1]:
        for read in (probe, decode):
            with pytest.raises(AudioDecodeError, match=r"truncated|not an audio file|damaged"):
                read(data[:length])


@pytest.mark.parametrize("container", ["WAV", "FLAC", "OGG", "MP3", "AIFF"])
def test_a_cut_file_is_named(container: str, tmp_path: Path) -> None:
    file = tmp_path / "cut.wav"
    file.write_bytes(stored(container, 32_000, tmp_path)[:-300])
    for read in (probe, decode):
        with pytest.raises(AudioDecodeError, match=r"/cut\.wav' is (truncated: (it|its header) promises|damaged)"):
            read(file)
        with pytest.raises(AudioDecodeError, match=r"^take 5 is"):
            read(file, name="take 5")


def test_what_follows_the_samples_does_no_harm(tmp_path: Path) -> None:
    for container in ("WAV", "AIFF", "FLAC", "MP3"):
        data = stored(container, 4000, tmp_path) + b"TAG" + bytes(125)
        assert probe(data).frames == decode(data).frames == 4000


def test_a_streamed_file_is_as_long_as_it_is(tmp_path: Path) -> None:
    """Programs that write into a pipe cannot go back to fill in sizes."""
    plain = stored("WAV", 4000, tmp_path)
    for size in (0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0x7FFFF024):
        data = plain[:4] + struct.pack("<I", size) + plain[8:40] + struct.pack("<I", size) + plain[44:]
        assert probe(data).frames == decode(data).frames == 4000
    aiff = stored("AIFF", 4000, tmp_path)
    ssnd = aiff.index(b"SSND")
    data = (
        aiff[:4] + struct.pack(">I", 0x7F00002E) + aiff[8 : ssnd + 4] + struct.pack(">I", 0x7F000008) + aiff[ssnd + 8 :]
    )
    assert decode(data).frames == 4000
    au = stored("AU", 4000, tmp_path)
    assert decode(au[:8] + b"\xff\xff\xff\xff" + au[12:]).frames == 4000


def test_a_flac_file_that_was_streamed_is_read_to_its_end() -> None:
    """Its header says 0 samples, which stands for unknown (RFC 9639, 8.2)."""
    samples = (10_000 * np.sin(np.arange(32_000) * 0.2)).astype(np.int16)
    data = bytearray(encode(AudioClip(samples, RATE), "flac").data)
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    assert probe(data).frames == 32_000
    assert np.array_equal(decode(data).stored[:, 0], samples)
    for read in (probe, decode):
        with pytest.raises(AudioDecodeError, match=r"is damaged: .*lost sync"):
            read(data[:9000])


def test_chunks_before_the_samples_are_skipped(tmp_path: Path) -> None:
    plain = stored("WAV", 4000, tmp_path)
    extra = struct.pack("<4sI", b"LIST", 5) + b"hello\0"
    data = plain[:12] + extra + plain[12:]
    assert probe(data).frames == 4000
    with pytest.raises(AudioDecodeError, match="promises at least 10 more bytes"):
        probe(data[:-10])


def test_an_mp3_with_a_tag_in_front_is_whole_or_not(tmp_path: Path) -> None:
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 2, 0]) + bytes(256)
    data = tag + stored("MP3", 32_000, tmp_path)
    assert probe(data).frames == decode(data).frames == 32_000
    with pytest.raises(AudioDecodeError, match="truncated: it promises at least 100 more bytes"):
        probe(data[:-100])


def test_header_and_samples_agree_on_what_a_file_is(tmp_path: Path) -> None:
    names = {"WAVEX": "wav", "RF64": "wav", "OGG": "ogg", "OPUS": "opus", "MP3": "mp3", "W64": "w64"}
    for container in CONTAINERS:
        info = probe(stored(container, 4000, tmp_path))
        assert info.format == names.get(container, container.lower())
        assert (info.sample_rate, info.channels, info.frames, info.duration) == (RATE, 1, 4000, 0.25)


def test_files_in_pieces_are_the_same_as_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("audio_logging.encoding.decode")
    samples = np.arange(1000, dtype=np.int16).reshape(500, 2)
    data = encode(AudioClip(samples, RATE), "flac").data
    for block in (2, 3, 99, 999, 1000, 1001):
        monkeypatch.setattr(module, "BLOCK", block)
        assert np.array_equal(decode(data).stored, samples)


@pytest.mark.parametrize("read", [probe, decode])
def test_what_cannot_be_opened_is_named(read: Any, tmp_path: Path) -> None:
    with pytest.raises(AudioFileNotFoundError, match=r"there is no file '.*none\.wav'"):
        read(tmp_path / "none.wav")
    with pytest.raises(AudioDecodeError, match="is a folder, wanted an audio file"):
        read(tmp_path)
    with pytest.raises(AudioDecodeError, match=r"<0 bytes> is empty"):
        read(b"")
    with pytest.raises(AudioDecodeError, match=r"<9 bytes> is not an audio file .* It begins with b'not audio'"):
        read(b"not audio")


def test_reading_a_header_leaves_the_file_open_to_nobody(tmp_path: Path) -> None:
    file = tmp_path / "tone.wav"
    file.write_bytes(stored("WAV", 4000, tmp_path))
    probe(file)
    decode(file)
    open_files = {Path(f"/proc/self/fd/{number.name}").resolve() for number in Path("/proc/self/fd").iterdir()}
    assert file not in open_files


def test_a_memoryview_is_read_like_bytes(tmp_path: Path) -> None:
    data = stored("FLAC", 4000, tmp_path)
    assert np.array_equal(decode(memoryview(data)).stored, decode(data).stored)
    assert np.array_equal(
        decode(memoryview(data)).stored, soundfile.read(io.BytesIO(data), dtype="int16", always_2d=True)[0]
    )

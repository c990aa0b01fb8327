"""MP3 streams whose length nobody wrote down: they are as long as the frames that are there."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from audio_logging.encoding import decode, probe
from audio_logging.encoding.mpeg import after_id3, end_of_stream, leaves_length_open
from audio_logging.errors import AudioDecodeError

APE_HEADER, APE_FOOTER = 0xA0000000, 0x80000000


def mp3(rate: int, channels: int, mode: str) -> tuple[bytes, int]:
    """A stream that begins softly and grows loud, without the frame that counts the others, and what that says."""
    rng = np.random.default_rng(0)
    samples = rng.standard_normal((2 * rate, channels)) * 0.3 * np.linspace(0, 1, 2 * rate)[:, np.newaxis] ** 4
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", rate, channels, format="MP3", bitrate_mode=mode, compression_level=0.5) as out:
        out.write(samples)
    data = file.getvalue()
    tag = max(data[:200].find(b"Info"), data[:200].find(b"Xing"))
    (frames,) = struct.unpack_from(">I", data, tag + 8)
    first = data.find(data[:2], 60)
    return data[first:], frames * (1152 if rate >= 32_000 else 576)


def ape(flags: int) -> bytes:
    return b"APETAGEX" + struct.pack("<IIII", 2000, 5032, 1, flags) + bytes(8)


@pytest.mark.parametrize("mode", ["CONSTANT", "AVERAGE", "VARIABLE"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 24_000, 44_100, 48_000])
def test_a_streamed_mp3_is_read_to_its_end(rate: int, channels: int, mode: str) -> None:
    data, frames = mp3(rate, channels, mode)
    assert leaves_length_open(io.BytesIO(data))
    assert probe(data).frames == frames
    clip = decode(data)
    assert (clip.frames, clip.channels, clip.sample_rate) == (frames, channels, rate)
    assert np.abs(clip.samples[-rate // 2 :]).max() > 0.1
    guessed = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)[0]
    shorter = min(frames, len(guessed))
    assert np.array_equal(clip.samples[:shorter], guessed[:shorter])


@pytest.mark.parametrize(
    "tail",
    [
        b"TAG" + b"x" * 125,
        bytes(200_000),
        b"y" * 5000 + ape(APE_FOOTER),
        ape(APE_HEADER) + b"y" * 5000 + ape(APE_FOOTER),
        ape(APE_HEADER) + b"y" * 5000 + ape(APE_FOOTER) + b"TAG" + b"x" * 125 + bytes(3),
    ],
    ids=["ID3v1", "zeros", "APE", "APE with header", "all"],
)
def test_tags_at_its_end_do_no_harm(tail: bytes) -> None:
    data, frames = mp3(16_000, 1, "VARIABLE")
    assert end_of_stream(io.BytesIO(data + tail)) == len(data)
    assert probe(data + tail).frames == decode(data + tail).frames == frames


def test_a_tag_in_front_does_no_harm() -> None:
    data, frames = mp3(16_000, 1, "VARIABLE")
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 2, 0]) + b"\xff\xfb\x90\x00" * 64
    assert after_id3(tag) == len(tag)
    assert probe(tag + data).frames == decode(tag + data).frames == frames


def test_what_is_no_mp3_is_damaged() -> None:
    data, _ = mp3(16_000, 1, "VARIABLE")
    for read in (probe, decode):
        with pytest.raises(AudioDecodeError, match="is damaged"):
            read(data + b"\1abc" * 9000)


def test_others_say_how_long_they_are() -> None:
    for data in (b"", b"\xff", b"ID3", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f", b"RIFF" + bytes(99), b"\xff\xfb"):
        file = io.BytesIO(data)
        assert not leaves_length_open(file)
        assert file.tell() == 0
    for length in range(36, 44):  # cut within the tag: somebody else says that it is truncated
        assert leaves_length_open(io.BytesIO((b"\xff\xfb\x90\x00" + bytes(32) + b"Xing\0\0\0\x0f")[:length]))
    for flags, is_open in ((0, True), (1, False), (2, True), (3, False)):
        head = b"\xff\xfb\x90\x00" + bytes(32) + b"Xing" + struct.pack(">I", flags)
        assert leaves_length_open(io.BytesIO(head)) is is_open
    assert end_of_stream(io.BytesIO(b"")) == end_of_stream(io.BytesIO(bytes(9))) == 0

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from audio_logging.clip import AudioClip
from audio_logging.encoding import decode, encode
from audio_logging.encoding.flac import LONG_ENOUGH, with_seek_table


def bare(frames: int, channels: int = 1) -> bytes:
    """A file as libsndfile writes it."""
    memory = io.BytesIO()
    noise = np.random.default_rng(frames).integers(-3000, 3000, (frames, channels)).astype(np.int16)
    soundfile.write(memory, noise, 16000, format="FLAC")
    return memory.getvalue()


def blocks(data: bytes) -> list[int]:
    """Types of the metadata blocks, by the format's own description."""
    at, found = 4, []
    while True:
        found.append(data[at] & 0x7F)
        is_last = data[at] & 0x80
        at += 4 + int.from_bytes(data[at + 1 : at + 4], "big")
        if is_last:
            return found


@pytest.mark.parametrize("frames", [1, 4095, 4096, 16000])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_short_file_gets_a_table_behind_its_stream_info_and_stays_the_same_audio(frames: int, channels: int) -> None:
    data = bare(frames, channels)
    made = bytes(with_seek_table(data))
    assert len(made) == len(data) + 22
    assert blocks(made) == [0, 3, *blocks(data)[1:]]
    before, after = (soundfile.read(io.BytesIO(item), dtype="int16", always_2d=True)[0] for item in (data, made))
    assert np.array_equal(before, after)


def test_a_table_is_written_once() -> None:
    made = with_seek_table(bare(800))
    assert with_seek_table(made) == made


@pytest.mark.parametrize(
    "data", [b"", b"fLaC", b"fLaC\x80\x00\x00\x22", b"RIFF" + bytes(60), b"fLaC\x00\xff\xff\xff" + bytes(9)]
)
def test_what_is_no_whole_flac_file_stays_as_it_is(data: bytes) -> None:
    assert with_seek_table(data) == data


def test_a_long_file_stays_as_it_is() -> None:
    data = bare(400_000)
    assert len(data) > LONG_ENOUGH
    assert with_seek_table(data) == data


def test_clips_are_stored_with_a_table() -> None:
    clip = AudioClip(np.zeros((800, 1), np.float32), 16000)
    data = bytes(encode(clip, "flac").data)
    assert 3 in blocks(data)
    assert np.array_equal(decode(data).samples, clip.samples)

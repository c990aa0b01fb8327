"""Reading in blocks gives what reading whole gives, whatever the file says of itself."""

from __future__ import annotations

import itertools
import os
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from audio_logging.dashboard.analysis import Cancelled
from audio_logging.dashboard.analysis.blocks import (
    BLOCK,
    LOUDEST,
    BlockReader,
    EndsEarlyError,
    of_known_length,
    open_blocks,
)
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.errors import AudioDecodeError, AudioLoggingError, AudioValueError, NotFoundError
from tests.dashboard.analysis.conftest import Store, sound_bytes

KINDS = [
    ("WAV", "PCM_U8"),
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_32"),
    ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"),
    ("WAV", "ULAW"),
    ("WAV", "IMA_ADPCM"),
    ("WAVEX", "PCM_16"),
    ("RF64", "PCM_24"),
    ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
    ("AIFF", "PCM_16"),
    ("AU", "FLOAT"),
    ("CAF", "ALAC_16"),
]
every_kind = pytest.mark.parametrize(("container", "subtype"), KINDS)


@pytest.fixture
def noise(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Two blocks and a bit of stereo."""
    return np.asarray(0.1 * rng.standard_normal((BLOCK + 777, 2)), np.float32)


def read_all(file: StoredFile, start: int = 0, stop: int | None = None) -> npt.NDArray[np.float32]:
    with open_blocks(file) as reader:
        return np.concatenate([np.zeros((0, reader.channels), np.float32), *reader.blocks(start, stop)])


@every_kind
def test_blocks_are_what_reading_whole_gives(
    store: Store, noise: npt.NDArray[np.float32], container: str, subtype: str
) -> None:
    file = store(noise, 48_000, container, subtype)
    whole = soundfile.read(file.path, dtype="float32", always_2d=True)[0]
    with open_blocks(file) as reader:
        assert (reader.sample_rate, reader.channels, reader.frames) == (48_000, 2, len(whole))
        blocks = list(reader.blocks())
    assert {len(block) for block in blocks[:-1]} == {BLOCK // 2}
    assert np.array_equal(np.concatenate(blocks), whole)


@every_kind
def test_a_part_is_what_lies_there(
    store: Store, noise: npt.NDArray[np.float32], rng: np.random.Generator, container: str, subtype: str
) -> None:
    file = store(noise, 48_000, container, subtype)
    whole = soundfile.read(file.path, dtype="float32", always_2d=True)[0]
    for start in [1, len(whole) - 1, len(whole) - 1200, *rng.integers(0, len(whole), 6).tolist()]:
        for stop in (start + 1, min(start + 40_000, len(whole))):
            part = read_all(file, start, stop)
            assert part.shape == whole[start:stop].shape
            assert np.abs(part - whole[start:stop]).max() <= (1e-6 if subtype == "OPUS" else 0), (start, stop)


def test_a_part_of_an_mp3_of_variable_bit_rate_is_exact(
    store: Store, noise: npt.NDArray[np.float32], rng: np.random.Generator
) -> None:
    """Seeking there is off by hundreds of frames (libsndfile 1.2.2)."""
    file = store(noise[:, 0], 16_000, "MP3", bitrate_mode="VARIABLE", compression_level=0.5)
    whole = read_all(file)
    for start in rng.integers(0, len(whole), 20).tolist():
        assert np.array_equal(read_all(file, start), whole[start:])


def test_blocks_of_many_channels_are_shorter(store: Store) -> None:
    with open_blocks(store(np.zeros((1000, 1024)))) as reader:
        assert [len(block) for block in reader.blocks()] == [256, 256, 256, 232]


@pytest.mark.parametrize("frames", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1])
def test_any_length(store: Store, frames: int) -> None:
    assert read_all(store(np.full(frames, 0.5))).shape == (frames, 1)


def test_nan_and_infinity_are_silence_and_counted(store: Store) -> None:
    samples = np.array([0.5, np.nan, np.inf, -np.inf, -2.0, 1e30, -1e300])
    with open_blocks(store(samples, subtype="DOUBLE")) as reader:
        (block,) = reader.blocks()
    assert block[:, 0].tolist() == [0.5, 0, 0, 0, -2, LOUDEST, 0]  # 1e300 is infinite as a 32-bit float
    assert reader.invalid_samples == 4


def test_what_was_skipped_is_not_counted(store: Store) -> None:
    samples = np.array([np.nan, 0.25, np.nan, 0.5])
    with open_blocks(store(samples, subtype="FLOAT")) as reader:
        reader._seekable = False
        assert np.concatenate(list(reader.blocks(1, 3)))[:, 0].tolist() == [0.25, 0]
    assert reader.invalid_samples == 1


@pytest.mark.parametrize(
    ("subtype", "largest"),
    [("PCM_U8", 127 / 128), ("PCM_16", 1 - 2**-15), ("PCM_24", 1 - 2**-23), ("PCM_32", 1.0), ("FLOAT", None)],
)
def test_the_largest_sample_of_integers_is_known(store: Store, subtype: str, largest: float | None) -> None:
    with open_blocks(store(np.ones(10), subtype=subtype)) as reader:
        assert reader.largest == largest
        if largest is not None:
            assert next(reader.blocks()).max() == largest


def test_cancelled_is_asked_between_blocks(store: Store) -> None:
    file = store(np.zeros(10 * BLOCK))
    asked = itertools.count(1)
    with open_blocks(file, lambda: next(asked) > 3) as reader:
        blocks = reader.blocks()
        for _ in range(3):
            next(blocks)
        with pytest.raises(Cancelled, match="reading 'the clip' was cancelled"):
            next(blocks)


def test_skipping_can_be_cancelled(store: Store) -> None:
    file = store(np.zeros(3 * BLOCK), 16_000, "OGG", "VORBIS")
    with open_blocks(file, lambda: True) as reader, pytest.raises(Cancelled):
        next(reader.blocks(2 * BLOCK))


def short_flac(samples: npt.NDArray[Any], promised: int) -> bytes:
    """A FLAC file whose header promises any number of frames."""
    data = bytearray(sound_bytes(samples, 16_000, "FLAC"))
    data[21] = data[21] & 0xF0 | promised >> 32
    data[22:26] = struct.pack(">I", promised & 0xFFFFFFFF)
    return bytes(data)


def test_a_file_that_ends_early_says_where(store_bytes: Callable[[bytes], StoredFile]) -> None:
    file = store_bytes(short_flac(np.zeros(5000), 6000))
    with pytest.raises(EndsEarlyError, match="'the clip' is truncated: it ends after 5000 frames") as caught:
        read_all(file, 0, 6000)
    assert caught.value.frames == 5000
    with pytest.raises(EndsEarlyError, match="5000 frames"):
        read_all(file, 5500, 6000)
    assert len(read_all(file)) == 5000


@pytest.mark.parametrize("promised", [0, 4999, 5000, 5001, 2**31, 2**36 - 1])
def test_the_file_is_trusted_rather_than_its_header(store_bytes: Callable[[bytes], StoredFile], promised: int) -> None:
    file = store_bytes(short_flac(np.full(5000, 0.5), promised))

    def count(reader: BlockReader, frames: int) -> int:
        assert sum(len(block) for block in reader.blocks(0, frames)) == frames
        return frames

    assert of_known_length(file, count) == min(promised or 5000, 5000)


def test_a_wav_that_promises_too_much(store: Store, store_bytes: Callable[[bytes], StoredFile]) -> None:
    data = bytearray(sound_bytes(np.zeros(1000), 16_000, "WAV"))
    data[40:44] = struct.pack("<I", 2**32 - 16)
    assert of_known_length(store_bytes(bytes(data)), lambda _, frames: frames) == 1000


def test_a_length_that_is_known_is_not_asked_for(store: Store) -> None:
    assert of_known_length(store(np.zeros(1000)), lambda _, frames: frames, frames=7) == 7


def test_a_streamed_mp3_is_counted(store_bytes: Callable[[bytes], StoredFile], rng: np.random.Generator) -> None:
    samples = rng.standard_normal(80_000) * np.linspace(0, 0.3, 80_000) ** 3
    data = sound_bytes(samples, 16_000, "MP3", bitrate_mode="VARIABLE", compression_level=0.5)
    file = store_bytes(data[data.find(data[:2], 60) :])  # without the frame that counts the others
    with open_blocks(file) as reader:
        assert reader.frames is None
    frames = of_known_length(file, lambda _, frames: frames)
    assert 80_000 <= frames < 80_000 + 4 * 576
    assert np.array_equal(read_all(file, frames - 3000, frames), read_all(file)[-3000:])


def test_a_file_that_changes_all_the_time_is_given_up(store: Store) -> None:
    def never(reader: BlockReader, frames: int) -> int:
        raise EndsEarlyError("it", frames - 1)

    with pytest.raises(AudioDecodeError, match="'the clip' changes while it is read; try again"):
        of_known_length(store(np.zeros(100)), never)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"'the clip' is empty \(0 bytes\)"),
        (b"<html>", "'the clip' is not an audio file"),
        (b"RIFF", "not an audio"),
    ],
)
def test_what_is_no_audio_is_refused(store_bytes: Callable[[bytes], StoredFile], data: bytes, message: str) -> None:
    with pytest.raises(AudioDecodeError, match=message):
        read_all(store_bytes(data))


def test_what_vanished_or_became_something_else_is_refused(store: Store, tmp_path: Path) -> None:
    file = store(np.zeros(10))
    with pytest.raises(NotFoundError, match="cannot be opened"):
        read_all(replace(file, path=str(tmp_path / "gone")))
    with pytest.raises(AudioValueError, match="no regular file"):
        read_all(replace(file, path=str(tmp_path)))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AudioValueError, match="no regular file"):
        read_all(replace(file, path=str(tmp_path / "pipe")))
    (tmp_path / "link").symlink_to(file.path)
    with pytest.raises(NotFoundError, match="cannot be opened"):
        read_all(replace(file, path=str(tmp_path / "link")))


def test_a_file_that_shrinks_or_vanishes_meanwhile(store: Store, noise: npt.NDArray[np.float32]) -> None:
    for container, change in itertools.product(("WAV", "FLAC", "OGG", "MP3"), ("shrink", "vanish", "replace")):
        file = store(np.tile(noise, (3, 1)), 48_000, container)
        path = Path(file.path)

        def cancelled(path: Path = path, change: str = change) -> bool:
            if path.exists() and path.stat().st_size > 50_000:
                if change == "shrink":
                    os.truncate(path, 50_000)
                elif change == "vanish":
                    path.unlink()
                else:
                    path.with_suffix(".new").write_bytes(b"RIFF" + bytes(100))
                    path.with_suffix(".new").replace(path)
            return False

        try:
            frames = of_known_length(
                file, lambda reader, frames: len(np.concatenate(list(reader.blocks(0, frames)))), cancelled=cancelled
            )
        except AudioLoggingError:
            continue
        assert frames <= 3 * len(noise) + 5000


@every_kind
def test_a_damaged_file_is_an_error_or_a_part_of_it(
    store_bytes: Callable[[bytes], StoredFile],
    noise: npt.NDArray[np.float32],
    rng: np.random.Generator,
    container: str,
    subtype: str,
) -> None:
    whole = sound_bytes(noise, 48_000, container, subtype)
    middle = len(whole) // 2
    frames = len(noise) + 5000  # codecs pad
    for data in (
        whole[:middle],
        whole[:100],
        whole[:-1],
        whole[:middle] + rng.bytes(2000) + whole[middle + 2000 :],
        whole[:middle] + bytes(2000) + whole[middle + 2000 :],
    ):
        file = store_bytes(data)
        for start in (0, 20_000):
            try:
                assert np.isfinite(read_all(file, start)).all()
                assert of_known_length(file, lambda _, found: found) <= frames
            except AudioLoggingError as error:
                assert "'the clip'" in str(error)

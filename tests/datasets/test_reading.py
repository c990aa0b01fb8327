from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_logging._types import AnyArray
from audio_logging.datasets import soundfile_source
from audio_logging.datasets.errors import AudioReadError
from audio_logging.datasets.files import CHUNK_BYTES
from audio_logging.datasets.reading import SoundFileSource, WavSource, open_audio
from audio_logging.errors import AudioDecodeError, AudioFileNotFoundError, NonFiniteAudioError

KINDS = {
    "wav": ("WAV", "PCM_16"),
    "24 bit": ("WAV", "PCM_24"),
    "float": ("WAV", "FLOAT"),
    "a-law": ("WAV", "ALAW"),
    "adpcm": ("WAV", "IMA_ADPCM"),
    "flac": ("FLAC", "PCM_16"),
    "aiff": ("AIFF", "PCM_24"),
    "au": ("AU", "FLOAT"),
    "caf": ("CAF", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two channels, 1.5 s at 48 kHz, in every kind of file; all of them are called .wav."""
    top = tmp_path_factory.mktemp("kinds")
    time = np.arange(72_000)[:, np.newaxis] / 48_000
    samples = 0.5 * np.sin(2 * np.pi * time * [440, 660])
    for name, (kind, subtype) in KINDS.items():
        soundfile.write(top / f"{name}.wav", samples, 48_000, subtype, format=kind)
    return {name: top / f"{name}.wav" for name in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_is_read_as_libsndfile_reads_it(files: dict[str, Path], kind: str) -> None:
    expected, rate = soundfile.read(files[kind], dtype="float32", always_2d=True)
    source = open_audio(str(files[kind]))
    samples = source.read(0, source.frames)
    source.close()
    assert (source.frames, source.channels, source.sample_rate) == (len(expected), 2, rate)
    assert samples.dtype == np.float32
    assert np.array_equal(samples, expected)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {"mp3", "opus", "ogg"}])
@pytest.mark.parametrize(("first", "frames"), [(0, 10), (1, 1), (30_000, 4_000), (71_999, 1), (72_000, 0)])
def test_a_part_of_a_file_is_the_part_of_the_whole(files: dict[str, Path], kind: str, first: int, frames: int) -> None:
    expected, _ = soundfile.read(files[kind], dtype="float32", always_2d=True)
    source = open_audio(str(files[kind]))
    samples = source.read(first, frames)
    source.close()
    assert np.array_equal(samples, expected[first : first + frames])


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_files_longer_than_the_buffer_are_read_whole(tmp_path: Path, subtype: str, beyond: int) -> None:
    width = {"PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}[subtype]
    samples = np.random.default_rng(0).uniform(-1, 1, CHUNK_BYTES // width + beyond)
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype)
    expected, _ = soundfile.read(tmp_path / "a.wav", dtype="float32", always_2d=True)
    source = open_audio(str(tmp_path / "a.wav"))
    assert isinstance(source, WavSource)
    assert np.array_equal(source.read(0, source.frames), expected)


@pytest.mark.parametrize("content", [b"dear diary", b"RIFF", b"fLaC", b"ID3", bytes(5000), b"OggS" + bytes(99)])
def test_what_is_no_audio_is_an_error_with_the_path(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "diary.wav").write_bytes(content)
    with pytest.raises(AudioDecodeError, match=r"diary\.wav: is no audio file that libsndfile reads"):
        open_audio(str(tmp_path / "diary.wav"))


def test_a_flac_file_that_was_cut_short_is_an_error_with_the_path(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "cut.flac").write_bytes(files["flac"].read_bytes()[:9000])
    source = open_audio(str(tmp_path / "cut.flac"))
    with pytest.raises(AudioDecodeError, match=r"cut\.flac: (the header promises 72000 frames|cannot be decoded)"):
        source.read(0, source.frames)
    source.close()


@pytest.mark.parametrize("block", [1, 999, 72_000, 143_999, 144_000])
def test_other_formats_are_decoded_block_by_block(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(soundfile_source, "_BLOCK_SAMPLES", max(block, 200))
    expected, _ = soundfile.read(files["flac"], dtype="float32", always_2d=True)
    source = open_audio(str(files["flac"]))
    assert np.array_equal(source.read(0, source.frames), expected)
    assert np.array_equal(source.read(1000, 50_000), expected[1000:51_000])
    source.close()


def test_damage_within_a_file_is_an_error_with_the_path(files: dict[str, Path], tmp_path: Path) -> None:
    content = bytearray(files["flac"].read_bytes())
    content[20_000:] = b"\xff" * (len(content) - 20_000)
    (tmp_path / "damaged.flac").write_bytes(content)
    source = open_audio(str(tmp_path / "damaged.flac"))
    with pytest.raises(AudioDecodeError, match=r"damaged\.flac: "):
        source.read(0, source.frames)
    source.close()


def test_a_folder_in_place_of_an_opened_file_is_an_error(
    tmp_path: Path, write_wav: Callable[..., Path], noise: Callable[..., AnyArray]
) -> None:
    path = write_wav(tmp_path / "a.wav", noise(0, 100_000))
    source = open_audio(str(path))
    path.unlink()
    path.mkdir()
    with pytest.raises(AudioReadError, match=r"a\.wav: is no regular file"):
        source.read(0, source.frames)


def test_a_flac_header_that_promises_2_to_the_36_frames_costs_no_memory(files: dict[str, Path], tmp_path: Path) -> None:
    content = bytearray(files["flac"].read_bytes())
    content[21:26] = bytes([content[21] | 0x0F, 255, 255, 255, 255])
    (tmp_path / "lie.flac").write_bytes(content)
    source = open_audio(str(tmp_path / "lie.flac"))
    assert isinstance(source, SoundFileSource)
    assert source.frames == 2**36 - 1
    assert not source.length_is_sure
    tracemalloc.start()
    with pytest.raises(AudioDecodeError, match=r"lie\.flac: "):
        source.read(0, source.frames)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    source.close()
    assert peak < 2**26


@pytest.mark.parametrize(("kind", "subtype"), [("WAV", "FLOAT"), ("WAV", "DOUBLE"), ("CAF", "FLOAT")])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_an_error_with_the_path(
    tmp_path: Path, kind: str, subtype: str, bad: float
) -> None:
    soundfile.write(tmp_path / "a.x", [0.0, bad, 0.5], 8000, subtype, format=kind)
    source = open_audio(str(tmp_path / "a.x"))
    with pytest.raises(NonFiniteAudioError, match=r"a\.x: 1 of 3 samples are NaN or infinite"):
        source.read(0, 3)
    source.close()


def test_a_file_that_shrinks_after_it_was_opened_is_an_error_with_the_path(
    tmp_path: Path, write_wav: Callable[..., Path], noise: Callable[..., AnyArray]
) -> None:
    path = write_wav(tmp_path / "a.wav", noise(0, 100_000))
    source = open_audio(str(path))
    path.write_bytes(path.read_bytes()[:70_000])
    with pytest.raises(AudioDecodeError, match=r"a\.wav: the file became shorter"):
        source.read(0, source.frames)
    path.unlink()
    with pytest.raises(AudioFileNotFoundError, match=r"a\.wav: there is no such file"):
        source.read(0, source.frames)


def test_no_descriptor_is_left_open(files: dict[str, Path], tmp_path: Path) -> None:
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("open files are counted in /proc")
    (tmp_path / "text.wav").write_text("text")
    before = count()
    for path in (*files.values(), tmp_path / "text.wav"):
        try:
            source = open_audio(str(path))
        except AudioDecodeError:
            continue
        source.read(0, source.frames)
        source.close()
    assert count() == before

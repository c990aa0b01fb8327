from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_logging.datasets.reading import SoundFileSource, WavSource, open_audio
from audio_logging.datasets.wav import parse_header
from audio_logging.errors import AudioDecodeError

SAMPLES = np.arange(-300, 300, 3, dtype="<i2")
FORMAT = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)


def chunk(name: bytes, content: bytes, length: int | None = None) -> bytes:
    pad = b"\0" if len(content) % 2 else b""
    return name + struct.pack("<I", len(content) if length is None else length) + content + pad


def riff(*chunks: bytes, kind: bytes = b"RIFF", length: int | None = None) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return kind + struct.pack("<I", len(body) if length is None else length) + body


def form(tag: int = 1, channels: int = 1, rate: int = 8000, block: int = 2, bits: int = 16, more: bytes = b"") -> bytes:
    return chunk(b"fmt ", struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits) + more)


GUID = b"\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
EXTENSIBLE = form(0xFFFE, more=struct.pack("<HHI", 22, 16, 4) + b"\x01\x00" + GUID)
DATA = chunk(b"data", SAMPLES.tobytes())
DS64 = chunk(b"ds64", struct.pack("<QQQI", 0, SAMPLES.nbytes, len(SAMPLES), 0))
OPEN = 0xFFFFFFFF

READABLE = {
    "plain": riff(form(), DATA),
    "a chunk before the format": riff(chunk(b"LIST", b"INFOabcd"), form(), DATA),
    "a chunk before the samples": riff(form(), chunk(b"LIST", b"INFOabcd"), DATA),
    "an odd chunk before the samples": riff(form(), chunk(b"junk", b"abc"), DATA),
    "a chunk after the samples": riff(form(), DATA, chunk(b"LIST", b"INFOabcd")),
    "a long chunk before the samples": riff(form(), chunk(b"junk", bytes(100_001)), DATA),
    "samples before the format": riff(DATA, form()),
    "a format with an empty extension": riff(form(more=b"\0\0"), DATA),
    "an extensible format": riff(EXTENSIBLE, DATA),
    "no length in the file header": riff(form(), DATA, length=0),
    "junk at the end": riff(form(), DATA) + b"junk behind",
    "an open length": riff(form(), chunk(b"data", SAMPLES.tobytes(), OPEN), length=OPEN),
    "RF64": riff(DS64, form(), chunk(b"data", SAMPLES.tobytes(), OPEN), kind=b"RF64", length=OPEN),
    "BW64": riff(DS64, form(), DATA, kind=b"BW64", length=OPEN),
    "half a sample too much": riff(form(), chunk(b"data", SAMPLES.tobytes() + b"\0")),
}

BROKEN = {
    "no chunk with samples": (riff(form()), "has no samples"),
    "no chunk with a format": (riff(DATA), "has no format"),
    "nothing but the file header": (riff(), "has no format"),
    "a format of four bytes": (riff(chunk(b"fmt ", b"\1\0\1\0"), DATA), "format chunk of this WAV file was cut short"),
    "a ds64 chunk of four bytes": (riff(chunk(b"ds64", bytes(4)), kind=b"RF64"), "'ds64' chunk .* cut short"),
    "0 Hz": (riff(form(rate=0), DATA), "says 0 Hz and 1 channels"),
    "no channels": (riff(form(channels=0, block=0), DATA), "says 8000 Hz and 0 channels"),
    "2000 channels": (riff(form(channels=2000, block=4000), DATA), "2000 channels; .* 1 to 1024"),
    "samples cut short": (riff(form(), DATA)[:-9], "promises 200 frames, the file holds 195"),
    "4 GB promised": (riff(form(), chunk(b"data", bytes(900), 0xFFFFFFF0)), "promises 2147483640 frames"),
    "an RF64 file with 2^60 bytes promised": (
        riff(chunk(b"ds64", struct.pack("<QQQI", 0, 2**60, 0, 0)), form(), chunk(b"data", b"", OPEN), kind=b"RF64"),
        "promises 576460752303423488 frames",
    ),
    "zeros for ever": (riff(bytes(10**6)), "has no format"),
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], str]:
    def write_bytes(content: bytes) -> str:
        (tmp_path / "a.wav").write_bytes(content)
        return str(tmp_path / "a.wav")

    return write_bytes


@pytest.mark.parametrize("content", READABLE.values(), ids=READABLE)
def test_every_kind_of_header_leads_to_the_same_samples(write: Callable[[bytes], str], content: bytes) -> None:
    source = open_audio(write(content))
    assert isinstance(source, WavSource)
    assert (source.frames, source.channels, source.sample_rate) == (200, 1, 8000)
    assert np.array_equal(source.read(0, 200)[:, 0] * 2**15, SAMPLES)


@pytest.mark.parametrize("content", READABLE.values(), ids=READABLE)
def test_any_part_of_a_file_is_read_by_itself(write: Callable[[bytes], str], content: bytes) -> None:
    source = open_audio(write(content))
    assert np.array_equal(source.read(150, 50)[:, 0] * 2**15, SAMPLES[150:])
    assert source.read(200, 0).shape == (0, 1)


@pytest.mark.parametrize(("content", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_header_is_an_error_with_the_path(write: Callable[[bytes], str], content: bytes, message: str) -> None:
    path = write(content)
    with pytest.raises(AudioDecodeError, match=message) as caught:
        open_audio(path)
    assert str(caught.value).startswith(path)


@pytest.mark.parametrize("promised", [0xFFFFFFFF, 0xFFFFFFF0, 0x7FFFFFFF])
def test_a_promise_of_gigabytes_allocates_nothing(write: Callable[[bytes], str], promised: int) -> None:
    path = write(riff(form(), chunk(b"data", bytes(900), promised)))
    tracemalloc.start()
    try:
        source = open_audio(path)
        source.read(0, source.frames)
    except AudioDecodeError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2**20


def test_what_we_do_not_know_is_left_to_libsndfile(write: Callable[[bytes], str], tmp_path: Path) -> None:
    soundfile.write(tmp_path / "adpcm.wav", np.zeros(4000), 8000, "IMA_ADPCM")
    for content in (b"RIFX" + bytes(40), b"fLaC" + bytes(40), riff(form(bits=12, block=2), DATA)):
        assert parse_header("a", content, len(content)) is None
    source = open_audio(str(tmp_path / "adpcm.wav"))
    assert isinstance(source, SoundFileSource)
    source.close()


def test_headers_agree_with_what_libsndfile_writes(tmp_path: Path) -> None:
    for channels in (1, 2, 6):
        for subtype in soundfile.available_subtypes("WAV"):
            for kind in ("WAV", "WAVEX", "RF64"):
                if not soundfile.check_format(kind, subtype):
                    continue
                path = tmp_path / f"{kind}-{subtype}-{channels}.wav"
                try:
                    soundfile.write(path, np.zeros((640, channels)), 8000, subtype, format=kind)
                except soundfile.LibsndfileError:
                    continue
                source, expected = open_audio(str(path)), soundfile.info(path)
                assert (source.frames, source.channels) == (expected.frames, expected.channels), path
                source.close()

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_logging._types import AnyArray
from audio_logging.datasets.encodings import ENCODINGS
from audio_logging.datasets.reading import WavSource, open_audio

SUBTYPES = {encoding.name: encoding for encoding in ENCODINGS.values()}


def every_code(width: int) -> bytes:
    """All patterns of one byte or two, and the ends and a sample of longer ones."""
    if width <= 2:
        return np.arange(256**width, dtype="<u4").view(np.uint8).reshape(-1, 4)[:, :width].tobytes()
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 256, (5000, width), np.uint8)
    codes[:4] = [[0] * width, [255] * width, [*[0] * (width - 1), 128], [*[255] * (width - 1), 127]]
    return codes.tobytes()


def write_raw(path: Path, subtype: str, content: bytes) -> None:
    with soundfile.SoundFile(path, "w", 8000, 1, subtype, format="WAV") as file:
        file.buffer_write(bytes(len(content) // SUBTYPES[subtype].width * 4), dtype="float32")
    header = path.read_bytes()
    start = header.index(b"data") + 8
    path.write_bytes(header[:start] + content + header[start + len(content) :])


@pytest.mark.parametrize("subtype", [name for name in SUBTYPES if name not in {"FLOAT", "DOUBLE"}])
def test_every_code_is_decoded_as_libsndfile_does(tmp_path: Path, subtype: str) -> None:
    write_raw(tmp_path / "codes.wav", subtype, every_code(SUBTYPES[subtype].width))
    source = open_audio(str(tmp_path / "codes.wav"))
    expected, _ = soundfile.read(tmp_path / "codes.wav", dtype="float32", always_2d=True)
    assert isinstance(source, WavSource)
    assert np.array_equal(source.read(0, source.frames), expected)


@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_floating_point_keeps_what_lies_beyond_full_scale(tmp_path: Path, subtype: str) -> None:
    samples = np.array([0.1, -1.0, 1.0, 3.5, -1e30, 1e-40, -0.0])
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype)
    source = open_audio(str(tmp_path / "a.wav"))
    assert np.array_equal(source.read(0, 7)[:, 0], samples.astype(np.float32))


@pytest.mark.parametrize(
    ("code", "sample"),
    [(-(2**15), -1.0), (-1, -(2**-15)), (0, 0.0), (1, 2**-15), (2**14, 0.5), (2**15 - 1, 1 - 2**-15)],
)
def test_16_bit_samples_are_divided_by_32768(code: int, sample: float) -> None:
    row = np.empty(1, np.float32)
    ENCODINGS[1, 16].decode(np.array([code], "<i2").tobytes(), 0, row)
    assert row.tolist() == [sample]


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=lambda encoding: encoding.name)
@pytest.mark.parametrize("count", [0, 1, 65535, 65536, 65537])
def test_decoding_begins_at_the_offset_and_fills_only_the_row(encoding: object, count: int) -> None:
    codec = next(each for each in ENCODINGS.values() if each is encoding)
    content = np.random.default_rng(1).integers(0, 127, (count + 9) * codec.width, np.uint8).tobytes()
    whole: AnyArray = np.zeros(count + 5, np.float32)
    alone: AnyArray = np.zeros(count, np.float32)
    codec.decode(content, 3 * codec.width, whole[2 : 2 + count])
    codec.decode(content[3 * codec.width :], 0, alone)
    assert np.array_equal(whole[2 : 2 + count], alone, equal_nan=True)
    assert not whole[:2].any()
    assert not whole[2 + count :].any()

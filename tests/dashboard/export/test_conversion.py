from __future__ import annotations

import hashlib
import io
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from audio_logging.dashboard.export.conversion import FORMATS, Converted, Format, check_format, convert, media_type
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.encoding import CODECS, decode, encode
from audio_logging.errors import AudioDecodeError, NotFoundError, UnsupportedFormatError
from audio_logging.inputs import as_clip

Samples = npt.NDArray[np.float32]


def stored(path: Path) -> StoredFile:
    return StoredFile(path=str(path), content="c", name=path.name)


def bytes_of(converted: Converted) -> bytes:
    with converted.open() as file:
        return file.read()


def write(path: Path, samples: object, rate: int, subtype: str | None = None) -> Path:
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


@pytest.fixture
def noise(rng: np.random.Generator) -> Samples:
    return (rng.uniform(-0.5, 0.5, (30_000, 2))).astype(np.float32)


def test_formats_are_named_when_there_is_no_such_one() -> None:
    for form in FORMATS:
        check_format(form)
    for wrong in ("mp3", "", "FLAC", None, ["keep"]):
        said = f"got format={wrong!r}, wanted one of 'keep', 'opus', 'flac'"
        with pytest.raises(UnsupportedFormatError, match=re.escape(said)):
            check_format(wrong)


@pytest.mark.parametrize("form", [*CODECS, "aiff"])
def test_keep_gives_the_bytes_as_they_are(form: str, tmp_path: Path, tone: Samples) -> None:
    path = tmp_path / f"clip.{form}"
    if form == "aiff":
        write(path, tone, 16_000)
    else:
        path.write_bytes(encode(as_clip(tone, 16_000), form).data)
    converted = convert(stored(path), "keep")
    assert bytes_of(converted) == path.read_bytes()
    assert converted.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (converted.size, converted.extension) == (path.stat().st_size, form)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "ULAW", "ALAW"])
def test_flac_loses_nothing(subtype: str, tmp_path: Path, noise: Samples) -> None:
    path = write(tmp_path / "clip.wav", noise / 8, 44_100, subtype)
    converted = convert(stored(path), "flac")
    before, rate = soundfile.read(path, dtype="int32")
    after, rate_after = soundfile.read(io.BytesIO(bytes_of(converted)), dtype="int32")
    assert converted.extension == "flac" or subtype.endswith("LAW"), "8 bits of that kind may take less room"
    assert (before == after).all()
    assert rate == rate_after


@pytest.mark.parametrize(
    ("subtype", "rate", "channels", "reason"),
    [
        ("FLOAT", 16_000, 1, "flac cannot hold FLOAT without loss"),
        ("PCM_32", 16_000, 1, "flac cannot hold PCM_32 without loss"),
        ("PCM_16", 16_000, 9, "flac cannot hold 9 channels at 16000 Hz"),
        ("PCM_16", 65_537, 1, "flac cannot hold 1 channels at 65537 Hz"),
    ],
)
def test_what_flac_cannot_hold_stays(subtype: str, rate: int, channels: int, reason: str, tmp_path: Path) -> None:
    path = write(tmp_path / "clip.wav", np.zeros((5000, channels)), rate, subtype)
    converted = convert(stored(path), "flac")
    assert bytes_of(converted) == path.read_bytes()
    assert converted.kept_because == reason


@pytest.mark.parametrize("to", ["opus", "flac"])
@pytest.mark.parametrize("form", ["ogg", "opus", "mp3"])
def test_lossy_files_stay_as_they_are(form: str, to: Format, tmp_path: Path, tone: Samples) -> None:
    path = tmp_path / f"clip.{form}"
    path.write_bytes(encode(as_clip(tone, 16_000), form).data)
    converted = convert(stored(path), to)
    assert bytes_of(converted) == path.read_bytes()
    assert converted.kept_because is not None
    assert converted.kept_because.endswith("is lossy already")


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_opus_sounds_alike_and_is_as_long(rate: int, channels: int, tmp_path: Path) -> None:
    time = np.arange(2 * rate) / rate
    tones = np.stack([0.4 * np.sin(2 * np.pi * (440 + 220 * channel) * time) for channel in range(channels)], axis=1)
    converted = convert(stored(write(tmp_path / "clip.wav", tones, rate)), "opus")
    clip = decode(bytes_of(converted))
    assert converted.extension == "opus"
    assert clip.channels == channels
    assert clip.duration == pytest.approx(2.0, abs=1e-4)
    for channel in range(channels):
        spectrum = np.abs(np.fft.rfft(clip.samples[:, channel] * np.hanning(clip.frames)))
        assert spectrum.argmax() / clip.duration == pytest.approx(440 + 220 * channel, abs=1)


def test_opus_is_small_and_the_same_each_time(tmp_path: Path, noise: Samples) -> None:
    path = write(tmp_path / "clip.wav", noise, 16_000)
    converted = [convert(stored(path), "opus") for _ in range(2)]
    assert bytes_of(converted[0]) == bytes_of(converted[1])
    assert converted[0].size < path.stat().st_size / 3


def test_opus_of_many_channels_is_flac(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.wav", np.zeros((5000, 4)), 16_000)
    assert convert(stored(path), "opus").extension == "flac"


def test_opus_clips_what_is_beyond_full_scale(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.wav", np.full(16_000, 3.0), 16_000, "FLOAT")
    samples = decode(bytes_of(convert(stored(path), "opus"))).samples
    assert 0.9 < np.abs(samples).max() < 1.3


def test_invalid_samples_are_not_made_up(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.wav", np.array([0.0, np.nan, 0.5] * 4000), 16_000, "FLOAT")
    converted = convert(stored(path), "opus")
    assert bytes_of(converted) == path.read_bytes()
    assert converted.kept_because == "NaN or infinity among the samples"


@pytest.mark.parametrize("to", ["opus", "flac"])
def test_what_would_grow_stays(to: Format, tmp_path: Path) -> None:
    path = write(tmp_path / "clip.wav", np.zeros(10), 16_000)
    assert bytes_of(convert(stored(path), to)) == path.read_bytes()


@pytest.mark.parametrize("to", FORMATS)
def test_what_is_no_file_is_an_error(to: Format, tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    with pytest.raises(AudioDecodeError, match=r"empty\.wav is empty \(0 bytes\)"):
        convert(stored(tmp_path / "empty.wav"), to)
    with pytest.raises(NotFoundError, match="cannot be opened"):
        convert(stored(tmp_path / "gone.wav"), to)


@pytest.mark.parametrize("to", ["opus", "flac"])
def test_what_is_damaged_stays_as_it_is(to: Format, tmp_path: Path, wav_bytes: bytes) -> None:
    for content in (wav_bytes[:-1000], b"no audio"):
        (tmp_path / "cut.wav").write_bytes(content)
        converted = convert(stored(tmp_path / "cut.wav"), to)
        assert bytes_of(converted) == content
        assert converted.kept_because == "damaged or cut off"


def test_what_libsndfile_does_not_read_is_kept(tmp_path: Path) -> None:
    (tmp_path / "clip.m4a").write_bytes(b"\0\0\0\x20ftypM4A ")
    assert bytes_of(convert(stored(tmp_path / "clip.m4a"), "opus")) == b"\0\0\0\x20ftypM4A "


def test_what_browsers_play() -> None:
    assert media_type("opus") == "audio/ogg"
    assert media_type("flac") == "audio/flac"
    assert media_type("aiff") is None

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from audio_logging.encoding import AudioInfo, EncodedAudio
from audio_logging.errors import (
    AudioDecodeError,
    AudioDurationError,
    AudioLoggingError,
    AudioLoggingWarning,
    AudioValueError,
    EmptyAudioError,
    SampleRateError,
    UnsupportedFormatError,
)
from audio_logging.inputs import to_source
from audio_logging.storage.conversion import AudioFile, Conversion, convert, extension_for

Tone = npt.NDArray[np.float32]


def encoded(value: Any, sample_rate: int | None = None, **options: Any) -> EncodedAudio:
    made = convert(to_source(value), Conversion(**options), sample_rate)
    assert isinstance(made, EncodedAudio)
    return made


@pytest.fixture
def deep_take(tone: Tone, tmp_path: Path) -> Path:
    """A 24-bit WAV file."""
    soundfile.write(tmp_path / "deep.wav", tone, 16_000, subtype="PCM_24")
    return tmp_path / "deep.wav"


def test_samples_become_16_bit_wav_unless_asked_otherwise(tone: Tone) -> None:
    made = encoded(tone, 16_000)
    assert (made.format, made.subtype, made.extension) == ("wav", "PCM_16", ".wav")


def test_samples_become_what_is_asked_for(tone: Tone) -> None:
    assert encoded(tone, 16_000, format="flac", subtype="PCM_24").subtype == "PCM_24"
    assert encoded(tone, 16_000, format_of_samples="ogg").format == "ogg"
    assert encoded(tone, 16_000, format_of_samples="flac", subtype_of_samples="PCM_24").subtype == "PCM_24"


def test_a_file_is_kept_where_it_is(wav_bytes: bytes, tmp_path: Path) -> None:
    (tmp_path / "take.wav").write_bytes(wav_bytes)
    made = convert(to_source(tmp_path / "take.wav"), Conversion())
    assert made == AudioFile(tmp_path / "take.wav", AudioInfo("wav", "PCM_16", 16_000, 16_000, 1), ".wav")


def test_the_bytes_of_a_file_are_kept(wav_bytes: bytes) -> None:
    made = encoded(io.BytesIO(wav_bytes))
    assert bytes(made.data) == wav_bytes
    assert (made.sample_rate, made.frames, made.peak) == (16_000, 16_000, None)


@pytest.mark.parametrize("options", [{"format": "wav"}, {"format": "WAV"}, {"subtype": "pcm_16"}, {"format": ".wav"}])
def test_a_file_that_is_what_is_asked_for_is_kept(wav_bytes: bytes, options: dict[str, Any]) -> None:
    assert bytes(encoded(wav_bytes, **options).data) == wav_bytes


def test_a_file_is_converted_when_another_format_is_asked_for(wav_bytes: bytes) -> None:
    made = encoded(wav_bytes, format="flac")
    samples, rate = soundfile.read(io.BytesIO(made.data), dtype="int16")
    expected, _ = soundfile.read(io.BytesIO(wav_bytes), dtype="int16")
    assert rate == 16_000
    assert np.array_equal(samples, expected)
    assert made.peak == pytest.approx(0.5, abs=2**-15)


def test_the_format_for_samples_leaves_files_alone(wav_bytes: bytes, deep_take: Path) -> None:
    options: dict[str, Any] = {"format_of_samples": "flac", "subtype_of_samples": "PCM_24"}
    assert bytes(encoded(wav_bytes, **options).data) == wav_bytes
    assert isinstance(convert(to_source(deep_take), Conversion(format_of_samples="mp3")), AudioFile)


def test_a_file_is_normalised_without_losing_bits(deep_take: Path) -> None:
    made = encoded(deep_take, normalize="peak")
    assert (made.format, made.subtype) == ("wav", "PCM_24")
    assert made.gain == pytest.approx(2, abs=1e-3)


def test_a_file_is_given_another_subtype_when_asked_to(deep_take: Path) -> None:
    assert encoded(deep_take, subtype="PCM_16").subtype == "PCM_16"


def test_a_file_of_a_format_that_cannot_be_written_becomes_wav(tone: Tone, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "take.aiff", tone, 16_000)
    assert encoded(tmp_path / "take.aiff", normalize="peak").format == "wav"


def test_a_file_whose_format_has_no_such_subtype_is_refused(tone: Tone, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "take.mp3", tone, 16_000)
    with pytest.raises(UnsupportedFormatError, match="PCM_24 is a subtype of format='wav'"):
        encoded(tmp_path / "take.mp3", subtype="PCM_24")


def test_what_is_no_audio_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "notes.wav").write_text("this is no audio")
    with pytest.raises(AudioDecodeError, match=r"notes\.wav' is not an audio file"):
        convert(to_source(tmp_path / "notes.wav"), Conversion())


@pytest.mark.parametrize(("low", "high"), [(1, 1), (1.0, None), (None, 1.0), (0.5, 2), (0, 1)])
def test_the_bounds_belong_to_what_is_allowed(tone: Tone, wav_bytes: bytes, low: Any, high: Any) -> None:
    assert encoded(tone, 16_000, min_seconds=low, max_seconds=high).duration == 1.0
    assert encoded(wav_bytes, min_seconds=low, max_seconds=high).duration == 1.0


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (1.0001, None, "at least 1.0001 s"),
        (None, 0.9999, "0 to 0.9999 s"),
        (2, 3, "2 to 3 s"),
        (0.2, 0.5, "0.2 to 0.5 s"),
    ],
)
def test_a_clip_out_of_bounds_is_refused(tone: Tone, wav_bytes: bytes, low: Any, high: Any, wanted: str) -> None:
    for value, rate in ((tone, 16_000), (wav_bytes, None)):
        with pytest.raises(AudioDurationError, match=f"^got a clip of 1 s, wanted {wanted}$"):
            encoded(value, rate, min_seconds=low, max_seconds=high)


@pytest.mark.parametrize("frames", [1600, 4800, 11_200, 4410 * 16])
def test_a_bound_means_the_decimal_number_that_was_typed(frames: int) -> None:
    seconds = float(repr(frames / 16_000))
    assert encoded(np.zeros(frames), 16_000, min_seconds=seconds, max_seconds=seconds).frames == frames


def test_no_frames_are_taken_only_from_who_asks_for_them() -> None:
    with pytest.raises(EmptyAudioError, match="without frames"):
        encoded(np.zeros(0), 16_000)
    assert encoded(np.zeros(0), 16_000, min_seconds=0).frames == 0


def test_an_empty_file_is_taken_only_from_who_asks_for_it(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16_000)
    with pytest.raises(EmptyAudioError, match=r"empty\.wav' holds no frames, wanted at least one"):
        convert(to_source(tmp_path / "empty.wav"), Conversion())
    assert isinstance(convert(to_source(tmp_path / "empty.wav"), Conversion(min_seconds=0)), AudioFile)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "aac"}, "got format='aac', wanted one of 'wav', 'flac'"),
        ({"format": "flac", "subtype": "FLOAT"}, "FLOAT is a subtype of format='wav'"),
        ({"format_of_samples": "flac", "subtype_of_samples": "FLOAT"}, "FLOAT is a subtype of format='wav'"),
        ({"layout": "sideways"}, "got layout='sideways', wanted 'auto'"),
        ({"normalize": "loud"}, "got normalize='loud', wanted one of None, 'peak'"),
        ({"overload": "wrap"}, "got overload='wrap', wanted one of 'clip', 'scale', 'float'"),
        ({"on_invalid": "ignore"}, "got on_invalid='ignore', wanted 'raise' or 'zero'"),
        ({"min_seconds": -1}, "got min_seconds=-1, wanted a number of seconds, 0 or more"),
        ({"max_seconds": float("nan")}, "got max_seconds=nan, wanted a number of seconds"),
        ({"max_seconds": "3"}, "got max_seconds='3', wanted a number of seconds"),
        ({"min_seconds": 2, "max_seconds": 1}, "got min_seconds=2 and max_seconds=1, wanted the first to be"),
    ],
)
def test_words_and_bounds_that_mean_nothing_are_refused_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(AudioValueError, match=message):
        Conversion(**options)


def test_a_rate_that_contradicts_the_file_is_said_once_and_the_file_stays(wav_bytes: bytes, tmp_path: Path) -> None:
    (tmp_path / "take.wav").write_bytes(wav_bytes)
    with pytest.warns(AudioLoggingWarning, match="got sample_rate=8000, but .*take.wav' says 16000 Hz"):
        made = convert(to_source(tmp_path / "take.wav"), Conversion(), 8000)
    assert isinstance(made, AudioFile)
    assert made.info.sample_rate == 16_000
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        convert(to_source(tmp_path / "take.wav"), Conversion(), 8000)
        convert(to_source(tmp_path / "take.wav"), Conversion(), 16_000)


def test_samples_need_a_rate(tone: Tone) -> None:
    with pytest.raises(SampleRateError, match="type for example sample_rate=16000"):
        encoded(tone)


def test_an_address_of_a_bucket_is_never_fetched() -> None:
    with pytest.raises(AudioLoggingError, match="a reference to a bucket, which is never fetched"):
        encoded("s3://bucket/take.wav")


@pytest.mark.parametrize(
    ("name", "format", "extension"),
    [
        ("take.wav", "wav", ".wav"),
        ("take.WAV", "wav", ".WAV"),
        ("take.wave", "wav", ".wave"),
        ("take.wav", "flac", ".flac"),
        ("take.mp3", "wav", ".wav"),
        ("take", "ogg", ".ogg"),
        ("take.ogg", "opus", ".ogg"),
        ("take.flac", "opus", ".opus"),
        ("take.aiff", "aiff", ".aiff"),
        ("take", "aiff", ".aiff"),
        ("take.wav?download=1", "wav", ".wav"),
        ("take./../x", "wav", ".wav"),
        ("take." + "x" * 300, "wav", ".wav"),
    ],
)
def test_a_file_keeps_its_extension_unless_that_names_another_format(name: str, format: str, extension: str) -> None:  # noqa: A002
    assert extension_for(name, AudioInfo(format, "PCM_16", 16_000, 1, 1)) == extension

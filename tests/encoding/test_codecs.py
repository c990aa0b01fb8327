"""One contract that every row of the table of formats keeps; a new codec is tested by being there."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import re
import subprocess
import sys
import time

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

import audio_logging as al
from audio_logging import AudioClip, available_formats
from audio_logging.encoding import CODECS, EncodedAudio, decode, encode, probe
from audio_logging.encoding.codecs import find_codec, find_subtype
from audio_logging.errors import AudioEncodeError, UnsupportedFormatError

RATE = 16_000
ALL = [(name, subtype) for name, codec in CODECS.items() for subtype in codec.subtypes]
LOSSY = ("VORBIS", "OPUS", "MPEG_LAYER_III")

every_codec = pytest.mark.parametrize(("name", "subtype"), ALL)
every_format = pytest.mark.parametrize("name", CODECS)


def sine(frequency: float, rate: int, seconds: float = 1.0, channels: int = 1) -> npt.NDArray[np.float32]:
    """A sine of peak 0.5 [shape=(frames, channels)], each channel 6 dB below the one before."""
    phase = 2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate
    levels = 0.5 * 0.5 ** np.arange(channels)
    return np.asarray(np.sin(phase)[:, np.newaxis] * levels, np.float32)


def test_the_table_is_what_available_formats_answers() -> None:
    assert available_formats() == {
        "wav": ("PCM_16", "PCM_24", "PCM_32", "FLOAT"),
        "flac": ("PCM_16", "PCM_24"),
        "ogg": ("VORBIS",),
        "opus": ("OPUS",),
        "mp3": ("MPEG_LAYER_III",),
    }
    assert al.available_formats is available_formats


@every_codec
def test_what_is_encoded_says_what_it_is(name: str, subtype: str) -> None:
    clip = AudioClip(sine(440, RATE, channels=2), RATE)
    encoded = encode(clip, name, subtype)
    assert (encoded.format, encoded.subtype, encoded.extension) == (name, subtype, CODECS[name].extension)
    assert (encoded.sample_rate, encoded.source_sample_rate) == (RATE, RATE)
    assert (encoded.frames, encoded.channels, encoded.duration) == (RATE, 2, 1.0)
    assert (encoded.peak, encoded.clipped_samples, encoded.gain, encoded.invalid_samples) == (clip.peak, 0, 1.0, 0)
    assert encoded.size == len(bytes(encoded.data))
    assert encoded.sha256 == hashlib.sha256(bytes(encoded.data)).hexdigest()
    assert encoded.data.readonly
    assert repr(encoded) == f"EncodedAudio({name} {subtype}, 1.00 s, 16000 Hz, 2 ch, {encoded.size} bytes)"


@every_codec
def test_a_reader_finds_what_the_writer_said(name: str, subtype: str) -> None:
    encoded = encode(AudioClip(sine(440, RATE, channels=2), RATE), name, subtype)
    info = probe(encoded.data)
    assert (info.format, info.subtype) == (name, subtype)
    assert (info.sample_rate, info.frames, info.channels, info.duration) == (RATE, RATE, 2, 1.0)
    with soundfile.SoundFile(io.BytesIO(encoded.data)) as file:
        assert (file.samplerate, file.frames, file.channels, file.subtype) == (RATE, RATE, 2, subtype)
    clip = decode(encoded.data)
    assert (clip.sample_rate, clip.frames, clip.channels) == (RATE, RATE, 2)


@every_codec
@pytest.mark.parametrize("frames", [1, 2, 575, 576, 577, 1152, 4096, 4097])
def test_every_length_comes_back_whole(name: str, subtype: str, frames: int) -> None:
    encoded = encode(AudioClip(sine(440, RATE)[:frames], RATE), name, subtype)
    assert (encoded.frames, probe(encoded.data).frames, decode(encoded.data).frames) == (frames, frames, frames)


@every_codec
@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_a_tone_stays_where_it_was_and_as_loud(name: str, subtype: str, rate: int) -> None:
    """1 kHz stays at 1 kHz to within 1 Hz, and each channel keeps its level to within a tenth (a thousandth)."""
    back = decode(encode(AudioClip(sine(1000, rate, channels=2), rate), name, subtype).data)
    middle = back.samples[back.sample_rate // 4 : back.sample_rate * 3 // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))[:, np.newaxis], axis=0))
    frequencies = np.fft.rfftfreq(len(middle), 1 / back.sample_rate)
    tolerance = 0.1 if subtype in LOSSY else 0.001
    for channel, level in enumerate((0.5, 0.25)):
        loudest = frequencies[spectrum[:, channel].argmax()]
        assert abs(loudest - 1000) <= 1 + frequencies[1]
        rms = np.sqrt(np.mean(middle[:, channel].astype(np.float64) ** 2))
        assert abs(rms * np.sqrt(2) / level - 1) < tolerance
    assert abs(back.duration - 1) <= 1 / back.sample_rate


@every_codec
def test_the_same_clip_gives_the_same_bytes(name: str, subtype: str, rng: np.random.Generator) -> None:
    samples = rng.uniform(-0.5, 0.5, (5000, 2)).astype(np.float32)
    first, second = (encode(AudioClip(samples.copy(), RATE), name, subtype) for _ in range(2))
    assert first.data is not second.data
    assert bytes(first.data) == bytes(second.data)
    assert first.sha256 == second.sha256


HASHES = """
import json, sys, numpy
from audio_logging import AudioClip
from audio_logging.encoding import CODECS, encode
samples = numpy.random.default_rng(1).uniform(-1.5, 1.5, (20_000, 2)).astype(numpy.float32)
clip = AudioClip(samples, 22_050)
print(json.dumps([encode(clip, name, subtype).sha256 for name, codec in CODECS.items() for subtype in codec.subtypes]))
"""


def test_the_same_clip_gives_the_same_bytes_in_another_process_and_second() -> None:
    """libsndfile puts the time of day into float WAV files and random numbers into Ogg files; ours have neither."""

    def hashes() -> list[str]:
        result = subprocess.run([sys.executable, "-c", HASHES], capture_output=True, text=True, check=True)
        found: list[str] = json.loads(result.stdout)
        return found

    first, started = hashes(), time.monotonic()
    time.sleep(max(0.0, 1.1 - (time.monotonic() - started)))
    second = hashes()
    assert first == second
    assert len(set(first)) == len(ALL)


@every_codec
def test_the_clip_is_left_alone(name: str, subtype: str, rng: np.random.Generator) -> None:
    clip = AudioClip(rng.uniform(-2, 2, (3000, 2)), 22_050)
    before = clip.stored.tobytes()
    encode(clip, name, subtype)
    encode(clip, name, subtype, normalize="peak")
    encode(clip, name, subtype, overload="scale")
    assert clip.stored.tobytes() == before


@every_codec
def test_integers_and_floats_of_the_same_clip_sound_the_same(name: str, subtype: str, rng: np.random.Generator) -> None:
    integers = rng.integers(-(2**14), 2**14, 3000).astype(np.int16)
    floats = (integers / 2**15).astype(np.float32)
    assert bytes(encode(AudioClip(integers, RATE), name, subtype).data) == bytes(
        encode(AudioClip(floats, RATE), name, subtype).data
    )


@every_format
def test_a_name_is_taken_in_any_spelling(name: str) -> None:
    for spelling in (name, name.upper(), f".{name}"):
        assert find_codec(spelling) is CODECS[name]
        assert encode(AudioClip(sine(440, RATE), RATE), spelling).format == name
    assert find_subtype(name, None) == CODECS[name].subtypes[0]
    assert find_subtype(name, CODECS[name].subtypes[0].lower()) == CODECS[name].subtypes[0]


def test_an_unknown_format_names_those_that_are_known() -> None:
    with pytest.raises(
        UnsupportedFormatError, match="got format='aac', wanted one of 'wav', 'flac', 'ogg', 'opus', 'mp3'"
    ):
        encode(AudioClip(sine(440, RATE), RATE), "aac")


@every_format
def test_an_unknown_subtype_names_those_that_are_known(name: str) -> None:
    known = ", ".join(map(repr, CODECS[name].subtypes))
    with pytest.raises(UnsupportedFormatError, match=rf"got subtype='PCM_12', wanted for '{name}' one of {known}$"):
        encode(AudioClip(sine(440, RATE), RATE), name, "PCM_12")


def test_a_subtype_of_another_format_names_that_format() -> None:
    with pytest.raises(UnsupportedFormatError, match=r"got subtype='FLOAT', .*FLOAT is a subtype of format='wav'"):
        encode(AudioClip(sine(440, RATE), RATE), "flac", "FLOAT")


LIMITS = """
import sys, numpy
from audio_logging import as_clip
from audio_logging.encoding import decode, encode
from audio_logging.errors import AudioEncodeError
name, trials = sys.argv[1], sys.argv[2:]
for trial in trials:
    rate, channels, frames = map(int, trial.split(","))
    noise = numpy.random.default_rng(1).uniform(-0.5, 0.5, (frames, channels)).astype(numpy.float32)
    clip = as_clip(noise, rate, layout="frames_first")
    try:
        encoded = encode(clip, name)
        back = decode(encoded.data)
        whole = (back.frames, back.channels, back.sample_rate) == (encoded.frames, channels, encoded.sample_rate)
        print(trial, "stored" if whole else f"damaged: {encoded} {back}")
    except AudioEncodeError as error:
        print(trial, error)
"""


@pytest.mark.parametrize(
    ("name", "stored", "refused"),
    [
        ("wav", ["1,1,1", "2147483647,1,99", "16000,1024,99"], []),
        (
            "flac",
            ["1,1,99", "65535,1,99", "65540,1,99", "655350,1,99", "16000,8,99"],
            ["65536,1,99", "96001,1,99", "655360,1,99", "1048575,1,99", "16000,9,99"],
        ),
        (
            "ogg",
            ["1,1,99", "200000,1,99", "16000,255,999", "44100,2,200000", "16000,40,40000"],
            ["200001,1,99", "2147483647,1,99", "16000,256,99"],
        ),
        (
            "opus",
            ["1,1,1", "7999,1,99", "48001,1,99", "192000,2,9999", "16000,255,99"],
            ["192000,1,1", "2147483647,1,99", "16000,256,99"],
        ),
        ("mp3", ["1,1,1", "7999,1,99", "48001,2,99", "192000,2,9999"], ["2147483647,1,99", "192000,1,1", "16000,3,99"]),
    ],
)
def test_what_a_codec_cannot_hold_is_refused_and_nothing_crashes(
    name: str, stored: list[str], refused: list[str]
) -> None:
    """In a process of its own: libsndfile's encoders crash beyond some of these limits."""
    command = [sys.executable, "-c", LIMITS, name, *stored, *refused]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = result.stdout.splitlines()
    assert lines[: len(stored)] == [f"{trial} stored" for trial in stored]
    for line, trial in zip(lines[len(stored) :], refused, strict=True):
        assert re.match(rf"{trial} got .*Use format='wav'", line)


@pytest.mark.parametrize("name", [name for name, codec in CODECS.items() if codec.min_frames])
def test_a_clip_without_frames_is_refused_where_it_cannot_be_stored(name: str) -> None:
    with pytest.raises(AudioEncodeError, match=rf"a clip without frames, which '{name}' cannot store\. Use"):
        encode(AudioClip(np.zeros(0), RATE, allow_empty=True), name)


RATES = [
    # rate of the clip, of opus, of mp3
    (4000, 8000, 8000),
    (8000, 8000, 8000),
    (11_025, 12_000, 11_025),
    (16_000, 16_000, 16_000),
    (22_050, 24_000, 22_050),
    (32_000, 48_000, 32_000),
    (44_100, 48_000, 44_100),
    (48_000, 48_000, 48_000),
    (96_000, 48_000, 48_000),
    (192_000, 48_000, 48_000),
]


@pytest.mark.parametrize(("rate", "opus", "mp3"), RATES)
def test_opus_and_mp3_are_resampled_to_a_rate_they_have(rate: int, opus: int, mp3: int) -> None:
    for name, wanted in (("opus", opus), ("mp3", mp3)):
        encoded = encode(AudioClip(sine(500, rate, seconds=0.5), rate), name)
        assert (encoded.sample_rate, encoded.source_sample_rate) == (wanted, rate)
        assert abs(encoded.duration - 0.5) <= 1 / wanted
        assert decode(encoded.data).sample_rate == wanted


@pytest.mark.parametrize("name", ["wav", "flac", "ogg"])
def test_the_other_formats_keep_the_rate(name: str) -> None:
    for rate in (7999, 11_025, 37_123, 44_100):
        encoded = encode(AudioClip(sine(500, rate, seconds=0.1), rate), name)
        assert (encoded.sample_rate, encoded.source_sample_rate, decode(encoded.data).sample_rate) == (rate, rate, rate)


@pytest.mark.parametrize("name", ["ogg", "opus", "mp3"])
def test_lossy_formats_get_samples_within_full_scale(name: str) -> None:
    loud = encode(AudioClip(8 * sine(440, RATE), RATE), name)
    assert loud.clipped_samples == np.count_nonzero(np.abs(8 * sine(440, RATE)) > 1)
    clipped = encode(AudioClip(np.clip(8 * sine(440, RATE), -1, 1), RATE), name)
    assert bytes(loud.data) == bytes(clipped.data)


def test_an_encoded_clip_survives_pickling() -> None:
    encoded = encode(AudioClip(sine(440, RATE), RATE), "flac")
    for known in (False, True):
        assert not known or encoded.sha256
        back: EncodedAudio = pickle.loads(pickle.dumps(encoded))
        assert bytes(back.data) == bytes(encoded.data)
        assert back.data.readonly
        assert (back.sha256, back.size, repr(back)) == (encoded.sha256, encoded.size, repr(encoded))

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audio_logging._types import AnyArray, Samples
from audio_logging.datasets.clips import ClipReader, FirstFile
from audio_logging.datasets.conversion import Conversion
from audio_logging.datasets.parts import samples_of
from audio_logging.datasets.report import OnError, ReadingReport
from audio_logging.datasets.window import Window
from audio_logging.errors import (
    AudioDecodeError,
    AudioDurationError,
    AudioLoggingError,
    AudioLoggingWarning,
    AudioShapeError,
    SampleRateError,
)


def reader(paths: list[Path], *, on_error: OnError = "raise", cache: bool = False, **options: Any) -> ClipReader:
    """Return a reader whose window and conversion are described by `options`."""
    rate, channels = options.get("sampling_rate"), options.pop("channels", None)
    names = [str(path) for path in paths]
    report = ReadingReport(on_error)
    return ClipReader(names, Window(**options), Conversion(rate, channels), FirstFile(names), report, cache=cache)


def read(clips: ClipReader, index: int, place: float = 0.0) -> Samples:
    part = clips.part(index, place)
    assert part is not None
    return samples_of(part)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same 3 s in stereo at 8 kHz as WAV, FLAC, float WAV and MP3."""
    top = tmp_path_factory.mktemp("clips")
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (24_000, 2))
    names = {"a.wav": "PCM_16", "b.flac": "PCM_16", "c.wav": "FLOAT", "d.mp3": None}
    for name, subtype in names.items():
        soundfile.write(top / name, samples, 8000, subtype)
    return [top / name for name in names]


@pytest.mark.parametrize("cache", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"offset": 0.5},
        {"duration": 0.25},
        {"output_sequence_length": 1000},
        {"sampling_rate": 16_000},
        {"sampling_rate": 16_000, "output_sequence_length": 1000},
        {"channels": 1},
        {"channels": (1,), "offset": 1.0, "duration": 0.1},
        {"offset": "random", "duration": 0.5},
        {"offset": "random", "output_sequence_length": 1000, "sampling_rate": 6000, "channels": 1},
    ],
    ids=str,
)
def test_every_kind_of_file_gives_what_converting_its_part_gives(
    files: list[Path], options: dict[str, Any], cache: bool
) -> None:
    for number, path in enumerate(files[:3]):
        whole, rate = soundfile.read(path, dtype="float32", always_2d=True)
        clips = reader(files, cache=cache, **options)
        for place in (0.0, 0.7, 0.7):
            first, frames = clips.window.span(len(whole), rate, place)
            expected = clips.conversion.apply(whole[first : first + frames], rate)
            expected = expected[: options.get("output_sequence_length")]
            assert np.array_equal(read(clips, number, place), expected)


def test_only_the_part_that_is_needed_is_decoded(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    original = soundfile.SoundFile.read

    def count(self: Any, frames: int = -1, *rest: Any, **named: Any) -> Any:
        decoded.append(frames)
        return original(self, frames, *rest, **named)

    monkeypatch.setattr(soundfile.SoundFile, "read", count)
    read(reader(files, offset=1.0, duration=0.01), 1)
    read(reader(files, offset="random", output_sequence_length=70), 1, 0.5)
    assert decoded == [80, 70]


def test_mp3_files_shorter_than_promised_are_taken(files: list[Path]) -> None:
    assert read(reader(files), 3).shape[1] == 2


def test_cached_clips_are_read_once_and_cannot_be_changed(files: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "a.wav"
    copy.write_bytes(files[0].read_bytes())
    clips = reader([copy], cache=True)
    before = read(clips, 0).copy()
    copy.unlink()
    read(clips, 0)[...] = 9
    assert np.array_equal(read(clips, 0), before)


def test_a_copy_in_another_process_has_an_empty_cache(files: list[Path], tmp_path: Path) -> None:
    clips = reader(files, cache=True)
    read(clips, 0)
    assert len(pickle.dumps(clips)) < 5000
    assert np.array_equal(read(pickle.loads(pickle.dumps(clips)), 0), read(clips, 0))


@pytest.fixture
def mixed(tmp_path: Path, write_wav: Callable[..., Path], noise: Callable[..., AnyArray]) -> list[Path]:
    """Mono 8 kHz, mono 16 kHz, stereo 8 kHz."""
    return [
        write_wav(tmp_path / "first.wav", noise(0)),
        write_wav(tmp_path / "fast.wav", noise(1), 16_000),
        write_wav(tmp_path / "stereo.wav", noise(2, 100, 2)),
    ]


def test_mixed_sample_rates_are_an_error_with_the_way_out(mixed: list[Path]) -> None:
    with pytest.raises(SampleRateError, match=r"fast\.wav: has 16000 Hz; the first file, .*first\.wav, has 8000\."):
        reader(mixed).part(1)
    assert read(reader(mixed, sampling_rate=8000), 1).shape == (50, 1)


def test_mixed_channels_are_an_error_with_the_way_out(mixed: list[Path]) -> None:
    with pytest.raises(AudioShapeError, match=r"stereo\.wav: has 2 channels; the first file, .*first\.wav, has 1\."):
        reader(mixed).part(2)
    assert read(reader(mixed, channels=1), 2).shape == (100, 1)
    assert read(reader(mixed, channels=2), 0).shape == (100, 2)


def test_the_first_file_that_can_be_read_says_what_the_others_must_be_like(mixed: list[Path], tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"no")
    clips = reader([tmp_path / "broken.wav", mixed[2], mixed[0]])
    assert (clips.sample_rate, clips.channels) == (8000, 2)
    nothing = reader([tmp_path / "broken.wav"])
    assert (nothing.sample_rate, nothing.channels) == (None, None)


def test_errors_of_conversion_and_window_name_the_file(mixed: list[Path]) -> None:
    with pytest.raises(AudioShapeError, match=r"^/.*stereo\.wav: has 2 channels, wanted 3"):
        reader(mixed, channels=3).part(2)
    with pytest.raises(AudioDurationError, match=r"^/.*first\.wav: the clip lasts 0\.013 s"):
        reader(mixed, offset=1.0).part(0)


@pytest.mark.parametrize(
    ("options", "frames", "channels"),
    [
        ({}, 0, 1),
        ({"output_sequence_length": 30}, 30, 1),
        ({"duration": 0.5}, 4000, 1),
        ({"duration": 0.5, "sampling_rate": 100}, 50, 1),
        ({"channels": 3, "output_sequence_length": 30}, 30, 3),
        ({"channels": (0, 0)}, 0, 2),
    ],
    ids=str,
)
def test_silence_is_as_long_as_is_known(
    mixed: list[Path], tmp_path: Path, options: dict[str, Any], frames: int, channels: int
) -> None:
    (tmp_path / "broken.wav").write_bytes(b"no")
    clips = reader([mixed[0], tmp_path / "broken.wav"], on_error="zero", **options)
    with pytest.warns(AudioLoggingWarning, match=r"put silence in place of: .*broken\.wav"):
        samples = read(clips, 1)
    assert samples.shape == (frames, channels)
    assert not samples.any()


def test_files_left_out_are_none_and_in_the_report(mixed: list[Path], tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"no")
    clips = reader([*mixed, tmp_path / "broken.wav"], on_error="skip")
    with pytest.warns(AudioLoggingWarning, match=r"left out: .*fast\.wav"):
        parts = [clips.part(index) for index in range(4)]
    assert [part is None for part in parts] == [False, True, True, True]
    assert [Path(bad.path).name for bad in clips.report.bad_files] == ["fast.wav", "stereo.wav", "broken.wav"]


@pytest.mark.parametrize("on_error", ["skip", "zero"])
def test_clips_without_frames_are_counted_unless_errors_are_raised(
    tmp_path: Path, write_wav: Callable[..., Path], on_error: OnError
) -> None:
    path = write_wav(tmp_path / "a.wav", [])
    with pytest.warns(AudioLoggingWarning, match="holds no samples"):
        assert read(reader([path]), 0).shape == (0, 1)
    clips = reader([path], on_error=on_error)
    with pytest.warns(AudioLoggingWarning, match="holds no samples"):
        clips.part(0)
    assert len(clips.report.bad_files) == 1


def test_a_thousand_channels_are_an_error_among_others_and_readable_alone(
    mixed: list[Path], tmp_path: Path, write_wav: Callable[..., Path], noise: Callable[..., AnyArray]
) -> None:
    wide = write_wav(tmp_path / "wide.wav", noise(0, 20, 1000))
    with pytest.raises(AudioLoggingError, match=r"wide\.wav: has 1000 channels; the first file"):
        reader([*mixed, wide]).part(3)
    assert read(reader([wide]), 0).shape == (20, 1000)


def test_a_file_that_claims_more_than_it_holds_is_an_error(mixed: list[Path]) -> None:
    mixed[0].write_bytes(mixed[0].read_bytes()[:-50])
    with pytest.raises(AudioDecodeError, match=r"first\.wav: the header promises 100 frames, the file holds 75"):
        reader(mixed).part(0)

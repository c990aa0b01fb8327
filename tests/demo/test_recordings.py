from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio_logging.clip import AudioClip
from audio_logging.demo.recordings import (
    Recording,
    class_names,
    common_sample_rate,
    read_recordings,
    split_by_recording,
)
from audio_logging.errors import (
    AudioDecodeError,
    AudioFileNotFoundError,
    AudioValueError,
    EmptyAudioError,
    NonFiniteAudioError,
)


def write(path: Path, *, sample_rate: int = 8000, frames: int = 80, subtype: str | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.linspace(-0.5, 0.5, frames, dtype=np.float32)
    soundfile.write(path, samples, sample_rate, subtype=subtype)


def recording(label: str, name: str, *, sample_rate: int = 8000) -> Recording:
    return Recording(clip=AudioClip(np.zeros(8, np.float32), sample_rate), label=label, name=name)


def many(per_class: int, labels: str = "ab") -> list[Recording]:
    return [recording(label, f"{label}/{index}") for label in labels for index in range(per_class)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("yes/1.wav", "yes/0.flac", "no/0.ogg", "no/1.aiff"):
        write(tmp_path / name)
    return tmp_path


def test_a_folder_is_read_sorted_by_class_and_file_name(folder: Path) -> None:
    found = read_recordings(folder)
    assert [(item.label, item.name) for item in found] == [
        ("no", "no/0.ogg"),
        ("no", "no/1.aiff"),
        ("yes", "yes/0.flac"),
        ("yes", "yes/1.wav"),
    ]
    assert class_names(found) == ("no", "yes")
    assert all(item.clip.sample_rate == 8000 and item.clip.frames == 80 for item in found)


@pytest.mark.parametrize(
    ("subtype", "dtype", "bits"),
    [("PCM_16", "int16", 16), ("PCM_24", "int32", 24), ("PCM_32", "int32", 32), ("FLOAT", "float32", None)],
)
def test_integer_samples_stay_integer(tmp_path: Path, subtype: str, dtype: str, bits: int | None) -> None:
    for label in "ab":
        write(tmp_path / label / "0.wav", subtype=subtype)
    clip = read_recordings(tmp_path)[0].clip
    assert (clip.stored.dtype, clip.bits) == (np.dtype(dtype), bits)
    assert np.allclose(clip.samples[:, 0], np.linspace(-0.5, 0.5, 80), atol=2**-15)


def test_hidden_files_hidden_folders_and_other_kinds_are_skipped(folder: Path) -> None:
    write(folder / ".cache" / "0.wav")
    (folder / "yes" / "._1.wav").write_bytes(b"not audio")
    (folder / "yes" / "labels.csv").write_text("a,b")
    (folder / "notes").mkdir()
    (folder / "README").write_text("about")
    assert len(read_recordings(folder)) == 4


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(AudioFileNotFoundError, match=r"no such folder: .*nowhere"):
        read_recordings(tmp_path / "nowhere")


def test_a_file_in_place_of_the_folder_is_refused(folder: Path) -> None:
    with pytest.raises(AudioValueError, match="which is a file"):
        read_recordings(folder / "yes" / "1.wav")


def test_a_single_class_is_not_enough(tmp_path: Path) -> None:
    write(tmp_path / "yes" / "0.wav")
    (tmp_path / "no").mkdir()
    with pytest.raises(AudioValueError, match=r"in one class folder only \(yes\); wanted at least two"):
        read_recordings(tmp_path)


def test_a_folder_without_audio_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioValueError, match="without audio; wanted at least two class folders"):
        read_recordings(tmp_path)


def test_an_unreadable_file_is_named(folder: Path) -> None:
    (folder / "yes" / "2.wav").write_bytes(b"not audio")
    with pytest.raises(AudioDecodeError, match=r"2\.wav' is not an audio file"):
        read_recordings(folder)


def test_a_file_without_frames_is_named(folder: Path) -> None:
    write(folder / "yes" / "2.wav", frames=0)
    with pytest.raises(EmptyAudioError, match=r"2\.wav' holds no frames"):
        read_recordings(folder)


def test_a_file_with_nan_is_named(folder: Path) -> None:
    soundfile.write(folder / "yes" / "2.wav", np.full(8, np.nan), 8000, subtype="FLOAT")
    with pytest.raises(NonFiniteAudioError, match=r"2\.wav': got 8 NaN"):
        read_recordings(folder)


def test_the_common_sample_rate_is_the_most_frequent_and_then_the_highest() -> None:
    rates = [16000, 8000, 8000, 44100]
    mixed = [recording("a", str(rate), sample_rate=rate) for rate in rates]
    assert common_sample_rate(mixed) == 8000
    assert common_sample_rate(mixed[:2]) == 16000


def test_the_common_sample_rate_of_nothing_is_refused() -> None:
    with pytest.raises(AudioValueError, match="got no recordings"):
        common_sample_rate([])


@pytest.mark.parametrize(
    ("per_class", "share", "expected"), [(10, 0.2, 2), (2, 0.2, 1), (2, 0.9, 1), (40, 0.25, 10), (1, 0.5, 0)]
)
def test_each_class_is_split_by_the_share(per_class: int, share: float, expected: int) -> None:
    others = many(4, "c")
    train, held_out = split_by_recording(many(per_class) + others, held_out=share)
    for label in "ab":
        assert sum(item.label == label for item in held_out) == expected
        assert sum(item.label == label for item in train) == per_class - expected


def test_nothing_is_lost_or_doubled_and_the_order_stays() -> None:
    everything = many(25)
    train, held_out = split_by_recording(everything)
    assert sorted(train + held_out, key=everything.index) == everything
    assert train == [item for item in everything if item in train]


def test_parts_of_one_recording_stay_together() -> None:
    windows = [recording(label, f"{label}/{index // 5}") for label in "ab" for index in range(50)]
    train, held_out = split_by_recording(windows)
    assert {item.name for item in train}.isdisjoint(item.name for item in held_out)
    assert len(held_out) == 20


def test_the_seed_decides_the_split() -> None:
    names = [{item.name for item in split_by_recording(many(25), seed=seed)[1]} for seed in (0, 0, 1)]
    assert names[0] == names[1] != names[2]


def test_the_order_of_the_recordings_does_not_decide_the_split() -> None:
    everything = many(25)
    assert set(split_by_recording(everything)[1]) == set(split_by_recording(everything[::-1])[1])


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_share_outside_the_open_interval_is_refused(share: float) -> None:
    with pytest.raises(AudioValueError, match="wanted a share between 0 and 1"):
        split_by_recording(many(4), held_out=share)


def test_classes_of_one_recording_cannot_be_split() -> None:
    with pytest.raises(AudioValueError, match="no class with two recordings"):
        split_by_recording(many(1))

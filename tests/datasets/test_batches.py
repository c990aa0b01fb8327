from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audio_logging._types import AnyArray
from audio_logging.datasets.batches import BatchReader, BatchTask
from audio_logging.datasets.clips import ClipReader, FirstFile
from audio_logging.datasets.conversion import Conversion
from audio_logging.datasets.labels import Plain
from audio_logging.datasets.pool import ArrayPool
from audio_logging.datasets.report import OnError, ReadingReport
from audio_logging.datasets.wav_source import WavSource
from audio_logging.datasets.window import Window
from audio_logging.errors import AudioDecodeError, AudioDurationError, AudioFileNotFoundError, AudioLoggingWarning

LENGTHS = (70, 100, 40)


@pytest.fixture
def paths(tmp_path: Path, write_wav: Callable[..., Path], noise: Callable[..., AnyArray]) -> list[str]:
    return [str(write_wav(tmp_path / f"{frames}.wav", noise(frames, frames, 2))) for frames in LENGTHS]


@pytest.fixture
def expected(noise: Callable[..., AnyArray]) -> list[AnyArray]:
    return [noise(frames, frames, 2) / np.float32(2**15) for frames in LENGTHS]


def reader(
    paths: list[str], *, on_error: OnError = "raise", batched: bool = True, ragged: bool = False, **window: Any
) -> BatchReader:
    clips = ClipReader(paths, Window(**window), Conversion(), FirstFile(paths), ReadingReport(on_error), cache=False)
    return BatchReader(clips, Plain(np.arange(len(paths))), batched=batched, ragged=ragged)


ALL = BatchTask([2, 0, 1], [0.0] * 3)


def test_clips_are_padded_with_zeros_at_the_end(paths: list[str], expected: list[AnyArray]) -> None:
    batch = reader(paths).read(ALL)
    assert batch is not None
    assert batch.audio.shape == (3, 100, 2)
    for clip, index in zip(batch.audio, (2, 0, 1), strict=True):
        assert np.array_equal(clip[: LENGTHS[index]], expected[index])
        assert not clip[LENGTHS[index] :].any()


def test_a_batch_says_where_its_clips_come_from(paths: list[str]) -> None:
    batch = reader(paths).read(ALL)
    assert batch is not None
    assert batch.labels.tolist() == [2, 0, 1]
    assert batch.indices.tolist() == [2, 0, 1]
    assert batch.lengths.tolist() == [40, 70, 100]
    assert batch.paths == [paths[2], paths[0], paths[1]]


@pytest.mark.parametrize("length", [0, 1, 50, 100, 333])
def test_a_length_cuts_and_pads(paths: list[str], expected: list[AnyArray], length: int) -> None:
    batch = reader(paths, output_sequence_length=length).read(ALL)
    assert batch is not None
    assert batch.audio.shape == (3, length, 2)
    wanted = np.zeros((3, length, 2), np.float32)
    for row, index in zip(wanted, (2, 0, 1), strict=True):
        row[: LENGTHS[index]] = expected[index][:length]
    assert np.array_equal(batch.audio, wanted)


def test_ragged_batches_are_lists(paths: list[str], expected: list[AnyArray]) -> None:
    batch = reader(paths, ragged=True).read(ALL)
    assert batch is not None
    assert [clip.tolist() for clip in batch.audio] == [expected[index].tolist() for index in (2, 0, 1)]


@pytest.mark.parametrize("length", [None, 50, 90])
def test_single_clips_have_no_batch_axis(paths: list[str], expected: list[AnyArray], length: int | None) -> None:
    batch = reader(paths, batched=False, output_sequence_length=length).read(BatchTask([0], [0.0]))
    assert batch is not None
    assert batch.audio.shape == (length or 70, 2)
    assert np.array_equal(batch.audio[:70], expected[0][:length])
    assert batch.labels == 0
    assert batch.labels.shape == ()


def break_late(paths: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a file go away after its header was read, before its samples are."""
    original = ClipReader.part

    def part(self: ClipReader, index: int, place: float = 0.0) -> Any:
        found = original(self, index, place)
        if index == 1:
            Path(paths[1]).unlink()
            found = found._replace(head=b"") if isinstance(found, WavSource) else found
        return found

    monkeypatch.setattr(ClipReader, "part", part)


@pytest.mark.parametrize("ragged", [False, True])
def test_a_file_that_goes_away_within_a_batch_is_an_error(
    paths: list[str], monkeypatch: pytest.MonkeyPatch, ragged: bool
) -> None:
    break_late(paths, monkeypatch)
    with pytest.raises(AudioFileNotFoundError, match=r"100\.wav: there is no such file"):
        reader(paths, ragged=ragged).read(ALL)


@pytest.mark.parametrize("ragged", [False, True])
def test_a_file_that_goes_away_within_a_batch_is_left_out_when_asked(
    paths: list[str], expected: list[AnyArray], monkeypatch: pytest.MonkeyPatch, ragged: bool
) -> None:
    break_late(paths, monkeypatch)
    with pytest.warns(AudioLoggingWarning, match=r"left out: .*100\.wav"):
        batch = reader(paths, ragged=ragged, on_error="skip").read(ALL)
    assert batch is not None
    assert batch.indices.tolist() == [2, 0]
    assert np.array_equal(batch.audio[1][:70], expected[0])
    assert batch.labels.tolist() == [2, 0]


@pytest.mark.parametrize("ragged", [False, True])
def test_a_file_that_goes_away_within_a_batch_is_silent_when_asked(
    paths: list[str], monkeypatch: pytest.MonkeyPatch, ragged: bool
) -> None:
    break_late(paths, monkeypatch)
    with pytest.warns(AudioLoggingWarning, match=r"put silence in place of: .*100\.wav"):
        batch = reader(paths, ragged=ragged, on_error="zero").read(ALL)
    assert batch is not None
    assert batch.indices.tolist() == [2, 0, 1]
    assert batch.lengths.tolist() == [40, 70, 0]
    assert not np.any(batch.audio[2])


def test_a_batch_with_nothing_left_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("text")
    for batched in (True, False):
        with pytest.warns(AudioLoggingWarning, match="left out"):
            empty = reader([str(tmp_path / "a.wav")], on_error="skip", batched=batched).read(BatchTask([0], [0.0]))
        assert empty is None


def test_flac_files_are_decoded_in_their_rows_and_checked(tmp_path: Path, paths: list[str]) -> None:
    samples = np.random.default_rng(0).uniform(-1, 1, (9000, 2))
    soundfile.write(tmp_path / "a.flac", samples, 8000)
    batch = reader([str(tmp_path / "a.flac"), *paths]).read(BatchTask([0, 1], [0.0] * 2))
    assert batch is not None
    assert np.array_equal(batch.audio[0], soundfile.read(tmp_path / "a.flac", dtype="float32")[0])
    content = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(content[: len(content) // 2])
    with pytest.raises(AudioDecodeError, match=r"a\.flac: "):
        reader([str(tmp_path / "a.flac"), *paths]).read(BatchTask([0, 1], [0.0] * 2))


def test_a_batch_that_does_not_fit_in_memory_is_an_error_with_the_longest_file(
    paths: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: ArrayPool, shape: tuple[int, ...]) -> None:
        raise MemoryError(shape)

    monkeypatch.setattr(ArrayPool, "take", refuse)
    with pytest.raises(
        AudioDurationError, match=r"100\.wav: the longest clip of a batch, .* \(3, 100, 2\) does not fit"
    ):
        reader(paths).read(ALL)


def test_files_that_become_readable_are_read_beside_silence(tmp_path: Path, paths: list[str]) -> None:
    late = tmp_path / "late.wav"
    made = reader([str(late), str(tmp_path / "never.wav")], on_error="zero")
    with pytest.warns(AudioLoggingWarning, match="put silence in place of"):
        made.read(BatchTask([0, 1], [0.0] * 2))
    late.write_bytes(Path(paths[0]).read_bytes())
    batch = made.read(BatchTask([1, 0], [0.0] * 2))
    assert batch is not None
    assert batch.audio.shape == (2, 70, 2)
    assert not batch.audio[0].any()
    assert batch.audio[1].all(axis=1).any()

from __future__ import annotations

import gc
import json
import pickle
import shutil
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_logging._types import AnyArray
from audio_logging.datasets import AudioDataset, audio_dataset_from_directory
from audio_logging.datasets.prefetch import THREAD_NAME
from audio_logging.errors import AudioDecodeError, AudioFileNotFoundError, AudioLoggingWarning, AudioValueError


def make(folder: Path, **options: Any) -> AudioDataset:
    dataset = audio_dataset_from_directory(folder, **{"batch_size": 4, "seed": 1, "verbose": False, **options})
    assert isinstance(dataset, AudioDataset)
    return dataset


def numbers(dataset: AudioDataset) -> list[int]:
    return [int(index) for batch in dataset.batches() for index in batch.indices]


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(THREAD_NAME)]


def test_an_epoch_has_every_file_once_with_its_label(folder: Path) -> None:
    dataset = make(folder)
    assert len(dataset) == 10
    assert sorted(numbers(dataset)) == list(range(40))
    for batch in dataset.batches():
        names = [Path(path).parent.name for path in batch.paths]
        assert names == [dataset.class_names[label] for label in batch.labels]  # type: ignore[index]
        assert batch.paths == [dataset.file_paths[index] for index in batch.indices]


def test_plain_loops_give_pairs_and_audio_alone_without_labels(folder: Path) -> None:
    audio, labels = next(iter(make(folder)))
    assert audio.dtype == np.float32
    assert labels.dtype == np.int32
    assert next(iter(make(folder, labels=None))).dtype == np.float32


def test_epochs_differ_and_follow_from_the_seed(folder: Path) -> None:
    first, again, other = make(folder), make(folder), make(folder, seed=2)
    epochs = [numbers(first) for _ in range(3)]
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert [numbers(again) for _ in range(3)] == epochs
    assert [numbers(other) for _ in range(3)] != epochs


def test_epochs_are_equal_when_not_reshuffled(folder: Path) -> None:
    dataset = make(folder, reshuffle=False)
    assert numbers(dataset) == numbers(dataset) != sorted(numbers(dataset))


def test_two_loops_at_once_are_two_epochs(folder: Path) -> None:
    dataset, alone = make(folder), make(folder)
    epochs = [numbers(alone), numbers(alone)]
    both = list(zip(dataset.batches(), dataset.batches(), strict=True))
    assert [int(index) for one, _ in both for index in one.indices] == epochs[0]
    assert [int(index) for _, two in both for index in two.indices] == epochs[1]


def test_set_epoch_chooses_the_next_loop(folder: Path) -> None:
    dataset = make(folder)
    epochs = [numbers(dataset) for _ in range(3)]
    dataset.set_epoch(1)
    assert [numbers(dataset), numbers(dataset)] == epochs[1:]
    assert [int(index) for batch in dataset.epoch(2) for index in batch.indices] == epochs[2]
    with pytest.raises(AudioValueError, match="got epoch -1"):
        dataset.set_epoch(-1)


@pytest.mark.parametrize("workers", [{"num_workers": 1}, {"num_workers": 3, "prefetch": 5}, {"cache": "memory"}])
@pytest.mark.parametrize("shape", [{}, {"ragged": True}, {"batch_size": None}, {"output_sequence_length": 90}], ids=str)
def test_threads_and_cache_change_nothing(folder: Path, workers: dict[str, Any], shape: dict[str, Any]) -> None:
    plain, quick = make(folder, **shape), make(folder, **shape, **workers)
    for _ in range(2):
        for (audio, labels), (same_audio, same_labels) in zip(plain, quick, strict=True):
            pairs = zip(audio, same_audio, strict=True) if shape.get("ragged") else [(audio, same_audio)]
            assert all(np.array_equal(one, other) for one, other in pairs)
            assert np.array_equal(labels, same_labels)
    assert not readers()


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_that_were_handed_out_are_never_overwritten(
    tmp_path: Path, write_wav: Callable[..., Path], noise: Callable[..., AnyArray], workers: int
) -> None:
    for number in range(24):
        write_wav(tmp_path / "a" / f"{number}.wav", noise(number, 20_000))
    dataset = make(tmp_path, num_workers=workers, shuffle=False)
    held, copies = [], []
    for _ in range(3):
        for audio, _ in dataset:
            held.append(audio[1:3])
            copies.append(audio[1:3].copy())
    assert all(np.array_equal(one, other) for one, other in zip(held, copies, strict=True))


@pytest.mark.parametrize("leave", ["break", "close", "error"])
def test_loops_left_half_way_leave_no_thread(folder: Path, leave: str) -> None:
    dataset = make(folder, num_workers=2)
    if leave == "break":
        for _ in dataset:
            break
    elif leave == "close":
        batches = dataset.batches()
        next(batches)
        assert readers()
        batches.close()
    else:
        with pytest.raises(ZeroDivisionError):
            for _ in dataset:
                1 / 0  # noqa: B018
    gc.collect()
    assert not readers()


def test_memory_stays_within_the_window(tmp_path: Path, write_wav: Callable[..., Path]) -> None:
    for number in range(40):
        write_wav(tmp_path / "a" / f"{number}.wav", np.zeros(100_000, np.int16))
    dataset = make(tmp_path, num_workers=2, prefetch=2)
    for _ in dataset:
        pass
    tracemalloc.start()
    for _ in dataset:
        time.sleep(0.005)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * 4 * 100_000 * 4


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("taken", [0, 1, 5, 9, 10])
def test_a_loop_goes_on_where_its_state_was_taken(folder: Path, workers: int, taken: int) -> None:
    whole = make(folder)
    every = [batch.indices.tolist() for _ in range(3) for batch in whole.batches()]
    first = make(folder, num_workers=workers)
    seen = [batch.indices.tolist() for batch in first.batches()]
    for count, batch in enumerate(first.batches(), start=1):
        if count > taken:
            break
        seen.append(batch.indices.tolist())
        state = json.loads(json.dumps(first.state_dict()))
    if not taken:
        first.set_epoch(1)
        state = first.state_dict()
    second = make(folder, num_workers=workers)
    second.load_state_dict(state)
    assert second.state_dict() == state
    while len(seen) < len(every):
        seen += [batch.indices.tolist() for batch in second.batches()]
    assert seen == every


def test_the_state_of_a_finished_loop_is_the_next_epoch(folder: Path) -> None:
    dataset = make(folder)
    assert (dataset.state_dict()["epoch"], dataset.state_dict()["batch"]) == (0, 0)
    for _ in dataset:
        pass
    assert (dataset.state_dict()["epoch"], dataset.state_dict()["batch"]) == (1, 0)


def test_a_state_fits_the_same_files_in_another_place(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "moved")
    moved = make(tmp_path / "moved")
    moved.load_state_dict({**make(folder).state_dict(), "epoch": 4})
    assert moved.state_dict()["epoch"] == 4
    slashed = make(Path(folder), labels=None)
    assert (
        slashed.state_dict()
        == audio_dataset_from_directory(f"{folder}/", labels=None, batch_size=4, seed=1, verbose=False).state_dict()
    )


@pytest.mark.parametrize("other", [{"seed": 2}, {"batch_size": 5}, {"class_names": ["cat"]}], ids=str)
def test_a_state_of_another_dataset_is_refused(folder: Path, other: dict[str, Any]) -> None:
    with pytest.raises(AudioValueError, match=r"got the state of another dataset: .*; wanted .*Build it"):
        make(folder).load_state_dict(make(folder, **other).state_dict())
    with pytest.raises(AudioValueError, match="version=None"):
        make(folder).load_state_dict({})
    with pytest.raises(AudioValueError, match="got epoch 0, batch 10; wanted epoch 0 or more, batch below 10"):
        make(folder).load_state_dict({**make(folder).state_dict(), "batch": 10})


@pytest.mark.parametrize("workers", [0, 2])
def test_left_out_files_make_batches_shorter_and_are_reported(
    tmp_path: Path, write_wav: Callable[..., Path], noise: Callable[..., AnyArray], workers: int
) -> None:
    for number in range(12):
        write_wav(tmp_path / "a" / f"{number:02}.wav", noise(number))
    for number in (1, 4, 5, 6, 7):
        (tmp_path / "a" / f"{number:02}.wav").write_text("text")
    dataset = make(tmp_path, on_error="skip", shuffle=False, num_workers=workers)
    with pytest.warns(AudioLoggingWarning) as caught:
        sizes = [len(audio) for audio, _ in dataset]
    assert len(caught) == 2
    assert str(caught[1].message).startswith("left out 5 files that could not be read")
    assert sizes == [3, 4]
    assert len(dataset) == 3
    assert sorted(Path(bad.path).stem for bad in dataset.report.bad_files) == ["01", "04", "05", "06", "07"]
    assert "is no audio file" in dataset.report.bad_files[0].reason
    assert [len(audio) for audio, _ in dataset] == [3, 4]


def test_silenced_files_keep_their_place(
    tmp_path: Path, write_wav: Callable[..., Path], noise: Callable[..., AnyArray]
) -> None:
    for number in range(4):
        write_wav(tmp_path / "a" / f"{number}.wav", noise(number))
    (tmp_path / "a" / "2.wav").write_text("text")
    dataset = make(tmp_path, on_error="zero", shuffle=False)
    with pytest.warns(AudioLoggingWarning, match=r"put silence in place of: .*2\.wav"):
        audio, labels = next(iter(dataset))
    assert audio.any(axis=(1, 2)).tolist() == [True, True, False, True]
    assert labels.tolist() == [0] * 4


@pytest.mark.parametrize("workers", [0, 2])
def test_a_file_deleted_after_listing_is_an_error_with_the_path(
    tmp_path: Path, write_wav: Callable[..., Path], workers: int
) -> None:
    for number in range(6):
        write_wav(tmp_path / "a" / f"{number}.wav", [1, 2, 3])
    dataset = make(tmp_path, num_workers=workers, shuffle=False)
    (tmp_path / "a" / "4.wav").unlink()
    batches = iter(dataset)
    next(batches)
    with pytest.raises(AudioFileNotFoundError, match=r"4\.wav: there is no such file; it was moved or deleted"):
        next(batches)
    assert not readers()


def test_random_windows_move_from_epoch_to_epoch_and_follow_from_the_seed(folder: Path) -> None:
    options = {"offset": "random", "output_sequence_length": 20, "shuffle": False, "batch_size": 40}
    dataset = make(folder, **options)
    one, two = (next(iter(dataset))[0] for _ in range(2))
    assert not np.array_equal(one, two)
    assert np.array_equal(next(iter(make(folder, **options)))[0], one)
    fixed = make(folder, **options, reshuffle=False)
    assert np.array_equal(next(iter(fixed))[0], next(iter(fixed))[0])
    whole = next(iter(make(folder, shuffle=False, batch_size=40)))[0]
    for clip, window in zip(whole[..., 0], one[..., 0], strict=True):
        assert window.tobytes() in clip.tobytes()


def test_clips_and_items_are_given_by_place(folder: Path) -> None:
    dataset = make(folder, shuffle=False, label_mode="categorical")
    clip, item = dataset.clip(-1), dataset.item(-1)
    assert item is not None
    assert (clip.sample_rate, clip.channels) == (8000, 1)
    assert np.array_equal(clip.samples, item.audio)
    assert item.labels.tolist() == [0, 0, 1]
    assert item.paths == [dataset.file_paths[-1]]
    with pytest.raises(IndexError):
        dataset.clip(40)


def test_a_clip_that_is_left_out_is_an_error(tmp_path: Path, write_wav: Callable[..., Path]) -> None:
    write_wav(tmp_path / "a" / "0.wav", [1])
    (tmp_path / "a" / "1.wav").write_text("text")
    dataset = make(tmp_path, on_error="skip", shuffle=False)
    with (
        pytest.warns(AudioLoggingWarning, match="left out"),
        pytest.raises(AudioDecodeError, match=r"1\.wav: cannot be read; see dataset\.report\.bad_files"),
    ):
        dataset.clip(1)


def test_labels_can_be_had_without_audio(folder: Path) -> None:
    labels = make(folder, label_mode="binary", class_names=["dog", "emu"], shuffle=False).labels_of([0, 19])
    assert labels is not None
    assert labels.tolist() == [[0.0], [1.0]]
    assert make(folder, labels=None).labels_of([0]) is None


def test_counts_and_weights_are_there(folder: Path) -> None:
    dataset = make(folder)
    assert dataset.class_counts == {"cat": 20, "dog": 12, "emu": 8}
    assert dataset.class_weights[2] == pytest.approx(40 / 24)


def test_the_repr_says_what_is_in_it(folder: Path) -> None:
    assert repr(make(folder)) == "AudioDataset(40 files, 3 classes, 10 batches of 4)"
    assert repr(make(folder, labels=None, batch_size=None)) == "AudioDataset(40 files, no labels, unbatched)"


def test_a_pickled_dataset_goes_on_in_the_same_order(folder: Path) -> None:
    dataset = make(folder, num_workers=1, cache="memory")
    numbers(dataset)
    copy = pickle.loads(pickle.dumps(dataset))
    assert numbers(copy) == numbers(dataset)


def test_properties_tell_what_comes_out(folder: Path) -> None:
    dataset = make(folder, sampling_rate=4000, output_sequence_length=30, mono=True)
    assert (dataset.sample_rate, dataset.channels, dataset.output_sequence_length) == (4000, 1, 30)
    assert (dataset.ragged, dataset.random_windows) == (False, False)
    assert next(iter(dataset))[0].shape == (4, 30, 1)

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_logging.datasets import AudioDataset, audio_dataset_from_directory
from audio_logging.errors import AudioLoggingWarning, AudioValueError


@pytest.fixture(scope="module")
def torch(require: Callable[[str], Any]) -> Any:
    return require("torch")


def make(folder: Path, **options: Any) -> AudioDataset:
    dataset = audio_dataset_from_directory(folder, **{"batch_size": 4, "seed": 1, "verbose": False, **options})
    assert isinstance(dataset, AudioDataset)
    return dataset


def loader(torch: Any, stream: Any, workers: int, **options: Any) -> Any:
    return torch.utils.data.DataLoader(stream, batch_size=None, num_workers=workers, **options)


def test_batches_are_those_of_the_dataset_as_tensors(torch: Any, folder: Path) -> None:
    stream = make(folder).to_torch()
    assert len(stream) == 10
    for (audio, labels), (expected, numbers) in zip(stream, make(folder), strict=True):
        assert audio.dtype == torch.float32
        assert labels.dtype == torch.int64
        assert np.array_equal(audio.numpy(), expected)
        assert labels.tolist() == numbers.tolist()


@pytest.mark.parametrize("options", [{"ragged": True}, {"labels": None}, {"batch_size": None}], ids=str)
def test_other_shapes_become_tensors_too(torch: Any, folder: Path, options: dict[str, Any]) -> None:
    for element, expected in zip(make(folder, **options).to_torch(), make(folder, **options), strict=True):
        audio, plain = (element, expected) if "labels" in options else (element[0], expected[0])
        if "ragged" in options:
            assert all(np.array_equal(one.numpy(), other) for one, other in zip(audio, plain, strict=True))
        else:
            assert np.array_equal(audio.numpy(), plain)


@pytest.mark.parametrize(
    ("options", "dtype", "shape"),
    [
        ({"label_mode": "categorical"}, "float32", (4, 3)),
        ({"label_mode": "binary", "class_names": ["cat", "emu"]}, "float32", (4, 1)),
        ({"labels": [True, False] * 20}, "bool", (4,)),
    ],
    ids=str,
)
def test_labels_keep_their_dtype(torch: Any, folder: Path, options: Any, dtype: str, shape: tuple[int, ...]) -> None:
    _, labels = next(iter(make(folder, **options).to_torch()))
    assert labels.dtype == getattr(torch, dtype)
    assert labels.shape == shape


def test_text_labels_stay_text(torch: Any, folder: Path) -> None:
    _, labels = next(iter(make(folder, labels=["b", "a"] * 20, shuffle=False).to_torch()))
    assert labels == ["b", "a", "b", "a"]


@pytest.mark.parametrize("options", [{}, {"ragged": True}, {"batch_size": None}], ids=str)
def test_channels_first_is_what_torch_layers_want(torch: Any, folder: Path, options: dict[str, Any]) -> None:
    first = next(iter(make(folder, **options).to_torch(layout="channels_first")))[0]
    last = next(iter(make(folder, **options).to_torch()))[0]
    first, last = (first[0], last[0]) if "ragged" in options else (first, last)
    assert first.shape[-2] == 1
    assert first.is_contiguous()
    assert torch.equal(first.transpose(-1, -2), last)


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_share_an_epoch_in_the_same_order(torch: Any, folder: Path, workers: int) -> None:
    stream = make(folder, labels=list(range(40)), shuffle=False).to_torch()
    seen = [labels.tolist() for _, labels in loader(torch, stream, workers)]
    assert seen == [list(range(start, start + 4)) for start in range(0, 40, 4)]


@pytest.mark.parametrize("persistent", [False, True])
def test_workers_shuffle_every_epoch_anew_and_never_repeat_a_file(torch: Any, folder: Path, persistent: bool) -> None:
    def epochs() -> list[tuple[int, ...]]:
        torch.manual_seed(5)
        stream = make(folder, labels=list(range(40))).to_torch()
        batches = loader(torch, stream, 2, persistent_workers=persistent)
        return [tuple(int(label) for _, labels in batches for label in labels) for _ in range(3)]

    seen = epochs()
    assert all(sorted(epoch) == list(range(40)) for epoch in seen)
    assert len(set(seen)) == 3
    assert epochs() == seen


@pytest.mark.parametrize("persistent", [False, True])
def test_workers_obey_set_epoch(torch: Any, folder: Path, persistent: bool) -> None:
    plain = make(folder, labels=list(range(40)))
    expected = [[int(label) for _, labels in plain for label in labels] for _ in range(3)]
    stream = make(folder, labels=list(range(40))).to_torch()
    batches = loader(torch, stream, 2, persistent_workers=persistent)
    for epoch in (2, 0, 1):
        stream.set_epoch(epoch)
        assert [int(label) for _, labels in batches for label in labels] == expected[epoch]


def test_a_pickled_stream_for_spawned_workers_is_the_same(torch: Any, folder: Path) -> None:
    stream = pickle.loads(pickle.dumps(make(folder, labels=list(range(40)), shuffle=False).to_torch()))
    assert [int(label) for _, labels in stream for label in labels] == list(range(40))


def test_the_state_is_that_of_the_dataset(folder: Path, torch: Any) -> None:
    stream = make(folder).to_torch()
    batches = iter(stream)
    next(batches)
    other = make(folder).to_torch()
    other.load_state_dict(stream.state_dict())
    assert torch.equal(next(iter(other))[0], next(batches)[0])


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("layout", ["frames_first", "channels_first"])
def test_files_one_at_a_time_are_padded_by_collate(torch: Any, folder: Path, workers: int, layout: Any) -> None:
    files = make(folder, shuffle=False).to_torch("map", layout=layout)
    assert len(files) == 40
    batches = torch.utils.data.DataLoader(files, 4, num_workers=workers, collate_fn=files.collate)
    for (audio, labels), (expected, numbers) in zip(batches, make(folder, shuffle=False), strict=True):
        plain = audio.transpose(1, 2) if layout == "channels_first" else audio
        assert np.array_equal(plain.numpy(), expected)
        assert labels.tolist() == numbers.tolist()


def test_files_without_labels_are_tensors_alone(torch: Any, folder: Path) -> None:
    files: Any = make(folder, labels=None).to_torch("map")
    assert files.collate([files[0], files[-1]]).ndim == 3


def test_random_windows_of_single_files_follow_torchs_generator(torch: Any, folder: Path) -> None:
    files: Any = make(folder, offset="random", duration=0.002).to_torch("map")
    torch.manual_seed(1)
    one = [files[0][0] for _ in range(9)]
    torch.manual_seed(1)
    assert all(torch.equal(clip, files[0][0]) for clip in one)
    assert len({tuple(clip[:, 0].tolist()) for clip in one}) > 1
    state = torch.get_rng_state()
    make(folder).to_torch("map")[0]
    assert torch.equal(torch.get_rng_state(), state)


def test_files_cannot_be_left_out_one_at_a_time(torch: Any, folder: Path) -> None:
    with pytest.raises(AudioValueError, match="style='map' cannot leave files out"):
        make(folder, on_error="skip").to_torch("map")


def test_workers_leave_bad_files_out(torch: Any, tmp_path: Path, write_wav: Callable[..., Path]) -> None:
    for number in range(9):
        write_wav(tmp_path / "a" / f"{number}.wav", [number])
    (tmp_path / "a" / "4.wav").write_text("text")
    stream = make(tmp_path, on_error="skip", labels=list(range(9)), shuffle=False, batch_size=3).to_torch()
    with pytest.warns(AudioLoggingWarning, match=r"left out: .*4\.wav"):
        list(stream)
    seen = [labels.tolist() for _, labels in loader(torch, stream, 2)]
    assert seen == [[0, 1, 2], [3, 5], [6, 7, 8]]


@pytest.mark.parametrize(("options", "message"), [({"style": "x"}, "style='x'"), ({"layout": "x"}, "layout='x'")])
def test_unknown_styles_are_refused(torch: Any, folder: Path, options: Any, message: str) -> None:
    with pytest.raises(AudioValueError, match=message):
        make(folder).to_torch(**options)


def labels_in(batches: Any) -> list[list[int]]:
    return [labels.tolist() for _, labels in batches]


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("says_epoch", [False, True])
def test_workers_go_on_where_a_state_stood(torch: Any, folder: Path, persistent: bool, says_epoch: bool) -> None:
    options: dict[str, Any] = {"labels": list(range(40)), "seed": 3}
    first = make(folder, **options).to_torch()
    first.set_epoch(2)
    whole = labels_in(loader(torch, first, 2))
    stream = make(folder, **options).to_torch()
    stream.load_state_dict(first.state_dict(batches=4))
    batches = loader(torch, stream, 2, persistent_workers=persistent)
    if says_epoch:
        stream.set_epoch(2)
    assert labels_in(batches) == whole[4:]
    if says_epoch:
        stream.set_epoch(3)
    assert sorted(number for batch in labels_in(batches) for number in batch) == list(range(40))


def test_a_state_loaded_without_workers_is_used_up_by_its_loop(torch: Any, folder: Path) -> None:
    stream = make(folder, labels=list(range(40)), seed=3).to_torch()
    loop = iter(stream)
    next(loop)
    state = stream.state_dict()
    rest = labels_in(loop)
    stream.load_state_dict(state)
    stream.set_epoch(0)
    assert labels_in(stream) == rest
    assert len(labels_in(loader(torch, stream, 2))) == 10


def test_the_state_of_workers_is_an_error_unless_the_loop_says_how_far_it_is(torch: Any, folder: Path) -> None:
    stream = make(folder).to_torch()
    list(loader(torch, stream, 2))
    with pytest.raises(AudioValueError, match=r"Type stream\.set_epoch\(epoch\) before each epoch"):
        stream.state_dict()
    stream.set_epoch(1)
    assert stream.state_dict(batches=3)["batch"] == 3
    list(stream)
    assert stream.state_dict()["epoch"] == 2

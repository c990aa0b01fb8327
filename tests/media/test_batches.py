"""A batch is cut into its clips, without their padding."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from audio_logging import AudioClip
from audio_logging.errors import AudioShapeError, AudioTypeError, AudioValueError
from audio_logging.media.batches import split_batch

RAMP = np.arange(4 * 100, dtype=np.float32).reshape(4, 100) / 400


@pytest.mark.parametrize(
    "shape",
    [(4, 100), (4, 100, 1), (4, 1, 100)],
    ids=["clips, frames", "clips, frames, channels", "clips, channels, frames"],
)
def test_every_layout_gives_the_same_clips(shape: tuple[int, ...]) -> None:
    clips = split_batch(RAMP.reshape(shape))
    assert [clip.shape for clip in clips] == [(100, 1)] * 4
    assert all(np.array_equal(clip[:, 0], row) for clip, row in zip(clips, RAMP, strict=True))


def test_padding_is_cut_off() -> None:
    clips = split_batch(RAMP, lengths=[100, 50, 1, 0])
    assert [len(clip) for clip in clips] == [100, 50, 1, 0]
    assert np.array_equal(clips[1][:, 0], RAMP[1, :50])


def test_padding_is_cut_off_the_frames_whichever_axis_they_are() -> None:
    stereo = np.zeros((2, 2, 100), np.float32)
    assert [clip.shape for clip in split_batch(stereo, [100, 40])] == [(100, 2), (40, 2)]
    assert [clip.shape for clip in split_batch(np.zeros((2, 100, 2)), [100, 40])] == [(100, 2), (40, 2)]


def test_a_layout_leaves_nothing_to_guess() -> None:
    small = np.zeros((3, 2, 20))
    assert split_batch(small)[0].shape == (2, 20)
    assert split_batch(small, layout="channels_first")[0].shape == (20, 2)


def test_a_batch_may_be_a_list_of_clips_of_their_own_length() -> None:
    clips = split_batch([RAMP[0], RAMP[1, :7], [0.5, 0.25]])
    assert [clip.shape for clip in clips] == [(100, 1), (7, 1), (2, 1)]
    assert split_batch([]) == []


def test_a_batch_may_be_of_torch(require: Callable[[str], ModuleType]) -> None:
    torch = require("torch")
    batch = torch.from_numpy(RAMP.copy()).bfloat16().requires_grad_()
    clips = split_batch(batch, torch.tensor([100, 50, 10, 5]))
    assert [len(clip) for clip in clips] == [100, 50, 10, 5]
    assert np.array_equal(clips[0][:, 0], batch[0].detach().float().numpy())
    assert [clip.shape for clip in split_batch(list(batch))] == [(100, 1)] * 4


def test_a_batch_is_left_alone() -> None:
    batch = RAMP.copy()
    split_batch(batch, [5, 5, 5, 5])
    assert np.array_equal(batch, RAMP)


@pytest.mark.parametrize("shape", [(100,), (2, 2, 2, 100), ()])
def test_what_has_no_batch_axis_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(AudioShapeError, match=r"wanted a batch: .*For one clip use Audio\(samples, sample_rate\)"):
        split_batch(np.zeros(shape))


@pytest.mark.parametrize(
    "batch", ["a.wav", b"RIFF", AudioClip(np.zeros(9), 8000), ["a.wav"], [b"RIFF"], {"path": "a.wav"}]
)
def test_files_are_no_batch(batch: Any) -> None:
    with pytest.raises(AudioTypeError, match=r"got \w+ in a batch, wanted arrays or tensors of samples"):
        split_batch(batch)


BAD_LENGTHS: dict[str, tuple[Any, str]] = {
    "too few": ([1, 2], "got 2 lengths for 4 clips, wanted one a clip"),
    "too many": ([1] * 5, "got 5 lengths for 4 clips"),
    "too long": ([1, 1, 101, 1], r"got lengths\[2\]=101, wanted 0 to 100 frames"),
    "negative": ([1, -1, 1, 1], r"got lengths\[1\]=-1, wanted 0 to 100 frames"),
    "parts": ([0.5, 1.0, 1.0, 1.0], r"got lengths=\[0\.5, .*wanted a whole number of frames a clip"),
    "parts in an array": (np.ones(4), "wanted a whole number of frames a clip"),
    "one number": (5, "got lengths=5, wanted a whole number"),
    "one number in an array": (np.array(5), "wanted a whole number"),
    "text": (["a", "b", "c", "d"], "wanted a whole number"),
}


@pytest.mark.parametrize(("lengths", "message"), BAD_LENGTHS.values(), ids=BAD_LENGTHS)
def test_lengths_that_cannot_be_are_refused(lengths: Any, message: str) -> None:
    with pytest.raises(AudioValueError, match=message):
        split_batch(RAMP, lengths)

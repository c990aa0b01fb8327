"""What callbacks share, apart from any framework."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import wandb

from audio_logging import AudioClip, PredictionLogger
from audio_logging.callbacks.lengths import predict_by_length
from audio_logging.callbacks.tap import Tap, positions_of
from audio_logging.callbacks.training import PredictionOptions, Training
from audio_logging.errors import AudioLoggingWarning, PredictionError
from audio_logging.runs import Run, StoredTable

SAMPLES = [{"audio": np.zeros(80), "sample_rate": 8000, "label": "a"}]


def label_a(model: Any, clips: Sequence[AudioClip]) -> list[str]:
    return ["a"] * len(clips)


def no_default(shape: Any) -> Any:
    return label_a


def test_callbacks_take_what_a_prediction_logger_takes() -> None:
    taken = set(inspect.signature(PredictionLogger.__init__).parameters) - {"self", "samples", "predict"}
    assert set(PredictionOptions.__annotations__) == taken


def test_a_run_that_comes_late_is_found_after_the_next_epoch(
    start: Callable[..., wandb.Run],
    finish: Callable[[wandb.Run], Run],
    events: Callable[[Run], list[StoredTable]],
) -> None:
    training = Training(SAMPLES, None, no_default, name="val")
    with pytest.warns(AudioLoggingWarning, match="Until then nothing is logged"):
        training.begin()
    training.step(step=1)
    run = start()
    training.step(epoch=1, step=4)
    training.step(epoch=2, step=8)
    training.end(step=8)
    assert [table.step for table in events(finish(run))] == [4, 8]


def test_ends_without_a_beginning_do_nothing(wandb_offline: Any) -> None:
    training = Training(SAMPLES, None, no_default)
    training.end(step=3)
    training.observe(lambda: (_ for _ in ()).throw(AssertionError))


def test_clips_of_one_length_go_together_and_come_back_in_order() -> None:
    clips = [AudioClip(np.zeros(frames), 8000) for frames in (3, 1, 3, 2, 1)]
    sizes: list[list[int]] = []

    def predict(batch: list[AudioClip]) -> list[int]:
        sizes.append([clip.frames for clip in batch])
        return [id(clip) for clip in batch]

    assert predict_by_length(clips, predict) == [id(clip) for clip in clips]
    assert sizes == [[1, 1], [2], [3, 3]]


def test_a_tap_counts_through_a_loader_in_order() -> None:
    tap = Tap()
    tap.begin([4, 5, 6, 7])
    assert tap.take({"loss": 1.0, "logits": np.zeros((3, 2))}, None)[0] == [4, 5, 6]
    ids, rows = tap.take((np.ones((2, 2)), "hidden"), None)
    assert ids == [7]
    assert len(rows) == 1


@pytest.mark.parametrize("where", ["outputs", "batch"])
def test_a_tap_takes_names_from_outputs_or_batch(where: str) -> None:
    outputs, batch = {"logits": np.zeros((2, 2))}, {"x": 1}
    named = {**(outputs if where == "outputs" else batch), "clip_id": ["p", "q"]}
    ids, rows = Tap().take(*((named, batch) if where == "outputs" else (outputs, named)))
    assert ids == ["p", "q"]
    assert [sorted(row) for row in rows] == [["logits"], ["logits"]]


def test_a_tap_that_finds_nothing_says_what_to_do() -> None:
    tap = Tap()
    tap.begin([0])
    with pytest.raises(PredictionError, match=r"validation returned NoneType without outputs .* wanted for example"):
        tap.take(None, None)
    tap.begin(None)
    with pytest.raises(PredictionError, match="wanted 'clip_id' in its batches or outputs, or tap=function"):
        tap.take(np.zeros((1, 2)), None)


def test_positions_are_known_only_for_the_same_data_in_order() -> None:
    class SequentialSampler(list[int]):
        pass

    class RandomSampler(list[int]):
        pass

    data = [1, 2, 3]
    in_order = SimpleNamespace(dataset=data, sampler=SequentialSampler([0, 1, 2]), batch_sampler=None)
    assert positions_of(in_order, data) == [0, 1, 2]
    assert positions_of(in_order, in_order) == [0, 1, 2]
    assert positions_of(in_order, [4, 5, 6]) == [0, 1, 2]
    assert positions_of(in_order, [4, 5]) is None
    assert positions_of(in_order, iter(data)) is None
    assert positions_of(SimpleNamespace(dataset=data, sampler=RandomSampler([2, 0, 1])), data) is None
    assert positions_of([1, 2], data) is None

"""What every callback does, whatever the framework."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import wandb

from audio_logging import AudioClip, When
from audio_logging.errors import AudioLoggingWarning, NoRunError, PredictionError
from audio_logging.runs import Run, StoredTable

Start = Callable[..., wandb.Run]
Finish = Callable[[wandb.Run], Run]
Events = Callable[[Run], list[StoredTable]]

NAMES = ["zero", "one"]


def zeros(model: Any, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
    return [{"label": "zero"} for _ in clips]


def places(tables: Sequence[StoredTable]) -> list[tuple[Any, Any]]:
    """Return the step and the epoch of each event."""
    return [(table.step, dict(zip(table.columns, table.rows[0], strict=True)).get("epoch")) for table in tables]


@pytest.fixture
def run(start: Start) -> wandb.Run:
    return start()


def test_logs_at_first_after_each_epoch_and_at_last(
    framework: Any, run: wandb.Run, finish: Finish, events: Events
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", AudioLoggingWarning)
        framework.fit(framework.make(zeros), epochs=3)
    assert places(events(finish(run))) == [(1, None), (4, 1), (8, 2), (12, 3)]


def test_the_model_says_what_it_hears_by_default(
    framework: Any, run: wandb.Run, finish: Finish, events: Events
) -> None:
    framework.fit(framework.make(class_names=NAMES) if type(framework).__name__ != "Keras" else framework.make())
    opened = finish(run)
    assert not [name for name in opened.summary if name.startswith("audio_logging/errors")]
    for table in events(opened):
        assert len(table) == 16
        for record in table.records():
            assert record["prediction"] in NAMES
            assert 0.5 <= record["score"] <= 1
            assert record["correct"] == (record["prediction"] == record["label"])


def test_the_loss_curve_is_bit_identical_with_and_without(framework: Any, run: wandb.Run) -> None:
    options: dict[str, Any] = {} if type(framework).__name__ == "Keras" else {"class_names": NAMES}
    expected = framework.fit()
    got = framework.fit(framework.make(when=When(every_n_steps=1), **options))
    assert got == expected
    assert len(set(got)) == len(got)


def test_steps_are_those_of_the_optimizer(framework: Any, run: wandb.Run, finish: Finish, events: Events) -> None:
    framework.fit(framework.make(zeros, when=When(every_n_steps=2, first=False)), epochs=3, accumulate=2)
    assert [step for step, _ in places(events(finish(run)))] == [2, 4, 6]


def test_steps_are_met_by_crossing(framework: Any, run: wandb.Run, finish: Finish, events: Events) -> None:
    when = When(every_n_steps=3, at_steps=(4,), first=False, last=False)
    framework.fit(framework.make(zeros, when=when), epochs=2)
    assert [step for step, _ in places(events(finish(run)))] == [3, 4, 6]


def test_the_last_state_is_logged_where_it_was_not(
    framework: Any, run: wandb.Run, finish: Finish, events: Events
) -> None:
    framework.fit(framework.make(zeros, when=When(first=False)), epochs=2)
    assert [step for step, _ in places(events(finish(run)))] == [8]


def test_the_best_state_is_logged(framework: Any, run: wandb.Run, finish: Finish, events: Events) -> None:
    name = "eval_loss" if type(framework).__name__ == "Transformers" else "val_loss"
    framework.fit(framework.make(zeros, when=When(best=(name, "min"), first=False, last=False)), epochs=2)
    steps = [step for step, _ in places(events(finish(run)))]
    assert steps[0] == 4
    assert steps in ([4], [4, 8])


def test_an_error_in_predict_never_stops_training_and_is_counted(
    framework: Any, run: wandb.Run, finish: Finish, events: Events
) -> None:
    def broken(model: Any, clips: Sequence[AudioClip]) -> Any:
        raise ValueError("no such thing")

    expected = framework.fit()
    with pytest.warns(AudioLoggingWarning, match="predict failed: ValueError: no such thing"):
        assert framework.fit(framework.make(broken)) == expected
    opened = finish(run)
    assert events(opened) == []
    assert opened.summary["audio_logging/errors"] >= 3
    assert [row["val/samples"]["count"] for row in opened.history() if "val/samples" in row] == [16]


def test_errors_stop_training_where_that_is_asked_for(framework: Any, run: wandb.Run) -> None:
    def broken(model: Any, clips: Sequence[AudioClip]) -> Any:
        raise ValueError("no such thing")

    with pytest.raises(PredictionError, match="predict failed: ValueError: no such thing"):
        framework.fit(framework.make(broken, on_error="raise"))


def test_a_training_that_fails_keeps_what_was_logged(
    framework: Any, run: wandb.Run, finish: Finish, events: Events
) -> None:
    with pytest.raises(RuntimeError, match="the data ran out"):
        framework.fit(framework.make(zeros), epochs=3, fail=True)
    opened = finish(run)
    assert places(events(opened))[:2] == [(1, None), (4, 1)]
    assert all(clip.file for table in events(opened) for clip in table.clips())


def test_a_second_training_with_a_new_run_starts_anew(
    framework: Any, start: Start, finish: Finish, events: Events
) -> None:
    callback = framework.make(zeros)
    for _ in range(2):
        run = start()
        framework.fit(callback)
        opened = finish(run)
        assert places(events(opened)) == [(1, None), (4, 1), (8, 2)]
        assert [row["val/samples"]["count"] for row in opened.history() if "val/samples" in row] == [16]
        assert all(clip.file for table in events(opened) for clip in table.clips())


def test_a_training_after_one_that_failed_starts_anew(
    framework: Any, start: Start, finish: Finish, events: Events
) -> None:
    callback = framework.make(zeros)
    run = start()
    with pytest.raises(RuntimeError, match="the data ran out"):
        framework.fit(callback, epochs=3, fail=True)
    finish(run)
    run = start()
    framework.fit(callback)
    assert places(events(finish(run))) == [(1, None), (4, 1), (8, 2)]


def test_a_run_that_is_made_after_the_callback_is_found(
    framework: Any, start: Start, finish: Finish, events: Events
) -> None:
    callback = framework.make(zeros)
    run = start()
    framework.fit(callback)
    assert len(events(finish(run))) == 3


@pytest.mark.parametrize("framework", ["ignite", "lightning", "transformers", "keras"], indirect=True)
def test_without_a_run_training_goes_on_and_says_what_to_do(framework: Any, wandb_offline: Path) -> None:
    expected = framework.fit()
    callback = framework.make(zeros, name="lonely" + type(framework).__name__)
    with pytest.warns(AudioLoggingWarning, match="there is no W&B run to log to. Start one with"):
        assert framework.fit(callback) == expected
    assert wandb.run is None


def test_without_a_run_that_is_an_error_where_it_is_asked_for(framework: Any, wandb_offline: Path) -> None:
    with pytest.raises(NoRunError, match="there is no W&B run to log to"):
        framework.fit(framework.make(zeros, on_error="raise"))


def test_a_run_is_started_only_when_told_to(
    framework: Any, wandb_offline: Path, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_MODE")
    framework.fit(framework.make(zeros, start_run={"project": "mine", "dir": str(wandb_offline)}))
    assert wandb.run is None
    (folder,) = (wandb_offline / "wandb").glob("offline-run-*")
    wandb.teardown()
    opened = Run.at(folder)
    assert (opened.project, opened.finished, len(events(opened))) == ("mine", True, 3)


def test_a_disabled_run_costs_nothing(framework: Any, start: Start) -> None:
    def never(model: Any, clips: Sequence[AudioClip]) -> Any:
        raise AssertionError("predict was called")

    start(mode="disabled")
    framework.fit(framework.make(never, on_error="raise"))


def test_the_model_is_in_evaluation_mode_without_gradients(framework: Any, run: wandb.Run) -> None:
    import torch

    seen: list[tuple[bool, bool]] = []

    def look(model: Any, clips: Sequence[AudioClip]) -> list[str]:
        seen.append((any(module.training for module in model.modules()), torch.is_grad_enabled()))
        return ["zero"] * len(clips)

    framework.fit(framework.make(look))
    assert seen == [(False, False)] * 3


def test_samples_can_be_put_into_words_by_a_task(
    framework: Any, run: wandb.Run, finish: Finish, events: Events
) -> None:
    def echo(model: Any, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
        return [{"audio": clip.samples[:, 0] / 2} for clip in clips]

    framework.fit(framework.make(echo, task="codec", max_clips=2), epochs=1)
    table = events(finish(run))[-1]
    assert table.records()[0]["level_difference_db"] == pytest.approx(-6.02, abs=0.01)
    assert table.records()[0]["si_sdr_db"] > 60

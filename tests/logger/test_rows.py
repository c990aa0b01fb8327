"""Rows that wait for their place, in real offline runs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import wandb

from audio_logging.errors import AudioLoggingWarning
from audio_logging.logger.rows import Row, RowQueue
from audio_logging.media.audio import Audio
from audio_logging.runs import Run, open_run

pytestmark = pytest.mark.usefixtures("wandb_offline")


class Trial:
    """A run, the rows that go into it, and what is in it in the end."""

    def __init__(self) -> None:
        self.run = wandb.init(project="rows", settings=wandb.Settings(x_save_requirements=False))
        self.errors: list[BaseException] = []
        self.rows = RowQueue(self.run, self.errors.append)

    def put(self, step: int, **values: Any) -> None:
        self.rows.put(Row(dict(values), step))

    def finished(self) -> Run:
        self.rows.drain()
        self.run.finish()
        return open_run(Path(self.run.dir).parent, wait=10)

    def history(self) -> list[dict[str, Any]]:
        """Return the rows, without what wandb itself puts there."""
        rows = self.finished().history()
        return [{key: value for key, value in row.items() if not key.startswith("_")} for row in rows]


@pytest.fixture
def trial() -> Trial:
    return Trial()


def test_a_row_joins_the_one_that_the_user_commits_next(trial: Trial) -> None:
    trial.put(7, clip="a")
    trial.run.log({"loss": 1})
    trial.run.log({"loss": 2})
    assert trial.history() == [{"clip": "a", "audio/step": 7, "loss": 1}, {"loss": 2}]


def test_a_row_uses_up_no_step(trial: Trial) -> None:
    for step in range(5):
        trial.put(step, clip=step)
    assert trial.run.step == 0


def test_a_row_of_the_same_key_waits_until_the_user_has_committed(trial: Trial) -> None:
    trial.put(0, clip="a")
    trial.put(1, clip="b")
    assert trial.rows.hand_over()
    assert trial.rows.waiting == 1
    trial.run.log({"loss": 1})
    assert not trial.rows.hand_over()
    trial.run.log({"loss": 2})
    assert trial.history() == [
        {"clip": "a", "audio/step": 0, "loss": 1},
        {"clip": "b", "audio/step": 1, "loss": 2},
    ]


def test_a_row_of_another_step_waits_even_with_other_keys(trial: Trial) -> None:
    trial.put(0, clip="a")
    trial.put(1, other="b")
    assert trial.rows.waiting == 1
    assert trial.history() == [{"clip": "a", "audio/step": 0}, {"other": "b", "audio/step": 1}]


def test_rows_of_one_step_with_different_keys_share_a_row(trial: Trial) -> None:
    trial.put(3, clip="a")
    trial.put(3, other="b")
    trial.put(3, third="c")
    assert trial.rows.waiting == 0
    trial.run.log({"loss": 1})
    assert trial.history() == [{"clip": "a", "other": "b", "third": "c", "audio/step": 3, "loss": 1}]


def test_what_joined_an_earlier_row_of_the_same_step_is_in_the_way_of_nothing(trial: Trial) -> None:
    trial.put(3, clip="a")
    trial.run.log({"loss": 1})
    trial.put(3, other="b")
    trial.put(3, clip="c")
    trial.run.log({"loss": 2})
    assert trial.history() == [
        {"clip": "a", "audio/step": 3, "loss": 1},
        {"other": "b", "clip": "c", "audio/step": 3, "loss": 2},
    ]


def test_what_still_waits_goes_in_at_the_end_a_row_each(trial: Trial) -> None:
    for step in range(4):
        trial.put(step, clip=f"clip {step}")
        trial.put(step, other=f"other {step}")
    assert trial.rows.waiting == 6
    assert trial.history() == [
        {"clip": f"clip {step}", "other": f"other {step}", "audio/step": step} for step in range(4)
    ]


def test_at_the_end_what_the_user_did_not_commit_is_kept(trial: Trial) -> None:
    trial.put(0, clip="a")
    trial.put(1, clip="b")
    trial.run.log({"loss": 1}, commit=False)
    assert trial.history() == [{"clip": "a", "audio/step": 0, "loss": 1}, {"clip": "b", "audio/step": 1}]


def test_at_the_end_a_row_that_the_user_left_open_with_a_step_is_kept(trial: Trial) -> None:
    trial.put(0, clip="a")
    trial.put(1, clip="b")
    trial.put(2, clip="c")
    trial.run.log({"loss": 1}, step=10)
    history = trial.history()
    assert [row.get("clip") for row in history] == ["a", "b", "c"]
    assert history[1] == {"clip": "b", "audio/step": 1, "loss": 1}


def test_a_row_of_its_own_is_committed_at_once(trial: Trial) -> None:
    for step in range(3):
        trial.rows.put(Row({"clip": step}, step, own=True))
    assert (trial.run.step, trial.rows.waiting) == (3, 0)
    assert trial.history() == [{"clip": step, "audio/step": step} for step in range(3)]


def test_a_row_of_its_own_does_not_overwrite_a_shared_one(trial: Trial) -> None:
    trial.put(0, clip="a")
    trial.rows.put(Row({"clip": "b"}, 1, own=True))
    trial.put(2, clip="c")
    assert trial.history() == [{"clip": step, "audio/step": number} for number, step in enumerate("abc")]


def test_a_row_that_joins_too_late_is_in_the_next_one_and_not_lost(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    def log_then_commit(values: dict[str, Any], commit: bool | None = None, step: int | None = None) -> None:
        log(values, commit=commit, step=step)
        log({"loss": values["audio/step"]})

    log = trial.run.log
    monkeypatch.setattr(trial.run, "log", log_then_commit)
    for step in range(3):  # the user commits between our logging and our looking
        trial.put(step, clip=step)
    monkeypatch.undo()
    assert trial.rows.waiting == 2
    log({"loss": 3})
    trial.rows.hand_over()
    assert [row["clip"] for row in trial.history() if "clip" in row] == [0, 1, 2]


def test_while_nothing_happens_wandb_is_not_asked(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    trial.put(0, clip="a")
    trial.put(1, clip="b")
    asked: list[None] = []
    monkeypatch.setattr("audio_logging._wandb.open_step", lambda run: asked.append(None))
    for _ in range(100):
        assert trial.rows.hand_over()
    assert asked == []


@pytest.mark.parametrize("commit", [lambda run: run.log({"x": 1}), lambda run: run.log({"x": 1}, step=5)])
def test_a_commit_is_noticed(trial: Trial, commit: Callable[[Any], None]) -> None:
    trial.put(0, clip="a")
    trial.put(1, clip="b")
    assert trial.rows.hand_over()
    commit(trial.run)
    assert not trial.rows.hand_over()


def test_each_key_stands_on_the_axis_of_audio(trial: Trial) -> None:
    trial.put(0, **{"val/clip": 1, "audio/a": 2, "audio/b": 3, "odd*key": 4})
    seen = trial.finished()
    metrics = {metric.name: metric.step_metric for metric in seen._totals.metrics}
    assert {name: metrics.get(name) for name in ("val/clip", "audio/*", "odd*key")} == {
        "val/clip": "audio/step",
        "audio/*": "audio/step",
        "odd*key": None,
    }
    assert seen.history()[0]["odd*key"] == 4
    assert trial.errors == []


def test_a_row_that_wandb_does_not_take_is_reported_and_the_next_one_goes(trial: Trial) -> None:
    trial.put(0, clip=Audio("s3://bucket/take.wav"))
    trial.put(0, other="b")
    assert trial.history() == [{"other": "b", "audio/step": 0}]
    assert [str(error)[:45] for error in trial.errors] == ["Audio media created by a reference to externa"]


def test_into_a_finished_run_nothing_is_handed(trial: Trial) -> None:
    trial.run.finish()
    trial.put(0, clip="a")
    assert not trial.rows.hand_over()
    assert trial.errors == []


def test_that_many_rows_wait_is_said_once(trial: Trial) -> None:
    many = 101
    with pytest.warns(AudioLoggingWarning, match=r"100 rows with audio wait for run\.log .* pass rows='own'") as caught:
        for step in range(many):
            trial.put(step, clip=step)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trial.put(many, clip=many)
    assert len(caught) == 1
    assert len(trial.history()) == many + 1

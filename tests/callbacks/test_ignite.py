from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import wandb

from audio_logging import AudioClip, When
from audio_logging.runs import Run, StoredTable

Start = Callable[..., wandb.Run]
Finish = Callable[[wandb.Run], Run]
Events = Callable[[Run], list[StoredTable]]


def zeros(model: Any, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
    return [{"label": "zero"} for _ in clips]


def steps(tables: Sequence[StoredTable]) -> list[Any]:
    return [table.step for table in tables]


@pytest.fixture
def ignite(build: Callable[[str], Any]) -> Any:
    return build("ignite")


def test_an_engine_that_runs_again_starts_anew(ignite: Any, start: Start, finish: Finish, events: Events) -> None:
    from ignite.engine import Engine

    from audio_logging.callbacks.ignite import attach

    engine = Engine(lambda engine, batch: None)
    attach(engine, ignite.data.samples, zeros)
    for _ in range(2):
        run = start()
        engine.run(range(3), max_epochs=2)
        opened = finish(run)
        assert steps(events(opened)) == [1, 3, 6]
        assert len([row for row in opened.history() if "val/samples" in row]) == 1


def test_handlers_of_exceptions_work_as_before(ignite: Any, start: Start) -> None:
    from ignite.engine import Engine, Events

    from audio_logging.callbacks.ignite import attach

    def fail(engine: Any, batch: Any) -> None:
        raise ValueError("batch")

    start()
    seen: list[str] = []
    for handled in (False, True):
        engine = Engine(fail)
        attach(engine, ignite.data.samples, zeros)
        if handled:
            engine.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, error: seen.append(str(error)))
            engine.run(range(3))
        else:
            with pytest.raises(ValueError, match="batch"):
                engine.run(range(3))
    assert seen == ["batch"]


def test_outputs_of_the_evaluator_are_used(ignite: Any, start: Start, finish: Finish, events: Events) -> None:
    import torch
    from ignite.engine import Engine
    from ignite.engine import Events as When_
    from ignite.metrics import Accuracy

    from audio_logging.callbacks.ignite import attach

    clips = torch.utils.data.TensorDataset(torch.from_numpy(ignite.data.waves), torch.tensor(ignite.data.labels))

    def validate(engine: Any, batch: Any) -> Any:
        return torch.nn.functional.one_hot(1 - batch[1], 2).float(), batch[1]  # always wrong

    trainer, evaluator = Engine(lambda engine, batch: None), Engine(validate)
    Accuracy().attach(evaluator, "accuracy")
    attach(
        trainer,
        ignite.data.samples,
        evaluator=evaluator,
        tap=True,
        class_names=["zero", "one"],
        when=When(best=("accuracy", "max"), first=False, last=False),
    )
    loader = torch.utils.data.DataLoader(clips, batch_size=5)
    trainer.add_event_handler(When_.EPOCH_COMPLETED, lambda: evaluator.run(loader))
    run = start()
    trainer.run(range(3), max_epochs=2)
    (table,) = events(finish(run))
    assert table.step == 3
    assert [record["correct"] for record in table.records()] == [False] * 16

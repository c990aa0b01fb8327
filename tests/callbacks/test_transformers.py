from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb

from audio_logging import AudioClip, When
from audio_logging.runs import Run, StoredTable, list_runs

Start = Callable[..., wandb.Run]
Finish = Callable[[wandb.Run], Run]
Events = Callable[[Run], list[StoredTable]]


def zeros(model: Any, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
    return [{"label": "zero"} for _ in clips]


def steps(tables: Sequence[StoredTable]) -> list[Any]:
    return [table.step for table in tables]


@pytest.fixture
def transformers(build: Callable[[str], Any]) -> Any:
    return build("transformers")


def test_the_run_of_the_trainers_own_logger_is_used(
    transformers: Any, wandb_offline: Path, events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_PROJECT", "theirs")
    trainer = transformers.trainer(
        transformers.make(zeros), report_to=["wandb"], logging_strategy="epoch", num_train_epochs=2
    )
    trainer.train()
    assert wandb.run is not None
    run_id = wandb.run.id
    wandb.finish()
    wandb.teardown()
    (opened,) = list_runs(wandb_offline / "wandb")
    assert (opened.id, opened.project) == (run_id, "theirs")
    assert steps(events(opened)) == [1, 4, 8]
    assert len([row for row in opened.history() if "eval/loss" in row]) == 2


def test_a_search_with_a_run_a_trial_starts_anew_each_time(
    transformers: Any, wandb_offline: Path, events: Events
) -> None:
    callback = transformers.make(zeros)
    trainer = transformers.trainer(callback, report_to=["wandb"], num_train_epochs=1)

    from transformers import TrainerCallback

    class TellSearch(TrainerCallback):
        """Says before W&B's callback is asked that this is a trial, as hyperparameter_search does."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            state.is_hyper_param_search = True

    trainer.callback_handler.callbacks.insert(0, TellSearch())
    for _ in range(2):
        trainer.train()
    wandb.finish()
    wandb.teardown()
    runs = list_runs(wandb_offline / "wandb")
    assert [steps(events(opened)) for opened in runs] == [[1, 4], [1, 4]]
    assert all("val/samples" in opened.summary for opened in runs)


def test_evaluations_within_an_epoch_are_told_apart_by_their_step(
    transformers: Any, start: Start, finish: Finish, events: Events
) -> None:
    run = start()
    callback = transformers.make(zeros, when=When(best=("eval_loss", "min"), first=False, last=False))
    trainer = transformers.trainer(callback, eval_strategy="steps", eval_steps=2, num_train_epochs=2)
    trainer.train()
    history = [(row["step"], row["eval_loss"]) for row in trainer.state.log_history if "eval_loss" in row]
    best = [step for number, (step, loss) in enumerate(history) if loss < min([9.9, *(x for _, x in history[:number])])]
    assert steps(events(finish(run))) == best
    assert best[0] == 2


def test_a_resumed_training_goes_on(transformers: Any, start: Start, finish: Finish, events: Events) -> None:
    def train(epochs: int, *, resume: bool) -> Run:
        run = start(id="again", resume="allow")
        callback = transformers.make(zeros, when=When(every_n_steps=5, last=False))
        trainer = transformers.trainer(callback, num_train_epochs=epochs, save_strategy="epoch")
        trainer.train(resume_from_checkpoint=resume)
        return finish(run)

    before, after = train(2, resume=False), train(4, resume=True)
    assert (steps(events(before)), steps(events(after))) == ([1, 5], [10, 15])
    assert not [row for row in after.history() if "val/samples" in row]
    digests = [[item.digest for item in each.artifacts() if item.type == "dataset"] for each in (before, after)]
    assert digests[0] == digests[1] != []


def test_a_checkpoint_without_our_state_still_counts_from_there(
    transformers: Any, start: Start, finish: Finish, events: Events
) -> None:
    transformers.trainer(None, num_train_epochs=1, save_strategy="epoch").train()
    run = start()
    callback = transformers.make(zeros, when=When(every_n_steps=3, last=False))
    transformers.trainer(callback, num_train_epochs=2, save_strategy="no").train(resume_from_checkpoint=True)
    assert steps(events(finish(run))) == [6]


def test_outputs_of_the_evaluation_are_used(transformers: Any, start: Start, finish: Finish, events: Events) -> None:
    run, seen = start(), []

    def compute_metrics(evaluated: Any) -> dict[str, Any]:
        seen.append(evaluated.predictions)
        return {"mine": 1.0}

    callback = transformers.make(None, tap=True, when=When(every_n_epochs=1))
    trainer = transformers.trainer(callback, callback.observing(compute_metrics), num_train_epochs=2)
    trainer.train()
    tables = events(finish(run))
    assert steps(tables) == [4, 8]
    for table, logits in zip(tables, seen, strict=True):
        best = [["zero", "one"][number] for number in logits.argmax(1)]
        assert [record["prediction"] for record in table.records()] == best
    assert "eval_mine" in trainer.state.log_history[0]


def test_without_a_processor_the_model_gets_the_samples(
    transformers: Any, start: Start, finish: Finish, events: Events
) -> None:
    run = start()
    trainer = transformers.trainer(transformers.make(), num_train_epochs=1)
    trainer.callback_handler.processing_class = None
    trainer.train()
    assert {record["prediction"] for record in events(finish(run))[-1].records()} <= {"zero", "one"}


class Letters:
    """A processor with a tokenizer of four letters."""

    def __init__(self, extractor: Any) -> None:
        self.feature_extractor = extractor

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.feature_extractor(*args, **kwargs)

    def batch_decode(self, ids: Any, **options: Any) -> list[str]:
        return ["".join(" abc"[int(number) % 4] for number in row) for row in ids]


def test_logits_over_time_become_text(transformers: Any) -> None:
    from transformers import Wav2Vec2ForCTC

    from audio_logging.callbacks.transformers_forward import TransformersForward

    config = transformers.model().config
    config.vocab_size = 4
    forward = TransformersForward()
    forward.processor = Letters(transformers.extractor())
    clips = [AudioClip(wave, 8000) for wave in transformers.data.waves[:3]]
    rows = forward(Wav2Vec2ForCTC(config).eval(), clips)
    assert [set(row["text"]) <= set(" abc") and len(row["text"]) > 5 for row in rows] == [True] * 3


def test_models_that_generate_text_are_asked_to(transformers: Any) -> None:
    import torch

    from audio_logging.callbacks.transformers_forward import TransformersForward

    class Speller(torch.nn.Module):
        device, dtype = torch.device("cpu"), torch.float32

        def can_generate(self) -> bool:
            return True

        def generate(self, input_values: Any, **rest: Any) -> Any:
            return torch.tensor([[1, 2, 3]] * len(input_values))

    forward = TransformersForward()
    forward.processor = Letters(transformers.extractor())
    assert forward(Speller(), [AudioClip(np.zeros(800), 8000)]) == [{"text": "abc"}]


def test_clips_are_resampled_and_mixed_for_the_processor_only(transformers: Any) -> None:
    import torch

    from audio_logging.callbacks.transformers_forward import TransformersForward

    class Codec(torch.nn.Module):
        device, dtype = torch.device("cpu"), torch.float32

        def forward(self, input_values: Any, **rest: Any) -> Any:
            return {"audio_values": input_values[:, None]}

    forward = TransformersForward()
    forward.processor = transformers.extractor()
    stereo = AudioClip(np.stack([transformers.data.waves[0]] * 2, 1), 8000)
    (row,) = forward(Codec(), [stereo])
    assert (row["sample_rate"], row["audio"].shape) == (16_000, (1, 4000))
    assert stereo.sample_rate == 8000

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import wandb

from audio_logging import AudioClip, When
from audio_logging.errors import AudioLoggingWarning
from audio_logging.runs import Run, StoredTable, list_runs

Start = Callable[..., wandb.Run]
Finish = Callable[[wandb.Run], Run]
Events = Callable[[Run], list[StoredTable]]

NAMES = ["zero", "one"]


def zeros(model: Any, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
    return [{"label": "zero"} for _ in clips]


def steps(tables: Sequence[StoredTable]) -> list[Any]:
    return [table.step for table in tables]


@pytest.fixture
def lightning(build: Callable[[str], Any]) -> Any:
    return build("lightning")


@pytest.fixture
def loader(lightning: Any) -> Callable[..., Any]:
    """Make a loader of the recordings; `batch_of` says what a batch is."""
    import torch

    def make(*, shuffle: bool = False, batch_of: Any = None) -> Any:
        data = lightning.data

        class Clips(torch.utils.data.Dataset):
            def __len__(self) -> int:
                return len(data)

            def __getitem__(self, position: int) -> Any:
                item = torch.from_numpy(data.waves[position]), data.labels[position]
                return item if batch_of is None else batch_of(position, *item)

        return torch.utils.data.DataLoader(Clips(), batch_size=4, shuffle=shuffle)

    return make


def test_nothing_is_logged_in_the_sanity_check(
    lightning: Any, loader: Callable[..., Any], start: Start, finish: Finish, events: Events
) -> None:
    run, calls = start(), []

    def predict(model: Any, clips: Sequence[AudioClip]) -> Any:
        calls.append(model.trainer.sanity_checking)
        return zeros(model, clips)

    callback = lightning.make(predict, tap=True, when=When(every_n_epochs=1, best=("val_loss", "min")))
    trainer = lightning.trainer(callback, 1, num_sanity_val_steps=2)
    trainer.fit(lightning.module(), loader(shuffle=True), loader())
    assert calls
    assert not any(calls)
    assert steps(events(finish(run))) == [1, 4]


def test_several_validations_an_epoch_are_told_apart_by_their_step(
    lightning: Any, loader: Callable[..., Any], start: Start, finish: Finish, events: Events
) -> None:
    run = start()
    callback = lightning.make(None, tap=True, class_names=NAMES, when=When(every_n_steps=2, first=False, last=False))
    lightning.trainer(callback, 2, val_check_interval=0.5).fit(lightning.module(), loader(shuffle=True), loader())
    assert steps(events(finish(run))) == [2, 4, 6, 8]


def test_two_optimizers_advance_the_step_by_two(
    lightning: Any, loader: Callable[..., Any], start: Start, finish: Finish, events: Events
) -> None:
    import torch
    from lightning.pytorch import LightningModule

    class Pair(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.automatic_optimization = False
            self.nets = torch.nn.ModuleList([torch.nn.Linear(2000, 2), torch.nn.Linear(2000, 2)])

        def training_step(self, batch: Any, number: int) -> None:
            for net, optimizer in zip(self.nets, self.optimizers(), strict=True):
                optimizer.zero_grad()
                self.manual_backward(net(batch[0]).square().mean())
                optimizer.step()

        def configure_optimizers(self) -> Any:
            return [torch.optim.SGD(net.parameters(), 1e-3) for net in self.nets]

    run = start()
    lightning.trainer(lightning.make(zeros, when=When(every_n_steps=3)), 2).fit(Pair(), loader(shuffle=True))
    assert steps(events(finish(run))) == [2, 4, 6, 10, 12, 16]


def test_the_run_of_the_trainers_own_logger_is_used(
    lightning: Any, loader: Callable[..., Any], wandb_offline: Path, events: Events
) -> None:
    from lightning.pytorch.loggers import WandbLogger

    logger = WandbLogger(project="theirs", save_dir=str(wandb_offline), offline=True)
    lightning.trainer(lightning.make(zeros), 2, logger=logger).fit(lightning.module(), loader(shuffle=True), loader())
    run_id = logger.experiment.id
    wandb.finish()
    wandb.teardown()
    (opened,) = list_runs(wandb_offline / "wandb")
    assert (opened.id, opened.project) == (run_id, "theirs")
    assert steps(events(opened)) == [1, 4, 8]
    assert len([row for row in opened.history() if "val_loss" in row]) == 2


def test_a_resumed_training_goes_on(
    lightning: Any, loader: Callable[..., Any], start: Start, finish: Finish, events: Events, tmp_path: Path
) -> None:
    def train(epochs: int, checkpoint: Any) -> tuple[Any, Run]:
        run = start(id="again", resume="allow")
        callback = lightning.make(zeros, when=When(every_n_steps=5, last=False))
        trainer = lightning.trainer(callback, epochs, enable_checkpointing=True)
        trainer.fit(lightning.module(), loader(shuffle=True), loader(), ckpt_path=checkpoint)
        return trainer, finish(run)

    trainer, before = train(2, None)
    _, after = train(4, trainer.checkpoint_callback.best_model_path)
    assert (steps(events(before)), steps(events(after))) == ([1, 5], [10, 15])
    assert not [row for row in after.history() if "val/samples" in row]
    digests = [[item.digest for item in each.artifacts() if item.type == "dataset"] for each in (before, after)]
    assert digests[0] == digests[1] != []
    assert all(clip.file for table in events(after) for clip in table.clips())


def test_modules_keep_their_own_modes(lightning: Any, loader: Callable[..., Any], start: Start) -> None:
    start()
    module = lightning.module()
    lightning.trainer(lightning.make(when=When(every_n_steps=1)), 1).fit(module, loader(shuffle=True))
    assert [layer.training for layer in module.net] == [True] * 4 + [False] + [True] * 4


@pytest.mark.parametrize("way", ["counting", "clip_id", "index", "function"])
def test_outputs_of_the_validation_are_used(
    lightning: Any, loader: Callable[..., Any], start: Start, finish: Finish, events: Events, way: str
) -> None:
    import torch
    from lightning.pytorch import LightningModule

    class Knowing(LightningModule):
        """Says "one" of the clips with odd numbers from 8 on, whatever it hears."""

        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Linear(2000, 2)

        def training_step(self, batch: Any, number: int) -> Any:
            return self.net(batch["wave"]).square().mean()

        def validation_step(self, batch: Any, number: int) -> Any:
            ones = (batch["number"] % 2 == 1) & (batch["number"] >= 8)
            return {"loss": torch.tensor(0.0), "logits": torch.stack([(~ones).float(), ones.float()], 1)}

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), 1e-3)

    def batch_of(position: int, wave: Any, label: int) -> dict[str, Any]:
        named = {"clip_id": f"{position:04d}", "index": position}
        return {"wave": wave, "number": position, **{key: value for key, value in named.items() if key == way}}

    def tap(outputs: Any, batch: Any) -> tuple[Any, Any]:
        return batch["number"], outputs["logits"]

    run = start()
    callback = lightning.make(
        None, tap=tap if way == "function" else True, class_names=NAMES, select=[9, 2, 15], when=When(every_n_epochs=1)
    )
    shuffle = way in ("clip_id", "index", "function")
    lightning.trainer(callback, 1).fit(
        Knowing(), loader(shuffle=True, batch_of=batch_of), loader(shuffle=shuffle, batch_of=batch_of)
    )
    (table,) = events(finish(run))
    assert (table.step, [record["prediction"] for record in table.records()]) == (4, ["one", "zero", "one"])


def test_a_validation_in_an_order_of_its_own_says_what_to_do(
    lightning: Any, loader: Callable[..., Any], start: Start, finish: Finish, events: Events
) -> None:
    run = start()
    with pytest.warns(AudioLoggingWarning, match="in an order of its own; wanted 'clip_id' in its batches or outputs"):
        lightning.trainer(lightning.make(None, tap=True), 1).fit(
            lightning.module(), loader(shuffle=True), loader(shuffle=True)
        )
    assert not events(finish(run))


def test_several_callbacks_have_states_of_their_own(
    lightning: Any, loader: Callable[..., Any], start: Start, finish: Finish
) -> None:
    run = start()
    callbacks = [lightning.make(zeros, name="first"), lightning.make(zeros, name="second")]
    lightning.trainer(callbacks, 1).fit(lightning.module(), loader(shuffle=True), loader())
    keys = {table.key for table in finish(run).tables()}
    assert keys == {"first/predictions", "second/predictions"}
    assert [callback.state_key for callback in callbacks] == ["AudioCallback[first]", "AudioCallback[second]"]


def test_a_training_that_ends_within_an_epoch_logs_its_last_step(
    lightning: Any, loader: Callable[..., Any], start: Start, finish: Finish, events: Events
) -> None:
    run = start()
    lightning.trainer(lightning.make(zeros), 5, max_steps=6).fit(lightning.module(), loader(shuffle=True))
    assert steps(events(finish(run))) == [1, 4, 6]


def test_validating_alone_logs_nothing(
    lightning: Any, loader: Callable[..., Any], start: Start, finish: Finish
) -> None:
    run = start()
    lightning.trainer(lightning.make(None, tap=True), 1).validate(lightning.module(), loader(), verbose=False)
    assert not finish(run).tables()


def test_lightning_goes_by_its_other_name_too(lightning: Any) -> None:
    code = (
        "import pytorch_lightning\n"
        "from audio_logging.callbacks.lightning import AudioCallback\n"
        "assert issubclass(AudioCallback, pytorch_lightning.Callback)\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=120)


def test_clips_of_other_lengths_are_never_padded(build: Callable[[str], Any]) -> None:
    build("plain")
    import torch

    from audio_logging.callbacks.torch_forward import TorchForward

    shapes: list[tuple[int, ...]] = []

    class Mean(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.ones((), dtype=torch.bfloat16))

        def forward(self, inputs: Any) -> Any:
            shapes.append(tuple(inputs.shape))
            assert inputs.dtype == torch.bfloat16
            return torch.stack([inputs.mean((1, 2)), self.scale.expand(len(inputs))], 1)

    waves = [np.full((frames, 2), 1 / frames) for frames in (300, 200, 300)]
    rows = TorchForward(lambda: "channels_first")(Mean(), [AudioClip(wave, 8000) for wave in waves])
    assert shapes == [(1, 2, 200), (2, 2, 300)]
    assert [float(row["logits"][0]) for row in rows] == pytest.approx([1 / 300, 1 / 200, 1 / 300], rel=0.01)

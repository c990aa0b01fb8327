"""Run by test_many_processes.py, once a rank: ``python two_ranks.py scenario folder``."""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
import wandb

from audio_logging import AudioClip, Budget, PredictionLogger, When

RANK = int(os.environ["RANK"])
FOLDER = Path(sys.argv[2])
"""Where the scenario leaves its run."""

RATE = 8000


def waves(count: int, rank: int = 0) -> list[np.ndarray[Any, Any]]:
    rng = np.random.default_rng(rank)
    return [(0.1 * rng.standard_normal(800)).astype(np.float32) for _ in range(count)]


def samples(count: int = 5, rank: int = 0) -> list[dict[str, Any]]:
    return [{"audio": wave, "sample_rate": RATE, "label": "rank0"} for wave in waves(count, rank)]


def start() -> wandb.Run | None:
    return wandb.init(project="ranks", dir=str(FOLDER)) if RANK == 0 else None


def say_rank(model: Any, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
    return [{"label": f"rank{RANK}", "clips": len(clips)} for _ in clips]


def normalising_net() -> Any:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, -1)), torch.nn.Conv1d(1, 2, 8, 4), torch.nn.BatchNorm1d(2), torch.nn.Flatten(),
        torch.nn.Linear(398, 2),
    )  # fmt: skip


def train(log: PredictionLogger, predict_epochs: int = 2) -> list[float]:
    """Train with DDP, and call `step` on every rank."""
    model = torch.nn.parallel.DistributedDataParallel(normalising_net())
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    inputs = torch.from_numpy(np.stack(waves(4, rank=10 + RANK)))
    losses, step = [], 0
    for epoch in range(predict_epochs):
        for _ in range(3):
            loss = model(inputs).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            step += 1
        log.step(epoch=epoch + 1, step=step, model=model, metrics={"loss": float(RANK - step)})
    return losses


def rank0() -> None:
    def predict(model: Any, clips: Sequence[AudioClip]) -> Any:
        assert RANK == 0
        assert not isinstance(model, torch.nn.parallel.DistributedDataParallel)
        return {"logits": model(torch.from_numpy(np.stack([clip.samples[:, 0] for clip in clips])))}

    run = start()
    with PredictionLogger(samples(), predict, on_error="raise").session() as log:
        train(log)
    if run is not None:
        run.finish()


def together() -> None:
    run = start()
    when = When(every_n_epochs=1, best=("loss", "min"))
    with PredictionLogger(samples(5), say_rank, predict_on="all", when=when, timeout=30).session() as log:
        train(log)
    if run is not None:
        run.finish()


def audio() -> None:
    """Each rank makes what it heard again, in floating point."""

    def echo(model: Any, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
        return [{"audio": clip.samples[:, 0] * (1 - RANK / 2), "label": f"rank{RANK}"} for clip in clips]

    run = start()
    with PredictionLogger(samples(3), echo, predict_on="all", task="codec", timeout=30).session() as log:
        log.step(epoch=1)
    if run is not None:
        run.finish()


def own_samples() -> None:
    """Each rank has samples of its own, which rank 0 has never seen."""
    run = start()
    with PredictionLogger(samples(3, RANK), say_rank, predict_on="all", timeout=30).session() as log:
        log.step(epoch=1)
    if run is not None:
        run.finish()


def tapped() -> None:
    """Each rank validates its half, as a DistributedSampler divides it: the first clip is in both, for padding."""
    run = start()
    with PredictionLogger(samples(5), None, predict_on="all", timeout=30).session() as log:
        for step in range(1, 4):
            log.step(step=step)
        for position in ([0, 2, 4], [1, 3, 0])[RANK]:
            log.observe([position], [{"label": f"rank{RANK}"}])
        log.step(epoch=1, step=3)
    if run is not None:
        run.finish()


def one_fails() -> None:
    def predict(model: Any, clips: Sequence[AudioClip]) -> Any:
        if RANK == 1:
            raise ValueError("only here")
        return say_rank(model, clips)

    run = start()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with PredictionLogger(samples(4), predict, predict_on="all", timeout=30).session() as log:
            train(log)
    report([str(warning.message) for warning in said if "audio_logging" in str(warning.category)])
    if run is not None:
        run.finish()


def one_dies() -> None:
    """Rank 1 leaves after the first event; rank 0 says so, once, and goes on alone."""
    run = start()
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        log = PredictionLogger(samples(4), say_rank, predict_on="all", timeout=3)
        log.begin()
        log.step(epoch=1, step=1)
        if RANK == 1:
            os._exit(7)
        began = time.monotonic()
        for step in range(2, 6):
            log.step(epoch=step, step=step)
        log.end()
        took = time.monotonic() - began
    report({"took": took, "said": [str(w.message) for w in said if "audio_logging" in str(w.category)]})
    if run is not None:
        run.finish()


def budget() -> None:
    """Only rank 0's clock and bytes decide."""
    run = start()
    limit = Budget(bytes_per_run=0 if RANK == 1 else None, time_fraction=None)
    with PredictionLogger(samples(2), say_rank, predict_on="all", budget=limit, timeout=30).session() as log:
        train(log)
    if run is not None:
        run.finish()


def no_run() -> None:
    with warnings.catch_warnings(record=True):
        try:
            PredictionLogger(samples(2), say_rank, predict_on="all", timeout=30).begin()
        except RuntimeError as error:
            report(f"{type(error).__name__}: {error}")


def apart() -> None:
    """Each rank logs its own half into a run of its own, all in one group."""
    settings = {"project": "apart", "dir": str(FOLDER)}
    with PredictionLogger(samples(5), say_rank, shared=True, start_run=settings, timeout=30).session() as log:
        train(log)
    assert wandb.run is None


def shared() -> None:
    """Each rank logs its own half to one run."""
    with PredictionLogger(
        samples(5), say_rank, shared=True, start_run={"project": "ranks"}, timeout=60
    ).session() as log:
        train(log)
    assert wandb.run is None


def lightning() -> None:
    from lightning.pytorch import LightningModule, Trainer

    from audio_logging.callbacks.lightning import AudioCallback

    class Module(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = normalising_net()

        def forward(self, inputs: Any) -> Any:
            return self.net(inputs)

        def training_step(self, batch: Any, number: int) -> Any:
            return self(batch[0]).square().mean()

        def validation_step(self, batch: Any, number: int) -> Any:
            return {"logits": self(batch[0])}

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), 0.01)

    data = torch.utils.data.TensorDataset(torch.from_numpy(np.stack(waves(11))))
    loader = torch.utils.data.DataLoader(data, batch_size=2)
    run = start()
    callbacks = [
        AudioCallback(samples(11), name="rank0", on_error="raise", timeout=30),
        AudioCallback(samples(11), say_rank, name="all", predict_on="all", on_error="raise", timeout=30),
        AudioCallback(samples(11), name="tap", tap=True, predict_on="all", on_error="raise", timeout=30),
    ]
    trainer = Trainer(
        max_epochs=2, accelerator="cpu", devices=2, strategy="ddp", logger=False, callbacks=callbacks,
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False, default_root_dir=FOLDER,
    )  # fmt: skip
    trainer.fit(Module(), loader, loader)
    if run is not None:
        run.finish()


def transformers() -> None:
    from transformers import Trainer, TrainingArguments

    from audio_logging.callbacks.transformers import AudioCallback

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = normalising_net()

        def forward(self, input_values: Any, labels: Any = None) -> Any:
            logits = self.net(input_values)
            loss = torch.nn.functional.cross_entropy(logits, labels) if labels is not None else None
            return {"loss": loss, "logits": logits} if loss is not None else {"logits": logits}

    data = [{"input_values": torch.from_numpy(wave), "labels": number % 2} for number, wave in enumerate(waves(11))]
    os.environ["WANDB_PROJECT"] = "ranks"
    os.environ["WANDB_DIR"] = str(FOLDER)
    callbacks = [
        AudioCallback(samples(11), name="rank0", on_error="raise", timeout=30),
        AudioCallback(samples(11), say_rank, name="all", predict_on="all", on_error="raise", timeout=30),
    ]
    arguments = TrainingArguments(
        output_dir=str(FOLDER / "trainer"), per_device_train_batch_size=3, num_train_epochs=2, use_cpu=True,
        ddp_backend="gloo", disable_tqdm=True, report_to=["wandb"], eval_strategy="epoch", save_strategy="no",
        logging_strategy="epoch",
    )  # fmt: skip
    trainer = Trainer(model=Net(), args=arguments, train_dataset=data, eval_dataset=data, callbacks=callbacks)
    trainer.train()
    if RANK == 0:
        wandb.finish()
    else:
        assert wandb.run is None


def report(value: Any) -> None:
    (FOLDER / f"rank{RANK}.json").write_text(json.dumps(value))


def spread() -> None:
    """A model that no rank has whole, as FSDP makes it: all can run it together, and rank 0 alone says why not."""
    from torch.distributed.fsdp import fully_shard

    def predict(model: Any, clips: Sequence[AudioClip]) -> Any:
        return {"logits": model(torch.from_numpy(np.stack([clip.samples[:, 0] for clip in clips])))}

    run = start()
    model = fully_shard(torch.nn.Linear(800, 2), mesh=torch.distributed.device_mesh.init_device_mesh("cpu", (2,)))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with PredictionLogger(samples(5), predict, predict_on="all", timeout=30).session() as log:
            log.step(epoch=1, model=model)
        with PredictionLogger(samples(5), predict, name="alone").session() as log:
            log.step(epoch=1, model=model)
    report([str(warning.message) for warning in said if "audio_logging" in str(warning.category)])
    if run is not None:
        run.finish()


TOGETHER = (rank0, together, audio, own_samples, tapped, one_fails, budget, no_run, apart, spread)
"""Run one after the other in one group, each in its own folder, since setting up takes longer than all of them."""


def plain() -> None:
    global FOLDER
    root = FOLDER
    for scenario in TOGETHER:
        FOLDER = root / scenario.__name__
        FOLDER.mkdir(exist_ok=True)
        scenario()
        dist.barrier()


def main() -> None:
    torch.set_num_threads(1)
    name = sys.argv[1]
    if name in ("plain", "one_dies", "shared"):
        dist.init_process_group("gloo")
    {function.__name__: function for function in (plain, one_dies, shared, lightning, transformers)}[name]()
    wandb.teardown()
    if dist.is_initialized() and name != "one_dies":
        dist.destroy_process_group()


if __name__ == "__main__":
    main()

"""Five ways to train a small network on a few recordings: what the contract in test_contract.py runs over."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import wandb

from audio_logging import PredictionLogger
from audio_logging.runs import Run, StoredTable, open_run

RATE = 8000
FRAMES = 2000
NAMES = ["zero", "one"]
CLIPS = 16
BATCH = 4
STEPS = CLIPS // BATCH
"""Batches in an epoch."""

collect_ignore = ["two_ranks.py"]
"""A script, not a module of tests."""

os.environ.setdefault("KERAS_BACKEND", "torch")  # before anybody imports Keras, be it to collect doctests

DIGITS = Path(__file__).parents[2].parent / "shared" / "data" / "fsdd"


class StopError(RuntimeError):
    """Breaks a training off."""


@dataclass(eq=False)
class Recordings:
    """Spoken zeros and ones, in turn; tones where the recordings are not there."""

    waves: npt.NDArray[np.float32]
    labels: list[int]
    fail_after: int | None = None
    served: int = field(default=0)

    def __len__(self) -> int:
        return len(self.waves)

    def wave(self, position: int) -> npt.NDArray[np.float32]:
        self.served += 1
        if self.fail_after is not None and self.served > self.fail_after:
            raise StopError("the data ran out")
        return np.asarray(self.waves[position])

    @property
    def samples(self) -> list[dict[str, Any]]:
        pairs = zip(self.waves, self.labels, strict=True)
        return [{"audio": wave, "sample_rate": RATE, "label": NAMES[label]} for wave, label in pairs]


@pytest.fixture(scope="session")
def waves() -> npt.NDArray[np.float32]:
    return np.stack([_digit(position) if DIGITS.is_dir() else _tone(position) for position in range(CLIPS)])


@pytest.fixture
def recordings(waves: npt.NDArray[np.float32]) -> Recordings:
    return Recordings(waves, [position % 2 for position in range(CLIPS)])


def _digit(position: int) -> npt.NDArray[np.float32]:
    digit = position % 2
    samples, rate = soundfile.read(DIGITS / str(digit) / f"{digit}_jackson_{position // 2}.wav", dtype="float32")
    assert rate == RATE
    return np.asarray(np.pad(samples, (0, FRAMES))[:FRAMES])


def _tone(position: int) -> npt.NDArray[np.float32]:
    phase = 2 * np.pi * (300 + 600 * (position % 2) + 5 * position) * np.arange(FRAMES) / RATE
    return (0.4 * np.sin(phase)).astype(np.float32)


class Framework:
    """One way to train.

    `make` gives what the user adds to a script, `fit` trains with it (or without) and returns every loss, `log` gives
    its PredictionLogger.
    """

    def __init__(self, data: Recordings, folder: Path) -> None:
        self.data = data
        self.folder = folder

    def make(self, predict: Any = None, **options: Any) -> Any:
        raise NotImplementedError

    def log(self, callback: Any) -> PredictionLogger:
        return callback.prediction_logger  # type: ignore[no-any-return]

    def fit(self, callback: Any = None, *, epochs: int = 2, accumulate: int = 1, fail: bool = False) -> list[float]:
        self.data.served = 0
        self.data.fail_after = CLIPS + BATCH * 2 if fail else None
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002 - what a user's script does
        return self.train(callback, epochs, accumulate)

    def train(self, callback: Any, epochs: int, accumulate: int) -> list[float]:
        raise NotImplementedError


def torch_net() -> Any:
    """Return a network with dropout, a BatchNorm that learns and one that is frozen."""
    import torch

    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, -1)),
        torch.nn.Conv1d(1, 4, 32, stride=8),
        torch.nn.BatchNorm1d(4),
        torch.nn.ReLU(),
        torch.nn.BatchNorm1d(4),
        torch.nn.AdaptiveAvgPool1d(8),
        torch.nn.Flatten(),
        torch.nn.Dropout(0.3),
        torch.nn.Linear(32, 2),
    )
    model[4].eval()
    return model


def torch_loader(data: Recordings, *, shuffle: bool) -> Any:
    import torch

    class Pairs(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return len(data)

        def __getitem__(self, position: int) -> tuple[Any, int]:
            wave = data.wave(position) if shuffle else data.waves[position]
            return torch.from_numpy(wave), data.labels[position]

    return torch.utils.data.DataLoader(Pairs(), batch_size=BATCH, shuffle=shuffle)


class Plain(Framework):
    def make(self, predict: Any = None, **options: Any) -> Any:
        from audio_logging.callbacks.torch_forward import TorchForward

        options.pop("run", None)
        return PredictionLogger(self.data.samples, predict or TorchForward(lambda: "frames"), **options)

    def log(self, callback: Any) -> PredictionLogger:
        return callback  # type: ignore[no-any-return]

    def train(self, callback: Any, epochs: int, accumulate: int) -> list[float]:
        if callback is None:
            return self._loop(None, epochs, accumulate)
        with callback.session() as log:
            return self._loop(log, epochs, accumulate)

    def _loop(self, log: PredictionLogger | None, epochs: int, accumulate: int) -> list[float]:
        import torch

        model, losses, step = torch_net(), [], 0
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        loader = torch_loader(self.data, shuffle=True)
        for epoch in range(epochs):
            for number, (inputs, labels) in enumerate(loader):
                loss = torch.nn.functional.cross_entropy(model(inputs), labels)
                (loss / accumulate).backward()
                losses.append(loss.item())
                if (number + 1) % accumulate == 0:
                    optimizer.step()
                    optimizer.zero_grad()
                    step += 1
                    if log is not None and log.watches_steps:
                        log.step(step=step, model=model)
            if log is not None:
                log.step(
                    epoch=epoch + 1, step=step, model=model, metrics={"val_loss": validation_loss(model, self.data)}
                )
        return losses


def validation_loss(model: Any, data: Recordings) -> float:
    import torch

    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        loss = torch.nn.functional.cross_entropy(model(torch.from_numpy(data.waves)), torch.tensor(data.labels))
    for module, training in modes:
        module.training = training
    return float(loss)


class Ignite(Framework):
    def make(self, predict: Any = None, **options: Any) -> Any:
        return {"predict": predict, **options}

    def log(self, callback: Any) -> PredictionLogger:
        return callback["log"]  # type: ignore[no-any-return]

    def train(self, callback: Any, epochs: int, accumulate: int) -> list[float]:
        import torch
        from ignite.engine import Engine, Events

        from audio_logging.callbacks.ignite import attach

        model, losses = torch_net(), []
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        steps = Counter[str]()

        def update(engine: Any, batch: Any) -> None:
            inputs, labels = batch
            loss = torch.nn.functional.cross_entropy(model(inputs), labels)
            (loss / accumulate).backward()
            if engine.state.iteration % accumulate == 0:
                optimizer.step()
                optimizer.zero_grad()
                steps["taken"] += 1
            losses.append(loss.item())

        def validate(engine: Any, batch: Any) -> None:
            engine.state.metrics["val_loss"] = validation_loss(model, self.data)

        trainer, evaluator = Engine(update), Engine(validate)
        if callback is not None:
            known = {"step": lambda: steps["taken"], **{n: v for n, v in callback.items() if n != "log"}}
            callback["log"] = attach(trainer, self.data.samples, model=model, evaluator=evaluator, **known)
        trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run([0]))
        trainer.run(torch_loader(self.data, shuffle=True), max_epochs=epochs)
        return losses


class Lightning(Framework):
    def make(self, predict: Any = None, **options: Any) -> Any:
        from audio_logging.callbacks.lightning import AudioCallback

        return AudioCallback(self.data.samples, predict, **options)

    def train(self, callback: Any, epochs: int, accumulate: int) -> list[float]:
        module = self.module()
        self.trainer(callback, epochs, accumulate_grad_batches=accumulate).fit(
            module, torch_loader(self.data, shuffle=True), torch_loader(self.data, shuffle=False)
        )
        return module.losses  # type: ignore[no-any-return]

    def trainer(self, callback: Any, epochs: int, **options: Any) -> Any:
        from lightning.pytorch import Trainer

        quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
        return Trainer(
            max_epochs=epochs,
            accelerator="cpu",
            callbacks=[] if callback is None else callback if isinstance(callback, list) else [callback],
            default_root_dir=self.folder,
            log_every_n_steps=1,
            **{"logger": False, **quiet, **options},
        )

    def module(self) -> Any:
        import torch
        from lightning.pytorch import LightningModule

        class Module(LightningModule):
            def __init__(self) -> None:
                super().__init__()
                self.net = torch_net()
                self.losses: list[float] = []

            def forward(self, inputs: Any) -> Any:
                return self.net(inputs)

            def training_step(self, batch: Any, number: int) -> Any:
                loss = torch.nn.functional.cross_entropy(self(batch[0]), batch[1])
                self.losses.append(loss.item())
                return loss

            def validation_step(self, batch: Any, number: int) -> Any:
                logits = self(batch[0])
                self.log("val_loss", torch.nn.functional.cross_entropy(logits, batch[1]))
                return {"logits": logits}

            def configure_optimizers(self) -> Any:
                return torch.optim.Adam(self.parameters(), 1e-2)

        return Module()


class Transformers(Framework):
    def make(self, predict: Any = None, **options: Any) -> Any:
        from audio_logging.callbacks.transformers import AudioCallback

        return AudioCallback(self.data.samples, predict, **options)

    def train(self, callback: Any, epochs: int, accumulate: int) -> list[float]:
        trainer = self.trainer(callback, num_train_epochs=epochs, gradient_accumulation_steps=accumulate)
        trainer.train()
        return trainer.losses  # type: ignore[no-any-return]

    def trainer(self, callback: Any, compute_metrics: Any = None, **options: Any) -> Any:
        import torch
        from transformers import Trainer, TrainingArguments

        class RecordingTrainer(Trainer):
            losses: list[float]

            def training_step(self, *args: Any, **kwargs: Any) -> Any:
                loss = super().training_step(*args, **kwargs)
                self.losses.append(loss.item())
                return loss

        extractor = self.extractor()
        arguments = TrainingArguments(
            output_dir=str(self.folder / "trainer"),
            per_device_train_batch_size=BATCH,
            per_device_eval_batch_size=BATCH,
            learning_rate=1e-2,
            use_cpu=True,
            disable_tqdm=True,
            seed=0,
            **{
                "report_to": [],
                "eval_strategy": "epoch",
                "save_strategy": "no",
                "logging_strategy": "no",
                **options,
            },
        )

        def collate(items: list[tuple[int, bool]]) -> dict[str, Any]:
            data = self.data
            chosen = [data.wave(place) if training else data.waves[place] for place, training in items]
            values = extractor(chosen, sampling_rate=16_000, return_tensors="pt")["input_values"]
            return {"input_values": values, "labels": torch.tensor([data.labels[place] for place, _ in items])}

        trainer = RecordingTrainer(
            model=self.model(),
            args=arguments,
            data_collator=collate,
            train_dataset=[(place, True) for place in range(CLIPS)],
            eval_dataset=[(place, False) for place in range(CLIPS)],
            processing_class=extractor,
            compute_metrics=compute_metrics,
            callbacks=[] if callback is None else [callback],
        )
        trainer.losses = []
        return trainer

    @staticmethod
    def extractor() -> Any:
        from transformers import Wav2Vec2FeatureExtractor

        return Wav2Vec2FeatureExtractor(feature_size=1, sampling_rate=16_000, padding_value=0.0, do_normalize=True)

    @staticmethod
    def model() -> Any:
        """Return a tiny classifier with random weights, dropout and SpecAugment, which draws from numpy."""
        import torch
        from transformers import Wav2Vec2Config, Wav2Vec2ForSequenceClassification

        torch.manual_seed(0)
        config = Wav2Vec2Config(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            conv_dim=(8, 8),
            conv_stride=(10, 8),
            conv_kernel=(20, 16),
            num_conv_pos_embeddings=4,
            num_conv_pos_embedding_groups=2,
            classifier_proj_size=8,
            mask_time_length=2,
            num_labels=2,
            id2label=dict(enumerate(NAMES)),
            label2id={name: number for number, name in enumerate(NAMES)},
        )
        return Wav2Vec2ForSequenceClassification(config)


class Keras(Framework):
    def make(self, predict: Any = None, **options: Any) -> Any:
        from audio_logging.callbacks.keras import AudioCallback

        return AudioCallback(self.data.samples, predict, class_names=NAMES, **options)

    def train(self, callback: Any, epochs: int, accumulate: int) -> list[float]:
        import keras

        model, losses = self.model(accumulate), []
        recorder = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]))
        model.fit(
            self.batches(),
            epochs=epochs,
            verbose=0,
            validation_data=(self.data.waves[:, :, None], np.array(self.data.labels)),
            callbacks=[recorder] if callback is None else [recorder, callback],
        )
        return losses

    def batches(self) -> Any:
        import keras

        data = self.data

        class Batches(keras.utils.PyDataset):
            def __len__(self) -> int:
                return STEPS

            def __getitem__(self, number: int) -> Any:
                places = range(number * BATCH, (number + 1) * BATCH)
                inputs = np.stack([data.wave(place) for place in places])[:, :, None]
                return inputs + 0.001 * np.random.rand(), np.array([data.labels[place] for place in places])  # noqa: NPY002

        return Batches()

    @staticmethod
    def model(accumulate: int = 1) -> Any:
        import keras

        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [
                keras.Input((FRAMES, 1)),
                keras.layers.Conv1D(4, 32, strides=8),
                keras.layers.BatchNormalization(),
                keras.layers.ReLU(),
                keras.layers.BatchNormalization(trainable=False),
                keras.layers.GlobalAveragePooling1D(),
                keras.layers.Dropout(0.3),
                keras.layers.Dense(2, activation="softmax"),
            ]
        )
        steps = accumulate if accumulate > 1 else None
        model.compile(keras.optimizers.Adam(1e-2, gradient_accumulation_steps=steps), "sparse_categorical_crossentropy")
        return model


FRAMEWORKS: dict[str, tuple[type[Framework], tuple[str, ...]]] = {
    "plain": (Plain, ("torch",)),
    "ignite": (Ignite, ("torch", "ignite")),
    "lightning": (Lightning, ("torch", "lightning")),
    "transformers": (Transformers, ("torch", "transformers", "accelerate")),
    "keras": (Keras, ("torch", "keras")),
}


@pytest.fixture
def build(recordings: Recordings, tmp_path: Path, require: Callable[[str], ModuleType]) -> Callable[[str], Framework]:
    """Make a framework by its name; skip the test where it is not installed."""

    def make(name: str) -> Framework:
        kind, packages = FRAMEWORKS[name]
        for package in packages:
            require(package)
        import torch

        torch.set_num_threads(1)  # these networks are too small to be worth a second one
        return kind(recordings, tmp_path)

    return make


@pytest.fixture(params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest, build: Callable[[str], Framework]) -> Framework:
    """Each framework in turn."""
    return build(request.param)


@pytest.fixture
def start(wandb_offline: Path) -> Iterator[Callable[..., wandb.Run]]:
    """Start an offline run."""
    yield lambda **arguments: wandb.init(project="test", settings=wandb.Settings(console="off"), **arguments)


@pytest.fixture
def finish() -> Callable[[wandb.Run], Run]:
    """Finish a run and open what is on disk."""

    def finish_and_open(run: wandb.Run) -> Run:
        folder = Path(run.dir).parent
        run.finish()
        for _ in range(200):
            opened = open_run(folder)
            if opened.finished:  # wandb's service writes the last record a moment after finish() has returned
                return opened
            time.sleep(0.05)
        raise AssertionError("the run was not finished")

    return finish_and_open


@pytest.fixture
def events() -> Callable[[Run], list[StoredTable]]:
    """Return the tables of predictions of a run."""
    return lambda opened: [table for table in opened.tables() if table.key == "val/predictions"]

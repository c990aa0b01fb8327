from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import wandb

from audio_logging import AudioClip, When
from audio_logging.datasets import audio_dataset_from_directory
from audio_logging.runs import Run, StoredTable

Start = Callable[..., wandb.Run]
Finish = Callable[[wandb.Run], Run]
Events = Callable[[Run], list[StoredTable]]


def zeros(model: Any, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
    return [{"label": "zero"} for _ in clips]


def places(tables: Sequence[StoredTable]) -> list[tuple[Any, Any]]:
    return [(table.step, dict(zip(table.columns, table.rows[0], strict=True)).get("epoch")) for table in tables]


def clips(*frames: int, channels: int = 1) -> list[AudioClip]:
    return [AudioClip(np.full((count, channels), 0.25), 8000) for count in frames]


@pytest.fixture
def keras(build: Callable[[str], Any]) -> Any:
    return build("keras")


@pytest.fixture
def forward(keras: Any) -> Any:
    from audio_logging.callbacks.keras import KerasForward

    return KerasForward(lambda: "frames")


def test_a_training_that_goes_on_counts_on(keras: Any, start: Start, finish: Finish, events: Events) -> None:
    run = start()
    model, callback = keras.model(), keras.make(zeros)
    model.fit(keras.batches(), epochs=2, verbose=0, callbacks=[callback])
    model.fit(keras.batches(), epochs=4, initial_epoch=2, verbose=0, callbacks=[callback])
    opened = finish(run)
    assert places(events(opened)) == [(1, None), (4, 1), (8, 2), (9, None), (12, 3), (16, 4)]
    assert len([row for row in opened.history() if "val/samples" in row]) == 1


def test_a_training_that_was_interrupted_can_be_begun_again(
    keras: Any, start: Start, finish: Finish, events: Events
) -> None:
    import keras as k

    def interrupt(epoch: int, logs: Any) -> None:
        raise KeyboardInterrupt

    run = start()
    model, callback = keras.model(), keras.make(zeros)
    stop = k.callbacks.LambdaCallback(on_epoch_end=interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(keras.batches(), epochs=5, verbose=0, callbacks=[callback, stop])
    model.fit(keras.batches(), epochs=1, verbose=0, callbacks=[callback])
    assert places(events(finish(run))) == [(1, None), (4, 1), (5, None), (8, 1)]


def test_an_audio_dataset_trains_and_is_heard(
    keras: Any, start: Start, finish: Finish, events: Events, tmp_path: Path
) -> None:
    import keras as k

    for number, (wave, label) in enumerate(zip(keras.data.waves, keras.data.labels, strict=True)):
        folder = tmp_path / "clips" / ["zero", "one"][label]
        folder.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / f"{number}.wav", wave, 8000)
    data = audio_dataset_from_directory(tmp_path / "clips", batch_size=4, output_sequence_length=2000, verbose=False)
    model = k.Sequential([k.Input((2000, 1)), k.layers.Flatten(), k.layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    run = start()
    from audio_logging.callbacks.keras import AudioCallback

    callback = AudioCallback(data, select="stratified", max_clips=4)
    for _ in range(2):
        for inputs, labels in data:
            model.train_on_batch(np.asarray(inputs), np.asarray(labels))
    model.fit(
        np.concatenate([np.asarray(x) for x, _ in data]),
        np.concatenate([np.asarray(y) for _, y in data]),
        epochs=1,
        verbose=0,
        callbacks=[callback],
    )
    records = events(finish(run))[-1].records()
    assert sorted(record["label"] for record in records) == ["one", "one", "zero", "zero"]
    assert {record["prediction"] for record in records} <= {"zero", "one"}


def test_clips_are_fitted_to_an_input_of_fixed_length(forward: Any) -> None:
    import keras as k

    model = k.Sequential([k.Input((100, 1)), k.layers.Flatten(), k.layers.Lambda(lambda x: k.ops.sum(x, 1, True))])
    rows = forward(model, clips(100, 60, 140))
    assert [float(row["logits"][0]) for row in rows] == [25, 15, 25]


def test_without_a_fixed_length_nothing_is_padded(forward: Any) -> None:
    import keras as k

    model = k.Sequential([k.Input((None, 2)), k.layers.GlobalAveragePooling1D()])
    rows = forward(model, clips(100, 60, 100, channels=2))
    assert [row["logits"].tolist() for row in rows] == [[0.25, 0.25]] * 3


def test_an_input_of_two_axes_gets_mono_samples(forward: Any) -> None:
    import keras as k

    model = k.Sequential([k.Input((100,)), k.layers.Dense(3, activation="softmax")])
    rows = forward(model, clips(100, 100))
    assert [sorted(row) for row in rows] == [["scores"], ["scores"]]


def test_one_sigmoid_is_a_score_and_one_linear_unit_a_logit(forward: Any) -> None:
    import keras as k

    for activation, name in (("sigmoid", "scores"), (None, "logits")):
        model = k.Sequential([k.Input((100, 1)), k.layers.Flatten(), k.layers.Dense(1, activation=activation)])
        assert sorted(forward(model, clips(100))[0]) == [name]


def test_audio_is_cut_to_the_length_of_its_clip(keras: Any, start: Start, finish: Finish, events: Events) -> None:
    import keras as k

    from audio_logging.callbacks.keras import AudioCallback

    model = k.Sequential([k.Input((2000, 1)), k.layers.Conv1D(1, 9, padding="same")])
    model.compile("adam", "mse")
    run = start()
    samples = [{"audio": keras.data.waves[0][:count], "sample_rate": 8000} for count in (2000, 700)]
    inputs = keras.data.waves[:, :, None]
    model.fit(inputs, inputs, verbose=0, callbacks=[AudioCallback(samples, task="codec", when=When(first=False))])
    (table,) = events(finish(run))
    assert [record["generated_duration"] for record in table.records()] == [0.25, 0.0875]
    assert all(isinstance(record["si_sdr_db"], float) for record in table.records())


def test_a_model_of_several_outputs_says_by_name_what_is_what(forward: Any) -> None:
    import keras as k

    entry = k.Input((100, 1))
    flat = k.layers.Flatten()(entry)
    model = k.Model(entry, {"logits": k.layers.Dense(3)(flat), "embedding": k.layers.Dense(5)(flat)})
    assert sorted(forward(model, clips(100))[0]) == ["embedding", "logits"]

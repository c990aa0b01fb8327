from __future__ import annotations

import json
import random
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import wandb

from audio_logging import Audio, AudioClip, Budget, PredictionLogger, When
from audio_logging.errors import AudioLoggingWarning, AudioValueError, LoggerClosedError, NoRunError, PredictionError
from audio_logging.runs import Run, StoredTable, open_run

RATE = 8000
NAMES = ("low", "high")

Finish = Callable[[wandb.Run], Run]


@pytest.fixture
def start(wandb_offline: Path) -> Callable[..., wandb.Run]:
    """Start an offline run."""
    return lambda **arguments: wandb.init(project="test", settings=wandb.Settings(console="off"), **arguments)


@pytest.fixture
def run(start: Callable[..., wandb.Run]) -> wandb.Run:
    return start()


def finish(run: wandb.Run) -> Run:
    """Finish a run and open what is on disk."""
    run.finish()
    return finished(Path(run.dir).parent)


def finished(folder: Path) -> Run:
    for _ in range(200):
        opened = open_run(folder)
        if opened.finished:  # wandb's service writes the last record a moment after finish() has returned
            return opened
        time.sleep(0.05)
    raise AssertionError("the run was not finished")


def tones(count: int, *, seconds: float = 0.25, rate: int = RATE, **more: Any) -> list[dict[str, Any]]:
    """Return tones with noise, low and high in turn; no two alike."""
    rng = np.random.default_rng(1)
    frames = np.arange(int(seconds * rate))
    made = []
    for index in range(count):
        wave = 0.4 * np.sin(2 * np.pi * (300, 900)[index % 2] * frames / rate) + 0.01 * rng.standard_normal(len(frames))
        label = NAMES[index % 2]
        made.append({"audio": wave.astype("f4"), "sample_rate": rate, "label": label, "id": f"t{index}", **more})
    return made


def classify(model: Any, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
    """Say "low" of everything."""
    return [{"scores": {"low": 0.75, "high": 0.25}} for _ in clips]


def halve(model: Any, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
    return [{"audio": clip.samples[:, 0] / 2} for clip in clips]


def events(opened: Run, key: str = "val/predictions") -> list[StoredTable]:
    return [table for table in opened.tables() if table.key == key]


def places(opened: Run) -> list[Any]:
    """Return the steps at which predictions were logged."""
    return [table.step for table in events(opened)]


def counts(opened: Run) -> dict[str, int]:
    """Return the counters in the run's summary."""
    prefix = "audio_logging/"
    return {name.removeprefix(prefix): value for name, value in opened.summary.items() if name.startswith(prefix)}


def folder_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def test_samples_once_then_a_table_an_event(run: wandb.Run) -> None:
    with PredictionLogger(tones(4), classify).session(run) as log:
        assert [log.step(epoch=epoch, step=10 * epoch) for epoch in range(3)] == [True, True, True]
    opened = finish(run)
    assert places(opened) == [0, 10, 20]
    samples = [row["val/samples"] for row in opened.history() if "val/samples" in row]
    assert [sample["count"] for sample in samples] == [4]
    assert samples[0]["captions"] == ["low", "high", "low", "high"]
    assert opened.problems == []


def test_tables_say_what_was_predicted_and_what_was_right(run: wandb.Run) -> None:
    with PredictionLogger(tones(2), classify).session(run) as log:
        log.step(epoch=3, step=7)
    (table,) = events(finish(run))
    assert table.columns == [
        "step",
        "epoch",
        "clip_id",
        "audio",
        "label",
        "prediction",
        "score",
        "label_score",
        "correct",
        "top_k",
        "duration",
        "peak",
        "clipped_samples",
    ]
    first, second = table.records()
    expected = {"step": 7, "epoch": 3, "clip_id": "t0", "label": "low", "prediction": "low", "score": 0.75}
    assert expected.items() <= first.items()
    assert (first["correct"], second["correct"], second["label_score"]) == (True, False, 0.25)
    assert first["top_k"] == "low 0.750 | high 0.250"
    assert (first["duration"], first["clipped_samples"]) == (0.25, 0)


def test_clips_in_tables_are_the_samples_bit_for_bit(run: wandb.Run) -> None:
    samples = tones(3)
    with PredictionLogger(samples, classify).session(run) as log:
        log.step(epoch=0)
    (table,) = events(finish(run))
    for sample, record in zip(samples, table.records(), strict=True):
        clip = Audio(record["audio"].file).clip()
        assert clip.sample_rate == RATE
        assert np.abs(clip.samples[:, 0] - sample["audio"]).max() <= 2**-16


def test_the_history_says_where_events_stand_and_how_good_they_are(run: wandb.Run) -> None:
    with PredictionLogger(tones(4), classify, metrics={"same": lambda p, r: p == r}).session(run) as log:
        log.step(epoch=1, step=5)
    rows = [row for row in finish(run).history() if "val/predictions" in row]
    assert [(row["audio/step"], row["val/clips/accuracy"], row["val/clips/same"]) for row in rows] == [(5, 0.5, 0.5)]


def test_the_sidecar_says_it_clip_by_clip(run: wandb.Run) -> None:
    folder = Path(run.dir)
    with PredictionLogger(tones(2), classify, metrics={"same": lambda p, r: p == r}).session(run) as log:
        log.step(epoch=1, step=5)
    lines = [json.loads(line) for line in (folder / "audio_logging" / "index.jsonl").read_text().splitlines()]
    assert [(line["role"], line["key"], line["step"], line["clip_id"]) for line in lines] == [
        ("sample", "val/samples", 0, "t0"),
        ("sample", "val/samples", 0, "t1"),
        ("prediction", "val/predictions", 5, "t0"),
        ("prediction", "val/predictions", 5, "t1"),
    ]
    assert lines[3]["prediction"] == "low"
    assert lines[3]["label"] == "high"
    assert lines[3]["scores"] == [{"label": "low", "score": 0.75}, {"label": "high", "score": 0.25}]
    assert lines[3]["metrics"] == {"same": 0.0}
    assert lines[2]["path"] == lines[0]["path"]
    finish(run)


def test_what_the_model_makes_lies_beside_its_input_and_its_reference(run: wandb.Run) -> None:
    samples = [{**tone, "reference": tone["audio"] * 0.9} for tone in tones(2)]
    with PredictionLogger(samples, halve, name="clean", task="separation").session(run) as log:
        log.step(epoch=0, step=3)
    opened = finish(run)
    (table,) = events(opened, "clean/predictions")
    record = table.records()[0]
    assert Audio(record["generated"].file).clip().peak == pytest.approx(
        Audio(record["audio"].file).clip().peak / 2, abs=1e-4
    )
    assert Audio(record["reference"].file).clip().peak == pytest.approx(
        Audio(record["audio"].file).clip().peak * 0.9, abs=1e-4
    )
    assert record["level_difference_db"] == pytest.approx(-5.1, abs=0.1)
    (listed,) = [row["clean/generated"] for row in opened.history() if "clean/generated" in row]
    assert listed["captions"] == [
        "input t0: low",
        "reference t0: low",
        "generated t0: low",
        "input t1: high",
        "reference t1: high",
        "generated t1: high",
    ]


def test_reference_and_prediction_are_never_at_different_steps(run: wandb.Run) -> None:
    with PredictionLogger(tones(1), halve).session(run) as log:
        for step in range(4):
            run.log({"loss": 1.0}, step=step)
            log.step(epoch=step, step=step)
    rows = [row for row in finish(run).history() if "val/generated" in row]
    assert [row["audio/step"] for row in rows] == [0, 1, 2, 3]
    assert all("val/predictions" in row and row["val/generated"]["count"] == 2 for row in rows)


def test_nobody_loses_a_value(run: wandb.Run) -> None:
    with PredictionLogger(tones(2), classify).session(run) as log:
        for step in range(5):
            run.log({"loss": float(step)}, step=step)
            log.step(epoch=step, step=step)
            run.log({"acc": float(step)}, step=step)
    rows = finish(run).history()
    assert [row["loss"] for row in rows if "loss" in row] == [0, 1, 2, 3, 4]
    assert [row["acc"] for row in rows if "acc" in row] == [0, 1, 2, 3, 4]
    assert [row["audio/step"] for row in rows if "val/predictions" in row] == [0, 1, 2, 3, 4]


def test_audio_that_is_not_finite_is_said_in_the_table_and_counted(run: wandb.Run) -> None:
    def broken(model: Any, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
        return [{"audio": np.where(np.arange(clip.frames) < 10, np.nan, 1.5)} for clip in clips]

    with pytest.warns(AudioLoggingWarning) as said, PredictionLogger(tones(2), broken).session(run) as log:
        log.step(epoch=0)
    assert any(
        "val: predict made 10 samples that are NaN or infinite; they are stored as zeros" in str(w.message)
        for w in said
    )
    opened = finish(run)
    record = events(opened)[0].records()[0]
    assert (record["invalid_samples"], record["generated_peak"]) == (10, 1.5)
    assert record["generated_clipped_samples"] == 1990
    assert counts(opened) == {"invalid_samples": 20, "clipped_samples": 2 * 1990}


@pytest.mark.parametrize(
    ("predict", "message"),
    [
        (lambda model, clips: 1 / 0, "val: predictions were not logged: predict failed: ZeroDivisionError"),
        (lambda model, clips: [{}], "predict returned 1 predictions for 2 clips, wanted one a clip"),
        (lambda model, clips: None, "predict returned NoneType, wanted a list"),
        (lambda model, clips: [{"scores": object()}] * 2, "the prediction of t0 cannot be read: got scores"),
    ],
)
def test_predict_that_fails_is_said_and_counted_and_training_goes_on(
    run: wandb.Run, predict: Any, message: str
) -> None:
    with (
        pytest.warns(AudioLoggingWarning) as said,
        PredictionLogger(tones(2), predict, when=When(every_n_epochs=1, last=False)).session(run) as log,
    ):
        for epoch in range(3):
            log.step(epoch=epoch)
            run.log({"loss": 1.0})
    assert [message in str(warning.message) for warning in said] == [True]
    opened = finish(run)
    assert len([row for row in opened.history() if "loss" in row]) == 3
    assert counts(opened)["errors"] >= 3


def test_errors_are_raised_where_that_is_asked_for(run: wandb.Run) -> None:
    log = PredictionLogger(tones(2), lambda model, clips: 1 / 0, on_error="raise")
    log.begin(run)
    with pytest.raises(PredictionError, match="predict failed: ZeroDivisionError"):
        log.step(epoch=0)
    log.end(failed=True)


def test_errors_of_the_background_are_raised_by_the_next_call(run: wandb.Run) -> None:
    log = PredictionLogger(tones(2), classify, on_error="raise")
    log.begin(run)
    log.step(epoch=0)
    assert log.logger is not None
    log.logger.flush()
    log.logger.report(OSError(28, "No space left on device"))
    with pytest.raises(OSError, match="No space left"):
        log.step(epoch=1)
    log.end(failed=True)


def test_a_metric_that_fails_leaves_a_gap_and_the_rest_of_the_table(run: wandb.Run) -> None:
    metrics = {"bad": lambda p, r: 1 / 0, "good": lambda p, r: 1.0}
    log = PredictionLogger(tones(2), classify, metrics=metrics)
    with pytest.warns(AudioLoggingWarning, match="the metric 'bad' failed on t0: ZeroDivisionError"), log.session(run):
        log.step(epoch=0)
    opened = finish(run)
    assert [record["good"] for record in events(opened)[0].records()] == [1, 1]
    assert counts(opened)["errors"] == 2


def test_a_measure_never_takes_the_place_of_a_column(run: wandb.Run) -> None:
    def predict(model: Any, clips: Sequence[AudioClip]) -> list[dict[str, Any]]:
        return [{"label": "low", "peak": 9.0, "energy": 2.0} for _ in clips]

    with PredictionLogger(tones(1), predict, metrics={"score": lambda p, r: 5.0}).session(run) as log:
        log.step(epoch=0)
    (record,) = events(finish(run))[0].records()
    assert (record["measured_peak"], record["energy"], record["measured_score"]) == (9, 2, 5)
    assert record["peak"] < 1
    assert record["score"] is None


def test_the_same_samples_in_every_event_and_every_process(run: wandb.Run) -> None:
    first = PredictionLogger(tones(50), classify, select="random", max_clips=5, seed=4)
    second = PredictionLogger(tones(50), classify, select="random", max_clips=5, seed=4)
    with first.session(run) as log:
        for epoch in range(2):
            log.step(epoch=epoch)
    tables = events(finish(run))
    chosen = [[record["clip_id"] for record in table.records()] for table in tables]
    assert chosen[0] == chosen[1] == [sample.clip_id for sample in second.samples]
    assert first.state_dict()["clips"] == [sample.identity for sample in second.samples]


def test_samples_that_cannot_be_read_are_left_out_and_counted(run: wandb.Run, tmp_path: Path) -> None:
    samples = [*tones(1), {"audio": tmp_path / "gone.wav", "label": "low"}]
    log = PredictionLogger(samples, classify)
    with pytest.warns(AudioLoggingWarning, match="sample 1 cannot be read and is left out"), log.session(run):
        log.step(epoch=0)
    opened = finish(run)
    assert len(events(opened)[0]) == 1
    assert counts(opened)["errors"] == 1


def test_no_usable_sample_is_said_and_training_goes_on(run: wandb.Run) -> None:
    log = PredictionLogger([], classify)
    with pytest.warns(AudioLoggingWarning, match="got no usable samples, wanted at least one"), log.session(run):
        assert not log.step(epoch=0)
        assert not log.watches_steps
    assert not events(finish(run))


def test_samples_are_logged_as_a_data_set_with_all_that_is_known(run: wandb.Run) -> None:
    samples = tones(2, seconds=1.0, text="beep")
    with PredictionLogger(samples, classify, name="my val", max_seconds=0.5).session(run) as log:
        log.step(epoch=0)
    opened = finish(run)
    (artifact,) = [artifact for artifact in opened.artifacts() if artifact.type == "dataset"]
    assert artifact.name == "my-val-samples"
    file = artifact.entries["samples.table.json"].file
    assert file is not None
    content = json.loads(Path(file).read_text())
    assert '"audio-file"' in json.dumps(content["column_types"]["params"]["type_map"]["audio"])
    record = dict(zip(content["columns"], content["data"][0], strict=True))
    assert record["audio"]["_type"] == "audio-file"
    del record["audio"], record["peak"]
    assert record == {
        "clip_id": "t0",
        "label": "low",
        "text": "beep",
        "duration": 0.5,
        "full_duration": 1.0,
        "sample_rate": RATE,
        "channels": 1,
        "clipped_samples": 0,
    }


def test_two_processes_make_the_same_data_set(start: Callable[..., wandb.Run]) -> None:
    digests = []
    for _ in range(2):
        run = start()
        with PredictionLogger(tones(3), classify).session(run):
            pass
        (artifact,) = [artifact for artifact in finish(run).artifacts() if artifact.type == "dataset"]
        digests.append(artifact.digest)
    assert digests[0] == digests[1]


def test_tables_refer_to_clips_and_cost_a_hundredth(start: Callable[..., wandb.Run], wandb_offline: Path) -> None:
    """32 clips x 10 epochs: what ten epochs add to the run and to the staging folder, against plain tables."""
    samples = tones(32, seconds=5.0, rate=16_000)
    predicted = classify(None, [None] * 32)  # type: ignore[list-item]

    before = folder_size(wandb_offline)
    run = start()
    log = PredictionLogger(samples, classify, max_clips=32)
    log.begin(run)
    assert log.logger is not None
    log.logger.flush()
    once = folder_size(wandb_offline) - before
    for epoch in range(10):
        log.step(epoch=epoch)
    log.end()
    opened = finish(run)
    ours = folder_size(wandb_offline) - before - once

    before = folder_size(wandb_offline)
    run = start()
    for epoch in range(10):
        table = wandb.Table(columns=["epoch", "audio", "prediction", "score"])
        for sample, row in zip(samples, predicted, strict=True):
            table.add_data(epoch, wandb.Audio(sample["audio"], 16_000), "low", row["scores"]["low"])
        run.log({"plain": table})
    finish(run)
    plain = folder_size(wandb_offline) - before

    assert len(events(opened)) == 10
    assert all(clip.file for table in events(opened) for clip in table.clips())
    assert ours <= plain / 100, f"{ours} bytes against {plain}"


def test_budgets_stop_events_and_count_them(run: wandb.Run) -> None:
    log = PredictionLogger(tones(2), classify, budget=Budget(bytes_per_run=1))
    with (
        pytest.warns(
            AudioLoggingWarning, match="val: predictions are not logged for now: .* budget is bytes_per_run=1"
        ),
        log.session(run),
    ):
        assert log.logger is not None
        log.logger.flush()
        assert [log.step(epoch=epoch) for epoch in range(3)] == [False] * 3
    assert counts(finish(run)) == {"skipped": 4}  # the last, too


def test_the_same_clip_made_again_is_paid_once(run: wandb.Run) -> None:
    log = PredictionLogger(tones(1), halve)
    with log.session(run):
        spent = []
        for epoch in range(3):
            log.step(epoch=epoch)
            assert log.logger is not None
            log.logger.flush()
            spent.append(log.state_dict()["bytes"])
    assert spent[2] - spent[1] == spent[1] - spent[0] == 1500


def test_time_spent_in_predict_counts(run: wandb.Run) -> None:
    def slow(model: Any, clips: Sequence[AudioClip]) -> list[str]:
        time.sleep(0.05)
        return ["low"] * len(clips)

    log = PredictionLogger(tones(1), slow, budget=Budget(time_fraction=0.01, free_seconds=0))
    with pytest.warns(AudioLoggingWarning, match="the budget is time_fraction=0.01"), log.session(run):
        assert [log.step(epoch=epoch) for epoch in range(3)] == [True, False, False]


def test_first_every_and_last(run: wandb.Run) -> None:
    log = PredictionLogger(tones(1), classify, when=When(every_n_steps=10))
    with log.session(run):
        for step in range(1, 26):
            log.step(step=step)
    assert places(finish(run)) == [1, 10, 20, 25]


def test_best_is_logged_whenever_it_is(run: wandb.Run) -> None:
    log = PredictionLogger(tones(1), classify, when=When(best=("loss", "min"), first=False, last=False))
    with log.session(run):
        for step, loss in enumerate([3.0, 5.0, 2.0]):
            log.step(step=step, metrics={"loss": loss})
    assert places(finish(run)) == [0, 2]


def test_one_step_is_logged_once(run: wandb.Run) -> None:
    log = PredictionLogger(tones(1), classify, when=When(every_n_epochs=1, every_n_steps=5))
    with log.session(run):
        log.step(step=5)
        log.step(epoch=1, step=5)
    assert places(finish(run)) == [5]


def test_without_steps_events_stand_at_epochs(run: wandb.Run) -> None:
    with PredictionLogger(tones(1), classify).session(run) as log:
        for epoch in range(1, 4):
            log.step(epoch=epoch)
    assert places(finish(run)) == [1, 2, 3]


def test_a_session_that_fails_flushes_and_does_not_run_the_model_again(run: wandb.Run) -> None:
    calls: list[Any] = []

    def predict(model: Any, clips: Sequence[AudioClip]) -> list[str]:
        calls.append(model)
        return ["low"] * len(clips)

    log = PredictionLogger(tones(1), predict, when=When(every_n_steps=10))
    with pytest.raises(KeyError, match="stop"), log.session(run):
        log.step(step=10, model="ten")
        log.step(step=13, model="thirteen")
        raise KeyError("stop")
    assert calls == ["ten"]
    assert places(finish(run)) == [10]


def test_what_training_failed_with_is_not_hidden(run: wandb.Run) -> None:
    log = PredictionLogger(tones(1), classify, on_error="raise")
    with pytest.warns(AudioLoggingWarning, match="disk"), pytest.raises(KeyError, match="mine"), log.session(run):
        assert log.logger is not None
        log.logger.report(OSError("disk"))
        raise KeyError("mine")


def test_a_second_run_starts_anew(start: Callable[..., wandb.Run]) -> None:
    log = PredictionLogger(tones(2), classify, when=When(every_n_steps=100))
    opened = []
    for _ in range(2):
        run = start()
        with log.session(run):
            for step in (1, 2, 100):
                log.step(step=step)
        opened.append(finish(run))
    for each in opened:
        assert places(each) == [1, 100]
        assert [row["val/samples"]["count"] for row in each.history() if "val/samples" in row] == [2]
        assert [artifact.name for artifact in each.artifacts() if artifact.type == "dataset"] == ["val-samples"]
        assert all(clip.file for table in events(each) for clip in table.clips())


def test_a_sweep_that_never_calls_end_starts_anew_too(start: Callable[..., wandb.Run]) -> None:
    log = PredictionLogger(tones(1), classify)
    opened = []
    for _ in range(2):
        run = start()
        log.begin()
        log.step(epoch=1)
        opened.append(finish(run))
    assert [places(each) for each in opened] == [[1], [1]]


def test_a_second_training_with_the_same_run_logs_no_sample_twice(run: wandb.Run) -> None:
    log = PredictionLogger(tones(2), classify)
    for start in (0, 10):
        with log.session(run):
            for step in range(2):
                log.step(step=start + step, epoch=step)
    opened = finish(run)
    assert places(opened) == [0, 1, 10, 11]
    assert len([row for row in opened.history() if "val/samples" in row]) == 1
    assert len([artifact for artifact in opened.artifacts() if artifact.type == "dataset"]) == 1
    assert all(clip.file for table in events(opened) for clip in table.clips())


def test_a_resumed_training_goes_on_with_the_same_cadence_clips_and_references(start: Callable[..., wandb.Run]) -> None:
    def logger() -> PredictionLogger:
        return PredictionLogger(tones(3), classify, when=When(every_n_steps=10, last=False))

    first = logger()
    run = start(id="again")
    with first.session(run):
        for step in range(1, 14):
            first.step(step=step)
        state = json.loads(json.dumps(first.state_dict()))
    before = finish(run)

    second = logger()
    run = start(id="again", resume="allow")
    second.load_state_dict(state)
    with second.session(run):
        for step in range(14, 32):
            second.step(step=step)
    after = finish(run)
    assert (places(before), places(after)) == ([1, 10], [20, 30])
    assert not [row for row in after.history() if "val/samples" in row], "the list is in the run already"
    digests = [[item.digest for item in each.artifacts() if item.type == "dataset"] for each in (before, after)]
    assert digests[0] == digests[1] != []
    assert all(clip.file for table in events(after) for clip in table.clips())


def test_resuming_with_other_samples_is_said(start: Callable[..., wandb.Run]) -> None:
    first = PredictionLogger(tones(3), classify)
    run = start(id="again")
    with first.session(run):
        pass
    finish(run)
    second = PredictionLogger(tones(2), classify, name="others")
    second.load_state_dict(first.state_dict())
    run = start(id="again", resume="allow")
    message = "others: the samples are not those of the training that is resumed"
    with pytest.warns(AudioLoggingWarning, match=message), second.session(run):
        pass
    assert [row for row in finish(run).history() if "others/samples" in row]


def test_outputs_of_the_validation_are_used_instead_of_predict(run: wandb.Run) -> None:
    def never(model: Any, clips: Sequence[AudioClip]) -> Any:
        raise AssertionError("predict was called")

    log = PredictionLogger(tones(3), never, class_names=NAMES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with log.session(run):
            log.observe([0, 1], np.array([[0.9, 0.1], [0.2, 0.8]]))
            log.observe(["t2", "another"], [{"label": "high"}, {"label": "low"}])
            assert log.step(epoch=0, step=4)
    (table,) = events(finish(run))
    assert [record["prediction"] for record in table.records()] == ["low", "high", "high"]


def test_outputs_are_of_their_place_only(run: wandb.Run) -> None:
    calls: list[int] = []

    def predict(model: Any, clips: Sequence[AudioClip]) -> list[str]:
        calls.append(len(clips))
        return ["low"] * len(clips)

    log = PredictionLogger(tones(2), predict, when=When(every_n_steps=1, last=False))
    with log.session(run):
        log.observe([0, 1], [{"label": "high"}] * 2)
        log.step(step=1)
        log.step(step=2)
    tables = events(finish(run))
    assert [[record["prediction"] for record in table.records()] for table in tables] == [["high"] * 2, ["low"] * 2]
    assert calls == [2]


def test_without_predict_events_wait_for_a_validation(run: wandb.Run) -> None:
    log = PredictionLogger(tones(2), None, when=When(every_n_steps=10))
    with log.session(run):
        assert not any(log.step(step=step) for step in range(1, 13))
        log.observe([1], [{"label": "high"}])
        assert log.step(step=12)
        assert not log.step(step=13)
    (table,) = events(finish(run))
    assert [(record["clip_id"], record["prediction"]) for record in table.records()] == [("t1", "high")]


def test_outputs_that_do_not_fit_are_said_and_training_goes_on(run: wandb.Run) -> None:
    log = PredictionLogger(tones(2), None)
    with pytest.warns(AudioLoggingWarning, match="got 2 ids for 1 outputs, wanted one an output"), log.session(run):
        log.observe([0, 1], [{"label": "low"}])


def test_a_tensor_that_validation_uses_again_was_kept(run: wandb.Run, require: Callable[[str], ModuleType]) -> None:
    torch = require("torch")
    logits = torch.tensor([[5.0, 0.0]], requires_grad=True)
    log = PredictionLogger(tones(1), None, class_names=NAMES)
    with log.session(run):
        log.observe(torch.tensor([0]), logits)
        logits.data[:] = torch.tensor([[0.0, 5.0]])
        log.step(epoch=0)
    assert events(finish(run))[0].records()[0]["prediction"] == "low"


def test_a_disabled_run_costs_nothing(start: Callable[..., wandb.Run]) -> None:
    def never(model: Any, clips: Sequence[AudioClip]) -> Any:
        raise AssertionError("predict was called")

    samples = tones(1)
    log = PredictionLogger(iter(samples), never)
    with log.session(start(mode="disabled")):
        assert not log.step(epoch=0)
        assert not log.watches_steps
        log.observe([0], ["low"])


def test_a_run_in_a_relative_folder_is_read_back_from_anywhere(
    start: Callable[..., wandb.Run], wandb_offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(wandb_offline)
    run = start(dir=".")
    folder = Path(run.dir).absolute().parent
    with PredictionLogger(tones(1), halve).session(run) as log:
        log.step(epoch=0)
    run.finish()
    monkeypatch.chdir("/")
    (table,) = events(finished(folder))
    assert [clip.file is not None for clip in table.clips()] == [True, True]


def test_no_run_says_what_to_do(wandb_offline: Path) -> None:
    with pytest.raises(NoRunError, match=r"there is no W&B run to log to. Start one with wandb.init\(...\), pass run="):
        PredictionLogger(tones(1), classify).begin()


def test_calls_in_the_wrong_order_say_so(run: wandb.Run) -> None:
    log = PredictionLogger(tones(1), classify)
    with pytest.raises(LoggerClosedError, match=r"step\(\) was called before begin\(\)"):
        log.step(epoch=0)
    with pytest.raises(LoggerClosedError, match=r"observe\(\) was called before begin\(\)"):
        log.observe([0], ["low"])
    log.end()


def test_a_run_is_started_when_told_to_offline_without_a_key_and_finished(
    wandb_offline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WANDB_MODE")
    log = PredictionLogger(tones(1), classify, start_run={"project": "mine"})
    with log.session():
        assert wandb.run is not None
        assert wandb.run.offline
        folder = Path(wandb.run.dir).parent
        log.step(epoch=0)
    assert getattr(wandb, "run") is None  # noqa: B009 - mypy holds it for what it was in the session
    opened = finished(folder)
    assert (opened.project, places(opened)) == ("mine", [0])


def test_a_run_that_is_there_is_neither_doubled_nor_finished(run: wandb.Run) -> None:
    with PredictionLogger(tones(1), classify, start_run=True).session() as log:
        log.step(epoch=0)
        assert wandb.run is run
    assert wandb.run is run
    assert places(finish(run)) == [0]


def test_a_run_that_finishes_first_takes_what_was_there(run: wandb.Run) -> None:
    folder = Path(run.dir).parent
    log = PredictionLogger(tones(1), classify, when=When(every_n_steps=10))
    log.begin(run)
    log.step(step=10)
    log.step(step=11)
    run.finish()
    log.end()
    assert places(finished(folder)) == [10]


def test_other_ranks_do_nothing(run: wandb.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    log = PredictionLogger(iter(()), classify)
    log.begin()
    assert not log.step(epoch=0)
    log.observe([0], ["low"])
    log.end()
    assert log.logger is None


def test_pictures_lie_in_the_samples_once_and_beside_what_was_made(
    run: wandb.Run, require: Callable[[str], ModuleType]
) -> None:
    require("PIL")
    with PredictionLogger(tones(2), halve, spectrogram=True).session(run) as log:
        log.step(epoch=0)
    opened = finish(run)
    record = events(opened)[0].records()[0]
    assert record["spectrogram"]["_type"] == "image-file"
    assert (record["spectrogram"]["height"], record["spectrogram"]["format"]) == (160, "png")
    (samples,) = [artifact for artifact in opened.artifacts() if artifact.type == "dataset"]
    assert sum(name.endswith(".png") for name in samples.entries) == 2


def test_pictures_of_samples_are_not_copied_into_every_table(
    run: wandb.Run, require: Callable[[str], ModuleType]
) -> None:
    require("PIL")
    with PredictionLogger(tones(2), classify, spectrogram=True).session(run) as log:
        log.step(epoch=0)
    (table,) = events(finish(run))
    assert "spectrogram" not in table.columns


def test_a_data_set_that_draws_random_numbers_does_not_change_the_training(run: wandb.Run) -> None:
    class Augmenting:
        def __len__(self) -> int:
            return 4

        def __getitem__(self, position: int) -> Mapping[str, Any]:
            noise = np.random.rand(800) * random.random()  # noqa: NPY002
            return {"audio": noise, "sample_rate": RATE, "label": "x"}

    def draw() -> tuple[float, float]:
        return random.random(), float(np.random.rand())  # noqa: NPY002

    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    expected = draw()
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    log = PredictionLogger(Augmenting(), classify, metrics={"random": lambda p, r: random.random()})
    with log.session(run):
        log.step(epoch=0)
        assert draw() == expected


def test_logging_draws_no_random_numbers_of_its_own(wandb_offline: Path, require: Callable[[str], ModuleType]) -> None:
    torch = require("torch")

    def state() -> tuple[Any, ...]:
        numpy_state: Any = np.random.get_state()  # noqa: NPY002
        return random.getstate(), numpy_state[1].tobytes(), torch.get_rng_state().tolist()

    log = PredictionLogger(tones(2), halve, start_run=True)
    before = state()
    with log.session():
        log.step(epoch=0)
        assert log.logger is not None
        log.logger.flush()
        assert state() == before
    assert state() == before


def losses_of(torch: Any, log: PredictionLogger | None) -> list[float]:
    """Train a small network with dropout and a frozen BatchNorm, and return its losses."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv1d(1, 4, 16, 4),
        torch.nn.BatchNorm1d(4),
        torch.nn.Dropout(),
        torch.nn.Flatten(),
        torch.nn.LazyLinear(2),
    )
    model(torch.zeros(2, 1, 2000))
    model[1].eval()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    clips = torch.stack([torch.from_numpy(tone["audio"]) for tone in tones(8)])[:, None]
    labels = torch.tensor([0, 1] * 4)
    losses = []
    for step in range(6):
        order = torch.randperm(8)
        noise = float(np.random.rand()) * 0.01  # noqa: NPY002
        loss = torch.nn.functional.cross_entropy(model(clips[order] + noise), labels[order])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if log is not None:
            log.step(step=step, model=model)
    return losses


def test_the_loss_curve_is_bit_identical_with_and_without_logging(
    run: wandb.Run, require: Callable[[str], ModuleType]
) -> None:
    torch = require("torch")

    def predict(model: Any, clips: Sequence[AudioClip]) -> Any:
        model.train()  # as badly behaved as can be
        np.random.rand(100)  # noqa: NPY002
        batch = torch.stack([torch.from_numpy(clip.samples.T.copy()) for clip in clips])
        return {"logits": model.eval()(batch) + torch.rand(1)}

    expected = losses_of(torch, None)
    log = PredictionLogger(tones(4), predict, when=When(every_n_steps=1), class_names=NAMES)
    with log.session(run):
        got = losses_of(torch, log)
    assert got == expected
    assert places(finish(run)) == list(range(6))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_clips": 0}, "got max_clips=0, wanted more than 0"),
        ({"max_seconds": -1}, "got max_seconds=-1"),
        ({"select": "best"}, "got select='best'"),
        ({"select": list(range(20))}, "got 20 positions in select and max_clips=16"),
        ({"on_error": "ignore"}, "got on_error='ignore', wanted one of 'warn', 'raise'"),
        ({"predict_on": "rank1"}, "got predict_on='rank1', wanted one of 'rank0', 'all'"),
        ({"activation": "relu"}, "got activation='relu'"),
        ({"task": "music"}, "got task='music'"),
        ({"timeout": 0}, "got timeout=0"),
    ],
)
def test_arguments_that_make_no_sense_are_refused_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(AudioValueError, match=message):
        PredictionLogger(tones(1), classify, **arguments)

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.clip import AudioClip
from audio_logging.errors import PredictionError
from audio_logging.predictions.measures import (
    character_error_rate,
    duration_difference,
    label_overlap,
    level_difference,
    log_spectral_distance,
    si_sdr,
    word_error_rate,
)
from audio_logging.predictions.outputs import rows_of_outputs
from audio_logging.predictions.predicting import Predictor
from audio_logging.predictions.prediction import Prediction, PredictionReader
from audio_logging.predictions.samples import Sample
from audio_logging.predictions.tasks import find_task

RATE = 8000

Tone = npt.NDArray[np.float32]


def sample(label: str | None = "a", *, frames: int = 800, **more: Any) -> Sample:
    return Sample("s", AudioClip(np.zeros(frames, np.float32), RATE), 0, label, **more)


def read(
    returned: Any,
    count: int = 1,
    *,
    names: Sequence[str] | None = ("a", "b", "c"),
    errors: list[BaseException] | None = None,
    **options: Any,
) -> list[Prediction]:
    reader = PredictionReader(options.pop("top_k", 5), names, (errors if errors is not None else []).append, **options)
    return reader(returned, [sample() for _ in range(count)])


def test_scores_are_ranked_named_and_cut_to_the_best() -> None:
    (made,) = read([{"scores": [0.1, 0.6, 0.3]}], top_k=2)
    assert made.scores == (("b", 0.6), ("c", 0.3))
    assert (made.label, made.score, made.label_score) == ("b", 0.6, 0.1)


@pytest.mark.parametrize(
    "scores",
    [
        {"a": 0.2, "b": 0.8},
        [{"label": "a", "score": 0.2}, {"label": "b", "score": 0.8}],
        np.array([0.2, 0.8], np.float32),
        (0.2, 0.8),
    ],
)
def test_scores_come_in_many_forms(scores: Any) -> None:
    (made,) = read([{"scores": scores}], names=("a", "b"))
    assert made.label == "b"
    assert made.score == pytest.approx(0.8)


@pytest.mark.parametrize("kind", ["list", "array", "dict", "generator", "tuple"])
def test_a_batch_comes_in_many_forms(kind: str) -> None:
    rows = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    forms: dict[str, Any] = {
        "list": [{"scores": row} for row in rows],
        "array": rows,
        "dict": {"scores": rows, "took": 3},
        "generator": ({"scores": row} for row in rows),
        "tuple": (rows[0], rows[1]),
    }
    made = read(forms[kind], 2)
    assert [prediction.label for prediction in made] == ["a", "c"]
    assert [dict(prediction.numbers) for prediction in made] == [{"took": 3.0} if kind == "dict" else {}] * 2


def test_a_batch_can_be_a_tensor(require: Callable[[str], ModuleType]) -> None:
    torch = require("torch")
    rows = torch.tensor([[0.7, 0.2, 0.1]], requires_grad=True)
    assert read(rows)[0].label == "a"
    assert read(rows.to(torch.bfloat16))[0].label == "a"
    assert read({"logits": rows * 9})[0].label == "a"


@pytest.mark.parametrize(("row", "label"), [("b", "b"), (1, "b"), (np.int64(2), "c"), (np.array(0), "a")])
def test_a_row_can_be_a_label(row: Any, label: str) -> None:
    assert read([row])[0].label == label


def test_labels_that_are_numbers_get_their_names() -> None:
    assert read(np.array([2, 0]), 2)[0].label == "c"
    assert read([{"label": 2, "score": 0.5}])[0] == Prediction(label="c", score=0.5)


def test_one_score_decides_between_two_classes() -> None:
    (made,) = read([{"scores": [0.8]}], names=("no", "yes"))
    assert (made.label, made.score) == ("yes", 0.8)
    assert dict(made.scores)["no"] == pytest.approx(0.2)
    assert read(np.array([0.8]), names=None)[0].label == "1"


def test_logits_become_probabilities_by_shape() -> None:
    (made,) = read([{"logits": [0.0, np.log(2.0), 0.0]}])
    assert dict(made.scores) == pytest.approx({"a": 0.25, "b": 0.5, "c": 0.25})
    (one,) = read([{"logits": [0.0]}], names=("no", "yes"))
    assert one.score == pytest.approx(0.5)


def test_probabilities_stay_as_they_are() -> None:
    (made,) = read([{"logits": [0.2, 0.5, 0.3]}])
    assert dict(made.scores) == pytest.approx({"a": 0.2, "b": 0.5, "c": 0.3})


def test_the_activation_can_be_said() -> None:
    assert read([{"logits": [0.2, 0.5, 0.3]}], activation="softmax")[0].score == pytest.approx(0.390, abs=1e-3)
    assert read([{"logits": [0.0, -1.0, -2.0]}], activation="sigmoid")[0].score == pytest.approx(0.5)
    assert read([{"logits": [4.0, -1.0, -2.0]}], activation="none")[0].score == 4.0


def test_a_clip_can_have_several_labels() -> None:
    (made,) = read([{"logits": [3.0, -3.0, 2.0]}], several_labels=True)
    assert made.label == "a, c"
    assert made.scores[0][1] == pytest.approx(0.9526, abs=1e-4)
    (none,) = read([{"scores": [0.1, 0.2, 0.3]}], several_labels=True)
    assert none.label == ""


def test_scores_that_are_not_numbers_are_left_out() -> None:
    (made,) = read([{"scores": [float("nan"), 0.2, float("inf")]}])
    assert made.scores == (("b", 0.2),)
    assert read([{"logits": [float("nan")] * 3}])[0].label is None


def test_numbers_texts_and_embeddings_are_kept() -> None:
    (made,) = read(
        [{"text": "hello", "embedding": np.ones((1, 3)), "loss": np.float32(0.5), "note": "x", "nan": np.nan}]
    )
    assert made == Prediction(text="hello", embedding=[1.0, 1.0, 1.0], numbers={"loss": 0.5})


def test_audio_takes_the_rate_of_its_input_where_it_is_as_long() -> None:
    made = read([{"audio": np.full(800, 0.5)}])[0].audio
    assert made is not None
    assert (made.sample_rate, made.frames, made.peak) == (RATE, 800, 0.5)


def test_audio_of_another_length_needs_its_rate() -> None:
    errors: list[BaseException] = []
    assert read([{"audio": np.zeros(2400)}], errors=errors) == [Prediction()]
    assert "audio of 2400 frames for a clip of 800, without its sample rate" in str(errors[0])
    made = read([{"audio": np.zeros((1, 2400)), "sample_rate": 24000}])[0].audio
    assert made is not None
    assert (made.sample_rate, made.frames) == (24000, 2400)


def test_padding_is_cut_by_the_length() -> None:
    batch = {"audio": np.ones((2, 800)), "lengths": [800, 300], "sample_rate": RATE}
    first, second = (made.audio for made in read(batch, 2))
    assert first is not None
    assert second is not None
    assert (first.frames, second.frames) == (800, 300)
    errors: list[BaseException] = []
    read([{"audio": np.ones(800), "length": 900}], errors=errors)
    assert "got length=900, wanted 1 to 800 frames" in str(errors[0])


def test_audio_that_is_not_finite_is_kept_as_zeros_and_counted() -> None:
    made = read([{"audio": np.array([0.5, np.nan, np.inf] + [0.0] * 797)}])[0].audio
    assert made is not None
    assert (made.invalid_samples, made.peak) == (2, 0.5)


def test_one_unreadable_row_does_not_spoil_the_others() -> None:
    errors: list[BaseException] = []
    made = read([{"scores": [0.1, 0.9]}, {"scores": [0.1, 0.8, 0.1]}], 2, errors=errors)
    assert [prediction.label for prediction in made] == [None, "b"]
    assert "the prediction of s cannot be read: got 2 scores for 3 class names" in str(errors[0])


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "predict returned NoneType, wanted a list with one dictionary a clip"),
        (5, "predict returned int"),
        ([{}, {}, {}], "predict returned 3 predictions for 2 clips, wanted one a clip"),
        (np.zeros((3, 2)), "predict returned 3 predictions for 2 clips"),
        ({"scores": np.zeros((3, 2))}, "got 3 'scores' for 2 clips, wanted one a clip"),
        ({"scores": object()}, "got object for a batch"),
    ],
)
def test_what_is_no_prediction_a_clip_is_refused(returned: Any, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        read(returned, 2)


def outputs(value: Any, count: int = 2, frames: int | None = 800) -> list[str]:
    """Return what the first row is taken for."""
    return sorted(rows_of_outputs(value, count, frames)[0])


@pytest.mark.parametrize(
    ("value", "names"),
    [
        (np.zeros((2, 10)), ["logits"]),
        (np.zeros(2), ["logits"]),
        (np.zeros((2, 1, 10)), ["logits"]),
        (np.zeros((2, 800)), ["audio"]),
        (np.zeros((2, 1, 790)), ["audio"]),
        (np.zeros((2, 810, 2)), ["audio"]),
        ((np.zeros((2, 10)), np.zeros((2, 5, 5))), ["logits"]),
        ({"loss": 1.0, "logits": np.zeros((2, 10)), "labels": np.zeros(2)}, ["logits"]),
        ({"loss": 1.0, "preds": np.array([1, 0])}, ["label"]),
        ({"preds": np.zeros((2, 10))}, ["logits"]),
        ({"waveform": np.zeros((2, 99)), "lengths": [3, 4], "sampling_rate": 9}, ["audio", "length", "sample_rate"]),
        ({"anything": np.zeros((2, 10))}, ["logits"]),
        (SimpleNamespace(logits=np.zeros((2, 10))), ["logits"]),
        ([{"label": "a"}, {"label": "b"}], ["label"]),
        ({"text": ["a", "b"]}, ["text"]),
    ],
)
def test_outputs_of_models_are_told_by_names_and_shapes(value: Any, names: list[str]) -> None:
    assert outputs(value) == names


def test_a_matrix_is_no_audio_when_nobody_knows_its_input() -> None:
    assert outputs(np.zeros((2, 800)), frames=None) == ["logits"]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((2, 5, 7)), r"got model outputs of shape \(2, 5, 7\) for 2 clips of 800 frames, wanted"),
        (np.zeros((3, 5)), r"got model outputs of shape \(3, 5\)"),
        (object(), "got model outputs of object"),
        ({"loss": 1.0, "hidden": 2.0}, r"got model outputs with \['hidden', 'loss'\]"),
    ],
)
def test_outputs_that_could_be_anything_say_what_to_do(value: Any, message: str) -> None:
    with pytest.raises(PredictionError, match=message):
        rows_of_outputs(value, 2, 800)


def predictor(predict: Any, *, errors: list[BaseException] | None = None, **options: Any) -> Predictor:
    report = (errors if errors is not None else []).append
    reader = PredictionReader(5, ("a", "b"), report)
    return Predictor(predict, reader, options.pop("metrics", {}), report, **options)


def test_predict_gets_clips_in_batches() -> None:
    sizes: list[int] = []

    def predict(model: Any, clips: Sequence[AudioClip]) -> list[str]:
        sizes.append(len(clips))
        return ["a"] * len(clips)

    made = predictor(predict, batch_size=2).run(None, [sample() for _ in range(5)])
    assert sizes == [2, 2, 1]
    assert len(made) == 5


def test_a_buffer_that_predict_uses_again_does_not_change_what_was_read() -> None:
    buffer = np.zeros((1, 2))

    def predict(model: Any, clips: Sequence[AudioClip]) -> Any:
        buffer[0] = (1, 0) if clips[0].frames == 800 else (0, 1)
        return buffer

    made = predictor(predict, batch_size=1).run(None, [sample(), sample(frames=900)])
    assert [prediction.label for _, prediction in made] == ["a", "b"]


def test_predict_cannot_write_into_clips_nor_keep_them_from_being_the_same() -> None:
    kept: list[AudioClip] = []

    def predict(model: Any, clips: Sequence[AudioClip]) -> list[str]:
        kept.extend(clips)
        clips[0].samples[0] = 1
        return ["a"]

    with pytest.raises(PredictionError, match="predict failed: ValueError: assignment destination is read-only"):
        predictor(predict).run(None, [sample()])
    assert kept[0].peak == 0


def test_metrics_compare_clips_else_texts_else_labels() -> None:
    seen: list[tuple[Any, Any]] = []

    def metric(prediction: Any, reference: Any) -> float:
        seen.append((prediction, reference))
        return 1.0

    clip = AudioClip(np.zeros(800, np.float32), RATE)
    rows: list[Any] = [{"audio": np.zeros(800), "label": "a"}, {"text": "hi", "label": "a"}, {"label": "a"}]
    samples = [sample(reference=clip), sample(text="ho"), sample("b")]
    predictor(lambda model, clips: rows, metrics={"same": metric}).run(None, samples)
    assert isinstance(seen[0][0], AudioClip)
    assert seen[0][1] is clip
    assert seen[1:] == [("hi", "ho"), ("a", "b")]


def test_a_metric_without_anything_to_compare_with_is_none() -> None:
    ((_, made),) = predictor(lambda model, clips: ["a"], metrics={"m": lambda p, r: 1.0}).run(None, [sample(None)])
    assert made.measures == {"m": None}


def test_a_metric_that_fails_is_said_and_its_value_is_none() -> None:
    errors: list[BaseException] = []
    metrics = {"bad": lambda p, r: 1 / 0, "nan": lambda p, r: float("nan"), "good": lambda p, r: np.float32(2)}
    ((_, made),) = predictor(lambda model, clips: ["a"], metrics=metrics, errors=errors).run(None, [sample()])
    assert made.measures == {"bad": None, "nan": None, "good": 2.0}
    assert [str(error) for error in errors] == ["the metric 'bad' failed on s: ZeroDivisionError: division by zero"]


def test_a_codec_is_compared_with_its_input() -> None:
    task = find_task("codec")
    run = predictor(
        lambda model, clips: [{"audio": clip} for clip in clips],
        metrics=task.metrics,
        input_is_reference=task.input_is_reference,
    )
    rng = np.random.default_rng(0)
    noise = Sample("n", AudioClip(0.1 * rng.standard_normal(800), RATE), 0)
    ((_, made),) = run.run(None, [noise])
    assert made.measures["si_sdr_db"] > 100  # type: ignore[operator]
    assert made.measures["log_spectral_distance_db"] == 0
    assert made.measures["level_difference_db"] == 0


def clips(*channels: npt.NDArray[Any]) -> AudioClip:
    return AudioClip(np.stack(channels, axis=1), 16_000)


def test_si_sdr_is_the_noise_ratio_whatever_the_scale(tone: Tone, rng: np.random.Generator) -> None:
    noise = rng.standard_normal(len(tone)).astype(np.float32)
    noise *= np.sqrt(np.mean(tone**2) / np.mean(noise**2)) / 10  # 20 dB below
    assert si_sdr(clips(tone + noise), clips(tone)) == pytest.approx(20, abs=0.1)
    assert si_sdr(clips((tone + noise) / 7), clips(tone)) == pytest.approx(20, abs=0.1)
    assert np.isnan(si_sdr(clips(tone), clips(0 * tone)))


def test_si_sdr_is_the_mean_of_channels_and_cuts_the_longer(tone: Tone) -> None:
    assert si_sdr(clips(tone, tone), clips(tone[:8000], tone[:8000])) > 100


def test_log_spectral_distance_of_half_the_level_is_six_decibels(rng: np.random.Generator) -> None:
    noise = (0.2 * rng.standard_normal(16_000)).astype(np.float32)
    assert log_spectral_distance(clips(noise / 2), clips(noise)) == pytest.approx(6.02, abs=0.05)
    assert log_spectral_distance(clips(noise[:100]), clips(noise[:100])) == 0


def test_level_and_duration_differences(tone: Tone) -> None:
    assert level_difference(clips(tone / 10), clips(tone)) == pytest.approx(-20)
    assert level_difference(clips(0 * tone), clips(0 * tone)) == 0
    assert duration_difference(clips(tone[:8000]), clips(tone)) == -0.5


def test_clips_that_cannot_be_compared_say_so(tone: Tone) -> None:
    with pytest.raises(ValueError, match="got a prediction of 8000 Hz for a reference of 16000 Hz"):
        si_sdr(AudioClip(tone, 8000), clips(tone))
    with pytest.raises(ValueError, match="got a prediction of 2 channels for a reference of 1"):
        log_spectral_distance(clips(tone, tone), clips(tone))


def test_error_rates_of_texts(require: Callable[[str], ModuleType]) -> None:
    require("jiwer")
    assert word_error_rate("the cat sat", "the cat sat down") == 0.25
    assert character_error_rate("cat", "cart") == 0.25


def test_overlap_of_labels() -> None:
    assert label_overlap("dog, rain", "rain, dog") == 1
    assert label_overlap("dog", "cat") == 0


def test_tasks_are_found_by_name() -> None:
    assert find_task("multilabel").several_labels
    assert not find_task(None).metrics
    with pytest.raises(ValueError, match="got task='music', wanted one of 'classification', 'multilabel'"):
        find_task("music")  # type: ignore[arg-type]

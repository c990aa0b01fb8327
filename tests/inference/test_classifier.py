from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.clip import AudioClip
from audio_logging.errors import (
    AudioDecodeError,
    AudioFileNotFoundError,
    AudioShapeError,
    AudioTypeError,
    AudioValueError,
    EmptyAudioError,
    NonFiniteAudioError,
    PredictionError,
    SampleRateError,
)
from audio_logging.inference import AudioClassifier, ModelError, pipeline
from audio_logging.inference.many import amount_of

Sine = Callable[..., npt.NDArray[np.float32]]
WriteTone = Callable[..., Path]


@pytest.fixture
def tones(tones_folder: Path) -> AudioClassifier:
    return pipeline("audio-classification", model=tones_folder)


def label(rows: Any) -> str:
    return str(rows[0]["label"])


def test_every_way_in_gives_the_same(tones: AudioClassifier, write_tone: WriteTone, sine: Sine) -> None:
    path = write_tone("a.wav", 440)
    samples = sine(440, 0.5)
    data = path.read_bytes()
    ways: dict[str, Any] = {
        "path": path,
        "str": str(path),
        "bytes": data,
        "file object": io.BytesIO(data),
        "pair": (8000, samples),
        "other pair": (samples, 8000),
        "clip": AudioClip(samples, 8000),
        "Hugging Face": {"array": samples, "sampling_rate": 8000},
        "Transformers": {"raw": samples, "sampling_rate": 8000},
        "list": (8000, samples.tolist()),
    }
    for name, way in ways.items():
        rows = tones(way)
        assert isinstance(rows, list), name
        assert label(rows) == "440 Hz", name
    assert label(tones(samples, sample_rate=8000)) == "440 Hz"
    assert label(tones(samples.tolist(), sample_rate=8000)) == "440 Hz"


def test_torch_tensors_are_welcome(tones: AudioClassifier, require: Callable[[str], Any], sine: Sine) -> None:
    torch = require("torch")
    tensor = torch.from_numpy(sine(880)).bfloat16()
    assert label(tones(tensor, sample_rate=8000)) == "880 Hz"
    assert label(tones([tensor[None], tensor[None]], sample_rate=8000)[1]) == "880 Hz"


def test_one_clip_gives_a_list_and_a_list_gives_lists(tones: AudioClassifier, sine: Sine) -> None:
    one = (8000, sine(220))
    assert [row.keys() for row in tones(one, top_k=1)] == [{"label", "score"}]
    assert len(tones(one)) == 4  # five by default, and there are four
    assert len(tones(one, top_k=99)) == len(tones(one, top_k=None)) == 4
    assert tones(one, top_k=0) == []
    many = tones([one, (8000, sine(880))], top_k=1)
    assert [label(rows) for rows in many] == ["220 Hz", "880 Hz"]
    assert [len(rows) for rows in many] == [1, 1]
    assert tones([]) == []
    assert tones((one, one), top_k=1) == tones([one, one], top_k=1)


def test_data_sets_are_read_one_by_one(tones: AudioClassifier, write_tone: WriteTone, sine: Sine) -> None:
    taken = []

    def clips() -> Iterator[Any]:
        for frequency in (220, 440, 880) * 20:
            taken.append(frequency)
            yield 8000, sine(frequency)

    results = tones(clips(), top_k=1, window=1.0)
    assert label(next(results)) == "220 Hz"
    assert len(taken) < 20
    assert [label(rows) for rows in results][-1] == "880 Hz"

    class Torch:  # a map-style data set
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            if index >= 2:
                raise IndexError
            return sine(220), 7

    assert [label(rows) for rows in tones(Torch(), sample_rate=8000)] == ["220 Hz", "220 Hz"]

    class Folder:  # as AudioDataset: files, and clips by number
        file_paths = (str(write_tone("a.wav", 1760)), str(write_tone("b.wav", 220)))

        def clip(self, index: int) -> AudioClip:
            return AudioClip(sine((1760, 220)[index]), 8000)

    assert [label(rows) for rows in tones(Folder())] == ["1760 Hz", "220 Hz"]


@pytest.mark.parametrize(
    "item",
    [
        {"audio": {"array": np.zeros(8000), "sampling_rate": 8000}, "label": 3},
        {"audio": np.zeros(8000), "sampling_rate": 8000},
        (np.zeros((1, 8000)), 8000, "yes", "speaker", 0),
        (np.zeros(8000), "yes"),
        AudioClip(np.zeros(8000), 8000),
    ],
    ids=["hugging face", "flat", "torchaudio", "pair", "clip"],
)
def test_items_of_data_sets(tones: AudioClassifier, item: Any) -> None:
    (rows,) = tones(iter([item]), sample_rate=8000)
    assert len(rows) == 4


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("a.wav", "one"),
        (Path("a.wav"), "one"),
        (b"RIFF", "one"),
        (np.zeros(3), "one"),
        (np.float32(1), "one"),
        ([0.0, 1.0], "one"),
        ([np.float32(0), np.float32(1)], "one"),
        ([[0.0, 1.0], [0.5, 0.5]], "one"),
        ((8000, np.zeros(3)), "one"),
        ((np.zeros(3), 8000), "one"),
        ({"array": [0.0], "sampling_rate": 8000}, "one"),
        (AudioClip(np.zeros(3), 8000), "one"),
        ([], "list"),
        (["a.wav"], "list"),
        (("a.wav", "b.wav"), "list"),
        ([np.zeros(3)], "list"),
        ([(8000, np.zeros(3))], "list"),
        ([{"path": "a.wav"}], "list"),
        (iter([]), "stream"),
        (range(3), "stream"),
    ],
)
def test_one_or_many(value: Any, amount: str) -> None:
    assert amount_of(value) == amount


def test_stereo_at_another_rate_is_mixed_and_resampled(tones: AudioClassifier, sine: Sine) -> None:
    left = sine(440, rate=44100)
    stereo = np.stack([left, np.zeros_like(left)])
    assert label(tones((44100, stereo))) == "440 Hz"


def test_windows_have_times_and_aggregates(tones: AudioClassifier, sine: Sine) -> None:
    clip = (8000, np.concatenate([sine(220, 1.0), sine(880, 2.25)]))
    rows = tones(clip, top_k=1, window=1.0, aggregate="none")
    assert [(row["label"], row["start"], row["end"]) for row in rows] == [
        ("220 Hz", 0.0, 1.0),
        ("880 Hz", 1.0, 2.0),
        ("880 Hz", 2.0, 3.0),
        ("880 Hz", 3.0, 3.25),
    ]
    assert tones(clip, top_k=1, window=1.0, aggregate="vote") == [{"label": "880 Hz", "score": 0.75}]
    made = tones.classify(clip, window=1.0)
    assert made.coverage == 0.25
    assert tones.classify(clip, window=1.0, pad="drop").times.tolist() == [[0, 1], [1, 2], [2, 3]]
    assert tones.classify(clip, window=1.0, pad="shift").times[-1].tolist() == [2.25, 3.25]
    assert len(tones.classify(clip, window=1.0, hop=0.5)) == 6


def test_windows_can_be_chosen_for_good(tones_folder: Path, sine: Sine) -> None:
    tones = AudioClassifier.from_pretrained(tones_folder, window=0.5, hop=0.25, pad="drop")
    assert tones.window == 0.5
    assert len(tones.classify((8000, sine(220, 1.1)))) == 3
    assert len(tones.classify((8000, sine(220, 1.1)), hop=0.5)) == 2


def test_times_end_with_the_clip_whatever_its_rate(tones: AudioClassifier, sine: Sine) -> None:
    made = tones.classify((44100, sine(440, 0.77777, rate=44100)), window=0.5)
    assert made.times[-1, 1] <= round(0.77777 * 44100) / 44100
    assert made.times[-1, 1] == pytest.approx(0.77777, abs=2e-4)


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ("nope.wav", AudioFileNotFoundError, "there is no file 'nope.wav'|nope.wav"),
        (b"RIFF no audio", AudioDecodeError, "bytes"),
        (np.zeros(3), SampleRateError, "got no sample rate"),
        ((8000, np.zeros(0)), EmptyAudioError, "without frames"),
        ((8000, np.array([0.0, np.nan])), NonFiniteAudioError, "got 1 NaN"),
        ((8000, np.array([0.0, np.inf])), NonFiniteAudioError, "1 infinite"),
        ((8000, np.zeros((2, 3, 4))), AudioShapeError, r"Audio.from_batch"),
        ((8000, np.array([1j])), AudioTypeError, "complex"),
        (None, AudioTypeError, "got NoneType, wanted a path"),
        (object(), AudioTypeError, "got object, wanted a path"),
        ((8000, np.array([1e30, -1e30] * 4000, np.float32)), AudioValueError, "too large to normalise"),
    ],
)
def test_audio_that_cannot_be_used_is_an_error_before_inference(
    tones: AudioClassifier, value: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        tones(value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top_k": -1}, "got top_k=-1"),
        ({"aggregate": "median"}, "got aggregate='median'"),
        ({"function_to_apply": "relu"}, "Invalid value for `function_to_apply`: relu"),
        ({"window": -1}, "got window=-1"),
        ({"pad": "wrap"}, "got pad='wrap'"),
    ],
)
def test_options_out_of_range(tones: AudioClassifier, sine: Sine, options: dict[str, Any], message: str) -> None:
    with pytest.raises(AudioValueError, match=message):
        tones((8000, sine(220)), **options)


def test_other_tasks_and_missing_models_are_refused() -> None:
    with pytest.raises(AudioValueError, match="got task 'text-classification', wanted one of 'audio-classification'"):
        pipeline("text-classification", model="x")
    with pytest.raises(AudioValueError, match="got no model, and none is downloaded"):
        pipeline("audio-classification")


def test_a_callable_gets_clips_and_may_return_rows_of_several_kinds(sine: Sine) -> None:
    rows: list[Any] = [{"loud": 0.9, "quiet": 0.1}]
    heard: list[AudioClip] = []

    def model(clips: list[AudioClip]) -> Any:
        heard.extend(clips)
        return rows * len(clips)

    classify = pipeline("audio-classification", model=model, sample_rate=8000)
    assert classify.labels is None
    for kind in (rows[0], {"scores": rows[0]}, [{"label": "quiet", "score": 0.1}, {"label": "loud", "score": 0.9}]):
        rows[0] = kind
        (best,) = classify((16000, sine(220, rate=16000)), top_k=1)
        assert best["label"] == "loud"
        assert best["score"] == pytest.approx(0.9)
    assert all(clip.sample_rate == 8000 and clip.channels == 1 for clip in heard)
    assert classify.labels == ("loud", "quiet")


def test_a_callable_may_return_numbers_for_labels_given(require: Callable[[str], Any]) -> None:
    torch = require("torch")
    clip = (8000, np.zeros(80))
    for made in (np.array([[1.0, 3.0]]), [[1.0, 3.0]], torch.tensor([[1.0, 3.0]]), [torch.tensor([1.0, 3.0])]):
        model = pipeline("audio-classification", model=lambda clips, made=made: made, labels=["a", "b"])
        assert model(clip, function_to_apply="softmax")[0] == {
            "label": "b",
            "score": pytest.approx(1 / (1 + np.exp(-2))),
        }
        assert model(clip, top_k=1) == [{"label": "b", "score": 3.0}]


def test_a_callable_keeps_the_rate_of_each_clip_when_none_is_given() -> None:
    rates: list[int] = []

    def model(clips: list[AudioClip]) -> Any:
        rates.extend(clip.sample_rate for clip in clips)
        return [{"a": 1.0}] * len(clips)

    pipeline("audio-classification", model=model)([(8000, np.zeros(80)), (16000, np.zeros(80)), (16000, np.zeros(80))])
    assert rates == [8000, 16000, 16000]


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ([], "the callable returned 0 rows for 1 clips, wanted one a clip"),
        (None, "the callable"),
        ([None], "the callable returned"),
        ([["a", "b"]], "wanted scores by label, or one number a class"),
        ([[0.5]], r"the callable returned numbers without names; pass labels="),
        ([{"a": "high"}], "wanted scores by label"),
        ([[{"label": "a"}]], "wanted scores by label"),
    ],
)
def test_what_a_callable_must_not_return(returned: Any, message: str) -> None:
    classify = pipeline("audio-classification", model=lambda clips: returned)
    with pytest.raises(PredictionError, match=message):
        classify((8000, np.zeros(80)))


def test_a_callable_that_fails_or_changes_its_mind() -> None:
    clip = (8000, np.zeros(80))
    with pytest.raises(PredictionError, match="the callable failed: ZeroDivisionError: division by zero"):
        pipeline("audio-classification", model=lambda clips: 1 / 0)(clip)
    rows = iter([[{"a": 1.0}], [{"b": 1.0}]])
    classify = pipeline("audio-classification", model=lambda clips: next(rows))
    classify(clip)
    with pytest.raises(PredictionError, match=r"returned the labels \['b'\], and before \['a'\]; wanted all of its"):
        classify(clip)
    short = pipeline("audio-classification", model=lambda clips: [[1.0]], labels=["a", "b"])
    with pytest.raises(PredictionError, match="the callable returned 1 scores, wanted 2, one a label"):
        short(clip)


def test_label_counts_that_only_the_outputs_tell(tones_folder: Path) -> None:
    with pytest.raises(ModelError, match=r"Got 4 class\(es\) for output index 0, expected 2"):
        AudioClassifier.from_pretrained(tones_folder, labels=["a", "b"])

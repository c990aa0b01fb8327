from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.clip import AudioClip
from audio_logging.datasets import audio_dataset_from_directory
from audio_logging.errors import AudioTypeError, AudioValueError
from audio_logging.predictions.samples import Sample, choose_samples, class_names_of, label_name
from audio_logging.predictions.selection import Select

RATE = 16_000

Tone = npt.NDArray[np.float32]


def chosen(
    samples: Any,
    *,
    select: Select = "first",
    most: int = 16,
    seed: int = 0,
    max_seconds: float | None = None,
    sample_rate: int | None = None,
    errors: list[BaseException] | None = None,
) -> list[Sample]:
    return choose_samples(
        samples,
        select=select,
        most=most,
        seed=seed,
        max_seconds=max_seconds,
        sample_rate=sample_rate,
        class_names=None,
        on_error=_fail if errors is None else errors.append,
    )


def _fail(error: BaseException) -> None:
    raise error


@pytest.fixture
def wav_file(tmp_path: Path, wav_bytes: bytes) -> Path:
    path = tmp_path / "bell" / "one.wav"
    path.parent.mkdir()
    path.write_bytes(wav_bytes)
    return path


class TorchaudioLike:
    """(waveform, sample_rate, label, speaker, number), as SPEECHCOMMANDS has it."""

    def __init__(self, tone: Tone) -> None:
        self._tone = tone

    def __len__(self) -> int:
        return 3

    def __getitem__(self, position: int) -> tuple[Any, ...]:
        return self._tone[None], RATE, "yes" if position else "no", "speaker7", position


class HuggingFaceLike:
    """Rows are dictionaries of decoded audio; a column can be had without decoding anything."""

    column_names = ("audio", "label")

    def __init__(self, tone: Tone) -> None:
        self.features = {"audio": SimpleNamespace(sampling_rate=RATE), "label": SimpleNamespace(names=["no", "yes"])}
        self.column_names = ["audio", "label"]  # type: ignore[assignment]
        self.decoded: list[int] = []
        self._tone = tone

    def __len__(self) -> int:
        return 4

    def __getitem__(self, key: int | str) -> Any:
        if isinstance(key, str):
            return [0, 0, 0, 1]
        self.decoded.append(key)
        audio = {"array": self._tone.astype(np.float64), "sampling_rate": RATE, "path": f"clips/{key}.wav"}
        return {"audio": audio, "label": int(key == 3)}


def test_dictionaries_give_all_they_have(tone: Tone) -> None:
    (sample,) = chosen(
        [{"audio": tone, "sample_rate": RATE, "label": "bell", "clean": tone / 2, "text": "ding", "id": "b7"}]
    )
    assert (sample.clip_id, sample.label, sample.text, sample.position) == ("b7", "bell", "ding", 0)
    assert sample.clip.sample_rate == RATE
    assert np.array_equal(sample.clip.samples[:, 0], tone)
    assert sample.reference is not None
    assert np.array_equal(sample.reference.samples[:, 0], tone / 2)


@pytest.mark.parametrize("key", ["audio", "input", "noisy", "waveform", "wav", "speech", "array", "input_values"])
def test_dictionaries_name_their_audio_in_many_ways(tone: Tone, key: str) -> None:
    (sample,) = chosen([{key: tone, "sampling_rate": RATE}])
    assert sample.clip.frames == RATE


def test_a_dictionary_without_audio_is_named(tone: Tone) -> None:
    errors: list[BaseException] = []
    assert not chosen([{"label": 1, "sound": tone}], errors=errors)
    assert "got a sample with ['label', 'sound'], wanted one with 'audio'" in str(errors[0])


def test_pairs_are_audio_and_label(tone: Tone, wav_file: Path) -> None:
    clip = AudioClip(tone, RATE)
    samples = chosen([(clip, "bell"), (str(wav_file), 3), ((RATE, tone), None), clip])
    assert [(sample.clip_id, sample.label) for sample in samples] == [
        ("0000", "bell"),
        ("one.wav", "3"),
        ("0002", None),
        ("0003", None),
    ]


def test_torchaudio_tuples_have_their_rate_second(tone: Tone) -> None:
    samples = chosen(TorchaudioLike(tone))
    assert [sample.label for sample in samples] == ["no", "yes", "yes"]
    assert {(sample.clip.sample_rate, sample.clip.frames, sample.shape) for sample in samples} == {
        (RATE, RATE, "channels_first")
    }


def test_a_small_number_behind_a_waveform_is_a_label_not_a_rate(tone: Tone) -> None:
    (sample,) = chosen([(tone, 3, "session4")], sample_rate=RATE)
    assert (sample.label, sample.clip.sample_rate) == ("3", RATE)


def test_an_array_of_clips_with_labels(tone: Tone) -> None:
    clips = np.stack([tone, tone / 2, tone / 4])
    samples = chosen((clips, [0, 1, 0]), sample_rate=RATE)
    assert [sample.label for sample in samples] == ["0", "1", "0"]
    assert [sample.clip.peak for sample in samples] == [0.5, 0.25, 0.125]
    with pytest.raises(AudioValueError, match="got 3 clips and 2 labels, wanted as many"):
        chosen((clips, [0, 1]), sample_rate=RATE)


def test_a_list_of_paths_with_labels(wav_file: Path) -> None:
    samples = chosen(([wav_file, str(wav_file)], ["bell", "door"]))
    assert [(sample.clip_id, sample.label) for sample in samples] == [("one.wav", "bell"), ("one.wav-2", "door")]


def test_a_matrix_alone_is_a_clip_a_row(tone: Tone) -> None:
    samples = chosen(np.stack([tone, tone]), sample_rate=RATE)
    assert [sample.clip.frames for sample in samples] == [RATE, RATE]


def test_arrays_without_any_rate_say_what_to_type(tone: Tone) -> None:
    errors: list[BaseException] = []
    assert not chosen([tone], errors=errors)
    assert "sample 0 cannot be read and is left out" in str(errors[0])
    assert "type for example sample_rate=16000" in str(errors[0])


def test_the_rate_for_bare_samples_does_not_touch_those_that_carry_one(tone: Tone) -> None:
    samples = chosen([tone, AudioClip(tone, 8000)], sample_rate=RATE)
    assert [sample.clip.sample_rate for sample in samples] == [RATE, 8000]


def test_a_data_set_says_its_rate_itself(tone: Tone) -> None:
    class WithRate(list[Any]):
        sample_rate = 8000

    assert chosen(WithRate([tone]))[0].clip.sample_rate == 8000


def test_a_hugging_face_data_set_names_its_classes_and_files(tone: Tone) -> None:
    samples = chosen(HuggingFaceLike(tone), select=[3, 0])
    assert [(sample.clip_id, sample.label, sample.position) for sample in samples] == [
        ("3.wav", "yes", 3),
        ("0.wav", "no", 0),
    ]


def test_stratified_does_not_decode_what_it_does_not_choose(tone: Tone) -> None:
    data = HuggingFaceLike(tone)
    samples = chosen(data, select="stratified", most=2)
    assert [sample.label for sample in samples] == ["no", "yes"]
    assert sorted(data.decoded) == sorted(sample.position for sample in samples)


def test_a_torch_data_set_its_subset_and_its_loader(tone: Tone, require: Callable[[str], ModuleType]) -> None:
    torch: Any = require("torch")

    class Digits(torch.utils.data.Dataset):
        classes = ("zero", "one")
        sample_rate = RATE

        def __init__(self) -> None:
            self.classes = ["zero", "one"]  # type: ignore[assignment]

        def __len__(self) -> int:
            return 4

        def __getitem__(self, position: int) -> tuple[Any, int]:
            return torch.from_numpy(tone)[None].to(torch.bfloat16), position % 2

    whole = Digits()
    loader = torch.utils.data.DataLoader(whole, batch_size=2)
    assert [sample.label for sample in chosen(whole)] == ["zero", "one", "zero", "one"]
    assert [sample.label for sample in chosen(loader)] == ["zero", "one", "zero", "one"]
    subset = torch.utils.data.Subset(whole, [1, 3])
    assert [sample.label for sample in chosen(subset, sample_rate=RATE)] == ["one", "one"]


def test_a_torch_stream_with_a_length_is_not_indexed(tone: Tone, require: Callable[[str], ModuleType]) -> None:
    torch: Any = require("torch")

    class Stream(torch.utils.data.IterableDataset):
        def __len__(self) -> int:
            return 2

        def __iter__(self) -> Iterator[Any]:
            yield torch.from_numpy(tone), 0
            yield torch.from_numpy(tone), 1

    assert [sample.label for sample in chosen(Stream(), sample_rate=RATE)] == ["0", "1"]


def test_an_object_that_lists_files(wav_file: Path) -> None:
    @dataclass
    class Listed:
        file_paths: list[str]
        labels: list[int]
        class_names: list[str] = field(default_factory=lambda: ["bell", "door"])

    (sample,) = chosen(Listed([str(wav_file)], [1]))
    assert (sample.clip_id, sample.label) == ("one.wav", "door")


def test_a_keras_data_set_names_classes_after_folders(wav_file: Path) -> None:
    (sample,) = chosen(SimpleNamespace(file_paths=[str(wav_file)], class_names=["bell", "door"]))
    assert sample.label == "bell"


def test_an_audio_dataset_is_read_as_in_its_batches(wav_file: Path) -> None:
    (sample,) = chosen(audio_dataset_from_directory(wav_file.parents[1], sampling_rate=8000, verbose=False))
    assert (sample.label, sample.clip.sample_rate, sample.clip.frames) == ("bell", 8000, 8000)


def test_a_file_can_have_several_labels(wav_file: Path) -> None:
    data = SimpleNamespace(file_paths=[wav_file], labels=[(0, 1)], class_names=["bell", "door"])
    assert chosen(data)[0].label == "bell, door"


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (5, "got int for samples, wanted a data set: a list of dictionaries"),
        ("clips", "got str for samples"),
        ({"train": [], "test": []}, r"got dict for samples, wanted a data set, such as samples\['train'\]"),
    ],
)
def test_what_is_no_data_set_is_refused(samples: Any, message: str) -> None:
    with pytest.raises(AudioTypeError, match=message):
        chosen(samples)


def test_a_generator_is_read_only_as_far_as_needed(tone: Tone) -> None:
    taken: list[int] = []

    def endless() -> Iterator[Any]:
        while True:
            taken.append(len(taken))
            yield {"audio": tone, "sample_rate": RATE, "label": "x"}

    assert len(chosen(endless(), most=3)) == 3
    assert taken == [0, 1, 2]


@pytest.mark.parametrize("select", ["random", "stratified"])
def test_a_choice_from_a_stream_is_fair_and_repeatable(tone: Tone, select: Select) -> None:
    def stream() -> Iterator[Any]:
        return ({"audio": tone, "sample_rate": RATE, "label": "ab"[place % 10 == 9]} for place in range(200))

    first, again, other = (chosen(stream(), select=select, most=6, seed=seed) for seed in (1, 1, 2))
    assert [sample.position for sample in first] == [sample.position for sample in again]
    assert [sample.position for sample in first] != [sample.position for sample in other]
    assert max(sample.position for sample in first) > 6
    if select == "stratified":
        assert [sample.label for sample in first].count("b") == 3


def test_positions_of_a_stream(tone: Tone) -> None:
    def stream() -> Iterator[Any]:
        return ({"audio": tone, "sample_rate": RATE} for _ in range(5))

    assert [sample.position for sample in chosen(stream(), select=[4, 1])] == [4, 1]
    with pytest.raises(AudioValueError, match="got position 7 in select, which these samples do not have"):
        chosen(stream(), select=[7])


def test_one_bad_sample_is_left_out_and_said(tone: Tone, tmp_path: Path) -> None:
    class Data:
        def __len__(self) -> int:
            return 4

        def __getitem__(self, position: int) -> Any:
            if position == 2:
                raise KeyError("row 2")
            return [tone, np.full(9, np.nan), None, tmp_path / "gone.wav"][position], "x"

    errors: list[BaseException] = []
    samples = chosen(Data(), sample_rate=RATE, errors=errors)
    assert [sample.position for sample in samples] == [0]
    assert [str(error).split(":")[1].strip() for error in errors] == [
        "NonFiniteAudioError",
        "KeyError",
        "AudioFileNotFoundError",
    ]


def test_long_clips_are_cut_at_their_end_and_references_too(tone: Tone) -> None:
    pcm = np.rint(tone * 2**15).astype(np.int16)
    (sample,) = chosen([{"audio": pcm, "reference": pcm, "sample_rate": RATE}], max_seconds=0.25)
    assert sample.clip.frames == RATE // 4
    assert sample.clip.pcm is not None
    assert np.array_equal(sample.clip.pcm[:, 0], pcm[: RATE // 4])
    assert sample.reference is not None
    assert sample.reference.frames == RATE // 4
    assert sample.full_duration == 1.0


def test_a_reference_takes_the_rate_of_its_clip(tone: Tone, wav_file: Path) -> None:
    (sample,) = chosen([{"audio": wav_file, "reference": tone}])
    assert sample.reference is not None
    assert sample.reference.sample_rate == RATE


def test_later_changes_to_the_data_do_not_reach_the_samples(tone: Tone) -> None:
    mine = tone.copy()
    (sample,) = chosen([{"audio": mine, "sample_rate": RATE}])
    mine[:] = 0
    assert np.array_equal(sample.clip.samples[:, 0], tone)


def test_identities_tell_content_rate_and_name_apart(tone: Tone) -> None:
    one = {"audio": tone, "sample_rate": RATE, "id": "x"}
    same, other, rate, name = (
        {**one},
        {**one, "audio": tone[::-1]},
        {**one, "sample_rate": 8000},
        {**one, "id": "y"},
    )
    identities = [chosen([item])[0].identity for item in (one, same, other, rate, name)]
    assert identities[0] == identities[1]
    assert len(set(identities)) == 4


@pytest.mark.parametrize(
    ("audio", "shape"),
    [
        (np.zeros(400, np.float32), "frames"),
        (np.zeros((400, 1), np.float32), "frames_first"),
        (np.zeros((1, 400), np.float32), "channels_first"),
        (np.zeros((2, 400), np.float32), "channels_first"),
        (AudioClip(np.zeros((400, 2)), 8000), "channels_first"),
    ],
)
def test_the_shape_in_the_data_set_is_remembered_for_the_model(audio: Any, shape: str) -> None:
    assert chosen([(audio, "x")], sample_rate=8000)[0].shape == shape


@pytest.mark.parametrize(
    ("label", "names", "expected"),
    [
        (None, None, None),
        ("dog", ["a", "b"], "dog"),
        (b"dog", None, "dog"),
        (1, None, "1"),
        (1, ["cat", "dog"], "dog"),
        (np.int64(0), ["cat", "dog"], "cat"),
        (np.array([1]), ["cat", "dog"], "dog"),
        (1.0, ["cat", "dog"], "dog"),
        (0.25, None, "0.25"),
        (5, ["cat", "dog"], "5"),
        (-1, ["cat", "dog"], "-1"),
        ([0, 1], ["cat", "dog"], "dog"),
        ([1, 1, 0], ["cat", "dog", "cow"], "cat, dog"),
        ([0, 0], ["cat", "dog"], None),
        ((0, 1), ["cat", "dog"], "cat, dog"),
        (["cat", "cow"], None, "cat, cow"),
        ([2, 7], ["cat", "dog", "cow"], "[2, 7]"),
    ],
)
def test_labels_become_text(label: Any, names: list[str] | None, expected: str | None) -> None:
    assert label_name(label, names) == expected


def test_a_label_can_be_a_tensor(require: Callable[[str], ModuleType]) -> None:
    torch = require("torch")
    assert label_name(torch.tensor(1), ["cat", "dog"]) == "dog"
    assert label_name(torch.tensor([0.0, 1.0], requires_grad=True), ["cat", "dog"]) == "dog"


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (SimpleNamespace(class_names=("a", "b")), ["a", "b"]),
        (SimpleNamespace(classes=["a"]), ["a"]),
        (SimpleNamespace(features={"label": SimpleNamespace(names=["x"])}), ["x"]),
        (SimpleNamespace(dataset=SimpleNamespace(classes=["in", "side"])), ["in", "side"]),
        (SimpleNamespace(classes=None, features=None), None),
        ([1, 2], None),
    ],
)
def test_class_names_are_found_where_data_sets_keep_them(data: Any, names: list[str] | None) -> None:
    assert class_names_of(data) == names


def test_random_data_sets_are_not_asked_more_than_needed(tone: Tone) -> None:
    """A sample is read once, so an augmenting data set cannot show two versions of one."""
    reads: list[int] = []

    class Augmenting:
        def __len__(self) -> int:
            return 3

        def __getitem__(self, position: int) -> Mapping[str, Any]:
            reads.append(position)
            return {"audio": tone * random.random(), "sample_rate": RATE}

    chosen(Augmenting())
    assert reads == [0, 1, 2]

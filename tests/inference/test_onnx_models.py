from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.errors import AudioLoggingError, AudioTypeError, MissingDependencyError, SampleRateError
from audio_logging.inference import (
    AudioClassifier,
    AudioEmbedder,
    ModelError,
    ModelFileNotFoundError,
    ModelRuntimeError,
)

MakeOnnx = Callable[..., Path]
MakeFolder = Callable[..., Path]
Require = Callable[[str], ModuleType]
Sine = Callable[..., npt.NDArray[np.float32]]

LABELS = ["220 Hz", "440 Hz", "880 Hz", "1760 Hz"]


@pytest.mark.parametrize("frequency", [220, 440, 880, 1760])
def test_a_folder_in_the_hugging_face_layout(tones_folder: Path, sine: Sine, frequency: int) -> None:
    classifier = AudioClassifier.from_pretrained(tones_folder)
    (best,) = classifier((8000, sine(frequency)), top_k=1)
    assert best["label"] == f"{frequency} Hz"
    assert best["score"] > 0.99
    assert repr(classifier) == "AudioClassifier(model.onnx, 4 classes, 8000 Hz)"


def test_a_bare_model_with_labels_given(make_onnx: MakeOnnx, tmp_path: Path, sine: Sine) -> None:
    path = make_onnx(tmp_path / "bare.onnx")
    classifier = AudioClassifier.from_pretrained(str(path), labels=LABELS, sample_rate=8000)
    assert classifier((8000, sine(440)), top_k=1)[0]["label"] == "440 Hz"
    assert classifier.labels == tuple(LABELS)


def test_a_file_in_a_folder_uses_what_lies_beside_it(tones_folder: Path) -> None:
    classifier = AudioClassifier.from_pretrained(tones_folder / "onnx" / "model.onnx")
    assert classifier.labels == tuple(LABELS)
    assert classifier.sample_rate == 8000


@pytest.mark.parametrize(
    ("files", "quantized", "chosen"),
    [
        (["onnx/model.onnx", "onnx/model_quantized.onnx", "model.onnx"], False, "onnx/model.onnx"),
        (["onnx/model.onnx", "onnx/model_quantized.onnx"], True, "onnx/model_quantized.onnx"),
        (["model.onnx", "onnx/model_quantized.onnx"], False, "model.onnx"),
        (["onnx/model_quantized.onnx"], False, "onnx/model_quantized.onnx"),
        (["model.onnx"], True, "model.onnx"),
    ],
)
def test_which_file_of_a_folder_is_taken(
    make_folder: MakeFolder, tmp_path: Path, files: list[str], quantized: bool, chosen: str
) -> None:
    for file in files:
        make_folder(tmp_path, file=file)
    classifier = AudioClassifier.from_pretrained(tmp_path, quantized=quantized)
    assert Path(classifier.name) == tmp_path / chosen


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_inputs_of_every_rank(make_folder: MakeFolder, tmp_path: Path, sine: Sine, rank: int) -> None:
    batch = 1 if rank == 1 else "batch"
    classifier = AudioClassifier.from_pretrained(make_folder(tmp_path, rank=rank, batch=batch), window=0.5)
    made = classifier.classify((8000, np.concatenate([sine(220, 0.5), sine(880, 0.5), sine(440, 0.5)])))
    assert [made.labels[index] for index in made.scores.argmax(axis=1)] == ["220 Hz", "880 Hz", "440 Hz"]


def test_a_model_with_a_mask_is_fed_one(make_folder: MakeFolder, tmp_path: Path, sine: Sine) -> None:
    masked = AudioClassifier.from_pretrained(
        make_folder(tmp_path, mask=True, preprocessor={"return_attention_mask": True}), window=1.0
    )
    assert masked((8000, sine(220, 0.4)), top_k=1)[0]["label"] == "220 Hz"


def test_a_model_of_one_length_is_fed_that(make_folder: MakeFolder, tmp_path: Path, sine: Sine) -> None:
    classifier = AudioClassifier.from_pretrained(make_folder(tmp_path, frames=4000, batch=1))
    assert classifier.window == 0.5
    made = classifier.classify((8000, sine(220, 1.2)))
    assert len(made) == 3
    assert made.coverage == pytest.approx(0.4)


def test_batches_give_what_single_windows_give(tones_folder: Path, rng: np.random.Generator) -> None:
    clips = [(8000, rng.standard_normal(frames).astype(np.float32) / 8) for frames in (8000, 12000, 4000, 4001, 30000)]
    batched = AudioClassifier.from_pretrained(tones_folder, window=0.5, hop=0.2, batch_size=7)
    single = AudioClassifier.from_pretrained(tones_folder, window=0.5, hop=0.2, batch_size=1)
    for together, alone in zip(batched.stream(clips), [single.classify(clip) for clip in clips], strict=True):
        assert np.allclose(together.scores, alone.scores, atol=1e-5)
        assert np.array_equal(together.times, alone.times)


def test_models_quantised_while_they_run_get_one_window_at_a_time(shared_data: Path, require: Require) -> None:
    require("onnxruntime")
    classifier = AudioClassifier.from_pretrained(shared_data / "models" / "digits-onnx", quantized=True, window=0.5)
    files = sorted((shared_data / "fsdd" / "3").glob("*.wav"))[:6]
    together = [result.scores for result in classifier.stream(files)]
    assert all(
        np.array_equal(classifier.classify(file).scores, scores) for file, scores in zip(files, together, strict=True)
    )


def test_several_labels_use_a_sigmoid(make_folder: MakeFolder, tmp_path: Path, sine: Sine) -> None:
    folder = make_folder(tmp_path, config={"problem_type": "multi_label_classification"})
    classifier = AudioClassifier.from_pretrained(folder)
    clip = (8000, sine(220))
    outputs = classifier.classify(clip, function_to_apply="none").scores
    assert np.allclose(classifier.classify(clip).scores, 1 / (1 + np.exp(-outputs)))


def test_without_names_classes_are_numbered_as_in_transformers(make_folder: MakeFolder, tmp_path: Path) -> None:
    classifier = AudioClassifier.from_pretrained(make_folder(tmp_path, config={"id2label": None}))
    assert classifier.labels == ("LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3")


def test_classes_that_only_the_outputs_tell(tmp_path: Path, require: Require) -> None:
    onnx: Any = require("onnx")
    require("onnxruntime")
    info = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Identity", ["x"], ["logits"])
    graph = onnx.helper.make_graph([node], "same", [info("x", 1, ["n", "t"])], [info("logits", 1, ["n", "t"])])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "model.onnx")
    (tmp_path / "preprocessor_config.json").write_text('{"feature_extractor_type": "Wav2Vec2FeatureExtractor"}')
    for count, opens in ((10**12, False), (-1, False), (True, False), (3, True)):
        (tmp_path / "config.json").write_text(json.dumps({"num_labels": count}))
        if opens:
            classifier = AudioClassifier.from_pretrained(tmp_path)
        else:
            with pytest.raises(ModelError, match=r"nothing names the classes of 'model.onnx'. Pass labels="):
                AudioClassifier.from_pretrained(tmp_path)
    assert len(classifier((16000, [0.5, -0.5, 0.25]))) == 3
    with pytest.raises(ModelError, match=r"Got 2 class\(es\) for output index 0, expected 3"):
        classifier((16000, [0.5, -0.5]))


def test_the_embedding_output_comes_along(
    tones_folder: Path, make_folder: MakeFolder, tmp_path: Path, sine: Sine
) -> None:
    made = AudioClassifier.from_pretrained(tones_folder, window=0.5).classify((8000, sine(220)))
    assert made.embeddings is not None
    assert made.embeddings.shape == (2, 8)
    folder = make_folder(tmp_path, names=("out", "pooled"))
    assert not AudioClassifier.from_pretrained(folder).has_embedding
    assert AudioClassifier.from_pretrained(folder, embedding="pooled", output="out").has_embedding


def test_a_classifier_can_be_pickled(tones_folder: Path, sine: Sine) -> None:
    classifier = AudioClassifier.from_pretrained(tones_folder)
    copy = pickle.loads(pickle.dumps(classifier))
    assert copy((8000, sine(440))) == classifier((8000, sine(440)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"config": {"id2label": {"0": "a", "1": "b"}}},
            r"Got 4 class\(es\) for output index 0, expected 2 according to",
        ),
        ({"config": {"id2label": {"1": "a", "2": "b"}}}, "the keys of id2label in config.json are not 0 to 1"),
        ({"config": {"id2label": ["a", "b", "c", "d"]}}, r"got id2label=\['a', 'b', 'c', 'd'\] in config.json"),
        ({"config": {"id2label": {}}}, "got id2label={} in config.json, wanted a dictionary of names"),
        ({"batch": 3}, "a batch of exactly 3; wanted 1, or an open one"),
        ({"preprocessor": {"feature_extractor_type": "ClapFeatureExtractor"}}, "got feature_extractor_type='Clap"),
        ({"frames": 1}, "the last dimension of the model's input has size 1"),
    ],
)
def test_folders_that_do_not_fit_together(
    make_folder: MakeFolder, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    folder = make_folder(tmp_path, **change)
    with pytest.raises(ModelError, match=message):
        AudioClassifier.from_pretrained(folder)


@pytest.mark.parametrize("name", ["config.json", "preprocessor_config.json"])
@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "\ud800".encode("utf-8", "surrogatepass"), "[" * 100_000])
def test_configurations_that_are_no_json(make_folder: MakeFolder, tmp_path: Path, name: str, text: str | bytes) -> None:
    folder = make_folder(tmp_path)
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ModelError, match=rf"{name}' holds a|cannot read .*{name}"):
        AudioClassifier.from_pretrained(folder)


def test_a_model_without_a_rate_or_labels_asks_for_them(make_onnx: MakeOnnx, tmp_path: Path) -> None:
    path = make_onnx(tmp_path / "bare.onnx")
    with pytest.raises(ModelError, match=r"there is no preprocessor_config.json beside 'bare.onnx'.*sample_rate=16000"):
        AudioClassifier.from_pretrained(path)
    with pytest.raises(ModelError, match=r"nothing names the classes of 'bare.onnx'. Pass labels="):
        AudioClassifier.from_pretrained(path, sample_rate=8000)
    with pytest.raises(ModelError, match=r"Got 4 class\(es\) for output index 0, expected 1"):
        AudioClassifier.from_pretrained(path, sample_rate=8000, labels=["one"])


def test_a_rate_that_contradicts_the_configuration_is_refused(tones_folder: Path) -> None:
    with pytest.raises(ModelError, match=r"got sample_rate=16000, but preprocessor_config.json says 8000 Hz"):
        AudioClassifier.from_pretrained(tones_folder, sample_rate=16000)


@pytest.mark.parametrize("content", [b"", b"\x08", b"garbage" * 99, b"\x08\x08\x12\x00" * 20])
def test_files_that_are_no_model(tmp_path: Path, require: Require, content: bytes) -> None:
    require("onnxruntime")
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="ONNX Runtime cannot load the model"):
        AudioClassifier.from_pretrained(path, labels=["a"], sample_rate=8000)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_truncated_models(make_onnx: MakeOnnx, tmp_path: Path, part: float) -> None:
    path = make_onnx(tmp_path / "cut.onnx")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(ModelError, match="ONNX Runtime cannot load the model"):
        AudioClassifier.from_pretrained(path, labels=["a"], sample_rate=8000)


def test_a_git_lfs_pointer_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n")
    with pytest.raises(ModelError, match=r"is a Git LFS pointer, not the model itself. Type: git lfs pull"):
        AudioClassifier.from_pretrained(tmp_path / "model.onnx", labels=["a"], sample_rate=8000)


def test_what_is_not_there_is_an_error_of_two_kinds(tmp_path: Path) -> None:
    with pytest.raises(ModelFileNotFoundError, match=r"Nothing is downloaded.*hf download"):
        AudioClassifier.from_pretrained("Xenova/ast-finetuned-audioset-10-10-0.4593")
    assert issubclass(ModelFileNotFoundError, FileNotFoundError)
    assert issubclass(ModelFileNotFoundError, RuntimeError)
    with pytest.raises(ModelFileNotFoundError, match=r"there is no ONNX model in .*onnx/model.onnx"):
        AudioClassifier.from_pretrained(tmp_path)


@pytest.mark.parametrize("model", [None, 3, b"bytes", object()])
def test_what_is_no_model_at_all(model: Any) -> None:
    with pytest.raises(AudioTypeError, match=r"for a model, wanted a folder, an .onnx or .tflite file, a callable"):
        AudioClassifier.from_pretrained(model)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "got batch_size=0, wanted 1 or more"),
        ({"num_threads": -1}, "got num_threads=-1, wanted 1 or more"),
        ({"labels": "abc"}, "got labels='abc', wanted a list"),
        ({"labels": []}, r"got labels=\[\], wanted a list"),
        ({"output": "probabilities"}, "got output='probabilities', but the model's outputs are 'logits'"),
        ({"embedding": "hidden"}, "got embedding='hidden', but the model's outputs are"),
    ],
)
def test_arguments_out_of_range(tones_folder: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        AudioClassifier.from_pretrained(tones_folder, **arguments)
    with pytest.raises(SampleRateError, match="got sample_rate=-1, wanted a positive number of Hz"):
        AudioClassifier.from_pretrained(tones_folder, sample_rate=-1)


def test_windows_too_short_for_the_model_are_an_error_of_our_own(tones_folder: Path) -> None:
    classifier = AudioClassifier.from_pretrained(tones_folder)
    with pytest.raises(ModelRuntimeError, match=r"ONNX Runtime could not run the model on input_values \(1, 20\)"):
        classifier((8000, np.ones(20) / 2))


def test_inputs_that_cannot_be_fed(tmp_path: Path, require: Require) -> None:
    onnx: Any = require("onnx")
    require("onnxruntime")
    path = tmp_path / "two.onnx"
    for inputs, kind, message in (
        (["a", "b"], onnx.TensorProto.FLOAT, r"the model has the inputs 'a' \[\?, \?\] float32, 'b'"),
        (["a"], onnx.TensorProto.INT32, r"the model's input is 'a' \[\?, \?\] int32, wanted one of float32"),
    ):
        infos = [onnx.helper.make_tensor_value_info(name, kind, ["n", "t"]) for name in inputs]
        output = onnx.helper.make_tensor_value_info("y", kind, ["n", "t"])
        node = onnx.helper.make_node("Identity", ["a"], ["y"])
        graph = onnx.helper.make_graph([node], "g", infos, [output])
        onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), path)
        with pytest.raises(ModelError, match=message):
            AudioClassifier.from_pretrained(path, labels=["a"], sample_rate=8000)


def test_nan_from_the_model_is_an_error(tmp_path: Path, require: Require) -> None:
    onnx: Any = require("onnx")
    require("onnxruntime")
    info = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Log", ["x"], ["logits"])],
        "logarithm",
        [info("x", 1, ["n", 4])],
        [info("logits", 1, ["n", 4])],
    )
    path = tmp_path / "nan.onnx"
    onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), path)
    classifier = AudioClassifier.from_pretrained(path, labels=list("abcd"), sample_rate=8000)
    with pytest.raises(
        ModelRuntimeError, match="the model gave NaN or infinity in its output 'logits', first for window 0"
    ):
        classifier((8000, [0.5, -0.5, 0.5, 0.5]))


def test_an_ast_model_hears_long_clips_in_windows(tmp_path: Path, require: Require, rng: np.random.Generator) -> None:
    onnx: Any = require("onnx")
    require("onnxruntime")
    info = onnx.helper.make_tensor_value_info
    nodes = [
        onnx.helper.make_node("ReduceMean", ["input_values"], ["mean"], axes=[1], keepdims=0),
        onnx.helper.make_node("Slice", ["mean", "zero", "two", "one"], ["logits"]),
    ]
    numbers = {"zero": 0, "two": 2, "one": 1}
    weights = [onnx.numpy_helper.from_array(np.array([value]), name) for name, value in numbers.items()]
    graph = onnx.helper.make_graph(
        nodes, "ast", [info("input_values", 1, ["n", 100, 128])], [info("logits", 1, ["n", 2])], weights
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "model.onnx")
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "low", "1": "high"}}))
    extractor = {"feature_extractor_type": "ASTFeatureExtractor", "max_length": 100}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(extractor))
    classifier = AudioClassifier.from_pretrained(tmp_path)
    made = classifier.classify((16000, rng.standard_normal(40000) / 8))
    window = (400 + 99 * 160) / 16000
    assert classifier.window == pytest.approx(window)
    assert len(made) == 3
    assert made.times[-1].tolist() == pytest.approx([2 * window, 2.5])


def test_onnx_embedders(make_folder: MakeFolder, make_onnx: MakeOnnx, tmp_path: Path, sine: Sine) -> None:
    embedder = AudioEmbedder.create_from_file(make_folder(tmp_path / "folder"), window=0.5)
    assert embedder.number_of_output_layers == 1
    assert embedder.get_embedding_dimension(0) == 8
    assert embedder.required_input_buffer_size == 4000
    result = embedder.embed((8000, sine(220, 1.2)))
    assert [(item.start, item.end) for item in result.embeddings] == [(0.0, 0.5), (0.5, 1.0), (1.0, 1.2)]
    bare = make_onnx(tmp_path / "bare.onnx", names=("first", "second"))
    with pytest.raises(ModelError, match="name the embedding with output="):
        AudioEmbedder.create_from_file(bare, sample_rate=8000)
    named = AudioEmbedder.create_from_file(bare, sample_rate=8000, output="second")
    assert named.embed_windows((8000, sine(220))).values.shape == (1, 8)
    with pytest.raises(ModelError, match=r"the model takes any number of samples; pass window=1.0 \[s\]"):
        named.create_input_tensor_audio()


def test_a_missing_package_is_named_with_its_extra(tones_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        MissingDependencyError, match=r'onnxruntime is not installed.*pip install "audio-logging\[onnx\]"'
    ):
        AudioClassifier.from_pretrained(tones_folder)
    assert issubclass(MissingDependencyError, ImportError)
    assert issubclass(MissingDependencyError, AudioLoggingError)

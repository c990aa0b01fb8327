from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audio_logging.clip import AudioClip
from audio_logging.errors import AudioShapeError, AudioValueError, NonFiniteAudioError, SampleRateError
from audio_logging.inference import (
    AudioEmbedder,
    AudioEmbedderOptions,
    AudioFormat,
    BaseOptions,
    EmbeddingOptions,
    FeatureVector,
    ModelError,
    ModelRuntimeError,
    TensorAudio,
)
from audio_logging.inference.embedder_model import check_outputs
from audio_logging.inference.embedding import feature_values
from audio_logging.inference.tensors import TensorSpec
from audio_logging.inference.tflite_network import input_size

MakeMetadata = Callable[..., bytes]
MakeTFLite = Callable[..., bytes]
Pack = Callable[[Mapping[str, bytes | str]], bytes]


@pytest.fixture
def write_model(
    make_metadata: MakeMetadata, make_tflite: MakeTFLite, pack: Pack, tmp_path: Path
) -> Callable[..., Path]:
    """Return ``write(audio=(8000, 1), **model)``: a TFLite embedder whose vector is 20 times the means of quarters."""

    def write(audio: tuple[int, int] = (8000, 1), **model: Any) -> Path:
        path = tmp_path / "embedder.tflite"
        metadata = make_metadata(labels=(), audio=audio, outputs=model.get("heads", 1))
        path.write_bytes(make_tflite(metadata, **{"logistic": False, **model}))
        return path

    return write


@pytest.fixture
def embedder(write_model: Callable[..., Path]) -> AudioEmbedder:
    return AudioEmbedder.create_from_file(str(write_model()))


def quarters(*means: float, frames: int = 400) -> Any:
    return np.repeat(np.array(means, np.float32), frames // len(means))[:, None]


def test_the_surface_of_the_seed(embedder: AudioEmbedder) -> None:
    assert embedder.required_audio_format == AudioFormat(channels=1, sample_rate=8000)
    assert embedder.required_input_buffer_size == 400
    assert embedder.number_of_output_layers == 1
    assert [embedder.get_embedding_dimension(index) for index in (-1, 0, 1)] == [-1, 4, -1]
    tensor = embedder.create_input_tensor_audio()
    tensor.load_from_array(quarters(0.1, 0.2, 0.3, 0.4))
    result = embedder.embed(tensor)
    (embedding,) = result.embeddings
    assert embedding.output_index == 0
    assert (embedding.start, embedding.end) == (None, None)
    assert embedding.feature_vector.value.dtype == np.float64
    assert embedding.feature_vector.value == pytest.approx([2, 4, 6, 8], abs=1e-5)
    vector = embedding.feature_vector
    assert embedder.cosine_similarity(vector, vector) == pytest.approx(1)
    assert AudioEmbedder.cosine_similarity(vector, FeatureVector(-vector.value)) == pytest.approx(-1)


def test_options_make_the_same_embedder_of_a_file_and_of_its_content(write_model: Callable[..., Path]) -> None:
    path = write_model()
    for base in (
        BaseOptions(path),
        BaseOptions(file_content=path.read_bytes()),
        BaseOptions("nope", path.read_bytes()),
    ):
        options = AudioEmbedderOptions(base, EmbeddingOptions(l2_normalize=True))
        embedder = AudioEmbedder.create_from_options(options)
        assert embedder.options is options
        values = embedder.embed((8000, quarters(0.3, 0.4, 0, 0))).embeddings[0].feature_vector.value
        assert values == pytest.approx([0.6, 0.8, 0, 0], abs=1e-6)


def test_vectors_are_normalised_and_then_quantised() -> None:
    values = np.array([[3.0, -4.0, 0.0], [0.0, 0.0, 0.0]])
    unit = feature_values(values, l2_normalize=True, quantize=False)
    assert unit.tolist() == [[0.6, -0.8, 0.0], [0.0, 0.0, 0.0]]
    bytes_ = feature_values(values, l2_normalize=True, quantize=True)
    assert bytes_.dtype == np.uint8
    assert bytes_.view(np.int8).tolist() == [[77, -102, 0], [0, 0, 0]]
    edges = np.array([-9.0, -1.0, -0.5 / 128, -0.49 / 128, 0.5 / 128, 1.0, 9.0])
    rounded = feature_values(edges, l2_normalize=False, quantize=True).view(np.int8)
    assert rounded.tolist() == [-128, -128, -1, 0, 1, 127, 127]


def test_long_clips_have_a_vector_a_window_with_times(embedder: AudioEmbedder) -> None:
    clip = AudioClip(
        np.concatenate([quarters(0.1, 0, 0, 0), quarters(0, 0.1, 0, 0), quarters(0, 0, 0.1, 0)[:250]]), 8000
    )
    result = embedder.embed(clip)
    times = [(item.start, item.end) for item in result.embeddings]
    assert times == [(0.0, 0.05), (0.05, 0.1), (0.1, 0.13125)]
    assert [int(item.feature_vector.value.argmax()) for item in result.embeddings] == [0, 1, 2]
    windows = embedder.embed_windows(clip, hop=0.025, clip_id="three")
    assert windows.values.shape == (5, 4)
    assert windows.clip_id == "three"
    assert windows.coverage == pytest.approx(1 - 150 / 400)
    both = embedder.embed([clip, clip])
    assert [len(item.embeddings) for item in both] == [3, 3]
    assert [len(item.embeddings) for item in embedder.embed(iter([clip]))] == [3]


def test_clips_are_mixed_and_resampled_where_a_tensor_is_refused(embedder: AudioEmbedder) -> None:
    stereo = np.full((800, 2), 0.25, np.float32)
    assert len(embedder.embed((16000, stereo)).embeddings) == 1
    tensor = TensorAudio(AudioFormat(2, 16000), 800)
    with pytest.raises(ValueError, match="channel number 2 does not match"):
        embedder.embed(tensor)


def test_several_output_layers(write_model: Callable[..., Path]) -> None:
    embedder = AudioEmbedder.create_from_file(write_model(heads=2, logistic=True))
    assert embedder.number_of_output_layers == 2
    result = embedder.embed((8000, quarters(0.1, 0.2, 0.3, 0.4)))
    assert [item.output_index for item in result.embeddings] == [0, 1]
    assert result.embeddings[1].feature_vector.value == pytest.approx([2, 4, 6, 8], abs=1e-5)
    assert embedder.embed_windows((8000, quarters(0.1, 0.2, 0.3, 0.4)), output_index=1).values.shape == (1, 4)
    with pytest.raises(AudioValueError, match="got output_index=2, wanted 0 to 1"):
        embedder.embed_windows((8000, quarters(0.1, 0.2, 0.3, 0.4)), output_index=2)


def test_several_channels_count_in_the_buffer_size(write_model: Callable[..., Path]) -> None:
    """tflite_support compares frames with frames times channels."""
    embedder = AudioEmbedder.create_from_file(write_model(audio=(8000, 2)))
    assert embedder.required_input_buffer_size == 400
    tensor = embedder.create_input_tensor_audio()
    assert tensor.buffer.shape == (200, 2)
    assert len(embedder.embed(tensor).embeddings) == 1


@pytest.mark.parametrize(
    ("audio_format", "size", "kind", "message"),
    [
        (
            AudioFormat(2, 8000),
            400,
            AudioShapeError,
            "Input audio buffer channel number 2 does not match the model required audio channel number 1.",
        ),
        (
            AudioFormat(1, 16000),
            400,
            SampleRateError,
            "Input audio sample rate 16000 does not match the model required audio sample rate 8000.",
        ),
        (
            AudioFormat(1, 8000),
            300,
            AudioShapeError,
            "Input audio buffer size 300 does not match the model required input size 400.",
        ),
    ],
)
def test_tensors_that_do_not_fit(
    embedder: AudioEmbedder, audio_format: AudioFormat, size: int, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        embedder.embed(TensorAudio(audio_format, size))
    assert str(caught.value) == message
    assert isinstance(caught.value, ValueError)


def test_nan_is_an_error_and_not_a_normal_looking_vector(embedder: AudioEmbedder) -> None:
    tensor = embedder.create_input_tensor_audio()
    with pytest.raises(NonFiniteAudioError, match="NaN"):
        tensor.load_from_array(np.full((400, 1), np.nan))
    with pytest.raises(NonFiniteAudioError, match="NaN"):
        embedder.embed((8000, np.full(400, np.nan)))


@pytest.mark.parametrize(
    ("base", "kind", "message"),
    [
        (BaseOptions(), ValueError, "Missing mandatory `model_file` field in `base_options`"),
        (
            BaseOptions(file_name=""),
            ValueError,
            "ExternalFile must specify at least one of 'file_content', 'file_name' or 'file_descriptor_meta'.",
        ),
        (
            BaseOptions(file_content=b""),
            ValueError,
            "ExternalFile must specify at least one of 'file_content', 'file_name' or 'file_descriptor_meta'.",
        ),
        (BaseOptions("nope.tflite"), RuntimeError, "Unable to open file at nope.tflite"),
        (BaseOptions(file_content=b"garbage" * 9), ValueError, "The model is not a valid Flatbuffer buffer"),
        (BaseOptions("x", num_threads=0), ValueError, "`num_threads` must be greater than 0 or equal to -1."),
        (BaseOptions("x", num_threads=-2), ValueError, "`num_threads` must be greater than 0 or equal to -1."),
        (BaseOptions("x", use_coral=True), RuntimeError, "Plugin did not create EdgeTpuCoral delegate."),
    ],
)
def test_errors_of_creation_have_the_classes_and_texts_of_tflite_support(
    base: BaseOptions, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        AudioEmbedder.create_from_options(AudioEmbedderOptions(base))
    assert str(caught.value).startswith(message)


def test_folders_and_models_without_metadata(tmp_path: Path, make_tflite: MakeTFLite) -> None:
    with pytest.raises(RuntimeError, match="Unable to map file to memory buffer, errno=12"):
        AudioEmbedder.create_from_file(tmp_path)
    path = tmp_path / "plain.tflite"
    path.write_bytes(make_tflite(None, logistic=False))
    with pytest.raises(ValueError, match=r"input tensor 0 is missing TensorMetadata."):
        AudioEmbedder.create_from_file(path)
    assert AudioEmbedder.create_from_file(path, sample_rate=8000).get_embedding_dimension(0) == 4
    with pytest.raises(ModelError, match="got embedding='hidden', but the model has no tensor of that name"):
        AudioEmbedder.create_from_file(path, sample_rate=8000, output="hidden")
    (tmp_path / "text.onnx").write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"nothing says what sample rate it wants|no preprocessor_config.json"):
        AudioEmbedder.create_from_file(tmp_path / "text.onnx")


@pytest.mark.parametrize("threads", [-1, None, 1, 2])
def test_numbers_of_threads(write_model: Callable[..., Path], threads: int | None) -> None:
    base = BaseOptions(write_model(), num_threads=threads)
    assert AudioEmbedder.create_from_options(AudioEmbedderOptions(base)).number_of_output_layers == 1


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            TensorSpec("y", (1, 4), "int32"),
            "Type mismatch for output tensor y. Requested one of these types: kTfLiteUint8",
        ),
        (TensorSpec("y", (1, 4, 4), "float32"), "Unexpected number of dimensions for output index 0: got 3D, expected"),
        (TensorSpec("y", (2, 4), "float32"), "is expected to have a batch size of 1. Got 2 for output index 0."),
        (TensorSpec("y", (1, 2, 3, 4), "float32"), "Unexpected WxH sizes for output index 0: got 3x2, expected 1x1."),
    ],
)
def test_outputs_that_are_no_vectors(spec: TensorSpec, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        check_outputs([spec])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([TensorSpec("x", (1, None), "float32")], "Invalid size: -1 for input tensor dimension: 1."),
        ([TensorSpec("x", (0,), "float32")], "Invalid size: 0 for input tensor dimension: 0."),
        ([], "the model has 0 inputs"),
        ([TensorSpec("x", (1,), "float32")] * 2, r"the model has 2 inputs \('x' \[1\] float32"),
    ],
)
def test_inputs_of_open_size_are_refused(inputs: list[TensorSpec], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        input_size(inputs)


def vector(*values: float) -> FeatureVector:
    return FeatureVector(np.array(values, np.float64))


def quantized(*values: int) -> FeatureVector:
    return FeatureVector(np.array(values, np.int8).view(np.uint8))


@pytest.mark.parametrize(
    ("u", "v", "message"),
    [
        (
            vector(1, 2, 3),
            vector(1, 2, 3, 4),
            "Cannot compute cosine similarity on float feature vectors of different sizes (3 vs 4)",
        ),
        (
            quantized(1, 2),
            quantized(1),
            "Cannot compute cosine similarity on quantized feature vectors of different sizes (2 vs 1)",
        ),
        (vector(0, 0), vector(1, 2), "Cannot compute cosine similarity on feature vector with 0 norm"),
        (vector(1, 2), vector(0, 0), "Cannot compute cosine similarity on feature vector with 0 norm"),
        (vector(), vector(), "Cannot compute cosine similarity on empty feature vectors"),
        (
            vector(1, 2),
            quantized(1, 2),
            "Cannot compute cosine similarity between quantized and float feature vectors",
        ),
        (
            FeatureVector(np.ones(2, np.float32)),
            vector(1, 2),
            "Invalid dtype. Only float and np.uint8 are supported.",
        ),
    ],
)
def test_vectors_that_cannot_be_compared(u: FeatureVector, v: FeatureVector, message: str) -> None:
    with pytest.raises(AudioValueError) as caught:
        AudioEmbedder.cosine_similarity(u, v)
    assert str(caught.value) == message


def test_quantised_vectors_are_compared_as_signed_numbers() -> None:
    assert AudioEmbedder.cosine_similarity(quantized(-1, 0), quantized(1, 0)) == -1
    assert AudioEmbedder.cosine_similarity(quantized(100, 100), quantized(100, -100)) == 0
    assert np.isnan(AudioEmbedder.cosine_similarity(vector(np.nan, 1), vector(1, 1)))
    assert quantized(1, 2) == quantized(1, 2)
    assert quantized(1, 2) != vector(1, 2)
    assert len({vector(1, 2), vector(1, 2), vector(2, 1)}) == 2


def test_rows_for_the_loggers(embedder: AudioEmbedder) -> None:
    clip = AudioClip(np.concatenate([quarters(0.1, 0, 0, 0), quarters(0.3, 0, 0, 0)]), 8000)
    (row,) = embedder(None, [clip])
    assert row["embedding"] == pytest.approx([4, 0, 0, 0], abs=1e-5)
    assert row["windows"] == 2


def test_samples_are_checked_again_before_inference(embedder: AudioEmbedder) -> None:
    class Broken(TensorAudio):
        @property
        def buffer(self) -> Any:
            return np.full((400, 1), np.nan, np.float32)

    with pytest.raises(NonFiniteAudioError, match="NaN or infinity among the samples"):
        embedder.embed(Broken(AudioFormat(1, 8000), 400))
    assert issubclass(ModelRuntimeError, RuntimeError)

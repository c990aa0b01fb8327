"""open_embedder(options): from an embedder's options to a network whose outputs are vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from audio_logging.inference.embedder_options import AudioEmbedderOptions
from audio_logging.inference.errors import ModelError, ModelFileNotFoundError, ModelRuntimeError
from audio_logging.inference.features import Features
from audio_logging.inference.huggingface import HuggingFaceFolder, find_folder
from audio_logging.inference.litert import LiteRTModel
from audio_logging.inference.model_file import is_quantized_on_the_fly, kind_of, read_model
from audio_logging.inference.network import Network
from audio_logging.inference.onnx_network import OnnxNetwork
from audio_logging.inference.onnx_runtime import OnnxModel
from audio_logging.inference.opening import audio_format, onnx_features
from audio_logging.inference.outputs import embedding_outputs
from audio_logging.inference.tensors import TensorSpec
from audio_logging.inference.tflite_metadata import read_metadata
from audio_logging.inference.tflite_network import TFLiteNetwork

__all__ = ["open_embedder"]

OUTPUT_TYPES = ("float32", "uint8", "int8")
BATCH_SIZE = 8


def open_embedder(options: AudioEmbedderOptions) -> Network:
    """Open a model whose outputs are embeddings.

    Parameters
    ----------
    options : AudioEmbedderOptions

    Returns
    -------
    Network

    Raises
    ------
    ModelError, ModelRuntimeError, ModelFileNotFoundError
        With tflite_support's classes and texts.
    MissingDependencyError
        The package that runs it is not installed.
    """
    threads, model = options.base_options.threads, options.base_options.model
    if isinstance(model, Path) and model.is_dir():
        return _open_onnx_folder(model, options, threads)
    if kind_of(model) == "tflite":
        return _open_tflite(model if isinstance(model, bytes) else read_model(model), options, threads)
    if isinstance(model, bytes):
        features = onnx_features(HuggingFaceFolder(Path("<bytes>")), options.sample_rate)
        return _open_onnx(model, features, options, threads)
    folder = find_folder(model, quantized=False)
    return _open_onnx(folder.model_file, onnx_features(folder, options.sample_rate), options, threads)


def _open_onnx_folder(path: Path, options: AudioEmbedderOptions, threads: int) -> Network:
    try:
        folder = find_folder(path, quantized=False)
    except ModelFileNotFoundError as error:
        raise ModelRuntimeError(f"Unable to map file to memory buffer, errno=12: {error}") from error
    return _open_onnx(folder.model_file, onnx_features(folder, options.sample_rate), options, threads)


def _open_onnx(source: Path | bytes, features: Features, options: AudioEmbedderOptions, threads: int) -> Network:
    model = OnnxModel(source if isinstance(source, bytes) else str(source), num_threads=threads)
    chosen = [model.outputs[index] for index in embedding_outputs(model.outputs, options.output)]
    batch_size = 1 if is_quantized_on_the_fly(source) else BATCH_SIZE
    return OnnxNetwork(model, features, chosen, batch_size=batch_size)


def _open_tflite(content: bytes, options: AudioEmbedderOptions, threads: int) -> Network:
    metadata = read_metadata(content)
    audio = audio_format(metadata, options.sample_rate)
    model = LiteRTModel(content, num_threads=threads, inner_tensor=options.output)
    chosen = range(len(model.outputs)) if options.output is None else [len(model.outputs) - 1]
    check_outputs([model.outputs[index] for index in chosen])
    return TFLiteNetwork(model, audio, list(chosen))


def check_outputs(outputs: Sequence[TensorSpec]) -> None:
    """Refuse outputs that are no vectors.

    Parameters
    ----------
    outputs : sequence of TensorSpec

    Raises
    ------
    ModelError
        Not 2-D (1, N) or 4-D (1, 1, 1, N), or of another type than float32, uint8 or int8.
    """
    for index, output in enumerate(outputs):
        shape = output.shape
        if output.dtype not in OUTPUT_TYPES:
            raise ModelError(
                f"Type mismatch for output tensor {output.name}. Requested one of these types: "
                f"kTfLiteUint8/kTfLiteFloat32, got {output.dtype}."
            )
        if len(shape) not in (2, 4):
            raise ModelError(
                f"Unexpected number of dimensions for output index {index}: got {len(shape)}D, expected either 2D "
                "(BxN with B=1) or 4D (BxHxWxN with B=1, W=1, H=1)."
            )
        if shape[0] != 1:
            raise ModelError(
                f"The output array is expected to have a batch size of 1. Got {shape[0]} for output index {index}."
            )
        if len(shape) == 4 and shape[1:3] != (1, 1):
            raise ModelError(f"Unexpected WxH sizes for output index {index}: got {shape[2]}x{shape[1]}, expected 1x1.")

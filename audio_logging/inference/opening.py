"""open_classifier(model): from what the user hands in to a network with its labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audio_logging.clip import MAX_CHANNELS, check_sample_rate
from audio_logging.errors import AudioTypeError
from audio_logging.inference.audio_format import AudioFormat
from audio_logging.inference.calibration import Calibration
from audio_logging.inference.callable_network import CallableNetwork, is_transformers_pipeline, transformers_network
from audio_logging.inference.errors import ModelError, ModelFileNotFoundError, ModelRuntimeError
from audio_logging.inference.features import Features, RawFeatures, features_from
from audio_logging.inference.huggingface import HuggingFaceFolder, find_folder
from audio_logging.inference.litert import LiteRTModel
from audio_logging.inference.model_file import is_quantized_on_the_fly, kind_of, read_model
from audio_logging.inference.network import Network
from audio_logging.inference.onnx_network import OnnxNetwork
from audio_logging.inference.onnx_runtime import OnnxModel
from audio_logging.inference.outputs import embedding_output, scores_output
from audio_logging.inference.scores import FunctionName, function_for
from audio_logging.inference.sound import SoundSpec
from audio_logging.inference.tflite_metadata import MAX_LABELS, OutputMetadata, TFLiteMetadata, read_metadata
from audio_logging.inference.tflite_network import TFLiteNetwork

__all__ = ["ModelOptions", "OpenedClassifier", "audio_format", "onnx_features", "open_classifier"]


@dataclass(frozen=True)
class ModelOptions:
    """What the user says of a model; the words are those of ``AudioClassifier.from_pretrained``."""

    quantized: bool = False
    labels: Sequence[str] | None = None
    sample_rate: int | None = None
    output: str | None = None
    embedding: str | None = None
    num_threads: int = 1
    batch_size: int = 8

    def __post_init__(self) -> None:
        if self.sample_rate is not None:
            check_sample_rate(self.sample_rate)
        for name, value in (("num_threads", self.num_threads), ("batch_size", self.batch_size)):
            if value < 1:
                raise ModelError(f"got {name}={value!r}, wanted 1 or more")
        if isinstance(self.labels, str) or (self.labels is not None and not len(self.labels)):
            raise ModelError(f"got labels={self.labels!r}, wanted a list with a name for each class")


@dataclass(frozen=True, eq=False)
class OpenedClassifier:
    """A network whose first output is scores, and the second, if it has one, an embedding.

    Attributes
    ----------
    network : Network
    labels : tuple of str or None
        None where only the outputs will tell.
    function : {"softmax", "sigmoid", "none"}
        What to apply to the scores unless the user says otherwise.
    calibration : Calibration or None
    threshold : float or None
        Least score of a result.
    name : str
    """

    network: Network
    labels: tuple[str, ...] | None
    function: FunctionName
    calibration: Calibration | None = None
    threshold: float | None = None
    name: str = "model"

    def __post_init__(self) -> None:
        size = self.network.sizes[0]
        if self.labels is not None and size is not None:
            check_label_count(self.labels, size)


def open_classifier(model: Any, options: ModelOptions) -> OpenedClassifier:
    """Open whatever a user has for a model.

    Parameters
    ----------
    model : str, Path, callable or Transformers pipeline
        A folder in the Hugging Face layout, an ``.onnx`` or a ``.tflite`` file, or something that can be called.
    options : ModelOptions

    Returns
    -------
    OpenedClassifier

    Raises
    ------
    AudioTypeError
        None of these.
    ModelFileNotFoundError, ModelRuntimeError, ModelError
        It is not there, cannot be read, or cannot be used.
    MissingDependencyError
        The package that runs it is not installed.
    """
    if isinstance(model, (str, Path)):
        return _open_path(Path(model), options)
    if is_transformers_pipeline(model):
        network = transformers_network(model, batch_size=options.batch_size)
        problem_type = getattr(model.model.config, "problem_type", None)
        return OpenedClassifier(network, network.labels, function_for(problem_type), name="Transformers pipeline")
    if callable(model):
        return _open_callable(model, options)
    raise AudioTypeError(
        f"got {type(model).__name__} for a model, wanted a folder, an .onnx or .tflite file, a callable or a "
        "Transformers pipeline"
    )


def check_label_count(labels: Sequence[str], size: int, output: int = 0) -> None:
    """Refuse labels that are not one for each class.

    Raises
    ------
    ModelError
    """
    if len(labels) != size:
        raise ModelError(
            f"Got {size} class(es) for output index {output}, expected {len(labels)} according to the label map. Pass "
            f"labels=[...] with {size} names"
        )


def _open_path(path: Path, options: ModelOptions) -> OpenedClassifier:
    if not path.exists():
        raise ModelFileNotFoundError(
            f"Unable to open file at {path}: there is no such file or folder. Nothing is downloaded; for a model "
            "of the Hugging Face hub type: hf download NAME --local-dir FOLDER"
        )
    if path.is_file() and kind_of(path) == "tflite":
        return _open_tflite(path, options)
    return _open_onnx(find_folder(path, quantized=options.quantized), options)


def _open_callable(function: Callable[..., Any], options: ModelOptions) -> OpenedClassifier:
    labels = None if options.labels is None else tuple(map(str, options.labels))
    network = CallableNetwork(function, labels=labels, sample_rate=options.sample_rate, batch_size=options.batch_size)
    return OpenedClassifier(network, labels, "none", name=getattr(function, "__name__", type(function).__name__))


def _open_onnx(folder: HuggingFaceFolder, options: ModelOptions) -> OpenedClassifier:
    features = onnx_features(folder, options.sample_rate)
    model = OnnxModel(str(folder.model_file), num_threads=options.num_threads)
    chosen = [scores_output(model.outputs, options.output)]
    embedding = embedding_output(model.outputs, options.embedding)
    if embedding is not None and embedding not in chosen:
        chosen.append(embedding)
    batch_size = 1 if is_quantized_on_the_fly(folder.model_file) else options.batch_size
    network = OnnxNetwork(model, features, [model.outputs[index] for index in chosen], batch_size=batch_size)
    labels = folder.labels if options.labels is None else tuple(map(str, options.labels))
    if labels is None:
        labels = _numbered(network.sizes[0], folder)
    return OpenedClassifier(network, labels, function_for(folder.problem_type), name=str(folder.model_file))


def onnx_features(folder: HuggingFaceFolder, sample_rate: int | None) -> Features:
    """Return what an ONNX model is fed: as its configuration says, or the samples themselves.

    Parameters
    ----------
    folder : HuggingFaceFolder
    sample_rate : int or None
        [Hz] For a model without configuration.

    Returns
    -------
    Features

    Raises
    ------
    ModelError
        Neither, or two sample rates.
    """
    if folder.preprocessor is None:
        if sample_rate is None:
            raise ModelError(
                f"there is no preprocessor_config.json beside {folder.model_file.name!r}, so nothing says what sample "
                "rate it wants. Pass for example sample_rate=16000 (and labels=[...]) for a model that takes samples"
            )
        return RawFeatures(SoundSpec(check_sample_rate(sample_rate)))
    features = features_from(folder.preprocessor, str(folder.config.get("model_type")))
    if sample_rate not in (None, features.sound.sample_rate):
        raise ModelError(
            f"got sample_rate={sample_rate}, but preprocessor_config.json says {features.sound.sample_rate} Hz"
        )
    return features


def _numbered(size: int | None, folder: HuggingFaceFolder) -> tuple[str, ...]:
    """Name classes as Transformers does where ``id2label`` is missing."""
    count = size if size is not None else folder.config.get("num_labels")
    if not folder.config or not isinstance(count, int) or count is True or not 0 < count <= MAX_LABELS:
        raise ModelError(f"nothing names the classes of {folder.model_file.name!r}. Pass labels=[...]")
    return tuple(f"LABEL_{index}" for index in range(count))


def _open_tflite(path: Path, options: ModelOptions) -> OpenedClassifier:
    content = read_model(path)
    metadata = read_metadata(content)
    model = LiteRTModel(content, num_threads=options.num_threads, inner_tensor=options.embedding)
    first = scores_output(model.outputs, options.output)
    chosen = [first] if options.embedding is None else [first, len(model.outputs) - 1]
    network = TFLiteNetwork(model, audio_format(metadata, options.sample_rate), chosen)
    described = metadata.outputs if metadata is not None else ()
    output = described[first] if first < len(described) else OutputMetadata()
    labels = output.labels if options.labels is None else tuple(map(str, options.labels))
    if labels is None:
        raise ModelError(f"the metadata of {path.name!r} has no labels for output {first}. Pass labels=[...]")
    return OpenedClassifier(network, labels, "none", output.calibration, output.threshold, str(path))


def audio_format(metadata: TFLiteMetadata | None, sample_rate: int | None) -> AudioFormat:
    """Return what a TFLite model takes, as its metadata or else the user says.

    Parameters
    ----------
    metadata : TFLiteMetadata or None
    sample_rate : int or None
        [Hz] For a model that does not say so itself, which is then taken to be mono.

    Returns
    -------
    AudioFormat

    Raises
    ------
    ModelError, ModelRuntimeError
        Nothing says so, or the metadata makes no sense or says otherwise.
    """
    audio = None if metadata is None else metadata.audio
    if audio is None and sample_rate is not None:
        return AudioFormat(1, check_sample_rate(sample_rate))
    advice = "Pass for example sample_rate=16000 and labels=[...]"
    if metadata is None:
        raise ModelError(f"input tensor 0 is missing TensorMetadata. {advice}")
    if audio is None:
        raise ModelRuntimeError(f"Missing audio format metadata in the model metadata. {advice}")
    if not (audio.sample_rate and 0 < audio.channels <= MAX_CHANNELS):
        raise ModelError(f"Missing audio format metadata in the model: it says {audio}.")
    if sample_rate not in (None, audio.sample_rate):
        raise ModelError(f"got sample_rate={sample_rate}, but the model's metadata says {audio.sample_rate} Hz")
    return audio

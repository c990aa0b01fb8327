"""read_metadata(model): what a TFLite model says of its input and its outputs.

The metadata is a FlatBuffer inside the model's own, and a ZIP behind both that holds the labels. Field numbers are
those of tensorflow/lite/schema/schema.fbs and tensorflow_lite_support/metadata/metadata_schema.fbs.
https://ai.google.dev/edge/litert/models/metadata
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audio_logging.inference.audio_format import AudioFormat
from audio_logging.inference.calibration import Calibration, read_calibration
from audio_logging.inference.errors import MetadataError
from audio_logging.inference.flatbuffer import Table, root_table
from audio_logging.inference.packed_files import read_packed

__all__ = ["MAX_LABELS", "OutputMetadata", "TFLiteMetadata", "read_metadata"]

MODEL, METADATA = b"TFL3", b"M001"
AUDIO_PROPERTIES = 4
AXIS_LABELS, AXIS_CALIBRATION = 2, 4
CALIBRATION_OPTIONS, THRESHOLDING_OPTIONS = 2, 3
MAX_LABELS = 1_000_000
MAX_BUFFERS = 100_000
"""A model has about one for each tensor."""


@dataclass(frozen=True)
class OutputMetadata:
    """What the metadata says of one output.

    Attributes
    ----------
    labels : tuple of str or None
        Names of its classes in order.
    calibration : Calibration or None
    threshold : float or None
        Least score of a result.
    """

    labels: tuple[str, ...] | None = None
    calibration: Calibration | None = None
    threshold: float | None = None


@dataclass(frozen=True)
class TFLiteMetadata:
    """What the metadata says.

    Attributes
    ----------
    audio : AudioFormat or None
        Of the first input; None where it is not described as audio.
    outputs : tuple of OutputMetadata
        One for each output that is described, in order.
    """

    audio: AudioFormat | None
    outputs: tuple[OutputMetadata, ...] = ()


def read_metadata(model: bytes) -> TFLiteMetadata | None:
    """Read what a model says of itself.

    Parameters
    ----------
    model : bytes
        All of the file.

    Returns
    -------
    TFLiteMetadata or None
        None when it has no metadata.

    Raises
    ------
    MetadataError
        No TFLite model, or damaged metadata.
    """
    described = _described(root_table(model, MODEL))
    if described is None:
        return None
    subgraphs = root_table(described, METADATA).tables(3)
    if not subgraphs:
        return None
    inputs, outputs = subgraphs[0].tables(2), subgraphs[0].tables(3)
    audio = _audio(inputs[0]) if inputs else None
    return TFLiteMetadata(audio, tuple(_output(tensor, model) for tensor in outputs))


def _described(model: Table) -> memoryview | None:
    """Return the buffer with the metadata."""
    for entry in model.tables(6):
        if entry.text(0) != "TFLITE_METADATA":
            continue
        buffers, index = model.tables(4, MAX_BUFFERS), entry.integer(1, "I")
        if index >= len(buffers):
            raise MetadataError(f"the metadata should be in buffer {index}, but there are {len(buffers)}")
        return buffers[index].blob(0)
    return None


def _audio(tensor: Table) -> AudioFormat | None:
    content = tensor.table(3)
    if content is None or content.integer(0, "B") != AUDIO_PROPERTIES:
        return None
    properties = content.table(1)
    return None if properties is None else AudioFormat(properties.integer(1, "I"), properties.integer(0, "I"))


def _output(tensor: Table, model: bytes) -> OutputMetadata:
    files = tensor.tables(6)
    name = _file_name(files, AXIS_LABELS)
    labels = None if name is None else _labels(read_packed(model, name))
    threshold = None
    calibration = None
    for unit in tensor.tables(4):
        kind, options = unit.integer(0, "B"), unit.table(1)
        if kind == THRESHOLDING_OPTIONS and options is not None:
            threshold = options.real(0)
        if kind == CALIBRATION_OPTIONS and options is not None:
            calibration = _calibration(options, files, labels, model)
    return OutputMetadata(labels, calibration, threshold)


def _calibration(options: Table, files: Sequence[Table], labels: Sequence[str] | None, model: bytes) -> Calibration:
    name = _file_name(files, AXIS_CALIBRATION)
    if name is None or labels is None:
        raise MetadataError("Found ScoreCalibrationOptions, but missing labels or score calibration file.")
    text = read_packed(model, name)
    transformation = options.integer(0, "b")
    return read_calibration(text, classes=len(labels), transformation=transformation, default_score=options.real(1))


def _file_name(files: Sequence[Table], kind: int) -> str | None:
    """Return the first file of a kind, one without a locale if there is any: the others are translations."""
    fitting = [file for file in files if file.integer(2, "b") == kind]
    return min(fitting, key=lambda file: file.text(3) != "").text(0) if fitting else None


def _labels(text: str) -> tuple[str, ...]:
    lines = text.split("\n")
    if lines and not lines[-1].strip():
        lines.pop()
    if not lines or len(lines) > MAX_LABELS:
        raise MetadataError(f"got {len(lines)} labels, wanted 1 to {MAX_LABELS}")
    return tuple(line.rstrip("\r") for line in lines)

"""Models made on the spot: tone detectors with analytic weights (no training data, no licence), in both formats."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

RATE = 8000
TONES = {"220 Hz": 220.0, "440 Hz": 440.0, "880 Hz": 880.0, "1760 Hz": 1760.0}
KERNEL, STRIDE = 400, 100

Require = Callable[[str], ModuleType]
MakeOnnx = Callable[..., Path]
MakeFolder = Callable[..., Path]
MakeMetadata = Callable[..., bytes]
MakeTFLite = Callable[..., bytes]
WriteTone = Callable[..., Path]


@pytest.fixture(scope="session")
def make_onnx(require: Require) -> MakeOnnx:
    """Return ``make(path, ...)``: save a model that tells four tones apart, with the outputs logits and embeddings."""
    onnx: Any = require("onnx")
    require("onnxruntime")

    def make(
        path: Path,
        *,
        batch: int | str = "batch",
        frames: int | str = "frames",
        rank: int = 2,
        mask: bool = False,
        names: Sequence[str] = ("logits", "embeddings"),
    ) -> Path:
        dims: list[int | str] = {1: [frames], 2: [batch, frames], 3: [batch, 1, frames]}[rank]
        helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
        inputs = [helper.make_tensor_value_info("input_values", float32, dims)]
        if mask:
            inputs.append(helper.make_tensor_value_info("attention_mask", onnx.TensorProto.INT64, [batch, frames]))
        named = zip(names, (len(TONES), 2 * len(TONES)), strict=False)
        outputs = [helper.make_tensor_value_info(name, float32, [batch, size]) for name, size in named]
        graph = helper.make_graph(_nodes(helper, names, mask=mask), "tones", inputs, outputs, _weights(onnx))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, str(path))
        return path

    return make


def _weights(onnx: Any) -> list[Any]:
    time = np.arange(KERNEL) / RATE
    window = np.hanning(KERNEL)
    filters = [window * wave(2 * np.pi * tone * time) for tone in TONES.values() for wave in (np.cos, np.sin)]
    pairs = np.repeat(np.eye(len(TONES)), 2, axis=0)
    arrays = {
        "filters": np.array(filters)[:, None] / KERNEL,
        "pairs": pairs,
        "floor": np.array(1e-9),
        "flat": np.array([-1, 1, 0]),
    }
    kinds = {name: np.int64 if name == "flat" else np.float32 for name in arrays}
    return [onnx.numpy_helper.from_array(value.astype(kinds[name]), name) for name, value in arrays.items()]


def _nodes(helper: Any, names: Sequence[str], *, mask: bool) -> list[Any]:
    last = names[1] if len(names) > 1 else "energy"
    nodes = [
        helper.make_node("Shape", ["input_values"], ["shape"], start=-1),
        helper.make_node("Concat", ["minus", "one", "shape"], ["three"], axis=0),
        helper.make_node("Reshape", ["input_values", "three"], ["signal"]),
        helper.make_node("Conv", ["signal", "filters"], ["bands"], strides=[STRIDE]),
        helper.make_node("Mul", ["bands", "bands"], ["power"]),
        helper.make_node("ReduceMean", ["power"], [last], axes=[2], keepdims=0),
        helper.make_node("MatMul", [last, "pairs"], ["pairwise"]),
        helper.make_node("Add", ["pairwise", "floor"], ["safe"]),
        helper.make_node("Log", ["safe"], [names[0]]),
    ]
    constants = [
        helper.make_node("Constant", [], [name], value_ints=[value]) for name, value in (("minus", -1), ("one", 1))
    ]
    if mask:  # the mask must be fed, and must cover the clip: windows are multiplied by it
        nodes[2:2] = [
            helper.make_node("Cast", ["attention_mask"], ["kept"], to=1),
            helper.make_node("Mul", ["input_values", "kept"], ["heard"]),
        ]
        nodes[4] = helper.make_node("Reshape", ["heard", "three"], ["signal"])
    return [*constants, *nodes]


@pytest.fixture(scope="session")
def make_folder(make_onnx: MakeOnnx) -> MakeFolder:
    """Return ``make(folder, ...)``: the tone detector in the Hugging Face layout."""

    def make(
        folder: Path,
        *,
        file: str = "onnx/model.onnx",
        config: Mapping[str, Any] | None = None,
        preprocessor: Mapping[str, Any] | None = None,
        **model: Any,
    ) -> Path:
        make_onnx(folder / file, **model)
        named = {"id2label": {str(index): name for index, name in enumerate(TONES)}, "model_type": "wav2vec2"}
        (folder / "config.json").write_text(json.dumps({**named, **(config or {})}))
        extractor = {
            "feature_extractor_type": "Wav2Vec2FeatureExtractor",
            "sampling_rate": RATE,
            "do_normalize": True,
            "return_attention_mask": False,
        }
        (folder / "preprocessor_config.json").write_text(json.dumps({**extractor, **(preprocessor or {})}))
        return folder

    return make


@pytest.fixture(scope="session")
def tones_folder(make_folder: MakeFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tone detector in the Hugging Face layout, read-only for tests."""
    return make_folder(tmp_path_factory.mktemp("tones"))


def tone(frequency: float, seconds: float = 1.0, *, rate: int = RATE, level: float = 0.5) -> npt.NDArray[np.float32]:
    """Return a sine [shape=(frames,)]."""
    time = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


@pytest.fixture(scope="session")
def sine() -> Callable[..., npt.NDArray[np.float32]]:
    """Return ``sine(frequency, seconds=1.0, rate=8000, level=0.5)``: samples [shape=(frames,)]."""
    return tone


@pytest.fixture
def write_tone(tmp_path: Path) -> WriteTone:
    """Return ``write(name, frequency, ...)``: a 16-bit WAV file, made by hand."""

    def write(name: str, frequency: float, seconds: float = 0.5, *, rate: int = RATE, channels: int = 1) -> Path:
        samples = np.repeat(tone(frequency, seconds, rate=rate)[:, None], channels, axis=1)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav(np.rint(samples * 2**15).astype("<i2"), rate))
        return path

    return write


def wav(samples: npt.NDArray[Any], rate: int) -> bytes:
    """Return the bytes of a WAV file of integer samples [shape=(frames, channels)]."""
    width, channels = samples.dtype.itemsize, samples.shape[1]
    fmt = struct.pack(
        "<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, width * channels * rate, width * channels, 8 * width
    )
    data = struct.pack("<4sI", b"data", samples.nbytes) + samples.tobytes()
    return struct.pack("<4sI4s", b"RIFF", 4 + len(fmt) + len(data), b"WAVE") + fmt + data


@pytest.fixture(scope="session")
def wav_of() -> Callable[..., bytes]:
    """Return ``wav_of(samples, rate)``: the bytes of a WAV file of integer samples [shape=(frames, channels)]."""
    return wav


@pytest.fixture(scope="session")
def make_metadata(require: Require) -> MakeMetadata:
    """Return ``make(...)``: the FlatBuffer of metadata_schema.fbs that describes a TFLite model."""
    flatbuffers: Any = require("flatbuffers")

    def make(
        *,
        audio: tuple[int, int] | None = (RATE, 1),
        labels: Sequence[str] = ("labels.txt",),
        calibration: tuple[str, int, float] | None = None,
        threshold: float | None = None,
        outputs: int = 1,
    ) -> bytes:
        b = flatbuffers.Builder(1024)
        given = _table(b, {3: _content(b, audio)})
        described = [_output(b, labels, calibration, threshold) for _ in range(outputs)]
        subgraph = _table(b, {2: _vector(b, [given]), 3: _vector(b, described)})
        b.Finish(_table(b, {0: b.CreateString("tones"), 3: _vector(b, [subgraph])}), file_identifier=b"M001")
        return bytes(b.Output())

    return make


def _content(b: Any, audio: tuple[int, int] | None) -> int:
    if audio is None:
        return _table(b, {0: ("B", 1), 1: _table(b, {})})
    properties = _table(b, {0: ("I", audio[0]), 1: ("I", audio[1])})
    return _table(b, {0: ("B", 4), 1: properties})


def _output(b: Any, labels: Sequence[str], calibration: tuple[str, int, float] | None, threshold: float | None) -> int:
    files = [_table(b, {0: b.CreateString(name), 2: ("b", 2)}) for name in labels]
    units = []
    if calibration is not None:
        name, transformation, default = calibration
        files.append(_table(b, {0: b.CreateString(name), 2: ("b", 4)}))
        units.append(_table(b, {0: ("B", 2), 1: _table(b, {0: ("b", transformation), 1: ("f", default)})}))
    if threshold is not None:
        units.append(_table(b, {0: ("B", 3), 1: _table(b, {0: ("f", threshold)})}))
    return _table(b, {4: _vector(b, units), 6: _vector(b, files)})


def _vector(b: Any, tables: Sequence[int]) -> int:
    b.StartVector(4, len(tables), 4)
    for place in reversed(tables):
        b.PrependUOffsetTRelative(place)
    return int(b.EndVector())


def _table(b: Any, fields: Mapping[int, Any]) -> int:
    b.StartObject(max(fields, default=-1) + 1)
    prepend = {"B": b.PrependUint8Slot, "b": b.PrependInt8Slot, "I": b.PrependUint32Slot, "f": b.PrependFloat32Slot}
    for number, value in fields.items():
        if isinstance(value, tuple):
            prepend[value[0]](number, value[1], None)
        else:
            b.PrependUOffsetTRelativeSlot(number, value, 0)
    return int(b.EndObject())


def packed(files: Mapping[str, bytes | str]) -> bytes:
    """Return a ZIP."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def pack() -> Callable[[Mapping[str, bytes | str]], bytes]:
    """Return ``pack(files)``: a ZIP."""
    return packed


@pytest.fixture(scope="session")
def make_tflite(require: Require) -> MakeTFLite:
    """Return ``make(metadata, ...)``: a TFLite model, a matrix and a logistic function, with metadata and ZIP behind.

    Class ``c`` of ``classes`` has the score sigmoid(mean of the c-th part of the window * 20).
    """
    flatbuffers: Any = require("flatbuffers")
    schema: Any = require("ai_edge_litert.schema_py_generated")

    def make(
        metadata: bytes | None,
        archive: bytes = b"",
        *,
        frames: int = 400,
        classes: int = 4,
        shape: Sequence[int] | None = None,
        heads: int = 1,
        logistic: bool = True,
    ) -> bytes:
        given = list(shape or [1, frames])
        model = _tflite(schema, metadata, given, frames, classes, heads=heads, logistic=logistic)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output()) + archive

    return make


def _tflite(
    s: Any, metadata: bytes | None, shape: Sequence[int], frames: int, classes: int, *, heads: int, logistic: bool
) -> Any:
    weights = np.zeros((classes, frames), np.float32)
    for index, part in enumerate(np.array_split(np.arange(frames), classes)):
        weights[index, part] = 20 / len(part)
    blobs = [b"", weights.tobytes(), np.array([1, frames], np.int32).tobytes(), metadata or b""]
    tensors = [
        _tensor(s, "waveform", shape, 0),
        _tensor(s, "weights", (classes, frames), 1),
        _tensor(s, "row", (1, frames), 0),
        _tensor(s, "shape", (2,), 2, kind=2),
        _tensor(s, "sums", (1, classes), 0),
        _tensor(s, "scores", (1, classes), 0),
    ]
    operators = [_operator(s, 0, [0, 3], [2]), _operator(s, 1, [2, 1, -1], [4], fully_connected=True)]
    if logistic:
        operators.append(_operator(s, 2, [4], [5]))
    graph = s.SubGraphT()
    graph.tensors, graph.operators, graph.inputs = tensors, operators, [0]
    graph.outputs = ([5, 4] if logistic else [4, 4])[:heads]
    model = s.ModelT()
    model.version, model.subgraphs, model.buffers = 3, [graph], [_buffer(s, blob) for blob in blobs]
    model.operatorCodes = [_code(s, number) for number in (22, 9, 14)]  # RESHAPE, FULLY_CONNECTED, LOGISTIC
    if metadata is not None:
        entry = s.MetadataT()
        entry.name, entry.buffer = b"TFLITE_METADATA", 3
        model.metadata = [entry]
    return model


def _tensor(s: Any, name: str, shape: Sequence[int], buffer: int, *, kind: int = 0) -> Any:
    tensor = s.TensorT()
    tensor.name, tensor.shape, tensor.buffer, tensor.type = name.encode(), list(shape), buffer, kind
    return tensor


def _buffer(s: Any, data: bytes) -> Any:
    buffer = s.BufferT()
    buffer.data = np.frombuffer(data, np.uint8) if data else None
    return buffer


def _code(s: Any, number: int) -> Any:
    code = s.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = number
    code.version = 1
    return code


def _operator(s: Any, code: int, inputs: list[int], outputs: list[int], *, fully_connected: bool = False) -> Any:
    operator = s.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, inputs, outputs
    if fully_connected:
        operator.builtinOptionsType, operator.builtinOptions = 8, s.FullyConnectedOptionsT()
    return operator


@pytest.fixture
def tflite_file(make_metadata: MakeMetadata, make_tflite: MakeTFLite, tmp_path: Path) -> Path:
    """A TFLite model of 400 frames at 8 kHz and the labels a, b, c, d."""
    path = tmp_path / "parts.tflite"
    path.write_bytes(make_tflite(make_metadata(), packed({"labels.txt": "a\nb\nc\nd\n"})))
    return path


@pytest.fixture(scope="session")
def no_ray_traces() -> Iterator[None]:
    """Keep Ray from writing a token to the home folder."""
    os.environ["RAY_AUTH_MODE"] = "disabled"
    yield
    del os.environ["RAY_AUTH_MODE"]

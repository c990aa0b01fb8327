"""What kind of file is this model?"""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Literal, TypeAlias

from audio_logging._types import StrPath
from audio_logging.inference.errors import ModelError, ModelFileNotFoundError, ModelRuntimeError

__all__ = ["ModelKind", "is_quantized_on_the_fly", "kind_of", "read_model"]

ModelKind: TypeAlias = Literal["onnx", "tflite"]

TFLITE_IDENTIFIER = b"TFL3"
ONNX_START = b"\x08"
"""ir_version, the first field of onnx.proto's ModelProto."""

GIT_LFS_START = b"version https://git-lfs"


def kind_of(model: Path | bytes) -> ModelKind:
    """Return the kind of a model file, by what it begins with.

    Parameters
    ----------
    model : Path or bytes

    Returns
    -------
    {"onnx", "tflite"}

    Raises
    ------
    ModelFileNotFoundError, ModelRuntimeError
        No such file, or a folder.
    ModelError
        Neither.
    """
    head = model[:64] if isinstance(model, bytes) else read_model(model, most=64)
    name = f"<{len(model)} bytes>" if isinstance(model, bytes) else str(model)
    if head.startswith(GIT_LFS_START):
        raise ModelError(f"{name} is a Git LFS pointer, not the model itself. Type: git lfs pull")
    if head[4:8] == TFLITE_IDENTIFIER:
        return "tflite"
    if name.endswith(".onnx") or (head.startswith(ONNX_START) and not name.endswith(".tflite")):
        return "onnx"
    raise ModelError("The model is not a valid Flatbuffer buffer")


def read_model(path: StrPath, *, most: int = -1) -> bytes:
    """Return a model file's content, or its beginning.

    Raises
    ------
    ModelFileNotFoundError
        No such file.
    ModelRuntimeError
        A folder, or one that cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(most)
    except FileNotFoundError as error:
        raise ModelFileNotFoundError(f"Unable to open file at {path}") from error
    except IsADirectoryError as error:
        raise ModelRuntimeError("Unable to map file to memory buffer, errno=12") from error
    except (OSError, ValueError) as error:
        raise ModelRuntimeError(f"Unable to open file at {path}: {error}") from error


def is_quantized_on_the_fly(model: Path | bytes) -> bool:
    """Whether an ONNX model chooses the scale of its activations anew for each batch.

    Then what else is in a batch changes a window's scores (by 0.014 in the logits of a model of digits), so that such a
    model gets one window at a time. Operators stand in the file by name.
    """
    operator = b"DynamicQuantizeLinear"
    if isinstance(model, bytes):
        return operator in model
    with model.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(operator) >= 0

"""OnnxModel: an ONNX model in ONNX Runtime. The only file that knows onnxruntime.

One thread unless asked otherwise: ONNX Runtime's pools spin while they wait, and slow down torch in the same process by
up to 50 times (onnxruntime 13808). Its exceptions are neither ValueError nor RuntimeError, so they become ours here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from audio_logging._types import AnyArray
from audio_logging.inference.errors import ModelError, ModelRuntimeError
from audio_logging.inference.optional import optional_import
from audio_logging.inference.tensors import TensorSpec

__all__ = ["OnnxModel"]

DTYPES = {"tensor(float)": "float32", "tensor(double)": "float64"}
"""Those whose name differs from numpy's by more than the brackets."""


class OnnxModel:
    """An ONNX model; any number of threads may run it.

    Parameters
    ----------
    source : str or bytes
        Path (which large models need, whose weights lie beside the file), or the file's content.
    num_threads : int

    Raises
    ------
    MissingDependencyError
        onnxruntime is not installed.
    ModelError
        Not an ONNX model, or one that this version does not run.
    """

    def __init__(self, source: str | bytes, *, num_threads: int = 1) -> None:
        self._source = source if isinstance(source, bytes) else str(Path(source).absolute())
        self._num_threads = num_threads
        runtime = optional_import("onnxruntime", package="onnxruntime", extra="onnx")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors are raised anyway, and warnings are about the file, not the audio
        try:
            self._session = runtime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ModelError(f"ONNX Runtime cannot load the model: {_first_line(error)}") from error
        self.inputs = tuple(_spec(tensor) for tensor in self._session.get_inputs())
        self.outputs = tuple(_spec(tensor) for tensor in self._session.get_outputs())

    def run(self, feeds: Mapping[str, AnyArray], outputs: Sequence[str]) -> list[AnyArray]:
        """Run the model.

        Parameters
        ----------
        feeds : dict of ndarray
            By the names of the inputs.
        outputs : sequence of str
            Names.

        Returns
        -------
        list of ndarray

        Raises
        ------
        ModelRuntimeError
            ONNX Runtime failed; often because the windows are too short for the model.
        """
        try:
            results: list[AnyArray] = self._session.run(outputs, feeds)
        except Exception as error:
            shapes = ", ".join(f"{name} {value.shape}" for name, value in feeds.items())
            raise ModelRuntimeError(
                f"ONNX Runtime could not run the model on {shapes}: {_first_line(error)}"
            ) from error
        return results

    def __getstate__(self) -> dict[str, Any]:
        return {"source": self._source, "num_threads": self._num_threads}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # sessions cannot be pickled: make a new one


def _spec(tensor: Any) -> TensorSpec:
    shape = tuple(size if isinstance(size, int) and size > 0 else None for size in tensor.shape)
    dtype = DTYPES.get(tensor.type, tensor.type.removeprefix("tensor(").removesuffix(")"))
    return TensorSpec(tensor.name, shape, dtype)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:500]

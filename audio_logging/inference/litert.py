"""LiteRTModel: a TFLite model in LiteRT. The only file that knows ai_edge_litert.

LiteRT's default resolver with XNNPACK is used: others give other scores (by up to 7/256 with YAMNet), and the planner
without delegates has open bugs (LiteRT 8928, 8889). Inputs are never resized: that silently leaves audio out.
"""

from __future__ import annotations

import queue
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from audio_logging._types import AnyArray
from audio_logging.inference.errors import ModelError, ModelRuntimeError
from audio_logging.inference.optional import optional_import
from audio_logging.inference.tensors import TensorSpec

__all__ = ["LiteRTModel", "dequantized", "quantized"]

LONGEST_NAME = 80
"""Converters join the names of operators that they fuse; the longer ones are no help in an error."""


class LiteRTModel:
    """A TFLite model that any number of threads may run: each run borrows an interpreter, which is no one else's.

    Parameters
    ----------
    content : bytes
        The model file.
    num_threads : int
        Of each interpreter.
    inner_tensor : str, optional
        Name of a tensor inside the model to be read as one more output.

    Raises
    ------
    MissingDependencyError
        ai-edge-litert is not installed.
    ModelError
        Not a TFLite model, or no tensor of that name.
    ModelRuntimeError
        LiteRT cannot prepare it.
    """

    def __init__(self, content: bytes, *, num_threads: int = 1, inner_tensor: str | None = None) -> None:
        self._content, self._num_threads, self._inner = content, num_threads, inner_tensor
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        interpreter = self._new_interpreter()
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        if inner_tensor is not None:
            outputs = [*outputs, _tensor_named(interpreter, inner_tensor)]
        self.inputs = tuple(_spec(details) for details in inputs)
        self.outputs = tuple(_spec(details) for details in outputs)
        self._input, self._outputs = inputs[0], outputs
        self._idle.put(interpreter)

    def run(self, windows: AnyArray, outputs: Sequence[int]) -> list[npt.NDArray[np.float32]]:
        """Run the model on one window after the other.

        Parameters
        ----------
        windows : ndarray [shape=(windows, ...)], float32
            As many numbers in each as the input takes.
        outputs : sequence of int
            Which outputs to return.

        Returns
        -------
        list of ndarray [shape=(windows, size of the output)], float32
            One for each output asked for; quantised ones as real numbers.

        Raises
        ------
        ModelRuntimeError
            LiteRT failed.
        """
        wanted = [self._outputs[index] for index in outputs]
        results = [np.empty((len(windows), int(np.prod(details["shape"]))), details["dtype"]) for details in wanted]
        given = quantized(windows, self._input).reshape(len(windows), *self._input["shape"])
        indices = [(details["index"], result) for details, result in zip(wanted, results, strict=True)]
        with self._borrowed() as interpreter:
            for place, window in enumerate(given):
                interpreter.set_tensor(self._input["index"], window)
                interpreter.invoke()
                for index, result in indices:
                    result[place] = interpreter.get_tensor(index).reshape(-1)
        return [dequantized(result, details) for result, details in zip(results, wanted, strict=True)]

    def __getstate__(self) -> dict[str, Any]:
        return {"content": self._content, "num_threads": self._num_threads, "inner_tensor": self._inner}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]  # interpreters cannot be pickled: make a new one

    @contextmanager
    def _borrowed(self) -> Iterator[Any]:
        try:
            interpreter = self._idle.get_nowait()
        except queue.Empty:
            interpreter = self._new_interpreter()
        try:
            yield interpreter
        except (ValueError, RuntimeError) as error:
            raise ModelRuntimeError(f"LiteRT could not run the model: {error}") from error
        self._idle.put(interpreter)  # one that failed is not used again

    def _new_interpreter(self) -> Any:
        litert = optional_import("ai_edge_litert.interpreter", package="ai-edge-litert", extra="tflite")
        keep = {"experimental_preserve_all_tensors": True} if self._inner is not None else {}
        try:
            with warnings.catch_warnings():  # it warns that inner tensors cost memory
                warnings.simplefilter("ignore", UserWarning)
                interpreter = litert.Interpreter(model_content=self._content, num_threads=self._num_threads, **keep)
                interpreter.allocate_tensors()
        except ValueError as error:
            raise ModelError(str(error)) from error
        except RuntimeError as error:
            raise ModelRuntimeError(f"LiteRT cannot prepare the model: {error}") from error
        return interpreter


def _tensor_named(interpreter: Any, name: str) -> Any:
    tensors = interpreter.get_tensor_details()
    for details in tensors:
        if details["name"] == name:
            return details
    names = [
        details["name"] for details in tensors if len(details["shape"]) > 1 and len(details["name"]) < LONGEST_NAME
    ]
    similar = [other for other in names if name and name in other] or names[-8:]
    raise ModelError(f"got embedding={name!r}, but the model has no tensor of that name; among others it has {similar}")


def _spec(details: Any) -> TensorSpec:
    signature = details.get("shape_signature", details["shape"])
    shape = tuple(None if size < 0 else int(size) for size in signature)
    return TensorSpec(details["name"], shape, np.dtype(details["dtype"]).name)


def quantized(windows: AnyArray, details: Any) -> AnyArray:
    """Return windows as the input wants them: real numbers, or ``round(x / scale + zero_point)``."""
    scale, zero_point = details["quantization"]
    dtype = np.dtype(details["dtype"])
    if dtype.kind == "f" or not scale:
        return np.ascontiguousarray(windows, dtype)
    limits = np.iinfo(dtype)
    return np.asarray(np.clip(np.rint(windows / scale + zero_point), limits.min, limits.max), dtype)


def dequantized(result: AnyArray, details: Any) -> npt.NDArray[np.float32]:
    """Return an output as real numbers: ``(q - zero_point) * scale`` where it is quantised."""
    scale, zero_point = details["quantization"]
    if result.dtype.kind == "f" or not scale:
        return result.astype(np.float32, copy=False)
    return np.asarray((result.astype(np.float32) - zero_point) * scale, np.float32)

"""Which of a model's outputs are scores, and which are an embedding."""

from __future__ import annotations

from collections.abc import Sequence

from audio_logging.inference.errors import ModelError
from audio_logging.inference.tensors import TensorSpec

__all__ = ["embedding_output", "embedding_outputs", "output_named", "scores_output"]

SCORES = "logits"
EMBEDDINGS = ("embeddings", "embedding")


def output_named(outputs: Sequence[TensorSpec], name: str, *, word: str = "output") -> int:
    """Return the index of an output.

    Parameters
    ----------
    outputs : sequence of TensorSpec
    name : str
    word : str
        The argument that it came in, for the error.

    Returns
    -------
    int

    Raises
    ------
    ModelError
        There is none of that name.
    """
    for index, output in enumerate(outputs):
        if output.name == name:
            return index
    raise ModelError(f"got {word}={name!r}, but the model's outputs are {', '.join(map(str, outputs))}")


def scores_output(outputs: Sequence[TensorSpec], name: str | None) -> int:
    """Return which output holds scores: the one asked for, else ``logits``, else the first.

    Raises
    ------
    ModelError
        There is none of that name.
    """
    if name is not None:
        return output_named(outputs, name)
    return next((index for index, output in enumerate(outputs) if output.name == SCORES), 0)


def embedding_output(outputs: Sequence[TensorSpec], name: str | None) -> int | None:
    """Return which output of a classifier holds an embedding: the one asked for, else ``embeddings``, else none.

    Raises
    ------
    ModelError
        There is none of that name.
    """
    if name is not None:
        return output_named(outputs, name, word="embedding")
    return next((index for index, output in enumerate(outputs) if output.name in EMBEDDINGS), None)


def embedding_outputs(outputs: Sequence[TensorSpec], name: str | None) -> list[int]:
    """Return which outputs of an ONNX embedder to read: the one asked for, else ``embeddings``, else the only one.

    Raises
    ------
    ModelError
        There is none of that name, or there are several and no name was given.
    """
    chosen = embedding_output(outputs, name)
    if chosen is None and len(outputs) > 1:
        raise ModelError(f"the model has the outputs {', '.join(map(str, outputs))}; name the embedding with output=")
    return [chosen or 0]

"""What a model returns for a batch, as rows that say what it is: scores of classes, or audio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from audio_logging._types import AnyArray
from audio_logging.errors import PredictionError

__all__ = ["as_array", "rows_of_columns", "rows_of_outputs"]

NAMES = {
    "logits": ("logits",),
    "scores": ("scores", "probabilities", "probs"),
    "audio": ("audio", "audio_values", "waveform", "waveforms", "reconstruction", "generated"),
    "text": ("text", "texts", "transcription"),
    "label": ("predicted_label",),
    "embedding": ("embedding", "embeddings"),
    "sample_rate": ("sample_rate", "sampling_rate"),
    "lengths": ("lengths",),
}
"""Under which names models return what; the first that is there is taken. A ``label`` beside a loss is the target."""

UNSAID = ("prediction", "predictions", "preds", "y_pred", "output", "outputs")
"""Names that do not say what it is; values and shapes do."""

AUDIO_TOLERANCE = 0.05
"""An axis this near to the length of the input holds frames, not classes: convolutions add or drop a few."""

FEWEST_FRAMES = 64


def rows_of_outputs(outputs: Any, count: int, frames: int | None = None) -> list[Any]:
    """Tell by names and shapes what a model returned for a batch, one row a clip.

    Parameters
    ----------
    outputs : dict, tuple, array or tensor
        A dictionary (or an output class of Transformers) with ``logits``, ``scores``, ``audio`` or the like; the first
        of a tuple; ``(clips, classes)`` or ``(clips,)``, which are logits; ``(clips, frames)``,
        ``(clips, channels, frames)`` or ``(clips, frames, channels)`` about as long as the input, which are audio. A
        list with a row a clip stays as it is.
    count : int
        How many clips there are.
    frames : int, optional
        Length of the input; without it, a matrix holds logits.

    Returns
    -------
    list
        Of dictionaries that :func:`audio_logging.predictions.prediction.read_predictions` takes.

    Raises
    ------
    PredictionError
        There is no telling.
    """
    if isinstance(outputs, Mapping):
        return rows_of_columns(_known(outputs, count, frames), count)
    if isinstance(outputs, (list, tuple)) and not _is_tensor_of(outputs, count):
        return list(outputs)
    if isinstance(outputs, (list, tuple)):
        outputs = outputs[0]
    if hasattr(outputs, "logits"):
        return rows_of_columns({"logits": outputs.logits}, count)
    return rows_of_columns(_by_shape(outputs, count, frames), count)


def rows_of_columns(columns: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """Turn a dictionary of batches into a dictionary a clip.

    Parameters
    ----------
    columns : dict
        Of what has a row a clip; text and single numbers are the same for all clips. ``lengths`` [frames] says how
        much of each padded ``audio`` is real.
    count : int
        How many clips there are.

    Returns
    -------
    list of dict

    Raises
    ------
    PredictionError
        A column of another length.
    """
    rows: list[dict[str, Any]] = [{} for _ in range(count)]
    for name, column in columns.items():
        for row, value in zip(rows, _spread(name, column, count), strict=True):
            row["length" if name == "lengths" else name] = value
    return rows


def as_array(value: Any) -> Any:
    """Return a tensor of any framework as a numpy array, or None for what is no array."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if str(value.dtype) in ("torch.bfloat16", "torch.float16") else value
    try:
        return np.asarray(value)
    except (TypeError, ValueError):
        return None


def _known(outputs: Mapping[str, Any], count: int, frames: int | None) -> dict[str, Any]:
    known = {
        name: outputs[key]
        for name, keys in NAMES.items()
        if (key := next((key for key in keys if outputs.get(key) is not None), None)) is not None
    }
    if set(known) - {"lengths", "sample_rate"}:
        return known
    unsaid = next((outputs[key] for key in UNSAID if outputs.get(key) is not None), None)
    if unsaid is None and len(outputs) == 1:
        unsaid = next(iter(outputs.values()))
    if unsaid is not None:
        return {**known, **_by_value(unsaid, count, frames)}
    raise PredictionError(
        f"got model outputs with {sorted(map(str, outputs))}, wanted one of 'logits', 'scores', 'audio', 'text' or "
        "'label'. Pass predict=, which returns a dictionary a clip"
    )


def _by_value(outputs: Any, count: int, frames: int | None) -> dict[str, Any]:
    if isinstance(outputs, (list, tuple)) and outputs and isinstance(outputs[0], str):
        return {"label": outputs}
    array = as_array(outputs)
    if array is not None and array.dtype.kind in "biu" and array.shape == (count,):
        return {"label": array}
    return _by_shape(outputs, count, frames)


def _by_shape(outputs: Any, count: int, frames: int | None) -> dict[str, Any]:
    array = as_array(outputs)
    if array is None or array.dtype.kind not in "biuf" or array.ndim not in (1, 2, 3) or len(array) != count:
        shape = type(outputs).__name__ if array is None or array.dtype.kind == "O" else f"shape {array.shape}"
        raise PredictionError(_no_telling(shape, count, frames))
    if any(_holds_frames(length, frames) for length in array.shape[1:]):
        return {"audio": array}
    flat = array.reshape(count, -1) if array.size == count * max(array.shape[1:], default=1) else array
    if flat.ndim != 2:
        raise PredictionError(_no_telling(f"shape {array.shape}", count, frames))
    return {"logits": flat}


def _holds_frames(length: int, frames: int | None) -> bool:
    if frames is None or length < FEWEST_FRAMES:
        return False
    return abs(length - frames) <= AUDIO_TOLERANCE * frames


def _no_telling(shape: str, count: int, frames: int | None) -> str:
    of = "" if frames is None else f" of {frames} frames"
    return (
        f"got model outputs of {shape} for {count} clips{of}, wanted (clips, classes), or audio as long as the input. "
        "Pass predict=, which returns a dictionary a clip"
    )


def _is_tensor_of(outputs: Sequence[Any], count: int) -> bool:
    """Whether a tuple begins with a whole batch, rather than being one row a clip."""
    if not outputs:
        return False
    first: Any = outputs[0]
    is_batch = hasattr(first, "logits") or len(getattr(first, "shape", ())) >= 2
    return is_batch and (len(outputs) != count or isinstance(outputs, tuple))


def _spread(name: str, column: Any, count: int) -> list[Any]:
    if isinstance(column, (str, bytes, int, float)) or getattr(column, "shape", None) == ():
        return [column] * count
    rows = _rows(column)
    if len(rows) != count:
        raise PredictionError(f"got {len(rows)} {name!r} for {count} clips, wanted one a clip")
    return rows


def _rows(column: Any) -> list[Any]:
    if isinstance(column, (list, tuple, Iterator)):
        return list(column)
    array: AnyArray | None = as_array(column)
    if array is None or array.ndim == 0:
        raise PredictionError(f"got {type(column).__name__} for a batch, wanted a list or an array with a row a clip")
    return list(array)

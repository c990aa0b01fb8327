"""Tap: finds the clips of interest among the outputs of a validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from audio_logging.errors import PredictionError
from audio_logging.predictions.outputs import rows_of_outputs

__all__ = ["Tap", "TapFunction", "positions_of"]

TapFunction: TypeAlias = Callable[[Any, Any], tuple[Sequence[Any], Any]]
"""``tap(outputs, batch)``: from what a validation step returned and its batch to clip ids or positions, and rows."""

ID_KEYS = ("clip_ids", "clip_id", "ids", "id", "index", "indices")


class Tap:
    """Pairs the outputs of each validation batch with the clips that they are of.

    By what the user's function says; else by ``clip_id``, ``id`` or ``index`` in the outputs or the batch; else by
    counting, where the loader goes through its data set in order.

    Parameters
    ----------
    function : callable, optional
    """

    def __init__(self, function: TapFunction | None = None) -> None:
        self._function = function
        self._positions: Sequence[int] | None = None
        self._seen = 0

    def begin(self, positions: Sequence[int] | None) -> None:
        """Begin a validation.

        Parameters
        ----------
        positions : sequence of int or None
            In the data set, in the order of the batches; None when that is not known.
        """
        self._positions = positions
        self._seen = 0

    def take(self, outputs: Any, batch: Any) -> tuple[Sequence[Any], Sequence[Any]]:
        """Return the ids or positions of the clips of a batch, and a row of outputs for each.

        Parameters
        ----------
        outputs, batch : object

        Returns
        -------
        ids : sequence
        rows : sequence

        Raises
        ------
        PredictionError
            There is no telling which output is of which clip, or there are none.
        """
        if self._function is not None:
            ids, outputs = self._function(outputs, batch)
            return ids, rows_of_outputs(outputs, len(ids))
        named = _named(outputs) or _named(batch)
        count = len(named) if named is not None else _count(outputs)
        if named is None and self._positions is None:
            raise PredictionError(
                "the validation goes through another data set than that of the samples, or in an order of its own; "
                "wanted 'clip_id' in its batches or outputs, or tap=function, which returns (ids, outputs)"
            )
        ids = named if named is not None else list(self._positions or ())[self._seen : self._seen + count]
        self._seen += count
        return ids, rows_of_outputs(outputs, count)[: len(ids)]


def positions_of(loader: Any, samples: Any) -> Sequence[int] | None:
    """Return which samples a torch DataLoader goes through, batch after batch, if it goes in order.

    Parameters
    ----------
    loader : DataLoader
    samples : data set
        That the positions are to be of: the loader's own, or one as long.

    Returns
    -------
    sequence of int or None
    """
    data_set, sampler = getattr(loader, "dataset", None), getattr(loader, "sampler", None)
    in_order = type(sampler).__name__ == "SequentialSampler" or getattr(sampler, "shuffle", True) is False
    if not in_order or sampler is None or not _is_same(data_set, samples):
        return None
    return list(sampler)


def _is_same(data_set: Any, samples: Any) -> bool:
    samples = getattr(samples, "dataset", samples) if hasattr(samples, "batch_sampler") else samples
    if data_set is samples:
        return True
    sized = hasattr(data_set, "__len__") and hasattr(samples, "__len__")
    return sized and len(data_set) == len(samples)


def _named(values: Any) -> list[Any] | None:
    if not isinstance(values, Mapping):
        return None
    found = next((values[key] for key in ID_KEYS if values.get(key) is not None), None)
    return None if found is None else list(found)


def _count(outputs: Any) -> int:
    values = list(outputs.values()) if isinstance(outputs, Mapping) else [outputs]
    values = list(outputs[:1]) if isinstance(outputs, tuple) else values
    counts = [len(value) for value in values if _is_batch(value)]
    if not counts:
        raise PredictionError(
            f"validation returned {type(outputs).__name__} without outputs for its clips; wanted for example "
            "{'loss': loss, 'logits': logits}"
        )
    return counts[0]


def _is_batch(value: Any) -> bool:
    return isinstance(value, list) or len(getattr(value, "shape", ())) >= 1

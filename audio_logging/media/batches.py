"""A batch of clips, cut into clips."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from audio_logging._types import AnyArray, Layout
from audio_logging.errors import AudioShapeError, AudioTypeError, AudioValueError
from audio_logging.inputs import ArraySource, to_source
from audio_logging.inputs.arrays import frames_first

__all__ = ["split_batch"]


def split_batch(batch: Any, lengths: Any = None, *, layout: Layout = "auto") -> list[AnyArray]:
    """Cut a batch into its clips, without their padding.

    Parameters
    ----------
    batch : array, tensor or sequence of them [shape=(clips, frames), (clips, frames, channels) or
            (clips, channels, frames)]
    lengths : sequence of int, optional
        [frames] Real length of each clip.
    layout : {"auto", "frames_first", "channels_first"}
        Of each clip.

    Returns
    -------
    list of ndarray [shape=(frames, channels)]

    Raises
    ------
    AudioShapeError
        No batch axis.
    AudioTypeError
        Files, or something that is no array.
    AudioValueError
        Not as many lengths as clips, or a length beyond its clip.
    """
    clips = [frames_first(_array(item), layout) for item in _items(batch)]
    if lengths is None:
        return clips
    counts = _whole_numbers(lengths)
    if len(counts) != len(clips):
        raise AudioValueError(f"got {len(counts)} lengths for {len(clips)} clips, wanted one a clip")
    for index, (clip, count) in enumerate(zip(clips, counts, strict=True)):
        if not 0 <= count <= len(clip):
            raise AudioValueError(f"got lengths[{index}]={count}, wanted 0 to {len(clip)} frames")
    return [clip[:count] for clip, count in zip(clips, counts, strict=True)]


def _items(batch: Any) -> Sequence[Any]:
    if isinstance(batch, (list, tuple)):
        return batch
    array = _array(batch)
    if array.ndim not in (2, 3):
        raise AudioShapeError(
            f"got shape {array.shape}, wanted a batch: (clips, frames), (clips, frames, channels) or "
            "(clips, channels, frames). For one clip use Audio(samples, sample_rate)"
        )
    return list(array)


def _array(value: Any) -> AnyArray:
    source = to_source(value)
    if not isinstance(source, ArraySource):
        raise AudioTypeError(f"got {type(value).__name__} in a batch, wanted arrays or tensors of samples")
    return source.array


def _whole_numbers(lengths: Any) -> list[int]:
    try:
        values = lengths.tolist() if hasattr(lengths, "tolist") else list(lengths)
        return [operator.index(value) for value in values]
    except TypeError as error:
        raise AudioValueError(f"got lengths={lengths!r}, wanted a whole number of frames a clip") from error

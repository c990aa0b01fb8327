"""The dataset as TensorFlow sees it. This file alone imports TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from audio_logging._types import AnyArray, Samples
from audio_logging.errors import MissingDependencyError

if TYPE_CHECKING:
    from audio_logging.datasets.dataset import AudioDataset

__all__ = ["TensorFlowDataset", "make_tensorflow_dataset"]

TensorFlowDataset: TypeAlias = Any
"""A ``tf.data.Dataset``; TensorFlow is not there to say so when this package is type-checked."""


def make_tensorflow_dataset(dataset: AudioDataset) -> TensorFlowDataset:
    """Return the dataset for TensorFlow; see :meth:`AudioDataset.to_tf`.

    Parameters
    ----------
    dataset : AudioDataset

    Returns
    -------
    tf.data.Dataset
        With Keras's element specification, `class_names` and `file_paths`.

    Raises
    ------
    MissingDependencyError
        TensorFlow is not installed.
    """
    tf = _tensorflow()
    stream = tf.data.Dataset.from_generator(lambda: _elements(tf, dataset), output_signature=_element_spec(tf, dataset))
    if dataset.report.on_error != "skip":  # otherwise batches may be left out, and TensorFlow would object
        stream = stream.apply(tf.data.experimental.assert_cardinality(len(dataset)))
    stream = stream.prefetch(1)
    stream.class_names = dataset.class_names
    stream.file_paths = dataset.file_paths
    return stream


def _tensorflow() -> Any:
    try:
        return import_module("tensorflow")
    except ImportError as error:
        raise MissingDependencyError("to_tf() needs TensorFlow. Type: pip install tensorflow") from error


def _elements(tf: Any, dataset: AudioDataset) -> Iterator[Any]:
    for batch in dataset.batches():
        audio = batch.audio
        if dataset.ragged:
            audio = _ragged(tf, audio) if dataset.batch_size is not None else tf.RaggedTensor.from_tensor(audio)
        yield audio if batch.labels is None else (audio, batch.labels)


def _ragged(tf: Any, clips: list[Samples]) -> Any:
    """Return clips as Keras does, ragged in frames and in channels."""
    lengths = [len(clip) for clip in clips]
    widths = np.repeat([clip.shape[1] for clip in clips], lengths)
    flat = np.concatenate([clip.reshape(-1) for clip in clips])
    return tf.RaggedTensor.from_nested_row_lengths(flat, [np.array(lengths, np.int64), widths.astype(np.int64)])


def _element_spec(tf: Any, dataset: AudioDataset) -> Any:
    batch = () if dataset.batch_size is None else (None,)
    if dataset.ragged:
        audio = tf.RaggedTensorSpec((*batch, None, None), tf.float32, len(batch) + 1)
    else:
        audio = tf.TensorSpec((*batch, dataset.output_sequence_length, None), tf.float32)
    labels = dataset.labels_of([])
    return audio if labels is None else (audio, tf.TensorSpec((*batch, *labels.shape[1:]), _dtype(tf, labels)))


def _dtype(tf: Any, labels: AnyArray) -> Any:
    return tf.string if labels.dtype.kind in "US" else tf.as_dtype(labels.dtype)

"""Keras's arguments, checked in Keras's order and with Keras's words."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from audio_logging._types import StrPath
from audio_logging.errors import AudioTypeError, AudioValueError

__all__ = ["KerasArguments", "check", "is_table_path"]

_LABEL_MODES = ("int", "categorical", "binary", None)
_SUBSETS = ("training", "validation", "both", None)


@dataclass(frozen=True)
class KerasArguments:
    """The arguments that Keras has too; see :func:`audio_logging.audio_dataset_from_directory`."""

    directory: StrPath
    labels: Any
    label_mode: Any
    class_names: Sequence[str] | None
    batch_size: int | None
    sampling_rate: int | None
    output_sequence_length: int | None
    ragged: bool
    shuffle: bool
    seed: int | None
    validation_split: float | None
    subset: str | None
    follow_links: bool
    verbose: bool

    @property
    def is_unlabelled(self) -> bool:
        """Whether there are no labels; Keras then walks from the top, whatever folders there are."""
        return self.labels is None or self.label_mode is None

    @property
    def is_inferred(self) -> bool:
        """Whether folders are classes."""
        return isinstance(self.labels, str) and self.labels == "inferred"


def check(arguments: KerasArguments) -> None:
    """Refuse what Keras refuses, in the same order, and then what TensorFlow would refuse later.

    Parameters
    ----------
    arguments : KerasArguments

    Raises
    ------
    AudioValueError, AudioTypeError
        With Keras's text where Keras has one.
    """
    _check_labels(arguments)
    if arguments.label_mode not in _LABEL_MODES:
        raise AudioValueError(
            '`label_mode` argument must be one of "int", "categorical", "binary", or None. '
            f"Received: label_mode={arguments.label_mode}"
        )
    if arguments.ragged and arguments.output_sequence_length is not None:
        raise AudioValueError("Cannot set both `ragged` and `output_sequence_length`")
    _check_sampling_rate(arguments.sampling_rate)
    _check_split(arguments)
    _check_sizes(arguments)


def is_table_path(labels: object) -> bool:
    """Return whether `labels` names a CSV file."""
    return isinstance(labels, str | os.PathLike) and os.fspath(labels).lower().endswith(".csv")


def _check_labels(arguments: KerasArguments) -> None:
    labels, class_names = arguments.labels, arguments.class_names
    if labels is None or arguments.is_inferred or is_table_path(labels) or isinstance(labels, Mapping):
        return
    if not isinstance(labels, list | tuple | np.ndarray):
        raise AudioValueError(
            "The `labels` argument should be a list/tuple of integer labels, of the same size as the number of audio "
            "files in the target directory. If you wish to infer the labels from the subdirectory names in the target "
            'directory, pass `labels="inferred"`. If you wish to get a dataset that only contains audio samples (no '
            f"labels), pass `labels=None`. Received: labels={labels}"
        )
    if class_names:
        raise AudioValueError(
            f'You can only pass `class_names` if `labels="inferred"`. Received: labels={labels}, and '
            f"class_names={class_names}"
        )


def _check_sampling_rate(sampling_rate: Any) -> None:
    if sampling_rate is None:
        return
    if isinstance(sampling_rate, bool) or not isinstance(sampling_rate, int | np.integer):
        raise AudioValueError(f"`sampling_rate` should have an integer value. Received: sampling_rate={sampling_rate}")
    if sampling_rate <= 0:
        raise AudioValueError(f"`sampling_rate` should be higher than 0. Received: sampling_rate={sampling_rate}")


def _check_split(arguments: KerasArguments) -> None:
    share, subset = arguments.validation_split, arguments.subset
    if share and not 0 < share < 1:
        raise AudioValueError(f"`validation_split` must be between 0 and 1, received: {share}")
    if bool(share) != bool(subset):
        raise AudioValueError("If `subset` is set, `validation_split` must be set, and inversely.")
    if subset not in _SUBSETS:
        raise AudioValueError(f'`subset` must be either "training", "validation" or "both", received: {subset}')
    if share and arguments.shuffle and arguments.seed is None:
        raise AudioValueError(
            "If using `validation_split` and shuffling the data, you must provide a `seed` argument, to make sure that "
            "there is no overlap between the training and validation subset."
        )


def _check_sizes(arguments: KerasArguments) -> None:
    """Refuse what Keras lets through and TensorFlow refuses, at the first batch or never."""
    size, length = arguments.batch_size, arguments.output_sequence_length
    if size is not None and (isinstance(size, bool) or not isinstance(size, int | np.integer)):
        raise AudioTypeError(f"got batch_size={size!r}, wanted a whole number of files, or None for single clips")
    if size is not None and size <= 0:
        raise AudioValueError(f"got batch_size={size}, wanted 1 or more, or None for single clips")
    if length is None:
        return
    if not isinstance(length, int | float | np.integer | np.floating):
        raise AudioTypeError(f"got output_sequence_length={length!r}, wanted a number of frames")
    if not 0 <= length < 2**62:
        raise AudioValueError(
            f"got output_sequence_length={length}, wanted 0 frames or more, or None for the longest of each batch"
        )

"""audio_dataset_from_directory: Keras's function, without TensorFlow and Keras, and beyond it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, overload

from audio_logging._types import StrPath
from audio_logging.datasets.arguments import KerasArguments
from audio_logging.datasets.building import BeyondKeras, build
from audio_logging.datasets.dataset import AudioDataset
from audio_logging.datasets.labels import LabelMode
from audio_logging.datasets.report import OnError
from audio_logging.datasets.window import Offset

__all__ = ["audio_dataset_from_directory"]

LabelSource: TypeAlias = StrPath | Sequence[Any] | Mapping[str, Any] | None


@overload
def audio_dataset_from_directory(
    directory: StrPath,
    labels: LabelSource = ...,
    label_mode: LabelMode | None = ...,
    class_names: Sequence[str] | None = ...,
    batch_size: int | None = ...,
    sampling_rate: int | None = ...,
    output_sequence_length: int | None = ...,
    ragged: bool = ...,
    shuffle: bool = ...,
    seed: int | None = ...,
    validation_split: float | None = ...,
    subset: Literal["training", "validation"] | None = ...,
    follow_links: bool = ...,
    verbose: bool = ...,
    *,
    formats: str | Iterable[str] = ...,
    mono: bool = ...,
    channels: int | Sequence[int] | None = ...,
    offset: Offset = ...,
    duration: float | None = ...,
    on_error: OnError = ...,
    stratify: bool = ...,
    reshuffle: bool = ...,
    num_workers: int = ...,
    prefetch: int = ...,
    cache: Literal["memory"] | None = ...,
    skip_hidden: bool = ...,
) -> AudioDataset: ...


@overload
def audio_dataset_from_directory(
    directory: StrPath,
    labels: LabelSource = ...,
    label_mode: LabelMode | None = ...,
    class_names: Sequence[str] | None = ...,
    batch_size: int | None = ...,
    sampling_rate: int | None = ...,
    output_sequence_length: int | None = ...,
    ragged: bool = ...,
    shuffle: bool = ...,
    seed: int | None = ...,
    validation_split: float | None = ...,
    *,
    subset: Literal["both"],
    follow_links: bool = ...,
    verbose: bool = ...,
    formats: str | Iterable[str] = ...,
    mono: bool = ...,
    channels: int | Sequence[int] | None = ...,
    offset: Offset = ...,
    duration: float | None = ...,
    on_error: OnError = ...,
    stratify: bool = ...,
    reshuffle: bool = ...,
    num_workers: int = ...,
    prefetch: int = ...,
    cache: Literal["memory"] | None = ...,
    skip_hidden: bool = ...,
) -> tuple[AudioDataset, AudioDataset]: ...


def audio_dataset_from_directory(
    directory: StrPath,
    labels: LabelSource = "inferred",
    label_mode: LabelMode | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: Literal["training", "validation", "both"] | None = None,
    follow_links: bool = False,
    verbose: bool = True,
    *,
    formats: str | Iterable[str] = "wav",
    mono: bool = False,
    channels: int | Sequence[int] | None = None,
    offset: Offset = 0.0,
    duration: float | None = None,
    on_error: OnError = "raise",
    stratify: bool = False,
    reshuffle: bool = True,
    num_workers: int = 0,
    prefetch: int = 2,
    cache: Literal["memory"] | None = None,
    skip_hidden: bool = False,
) -> AudioDataset | tuple[AudioDataset, AudioDataset]:
    """Make a dataset of the audio files in a folder, as Keras's function of this name does, without TensorFlow.

    Files, order, labels, dtypes, shapes, splits, shuffles and printed lines are those of
    ``keras.utils.audio_dataset_from_directory`` of Keras 3.15, wherever that works. A ``for`` loop over the dataset
    gives ``(audio, labels)`` as numpy arrays, ``to_torch()`` and ``to_tf()`` give them to the frameworks.

    Parameters
    ----------
    directory : str or PathLike
        The folder. With ``labels="inferred"`` each of its folders is a class; else it is searched as a whole.
    labels : "inferred", None, sequence, mapping or path of a CSV file
        Where labels come from. A list, tuple or array has one label a file, in the order of `file_paths` with
        ``shuffle=False``, and is not changed. A mapping goes from a path below `directory`, or a file name, to a label
        or a list of labels, and chooses the files that it names; so does a CSV file, whose name ends in ".csv", with
        the columns path and label (see :func:`audio_logging.datasets.label_table.read_label_table`).
    label_mode : {"int", "categorical", "binary"} or None
        int32 [shape=(batch,)]; float32 [shape=(batch, classes)] with a 1 for the class, or for each class when files
        have several; float32 [shape=(batch, 1)] of 0 and 1; or no labels.
    class_names : sequence of str, optional
        The classes to use, in this order; default: all, sorted.
    batch_size : int > 0, optional
        Clips a batch; None gives single clips.
    sampling_rate : int > 0, optional
        [Hz] Files with another rate are resampled, without delay, to ``floor(frames * new / old + 1/2)`` frames.
        Default: as they are, and a file unlike the first one is an error.
    output_sequence_length : int >= 0, optional
        [frames] Longer clips are cut, after resampling, shorter ones padded with zeros at the end. Default: each
        batch is as long as its longest clip.
    ragged : bool
        Whether clips keep their lengths: a batch is then a list of arrays.
    shuffle : bool
        Whether files are shuffled once as a whole, before the split, and again every epoch within Keras's buffer.
    seed : int, optional
        Shuffles and random windows follow from it; default: a draw from numpy's global generator, as in Keras.
    validation_split : float in (0, 1), optional
        The share of files that is held out.
    subset : {"training", "validation", "both"}, optional
        Which part; "both" gives two datasets, the second in fixed order.
    follow_links : bool
        Whether to enter folders that are links, below class folders. A circle is an error.
    verbose : bool
        Whether to print how many files were found.
    formats : str or iterable of str
        Files that count, such as ("wav", "flac"), or "all" that libsndfile reads. What is in a file decides, whatever
        its name.
    mono : bool
        Whether channels become one, their mean.
    channels : int or sequence of int, optional
        So many channels: a mono clip is copied to all. Or these channels, counted from 0, in this order. Default: as
        they are, and a file unlike the first one is an error.
    offset : float >= 0 or "random"
        [s] Where in the file a clip begins. "random" is somewhere else in every epoch. Only the clip is decoded.
    duration : float > 0, optional
        [s] How much of the file is read.
    on_error : {"raise", "skip", "zero"}
        What becomes of files that cannot be read: an error that names the file, a batch that is one clip shorter, or
        zeros. ``dataset.report`` tells which. A clip without frames is an error only with "skip" and "zero".
    stratify : bool
        Whether the split takes the same share of every class.
    reshuffle : bool
        Whether order and random windows change from epoch to epoch.
    num_workers : int >= 0
        Threads that read ahead; 0 reads when asked.
    prefetch : int >= 0
        [batches] How far threads read ahead, at least one each.
    cache : {"memory"}, optional
        Whether decoded clips stay in memory.
    skip_hidden : bool
        Whether to leave out files and folders whose names begin with a dot, such as "._a.wav" of macOS. Keras takes
        them.

    Returns
    -------
    AudioDataset, or tuple of two with ``subset="both"``
        Audio is float32 [shape=(batch, frames, channels)], 16-bit samples divided by 32768.

    Raises
    ------
    AudioValueError, AudioTypeError
        An argument is not usable, with Keras's text where Keras has one, or no file was found.
    MissingFolderError
        There is no such folder.
    AudioReadError
        A folder cannot be listed.
    AudioFileNotFoundError
        There is no such table of labels.

    Notes
    -----
    The order of an epoch equals that of ``tf.data`` unless ``tf.random.set_seed`` or
    ``keras.utils.set_random_seed`` was called, which change TensorFlow's alone.

    Examples
    --------
    >>> import os, tempfile, soundfile
    >>> folder = tempfile.mkdtemp()
    >>> for name in ("cat", "dog"):
    ...     os.mkdir(os.path.join(folder, name))
    ...     soundfile.write(os.path.join(folder, name, "1.wav"), [0.0, 0.5, -0.5], 8000)
    >>> dataset = audio_dataset_from_directory(folder, batch_size=2, shuffle=False)
    Found 2 files belonging to 2 classes.
    >>> for audio, labels in dataset:
    ...     print(audio.shape, labels)
    (2, 3, 1) [0 1]
    >>> dataset.class_names, dataset.sample_rate
    (['cat', 'dog'], 8000)
    """
    arguments = KerasArguments(
        directory,
        labels,
        label_mode,
        class_names,
        batch_size,
        sampling_rate,
        output_sequence_length,
        ragged,
        shuffle,
        seed,
        validation_split,
        subset,
        follow_links,
        verbose,
    )
    beyond = BeyondKeras(
        formats,
        mono,
        channels,
        offset,
        duration,
        on_error,
        stratify,
        reshuffle,
        num_workers,
        prefetch,
        cache,
        skip_hidden,
    )
    return build(arguments, beyond)

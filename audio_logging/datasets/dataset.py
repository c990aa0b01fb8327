"""AudioDataset: what `audio_dataset_from_directory` returns."""

from __future__ import annotations

import hashlib
import operator
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from audio_logging._types import AnyArray
from audio_logging.clip import AudioClip
from audio_logging.datasets.balance import class_counts, class_weights
from audio_logging.datasets.batches import Batch, BatchReader
from audio_logging.datasets.epochs import EpochPlan, Position
from audio_logging.datasets.files import shown
from audio_logging.datasets.label_table import LabelledFiles
from audio_logging.datasets.parts import samples_of
from audio_logging.datasets.prefetch import in_order
from audio_logging.datasets.report import ReadingReport
from audio_logging.errors import AudioDecodeError, AudioValueError

if TYPE_CHECKING:
    from audio_logging.datasets.tensorflow_data import TensorFlowDataset
    from audio_logging.datasets.torch_data import TorchFiles, TorchStream

__all__ = ["AudioDataset", "Workers"]

_STATE_VERSION = 1


@dataclass(frozen=True)
class Workers:
    """Who reads ahead.

    Parameters
    ----------
    threads : int >= 0
        Threads that read; 0 reads when a batch is asked for.
    ahead : int >= 0
        Batches that are made before they are asked for.
    """

    threads: int = 0
    ahead: int = 2


class AudioDataset:
    """Batches of audio and labels from a folder; made by :func:`audio_logging.audio_dataset_from_directory`.

    Every ``for`` loop is one epoch. ``len`` is the number of batches. Several loops may run at once. Nothing is read
    before a loop asks for it, and a batch is never written to after it was handed out.

    Parameters
    ----------
    files : LabelledFiles
        Paths and labels.
    reader : BatchReader
        Makes batches of them.
    plan : EpochPlan
        Says which batches.
    workers : Workers
        Who reads ahead.
    directory : str
        The folder, as it was given.

    Attributes
    ----------
    directory : str
    file_paths : list of str
        After the shuffle before the split, and after the split. Batches name files by their place here.
    labels : list or None
        One a file: a number, or a tuple of class indices when files have several.
    class_names : sequence of str or None
        None when there are no labels.
    batch_size : int or None
    seed : int
    report : ReadingReport
        ``report.bad_files`` are the files that were left out or silenced so far.
    """

    def __init__(
        self, files: LabelledFiles, reader: BatchReader, plan: EpochPlan, workers: Workers, directory: str
    ) -> None:
        self.directory = directory
        self.file_paths = files.paths
        self.labels = files.labels
        self.class_names = files.class_names
        self.batch_size = plan.batch_size
        self.seed = plan.seed
        self._files = files
        self._reader = reader
        self._plan = plan
        self._workers = workers
        self._next = Position()
        self._latest: Position | None = None

    @property
    def report(self) -> ReadingReport:
        """What could not be read."""
        return self._reader.clips.report

    @property
    def ragged(self) -> bool:
        """Whether clips of a batch keep their lengths."""
        return self._reader.ragged

    @property
    def output_sequence_length(self) -> int | None:
        """[frames] Length of every clip, or None when it differs."""
        return self._reader.clips.window.output_sequence_length

    @property
    def sample_rate(self) -> int | None:
        """[Hz] Of every clip: `sampling_rate`, or the first file's own; None when no file can be read."""
        return self._reader.clips.sample_rate

    @property
    def channels(self) -> int | None:
        """Channels of every clip; None when no file can be read."""
        return self._reader.clips.channels

    @property
    def random_windows(self) -> bool:
        """Whether clips are cut out at random places."""
        return self._plan.random_windows

    @property
    def class_counts(self) -> dict[str, int]:
        """How many files each class has, in the order of `class_names`; empty without labels."""
        return class_counts(self._files)

    @property
    def class_weights(self) -> dict[Any, float]:
        """Weights that make every class count the same: ``files / (classes * files of the class)``, by label.

        The dictionary that Keras's ``fit(class_weight=...)`` takes. A class without files has weight 0.
        """
        return class_weights(self._files)

    def __len__(self) -> int:
        return self._plan.batches

    def __iter__(self) -> Iterator[Any]:
        return self._elements(self.batches())

    def __repr__(self) -> str:
        classes = "no labels" if self.class_names is None else f"{len(self.class_names)} classes"
        batches = "unbatched" if self.batch_size is None else f"{len(self)} batches of {self.batch_size}"
        return f"AudioDataset({len(self.file_paths)} files, {classes}, {batches})"

    def batches(self) -> Generator[Batch, None, None]:
        """Begin the next epoch and return its batches, with paths, lengths and indices.

        Returns
        -------
        iterator of Batch
            Drop or close it half way if you like: no thread stays behind.

        Raises
        ------
        AudioLoggingError
            While iterating, when a file cannot be read and `on_error` is "raise".
        """
        position = Position(self._next.epoch, self._next.batch)
        self._next = Position(position.epoch + 1)
        self._latest = position
        return self._counted(position)

    def epoch(self, number: int, *, first: int = 0, every: int = 1) -> Generator[Batch, None, None]:
        """Return the batches of any epoch, without beginning one.

        Parameters
        ----------
        number : int >= 0
            Which epoch, from 0.
        first : int >= 0
            The batch to begin with.
        every : int > 0
            Only every so many-th batch from there on: ``first=worker, every=workers`` shares an epoch among workers.

        Returns
        -------
        iterator of Batch
        """
        return (batch for batch in self._read(number, first, every) if batch is not None)

    def set_epoch(self, number: int) -> None:
        """Let the next loop be this epoch, from its first batch.

        Parameters
        ----------
        number : int >= 0
            Counted from 0.

        Raises
        ------
        AudioValueError
            It is negative.
        """
        if operator.index(number) < 0:
            raise AudioValueError(f"got epoch {number}, wanted 0 or more")
        self._next, self._latest = Position(operator.index(number)), None

    def clip(self, index: int) -> AudioClip:
        """Return one file as a clip, read and converted as in the batches, without padding.

        Parameters
        ----------
        index : int
            Its place in `file_paths`.

        Returns
        -------
        AudioClip

        Raises
        ------
        AudioDecodeError
            It is left out or silent because it cannot be read.
        AudioLoggingError
            It cannot be read, and `on_error` is "raise".
        """
        part = self._reader.clips.part(range(len(self.file_paths))[index])
        rate = self.sample_rate
        if part is None or rate is None:
            raise AudioDecodeError(f"{shown(self.file_paths[index])}: cannot be read; see dataset.report.bad_files")
        return AudioClip.adopt(samples_of(part), rate, allow_empty=True)

    def item(self, index: int, *, place: float = 0.0) -> Batch | None:
        """Return one file with its label, as an unbatched dataset gives it.

        Parameters
        ----------
        index : int
            Its place in `file_paths`.
        place : float in [0, 1)
            Where a random window goes.

        Returns
        -------
        Batch or None
            Audio without the batch axis; None when the file is left out.

        Raises
        ------
        AudioLoggingError
            It cannot be read, and `on_error` is "raise".
        """
        return self._reader.read_one(range(len(self.file_paths))[index], place)

    def labels_of(self, indices: Sequence[int]) -> AnyArray | None:
        """Return the labels of some files as the batches have them, without reading any audio.

        Parameters
        ----------
        indices : sequence of int
            Places in `file_paths`.

        Returns
        -------
        ndarray [shape=(len(indices), ...)] or None
            None when there are no labels.
        """
        targets = self._reader.targets
        return None if targets is None else targets.take(np.asarray(indices, np.intp))

    def state_dict(self) -> dict[str, Any]:
        """Return where the latest loop stands, for a checkpoint.

        Returns
        -------
        dict
            Plain numbers and text: epoch, batches handed out, seed, and what tells this dataset from others.
        """
        position = self._latest or self._next
        finished = position.batch >= len(self)
        epoch, batch = (position.epoch + 1, 0) if finished else (position.epoch, position.batch)
        return {"version": _STATE_VERSION, "epoch": epoch, "batch": batch, **self._identity()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next loop go on where another one stood.

        Parameters
        ----------
        state : mapping
            What `state_dict` returned, in this process or another, also for the same files in another place.

        Raises
        ------
        AudioValueError
            It comes from other files, another seed, another batch size or another version.
        """
        expected = {"version": _STATE_VERSION, **self._identity()}
        different = [key for key, value in expected.items() if state.get(key) != value]
        if different:
            got = ", ".join(f"{key}={state.get(key)!r}" for key in different)
            wanted = ", ".join(f"{key}={expected[key]!r}" for key in different)
            raise AudioValueError(f"got the state of another dataset: {got}; wanted {wanted}. Build it the same way")
        epoch, batch = operator.index(state["epoch"]), operator.index(state["batch"])
        if epoch < 0 or not 0 <= batch < max(1, len(self)):
            raise AudioValueError(f"got epoch {epoch}, batch {batch}; wanted epoch 0 or more, batch below {len(self)}")
        self._next, self._latest = Position(epoch, batch), None

    def to_torch(
        self,
        style: Literal["iterable", "map"] = "iterable",
        *,
        layout: Literal["frames_first", "channels_first"] = "frames_first",
    ) -> TorchStream | TorchFiles:
        """Return a dataset for PyTorch.

        Parameters
        ----------
        style : {"iterable", "map"}
            "iterable" gives the batches of this dataset, for ``DataLoader(..., batch_size=None, num_workers=n)``:
            workers share an epoch, every batch comes once and in order. Which epoch, workers take from PyTorch's own
            seed (``torch.manual_seed``), or from ``set_epoch`` before each. "map" gives one file at a time, for
            samplers of your own; its ``collate`` pads. What workers could not read is in their reports, not in this
            one; their warnings say so.
        layout : {"frames_first", "channels_first"}
            ``(batch, frames, channels)`` as in Keras, or ``(batch, channels, frames)`` as PyTorch's layers want it.

        Returns
        -------
        TorchStream or TorchFiles
            A ``torch.utils.data.IterableDataset`` or ``Dataset``. Labels of ``label_mode="int"`` are int64.

        Raises
        ------
        MissingDependencyError
            PyTorch is not installed.
        AudioValueError
            No such style or layout.
        """
        from audio_logging.datasets.torch_data import make_torch_dataset

        return make_torch_dataset(self, style, layout)

    def to_tf(self) -> TensorFlowDataset:
        """Return a ``tf.data.Dataset`` with the same element specification as Keras's.

        Every pass over it is the next epoch. Ragged batches are RaggedTensors.

        Returns
        -------
        tf.data.Dataset
            With `class_names` and `file_paths`.

        Raises
        ------
        MissingDependencyError
            TensorFlow is not installed.
        """
        from audio_logging.datasets.tensorflow_data import make_tensorflow_dataset

        return make_tensorflow_dataset(self)

    def _elements(self, batches: Generator[Batch, None, None]) -> Generator[Any, None, None]:
        with closing(batches):
            for batch in batches:
                yield batch.element

    def _counted(self, position: Position) -> Generator[Batch, None, None]:
        with closing(self._read(position.epoch, position.batch, 1)) as batches:
            for batch in batches:
                position.batch += 1
                if batch is not None:
                    yield batch
        position.batch = len(self)

    def _read(self, epoch: int, first: int, every: int) -> Generator[Batch | None, None, None]:
        tasks = self._plan.tasks(epoch, first=first, every=every)
        yield from in_order(self._reader.read, tasks, threads=self._workers.threads, ahead=self._workers.ahead)
        self.report.summarize()

    def _identity(self) -> dict[str, Any]:
        start = len(os.path.join(self.directory, ""))  # noqa: PTH118 (paths begin with the text of the directory)
        digest = hashlib.sha256()
        for path in self.file_paths:
            digest.update(path[start:].replace("\\", "/").encode("utf-8", "surrogateescape") + b"\0")
        return {"seed": self.seed, "batch_size": self.batch_size, "files": digest.hexdigest()[:16]}

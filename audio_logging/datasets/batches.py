"""Batches: clips of one tensor, padded with zeros at the end, or as a list when they keep their lengths."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from audio_logging._types import Samples
from audio_logging.datasets.clips import ClipReader
from audio_logging.datasets.encodings import Row
from audio_logging.datasets.files import shown
from audio_logging.datasets.labels import Targets
from audio_logging.datasets.parts import Part, samples_of
from audio_logging.datasets.pool import ArrayPool
from audio_logging.errors import AudioDurationError, AudioLoggingError

__all__ = ["Batch", "BatchReader", "BatchTask"]


class BatchTask(NamedTuple):
    """Which files a batch takes.

    Parameters
    ----------
    indices : list of int
        Numbers of the files.
    places : list of float
        Where a random window goes in each, in [0, 1); 0.0 otherwise.
    """

    indices: list[int]
    places: list[float]


@dataclass(frozen=True, eq=False)
class Batch:
    """Some clips with their labels, and where they come from.

    Parameters
    ----------
    audio : ndarray [shape=(batch, frames, channels)], float32
        Padded with zeros at the end. A list of arrays [shape=(frames, channels)] when the dataset is ragged; one such
        array when it is not batched.
    labels : ndarray or None
        As `label_mode` says; None when there are no labels.
    indices : ndarray [shape=(batch,)], int
        Numbers of the files in ``dataset.file_paths``.
    lengths : ndarray [shape=(batch,)], int
        [frames] Of each clip without its padding.
    paths : list of str
        The files.
    """

    audio: Any  # an array or a list, as the caller asked for: a union would make every use of it a cast
    labels: Any
    indices: npt.NDArray[np.intp]
    lengths: npt.NDArray[np.intp]
    paths: list[str]

    @property
    def element(self) -> Any:
        """What Keras's dataset yields: ``(audio, labels)``, or ``audio`` without labels."""
        return self.audio if self.labels is None else (self.audio, self.labels)


Clip: TypeAlias = tuple[int, Part]
"""The number of a file, and what was found in it."""


class BatchReader:
    """Makes batches.

    Parameters
    ----------
    clips : ClipReader
        Where clips come from.
    targets : Targets, optional
        Where labels come from.
    batched : bool
        Whether clips come together; otherwise a batch is one clip without the batch axis.
    ragged : bool
        Whether clips of a batch keep their lengths.
    ahead : int >= 0
        [batches] How many are made before they are asked for.
    """

    def __init__(
        self, clips: ClipReader, targets: Targets | None, *, batched: bool, ragged: bool, ahead: int = 0
    ) -> None:
        self.clips = clips
        self.targets = targets
        self.batched = batched
        self.ragged = ragged
        self._pool = ArrayPool(spares=ahead + 2)

    def read(self, task: BatchTask) -> Batch | None:
        """Read the files of a batch.

        Parameters
        ----------
        task : BatchTask
            Which ones.

        Returns
        -------
        Batch or None
            None when every file is left out.

        Raises
        ------
        AudioLoggingError
            A file cannot be read, and `on_error` is "raise".
        AudioDurationError
            The batch does not fit in memory.
        """
        if not self.batched:
            return self.read_one(task.indices[0], task.places[0])
        found = [(index, self.clips.part(index, place)) for index, place in zip(task.indices, task.places, strict=True)]
        clips = [(index, part) for index, part in found if part is not None]
        if not clips:
            return None
        audio, clips = self._list(clips) if self.ragged else self._stack(clips)
        return self._batch(audio, clips) if clips else None

    def read_one(self, index: int, place: float = 0.0) -> Batch | None:
        """Read one file, without the batch axis.

        Parameters
        ----------
        index : int
            Number of the file.
        place : float in [0, 1)
            Where a random window goes.

        Returns
        -------
        Batch or None
            None when the file is left out.

        Raises
        ------
        AudioLoggingError
            It cannot be read, and `on_error` is "raise".
        """
        part = self.clips.part(index, place)
        own = None if part is None else self._own((index, part))
        if own is None:
            return None
        batch = self._batch(own[0], [own[1]])
        return batch if batch.labels is None else replace(batch, labels=batch.labels[0])

    def _batch(self, audio: Any, clips: list[Clip]) -> Batch:
        indices = np.array([index for index, _ in clips], np.intp)
        lengths = np.array([part.frames for _, part in clips], np.intp)
        labels = None if self.targets is None else self.targets.take(indices)
        return Batch(audio, labels, indices, lengths, [self.clips.paths[index] for index, _ in clips])

    def _stack(self, clips: list[Clip]) -> tuple[Samples, list[Clip]]:
        length = self.clips.window.output_sequence_length
        frames = max(part.frames for _, part in clips) if length is None else length
        channels = max(part.channels for _, part in clips)
        audio = self._allocate(clips, (len(clips), frames, channels))
        rows = audio.reshape(len(clips), frames * channels)
        parts = [self._write(index, part, row) for (index, part), row in zip(clips, rows, strict=True)]
        written = [(index, part) for (index, _), part in zip(clips, parts, strict=True) if part is not None]
        if len(written) == len(clips):
            return audio, written
        return audio[[part is not None for part in parts]], written

    def _allocate(self, clips: list[Clip], shape: tuple[int, int, int]) -> Samples:
        try:
            return self._pool.take(shape)
        except MemoryError as error:
            longest = shown(self.clips.paths[max(clips, key=lambda clip: clip[1].frames)[0]])
            raise AudioDurationError(
                f"{longest}: the longest clip of a batch, with {shape[1]} frames; the batch {shape} does not fit in "
                "memory. Pass output_sequence_length= or duration=, a smaller batch_size=, or ragged=True"
            ) from error

    def _write(self, index: int, part: Part, row: Row) -> Part | None:
        """Decode a clip in its row; files can still break now, if somebody changes them."""
        filled = part.frames * part.channels
        try:
            part.write(row[:filled])
        except AudioLoggingError as error:
            row[...] = 0
            return self.clips.replacement(index, error)
        row[filled:] = 0
        return part

    def _list(self, clips: list[Clip]) -> tuple[list[Samples], list[Clip]]:
        pairs = [pair for pair in map(self._own, clips) if pair is not None]
        return [samples for samples, _ in pairs], [clip for _, clip in pairs]

    def _own(self, clip: Clip) -> tuple[Samples, Clip] | None:
        """Decode a clip in an array of its own."""
        index, part = clip
        length = self.clips.window.output_sequence_length
        try:
            return samples_of(part, length), clip
        except AudioLoggingError as error:
            silence = self.clips.replacement(index, error)
            return None if silence is None else (samples_of(silence, length), (index, silence))

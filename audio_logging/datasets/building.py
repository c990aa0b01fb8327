"""From checked arguments to datasets: find files, shuffle, split, and put the reader together."""

from __future__ import annotations

import operator
import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from audio_logging.datasets.arguments import KerasArguments, check
from audio_logging.datasets.batches import BatchReader
from audio_logging.datasets.clips import ClipReader, FirstFile
from audio_logging.datasets.conversion import Conversion, channel_choice
from audio_logging.datasets.dataset import AudioDataset, Workers
from audio_logging.datasets.epochs import EpochPlan
from audio_logging.datasets.files import shown
from audio_logging.datasets.finding import find_files
from audio_logging.datasets.formats import extensions_of
from audio_logging.datasets.index import FolderWalk
from audio_logging.datasets.label_table import LabelledFiles
from audio_logging.datasets.labels import Targets, make_targets
from audio_logging.datasets.progress import Progress
from audio_logging.datasets.report import OnError, ReadingReport
from audio_logging.datasets.shuffle import permutation
from audio_logging.datasets.split import split_places
from audio_logging.datasets.window import Offset, Window
from audio_logging.errors import AudioLoggingWarning, AudioValueError

__all__ = ["BeyondKeras", "build"]


@dataclass(frozen=True)
class BeyondKeras:
    """The arguments that Keras does not have; see :func:`audio_logging.audio_dataset_from_directory`."""

    formats: str | Iterable[str]
    mono: bool
    channels: int | Sequence[int] | None
    offset: Offset
    duration: float | None
    on_error: OnError
    stratify: bool
    reshuffle: bool
    num_workers: int
    prefetch: int
    cache: Literal["memory"] | None
    skip_hidden: bool


@dataclass(frozen=True)
class _Recipe:
    """Everything that the parts of a split have in common."""

    arguments: KerasArguments
    beyond: BeyondKeras
    window: Window
    conversion: Conversion
    workers: Workers
    report: ReadingReport
    directory: str
    extensions: tuple[str, ...]
    seed: int


def build(arguments: KerasArguments, beyond: BeyondKeras) -> AudioDataset | tuple[AudioDataset, AudioDataset]:
    """Return the dataset, or the training and the validation dataset.

    Parameters
    ----------
    arguments : KerasArguments
    beyond : BeyondKeras

    Returns
    -------
    AudioDataset or tuple of (AudioDataset, AudioDataset)

    Raises
    ------
    AudioLoggingError
        See :func:`audio_logging.audio_dataset_from_directory`.
    """
    recipe = _recipe(arguments, beyond)
    files = _find(recipe)
    first = FirstFile(files.paths)
    if arguments.shuffle:
        files = files.take(permutation(len(files.paths), recipe.seed))
    _check_binary(arguments, files)
    if not arguments.validation_split:
        return _dataset(recipe, _some(files, recipe, "", advice=lambda: _advice(recipe)), first)
    training, validation = _split(files, recipe)
    if arguments.subset == "both":
        fixed = replace(recipe, arguments=replace(arguments, shuffle=False), beyond=replace(beyond, reshuffle=False))
        trained_on = _used(files, training, recipe, "training")
        held_out = _used(files, validation, recipe, "validation")
        return _dataset(recipe, trained_on, first), _dataset(fixed, held_out, first)
    chosen = training if arguments.subset == "training" else validation
    return _dataset(recipe, _used(files, chosen, recipe, str(arguments.subset)), first)


def _recipe(arguments: KerasArguments, beyond: BeyondKeras) -> _Recipe:
    check(arguments)
    length, rate = arguments.output_sequence_length, arguments.sampling_rate
    length = None if length is None else int(length)
    rate = None if rate is None else int(rate)
    if beyond.cache not in {None, "memory"}:
        raise AudioValueError(f"got cache={beyond.cache!r}, wanted 'memory' or None")
    return _Recipe(
        arguments=arguments,
        beyond=beyond,
        window=Window(beyond.offset, beyond.duration, length, rate),
        conversion=Conversion(rate, channel_choice(beyond.mono, beyond.channels)),
        workers=Workers(_count("num_workers", beyond.num_workers), _count("prefetch", beyond.prefetch)),
        report=ReadingReport(beyond.on_error),
        directory=os.fsdecode(arguments.directory),
        extensions=extensions_of(beyond.formats),
        seed=_seed(arguments.seed),
    )


def _seed(seed: Any) -> Any:
    """Return the seed; without one, Keras's: a draw from numpy's global generator, so that its seed governs it."""
    seed = np.random.randint(10**6) if seed is None else seed  # noqa: NPY002
    return int(seed) if isinstance(seed, np.integer) else seed


def _count(name: str, value: int) -> int:
    try:
        count = operator.index(value)
    except TypeError:
        count = -1
    if count < 0:
        raise AudioValueError(f"got {name}={value!r}, wanted a whole number from 0 on")
    return count


def _find(recipe: _Recipe) -> LabelledFiles:
    arguments = recipe.arguments
    walk = FolderWalk(
        directory=recipe.directory,
        extensions=recipe.extensions,
        follow_links=bool(arguments.follow_links),
        skip_hidden=recipe.beyond.skip_hidden,
        report=recipe.report,
        progress=Progress(shown=bool(arguments.verbose)),
    )
    return find_files(arguments, walk)


def _check_binary(arguments: KerasArguments, files: LabelledFiles) -> None:
    if files.class_names is not None and arguments.label_mode == "binary" and len(files.class_names) != 2:
        raise AudioValueError(
            'When passing `label_mode="binary"`, there must be exactly 2 class_names. '
            f"Received: class_names={files.class_names}"
        )


def _split(files: LabelledFiles, recipe: _Recipe) -> tuple[list[int], list[int]]:
    labels = None
    if recipe.beyond.stratify:
        if files.labels is None:
            raise AudioValueError("got stratify=True without labels; wanted one label a file")
        labels = files.labels
    share = recipe.arguments.validation_split or 0.0
    training, validation = split_places(len(files.paths), share, labels)
    if not validation and recipe.arguments.subset == "training":
        warnings.warn(
            f"validation_split={share} of {len(files.paths)} files leaves no file for validation; all are for training",
            AudioLoggingWarning,
            stacklevel=2,
        )
    return training, validation


def _used(every: LabelledFiles, places: list[int], recipe: _Recipe, part: str) -> LabelledFiles:
    files, found = every.take(places), len(every.paths)
    print(f"Using {len(files.paths)} files for {part}.", flush=True)
    share = recipe.arguments.validation_split
    advice = (
        f". validation_split={share} of {found} files leaves none for {part}; choose another share" if found else ""
    )
    return _some(files, recipe, f"{part} " if recipe.arguments.subset == "both" else "", advice=lambda: advice)


def _some(files: LabelledFiles, recipe: _Recipe, part: str, *, advice: Callable[[], str]) -> LabelledFiles:
    """Return the files, or raise Keras's error with the advice behind it."""
    if not files.paths:
        raise AudioValueError(
            f"No {part}audio files found in directory {recipe.arguments.directory}. "
            f"Allowed format(s): {recipe.extensions}{advice()}"
        )
    return files


def _advice(recipe: _Recipe) -> str:
    """Say what to type when there is audio in the folder, but none that was asked for."""
    every = FolderWalk(
        directory=recipe.directory,
        extensions=extensions_of("all"),
        follow_links=False,
        skip_hidden=True,
        report=ReadingReport("skip"),
        progress=Progress(shown=False),
    ).files()
    asked_for = [path for path in every if path.lower().endswith(recipe.extensions)]
    if asked_for and recipe.arguments.is_inferred and recipe.arguments.class_names is None:
        return f". {shown(asked_for[0])} is in no class folder: pass labels=None, or make a folder for each class"
    if asked_for or not every:
        return ""
    return f". There are {len(every)} files of other formats, such as {shown(every[0])}: pass formats='all'"


def _dataset(recipe: _Recipe, files: LabelledFiles, first: FirstFile) -> AudioDataset:
    arguments, beyond = recipe.arguments, recipe.beyond
    cache = beyond.cache == "memory"
    clips = ClipReader(files.paths, recipe.window, recipe.conversion, first, recipe.report, cache=cache)
    targets: Targets | None = None if files.labels is None else make_targets(files, arguments.label_mode)
    batched, ragged = arguments.batch_size is not None, bool(arguments.ragged)
    ahead = max(recipe.workers.threads, recipe.workers.ahead) + 1 if recipe.workers.threads else 0
    reader = BatchReader(clips, targets, batched=batched, ragged=ragged, ahead=ahead)
    plan = EpochPlan(
        count=len(files.paths),
        batch_size=arguments.batch_size,
        shuffle=bool(arguments.shuffle),
        reshuffle=bool(beyond.reshuffle),
        seed=recipe.seed,
        random_windows=recipe.window.is_random,
    )
    return AudioDataset(files, reader, plan, recipe.workers, recipe.directory)

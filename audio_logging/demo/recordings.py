"""Labelled recordings: reading a folder of class folders, and splitting it into a training and a held-out half."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import soundfile

from audio_logging._types import StrPath
from audio_logging.clip import AudioClip
from audio_logging.datasets import AudioDataset
from audio_logging.encoding import decode
from audio_logging.errors import AudioFileNotFoundError, AudioValueError

__all__ = [
    "Recording",
    "class_names",
    "common_sample_rate",
    "read_dataset",
    "read_recordings",
    "split_by_recording",
]

_OTHER_SUFFIXES = frozenset({"aif", "aifc", "oga", "opus", "snd", "sph", "wave"})
"""Usual endings of files that soundfile reads, beside the names of its formats."""


@dataclass(frozen=True, eq=False)
class Recording:
    """One labelled clip.

    Attributes
    ----------
    clip : AudioClip
        The sound as it was read or made.
    label : str
        Name of its class.
    name : str
        Who it is: equal names mean the same recording, which no split tears apart.
    """

    clip: AudioClip
    label: str
    name: str


def class_names(recordings: Iterable[Recording]) -> tuple[str, ...]:
    """Return the labels that occur, sorted, each once."""
    return tuple(sorted({recording.label for recording in recordings}))


def common_sample_rate(recordings: Iterable[Recording]) -> int:
    """Return the sample rate [Hz] that most recordings have, the higher one of two as frequent.

    Raises
    ------
    AudioValueError
        No recordings.
    """
    counts = Counter(recording.clip.sample_rate for recording in recordings)
    if not counts:
        raise AudioValueError("got no recordings, wanted at least one to know the sample rate from")
    return max(counts, key=lambda rate: (counts[rate], rate))


def read_recordings(folder: StrPath) -> list[Recording]:
    """Read every audio file in the class folders of a folder, sorted by class and file name.

    Parameters
    ----------
    folder : str or Path
        Holds one folder per class: ``folder/yes/0.wav``, ``folder/no/1.flac``. Every format that soundfile reads
        is welcome, known by the file's ending. Hidden files and folders, and files of other kinds, are skipped.

    Returns
    -------
    list of Recording
        ``label`` is the class folder's name, ``name`` the path below `folder`: ``"yes/0.wav"``.

    Raises
    ------
    AudioFileNotFoundError
        There is no such folder.
    AudioDecodeError
        A file is not whole, readable audio; the message names it.
    AudioValueError
        It is not a folder, it has fewer than two class folders with audio, or a file holds no frames or values
        that are not finite; the message names it.
    """
    root = Path(folder)
    files = {name: _audio_files(root / name) for name in _class_folders(root)}
    classes = [name for name, paths in files.items() if paths]
    if len(classes) < 2:
        raise AudioValueError(_too_few_classes(root, classes))
    return [
        Recording(clip=decode(path), label=name, name=f"{name}/{path.name}") for name in classes for path in files[name]
    ]


def read_dataset(dataset: AudioDataset) -> list[Recording]:
    """Read every file of a labelled :class:`audio_logging.AudioDataset`.

    Parameters
    ----------
    dataset : AudioDataset
        With one label a file.

    Returns
    -------
    list of Recording
        ``label`` is the class name, ``name`` the path below the data set's folder.

    Raises
    ------
    AudioValueError
        The files have no labels, or several each.
    AudioDecodeError, AudioFileNotFoundError
        A file is not whole, readable audio, or gone; the message names it.
    """
    if dataset.labels is None or dataset.class_names is None:
        raise AudioValueError("got a data set without labels, wanted one with a class for each file")
    if any(isinstance(label, tuple) for label in dataset.labels):
        raise AudioValueError("got a data set with several labels a file, wanted one class for each file")
    names = [str(dataset.class_names[int(label)]) for label in dataset.labels]
    return [
        Recording(decode(path), name, Path(os.path.relpath(path, dataset.directory)).as_posix())
        for path, name in zip(dataset.file_paths, names, strict=True)
    ]


def split_by_recording(
    recordings: Sequence[Recording], *, held_out: float = 0.2, seed: int = 0
) -> tuple[list[Recording], list[Recording]]:
    """Split into what a model trains on and what it never sees, class by class.

    The name of a recording decides, together with the seed: parts of one recording (equal names) stay together, and
    another recording in the folder moves at most the one at the border. Both halves keep the order given.

    Parameters
    ----------
    recordings : sequence of Recording
    held_out : float in (0, 1)
        Share of each class's recordings that is held out: at least one of a class that has two, never all.
    seed : int
        Another seed, another split.

    Returns
    -------
    train, held_out : list of Recording

    Raises
    ------
    AudioValueError
        `held_out` is not between 0 and 1, or no class has two recordings.
    """
    if not 0 < held_out < 1:
        raise AudioValueError(f"got held_out={held_out!r}, wanted a share between 0 and 1, for example 0.2")
    chosen = {name for label in class_names(recordings) for name in _draw(recordings, label, held_out, seed)}
    if not chosen:
        raise AudioValueError("got no class with two recordings, wanted at least one to hold out and one to train on")
    train = [recording for recording in recordings if recording.name not in chosen]
    return train, [recording for recording in recordings if recording.name in chosen]


def _draw(recordings: Iterable[Recording], label: str, share: float, seed: int) -> list[str]:
    names = sorted({recording.name for recording in recordings if recording.label == label})
    if len(names) < 2:
        return []
    count = min(max(round(share * len(names)), 1), len(names) - 1)
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest())[:count]


def _class_folders(root: Path) -> list[str]:
    if not root.exists():
        raise AudioFileNotFoundError(f"no such folder: {root}. Wanted one with a folder of audio files per class")
    if not root.is_dir():
        raise AudioValueError(f"got {root}, which is a file; wanted a folder with a folder of audio files per class")
    return sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def _audio_files(folder: Path) -> list[Path]:
    known = _suffixes()
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix[1:].lower() in known and not path.name.startswith(".") and path.is_file()
    )


def _suffixes() -> frozenset[str]:
    # RAW has no header: its sample rate and channels are nowhere to be read
    formats: dict[str, str] = soundfile.available_formats()
    return frozenset(name.lower() for name in formats if name != "RAW") | _OTHER_SUFFIXES


def _too_few_classes(root: Path, classes: list[str]) -> str:
    got = f"got {root} with audio in one class folder only ({classes[0]})" if classes else f"got {root} without audio"
    return (
        f"{got}; wanted at least two class folders with audio files in them, "
        f"for example {root.name}/yes/0.wav and {root.name}/no/0.wav"
    )

"""log_dataset(): a data set as a versioned artifact."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import wandb

from audio_logging import _wandb
from audio_logging.datasets.progress import Progress
from audio_logging.errors import AudioLoggingError, AudioTypeError, AudioValueError
from audio_logging.media.audio import Audio
from audio_logging.notices import warn_once
from audio_logging.predictions.raw_samples import RawSample, class_names_of, raw_sample
from audio_logging.predictions.samples import label_name
from audio_logging.storage.naming import artifact_name

__all__ = ["log_dataset"]

COLUMNS = ("path", "audio", "label", "duration", "sample_rate", "channels")


def log_dataset(
    run: wandb.Run,
    dataset: Any,
    name: str,
    *,
    clips: Literal["copy", "reference"] = "copy",
    aliases: Sequence[str] = (),
    on_error: Literal["raise", "skip"] | None = None,
    verbose: bool = True,
) -> wandb.Artifact:
    """Log a data set as an artifact of type ``dataset``: a table of its files with their labels and clips.

    The same files and labels make no new version, wherever the folder lies and in whichever process.

    Parameters
    ----------
    run : wandb.Run
    dataset : AudioDataset or sequence
        What :func:`audio_logging.audio_dataset_from_directory` returns, or samples as
        :class:`audio_logging.PredictionLogger` takes them.
    name : str
        Of the artifact.
    clips : {"copy", "reference"}
        Whether the artifact holds the files, or refers to them where they lie, with their checksums.
    aliases : sequence of str
        Besides ``latest``.
    on_error : {"raise", "skip"}, optional
        Whether a file that is no whole audio is an error, or left out, warned of and counted in the metadata.
        Default: an error, unless an AudioDataset was made to go on without such files.
    verbose : bool
        Whether a terminal shows how far it is.

    Returns
    -------
    wandb.Artifact
        Its metadata has ``files``, ``seconds``, ``class_names``, ``class_counts`` and ``skipped``.

    Raises
    ------
    AudioTypeError
        No data set.
    AudioValueError
        An unknown word for `clips` or `on_error`.
    AudioDecodeError, AudioFileNotFoundError
        A bad file, unless it is skipped.
    """
    _check_word("clips", clips, ("copy", "reference"))
    on_error = _forgiving(dataset) if on_error is None else on_error
    _check_word("on_error", on_error, ("raise", "skip"))
    listed = list(_listed(dataset))
    artifact = wandb.Artifact(artifact_name(name), "dataset")
    contents = _Contents(class_names_of(dataset))
    with closing(Progress(shown=verbose, title=f"Adding files to {name}", total=len(listed))) as progress:
        for path, raw in listed:
            try:
                contents.add(path, Audio(raw.audio, raw.sample_rate), raw.label)
            except AudioLoggingError as error:
                if on_error == "raise":
                    raise
                contents.skipped += 1
                warn_once(f"{name}: left out {path}: {error}", "log_dataset", name, type(error).__name__)
            progress.add(1)
        if clips == "reference":
            contents.refer(artifact)
        _wandb.add_table(artifact, contents.table(), "samples")
    artifact.metadata.update(contents.metadata())
    run.log_artifact(artifact, aliases=["latest", *aliases])
    return artifact


@dataclass
class _Contents:
    """The rows of the table as they come together."""

    class_names: Sequence[str] | None
    rows: list[list[Any]] = field(default_factory=list)
    skipped: int = 0

    def add(self, path: str, audio: Audio, label: Any) -> None:
        text = _label_text(label, self.class_names)
        self.rows.append([_storable(path), audio, text, audio.duration, audio.sample_rate, audio.channels])

    def refer(self, artifact: wandb.Artifact) -> None:
        """Add references to the files, so that the table's clips find their entries there already."""
        for _, audio, *_ in self.rows:
            audio.refer_to_file(artifact)

    def table(self) -> wandb.Table:
        columns: list[str | int] = list(COLUMNS)
        return wandb.Table(columns=columns, data=self.rows)

    def metadata(self) -> dict[str, Any]:
        counts = Counter(row[2] for row in self.rows if row[2] is not None)
        return {
            "files": len(self.rows),
            "seconds": round(sum(row[3] or 0.0 for row in self.rows), 3),
            "class_names": None if self.class_names is None else list(map(_storable, self.class_names)),
            "class_counts": dict(sorted(counts.items())),
            "skipped": self.skipped,
        }


def _listed(dataset: Any) -> Iterator[tuple[str, RawSample]]:
    paths = getattr(dataset, "file_paths", None)
    if paths is not None:
        labels = dataset.labels if dataset.labels is not None else [None] * len(paths)
        files = [(_below(path, getattr(dataset, "directory", None)), path) for path in paths]
        for (name, path), label in sorted(zip(files, labels, strict=True), key=lambda item: item[0]):
            yield name, RawSample(Path(path), label=label)
        return
    if isinstance(dataset, (str, bytes, Mapping)) or not hasattr(dataset, "__getitem__"):
        raise AudioTypeError(f"got {type(dataset).__name__}, wanted an AudioDataset or a sequence of samples")
    for position in range(len(dataset)):
        raw = raw_sample(dataset[position])
        yield str(raw.clip_id if raw.clip_id is not None else f"{position:06d}"), raw


def _label_text(label: Any, class_names: Sequence[str] | None) -> str | None:
    """Return a label by name; an AudioDataset has tuples of class indices where files have several."""
    if isinstance(label, tuple):
        return ", ".join(_storable(str(label_name(index, class_names))) for index in label)
    name = label_name(label, class_names)
    return None if name is None else _storable(name)


def _storable(text: str) -> str:
    """Return text that JSON can hold: bytes of file names that are not UTF-8 become escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _forgiving(dataset: Any) -> Literal["raise", "skip"]:
    report = getattr(dataset, "report", None)
    return "skip" if getattr(report, "on_error", "raise") != "raise" else "raise"


def _below(path: str, folder: str | None) -> str:
    return Path(path).name if folder is None else Path(os.path.relpath(path, folder)).as_posix()


def _check_word(name: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise AudioValueError(f"got {name}={word!r}, wanted one of {', '.join(map(repr, words))}")

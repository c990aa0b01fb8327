"""RunOutput: what goes from this process into one run: files, sidecar lines, rows. All loggers of a run share it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import time as _now
from typing import Any

import wandb

from audio_logging import _wandb
from audio_logging.conversion import AudioFile, Converted
from audio_logging.details import AudioDetails
from audio_logging.naming import media_name
from audio_logging.rows import RowQueue
from audio_logging.schema import AUDIO_FILE_TYPE, AUDIO_LIST_TYPE, MEDIA_FOLDER, SIDECAR_PATH, SUMMARY_PREFIX
from audio_logging.sidecar import Sidecar
from audio_logging.storage import copy_file, hash_file, write_file

__all__ = ["RunOutput", "StoredClip", "list_json", "output_of"]


@dataclass(frozen=True)
class StoredClip:
    """A clip in a run's folder.

    Attributes
    ----------
    path : str
        From the run's ``files`` folder, with forward slashes.
    sha256 : str
    size : int
        [bytes]
    details : AudioDetails
    caption : str or None
    """

    path: str
    sha256: str
    size: int
    details: AudioDetails
    caption: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the JSON of one clip in the history, the same that ``Audio.to_json`` gives."""
        caption = {} if self.caption is None else {"caption": self.caption}
        stored = {"_type": AUDIO_FILE_TYPE, "path": self.path, "sha256": self.sha256, "size": self.size}
        return {**stored, **caption, **self.details.to_json()}


def list_json(clips: list[StoredClip]) -> dict[str, Any]:
    """Return the JSON of a list of clips in the history, the same that ``Audio.seq_to_json`` gives."""
    captions = (
        {} if all(clip.caption is None for clip in clips) else {"captions": [clip.caption or "" for clip in clips]}
    )
    return {
        "_type": AUDIO_LIST_TYPE,
        "count": len(clips),
        "audio": [clip.to_json() for clip in clips],
        "sampleRates": [clip.details.sample_rate for clip in clips],
        "durations": [clip.details.duration for clip in clips],
        **captions,
    }


class RunOutput:
    """What goes from this process into one run. Get it with :func:`output_of`.

    Parameters
    ----------
    run : wandb.Run
    """

    def __init__(self, run: wandb.Run) -> None:
        self.run = run
        self.folder = Path(run.dir)
        self.rows = RowQueue(run, self.count_error)
        self.counts: Counter[str] = Counter()
        self._sidecar = Sidecar(self.folder / SIDECAR_PATH)
        self._known: dict[tuple[str, str], str] = {}
        self._written: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._closers: list[Callable[[], Any]] = []
        _wandb.on_finish(run, self._finish)

    def store(self, converted: Converted, key: str) -> tuple[str, str, int]:
        """Put a clip's file into the run's folder, unless it is there under this key already.

        Parameters
        ----------
        converted : EncodedAudio or AudioFile
        key : str

        Returns
        -------
        path : str
            From the run's ``files`` folder.
        sha256 : str
        size : int
            [bytes]

        Raises
        ------
        OSError
            The disk is full, the folder is read-only. No partial file stays.
        """
        sha256, size = _identity(converted)
        with self._lock:
            path = self._known.get((key, sha256))
            if path is None or not (self.folder / path).exists():
                path = f"{MEDIA_FOLDER}/{media_name(key, sha256[:20], extension=converted.extension)}"
                _write(converted, self.folder / path)
                _wandb.publish_file(self.run, path)
                self._known[key, sha256] = path
        return path, sha256, size

    def note(
        self,
        clip: StoredClip,
        *,
        key: str,
        step: int,
        index: int,
        time: float | None = None,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a line to the sidecar.

        Parameters
        ----------
        clip : StoredClip
        key : str
        step, index : int
            Where it stands on ``audio/step``, and in its list.
        time : float, optional
            [s] Since 1970; default: now.
        notes : dict, optional
            More fields: role, clip_id, label, prediction, scores, metrics.

        Raises
        ------
        OSError
            As :meth:`store`.
        """
        line = {"key": key, "step": step, "index": index, "time": _now() if time is None else time}
        stored = {"path": clip.path, "sha256": clip.sha256, "size": clip.size, "caption": clip.caption}
        self._sidecar.append({**clip.details.to_json(), **stored, **line, **(notes or {})})

    def count_error(self, error: BaseException) -> None:
        """Count something that did not get into the run."""
        with self._lock:
            self.counts["errors"] += 1
            self.counts[f"errors/{type(error).__name__}"] += 1

    def count(self, name: str, number: int = 1) -> None:
        """Count something else, such as dropped clips, under a name in the run's summary."""
        with self._lock:
            self.counts[name] += number

    def summarise(self) -> None:
        """Put the counters that have changed into the run's summary."""
        with self._lock:
            changed = {name: number for name, number in self.counts.items() if self._written[name] != number}
            self._written.update({name: number - self._written[name] for name, number in changed.items()})
        if changed and not _wandb.is_finished(self.run):
            self.run.summary.update({SUMMARY_PREFIX + name: number for name, number in changed.items()})

    def before_finish(self, close: Callable[[], Any]) -> None:
        """Have something closed before the last rows go in and the run finishes."""
        self._closers.append(close)

    def _finish(self) -> None:
        try:
            for close in self._closers:
                close()
        finally:
            self.rows.drain()
            self.summarise()
            self._sidecar.close()
            if (self.folder / SIDECAR_PATH).exists():
                _wandb.publish_file(self.run, SIDECAR_PATH)
            _outputs.pop(self.run, None)


_outputs: dict[wandb.Run, RunOutput] = {}
_outputs_lock = threading.Lock()


def output_of(run: wandb.Run) -> RunOutput:
    """Return the one output of this process into a run."""
    with _outputs_lock:
        if run not in _outputs:
            _outputs[run] = RunOutput(run)
        return _outputs[run]


def _identity(converted: Converted) -> tuple[str, int]:
    if isinstance(converted, AudioFile):
        return hash_file(converted.path)
    return converted.sha256, converted.size


def _write(converted: Converted, target: Path) -> None:
    if isinstance(converted, AudioFile):
        copy_file(converted.path, target)
    else:
        write_file(target, converted.data)

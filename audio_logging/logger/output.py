"""RunOutput: what goes from this process into one run: files, sidecar lines, rows. All loggers of a run share it."""

from __future__ import annotations

import atexit
import errno
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import time as _now
from typing import Any

import wandb

from audio_logging import _wandb
from audio_logging.errors import AudioDecodeError, AudioLoggingWarning
from audio_logging.logger.rows import RowQueue
from audio_logging.logger.sidecar import Sidecar
from audio_logging.notices import warn_once
from audio_logging.schema import AUDIO_FILE_TYPE, AUDIO_LIST_TYPE, MEDIA_FOLDER, SIDECAR_PATH, SUMMARY_PREFIX
from audio_logging.storage.conversion import AudioFile, Converted
from audio_logging.storage.details import AudioDetails
from audio_logging.storage.files import copy_file, hash_file, write_file
from audio_logging.storage.naming import media_name

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
        self.folder = Path(run.dir).absolute()
        self.rows = RowQueue(run, self._report_row)
        self._counts: Counter[str] = Counter()
        self._sidecar = Sidecar(self.folder / SIDECAR_PATH)
        self._known: dict[tuple[str, str], str] = {}
        self._steps: dict[str, int] = {}
        self._written: Counter[str] = Counter()
        self._storing = threading.Lock()
        self._counting = threading.Lock()
        self._closers: dict[Callable[[], Any], Callable[[], Any] | None] = {}
        self._process = os.getpid()
        _wandb.on_finish(run, self.finish)

    @property
    def counts(self) -> dict[str, int]:
        """What did not go as asked, by the names in the run's summary; a copy."""
        with self._counting:
            return dict(self._counts)

    def step_for(self, key: str, step: int | None) -> int:
        """Return where the next event of a key stands on ``audio/step``.

        Parameters
        ----------
        key : str
        step : int or None
            None: the run's step, or one more than this key's last when the run has not moved on.

        Returns
        -------
        int
        """
        with self._counting:
            if step is None:
                step = max(_wandb.current_step(self.run), self._steps.get(key, -1) + 1)
            self._steps[key] = step
        return step

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
            The disk is full, the folder is read-only or gone. No partial file stays.
        AudioDecodeError
            A file was changed while it was copied.
        """
        sha256, size = _identity(converted)
        with self._storing:
            path = self._known.get((key, sha256))
            if path is None or not (self.folder / path).exists():
                path = f"{MEDIA_FOLDER}/{media_name(key, sha256[:20], extension=converted.extension)}"
                self._write(converted, path, sha256)
                _wandb.publish_file(self.run, path)
                self._known[key, sha256] = path
        return path, sha256, size

    def _write(self, converted: Converted, path: str, sha256: str) -> None:
        if not self.folder.is_dir():  # to make it again would hide that what was in it is lost
            raise FileNotFoundError(errno.ENOENT, "the run's folder is gone", str(self.folder))
        if not isinstance(converted, AudioFile):
            write_file(self.folder / path, converted.data)
            return
        whole = self.folder / path
        target, copied, _ = copy_file(converted.path, whole.parent, lambda _: whole.name)
        if copied != sha256:
            target.unlink()
            raise AudioDecodeError(
                f"'{converted.path}' was changed while it was copied; wanted a file that stays as it is"
            )

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
        with self._counting:
            self._counts["errors"] += 1
            self._counts[f"errors/{type(error).__name__}"] += 1

    def _report_row(self, error: BaseException) -> None:
        self.count_error(error)
        with suppress(AudioLoggingWarning):  # an error with python -W error, and nobody is here to catch it
            warn_once(
                f"a row with audio was not taken by wandb: {type(error).__name__}: {error}. Its clips stay in the "
                "media folder and in the sidecar; such errors are counted in the run's summary as "
                "audio_logging/errors, and this kind is not reported again",
                str(self.run.id),
                "row",
                type(error).__name__,
            )

    def count(self, name: str, number: int = 1) -> None:
        """Count something else, such as dropped clips, under a name in the run's summary."""
        with self._counting:
            self._counts[name] += number

    def summarise(self) -> None:
        """Put the counters that have changed into the run's summary."""
        with self._counting:
            changed = {name: number for name, number in self._counts.items() if self._written[name] != number}
            self._written.update({name: number - self._written[name] for name, number in changed.items()})
        if changed and not _wandb.is_finished(self.run):
            self.run.summary.update({SUMMARY_PREFIX + name: number for name, number in changed.items()})

    def before_finish(self, close: Callable[[], Any], flush: Callable[[], Any] | None = None) -> None:
        """Have something closed before the last rows go in and the run finishes, and flushed when `flush` is called."""
        self._closers[close] = flush

    def forget(self, close: Callable[[], Any]) -> None:
        """Take back `before_finish`: it is closed already."""
        self._closers.pop(close, None)

    def flush(self) -> None:
        """Flush every logger of the run that is open: what they were given is on disk and in the sidecar then."""
        for flush in list(filter(None, self._closers.values())):
            flush()

    def finish(self) -> None:
        """Close what is open and hand over what waits. What goes wrong is said, and the run can finish all the same."""
        if os.getpid() != self._process:  # a forked child must not write its parent's rows a second time
            return
        for close in list(self._closers):
            self._attempt(close)
        self._attempt(self.rows.drain)
        self._attempt(self.summarise)
        self._attempt(self._end_sidecar)
        _outputs.pop(self.run, None)

    def _attempt(self, call: Callable[[], Any]) -> None:
        try:
            call()
        except Exception as error:
            self.count_error(error)
            with suppress(AudioLoggingWarning):  # an error with python -W error, and the run must finish even so
                warn_once(f"while the run was finished: {type(error).__name__}: {error}", "finish", str(self.run.id))

    def _end_sidecar(self) -> None:
        self._sidecar.close()
        if (self.folder / SIDECAR_PATH).exists():
            _wandb.publish_file(self.run, SIDECAR_PATH)


_outputs: dict[wandb.Run, RunOutput] = {}
_outputs_lock = threading.Lock()


def output_of(run: wandb.Run) -> RunOutput:
    """Return the one output of this process into a run."""
    with _outputs_lock:
        if run not in _outputs:
            _outputs[run] = RunOutput(run)
            # Registered anew for each run: what was registered last is called first, and wandb's own ending, which a
            # run without finish() gets when the interpreter exits, was registered when the run was started.
            atexit.unregister(_finish_all)
            atexit.register(_finish_all)
        return _outputs[run]


def _finish_all() -> None:
    for output in list(_outputs.values()):
        output.finish()


def _identity(converted: Converted) -> tuple[str, int]:
    if isinstance(converted, AudioFile):
        return hash_file(converted.path)
    return converted.sha256, converted.size

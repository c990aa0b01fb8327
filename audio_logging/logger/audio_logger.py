"""AudioLogger: clips into a run, without holding up training."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, cast

import numpy as np
import wandb

from audio_logging import _wandb
from audio_logging._types import Layout, OnInvalid, Overload
from audio_logging.encoding import EncodedAudio
from audio_logging.errors import (
    AudioLoggingError,
    AudioLoggingWarning,
    AudioTypeError,
    AudioValueError,
    EmptyAudioError,
    LoggerClosedError,
    NoRunError,
)
from audio_logging.inputs import ArraySource, Source, to_source
from audio_logging.logger.advice import advice_for
from audio_logging.logger.background import BackgroundWorker
from audio_logging.logger.output import RunOutput, StoredClip, list_json, output_of
from audio_logging.logger.rows import Row
from audio_logging.notices import warn_once
from audio_logging.schema import STEP_KEY
from audio_logging.storage.conversion import Conversion, Converted, convert
from audio_logging.storage.details import AudioDetails

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["AudioLogger", "Item", "OnError"]

OnError: TypeAlias = Literal["warn", "raise"]

TAKEN_KEYS = frozenset({STEP_KEY, "_step", "_runtime", "_timestamp", "_wandb"})
"""Under these, the history holds something else; wandb drops or overwrites what a user puts there."""

MAX_QUEUE_BYTES = 2**28
"""[bytes] 256 MiB of samples may wait to be encoded: 25 minutes of float32 stereo at 44.1 kHz."""


class Item(NamedTuple):
    """One clip on its way into a run, out of reach of the caller.

    Attributes
    ----------
    source : Source
    sample_rate : int or None
        [Hz]
    caption : str or None
    notes : dict
        More fields of its sidecar line: role, clip_id, label, prediction, scores, metrics.
    """

    source: Source
    sample_rate: Any = None
    caption: str | None = None
    notes: Mapping[str, Any] = MappingProxyType({})


class AudioLogger:
    """Logs clips to a W&B run from the background.

    `log` takes a snapshot of what it is given and returns; encoding, hashing, writing and the history's rows happen in
    a thread of their own, in order. A clip is one file however often it is logged under a key. Every clip that is on
    disk has a line in ``files/audio_logging/index.jsonl``, so that a run that was killed can still be played.

    Rows join the rows that the user's own ``run.log`` commits, so that no value is lost whether the user passes
    ``step=`` or not; they carry ``audio/step``. What still waits goes in when the run finishes.

    Parameters
    ----------
    run : wandb.Run, optional
        Default: ``wandb.run``.
    format : {"flac", "wav", "ogg", "opus", "mp3"}
        What samples are stored as; files keep their own format.
    subtype : str, optional
        Of samples, see :func:`audio_logging.available_formats`.
    on_error : {"warn", "raise"}
        What becomes of errors: a warning once a kind, and a counter; or raised by the next call.
    max_bytes : int
        What may wait in memory.
    when_full : {"wait", "drop"}
        Whether `log` waits for room, or drops the clips and counts them.
    rows : {"shared", "own"}
        "own" commits a row of the history at once, which uses up a step of wandb's: for users who never pass
        ``step=`` to ``run.log``, or log nothing else.
    layout, normalize, overload, on_invalid, min_seconds, max_seconds
        As for :class:`audio_logging.Audio`.

    Raises
    ------
    NoRunError
        There is no run.

    Examples
    --------
    >>> import numpy as np, wandb
    >>> run = wandb.init(mode="disabled")
    >>> with AudioLogger(run) as logger:
    ...     logger.log("val/sample", np.zeros(16000), sample_rate=16000, step=0)
    """

    def __init__(
        self,
        run: wandb.Run | None = None,
        *,
        format: str = "flac",  # noqa: A002 - "format" is the public word
        subtype: str | None = None,
        on_error: OnError = "warn",
        max_bytes: int = MAX_QUEUE_BYTES,
        when_full: Literal["wait", "drop"] = "wait",
        rows: Literal["shared", "own"] = "shared",
        layout: Layout = "auto",
        normalize: str | None = None,
        overload: Overload = "clip",
        on_invalid: OnInvalid = "raise",
        min_seconds: float | None = None,
        max_seconds: float | None = None,
    ) -> None:
        _check_word("on_error", on_error, ("warn", "raise"))
        _check_word("when_full", when_full, ("wait", "drop"))
        _check_word("rows", rows, ("shared", "own"))
        self.run = _run_or_raise(run)
        self.conversion = Conversion(
            format_of_samples=format,
            subtype_of_samples=subtype,
            layout=layout,
            normalize=normalize,
            overload=overload,
            on_invalid=on_invalid,
            min_seconds=min_seconds,
            max_seconds=max_seconds,
        )
        self._on_error = on_error
        self._waits = when_full == "wait"
        self._own_rows = rows == "own"
        self._pending_error: BaseException | None = None
        self._closed = False
        self._output = None if self.run.disabled else self._open_output(max_bytes)

    def _open_output(self, max_bytes: int) -> RunOutput:
        output = output_of(self.run)
        self._worker = BackgroundWorker(self.report, output.rows.hand_over, max_bytes=max_bytes)
        output.before_finish(self._close_at_finish, self.flush)
        return output

    @property
    def output(self) -> RunOutput | None:
        """What goes into the run; None when the run is disabled."""
        return self._output

    @property
    def counts(self) -> dict[str, int]:
        """What did not go as asked, over all loggers of the run: ``errors``, ``dropped``, ``clipped_samples``."""
        return {} if self._output is None else self._output.counts

    @property
    def errors(self) -> int:
        """How many clips or rows did not get into the run, over all loggers of the run."""
        return self.counts.get("errors", 0)

    @property
    def dropped(self) -> int:
        """How many clips were dropped because the queue was full, over all loggers of the run."""
        return self.counts.get("dropped", 0)

    def log(
        self,
        key: str,
        value: Any,
        *,
        sample_rate: int | None = None,
        caption: str | Sequence[str | None] | None = None,
        step: int | None = None,
    ) -> None:
        """Log one clip or a list of clips.

        Parameters
        ----------
        key : str
            Slashes make groups.
        value : clip or list of clips
            Everything that :func:`audio_logging.as_clip` takes, or a list of such. A list of numbers is one clip.
            Arrays are copied and files read before this returns.
        sample_rate : int, optional
            [Hz] Needed for bare samples.
        caption : str or list of str, optional
            One for all clips, or one a clip.
        step : int, optional
            Where the event stands on the axis ``audio/step``; default: the run's step, or one more than this key's
            last when the run has not moved on.

        Raises
        ------
        AudioLoggingError
            Only with ``on_error="raise"``: what was wrong with this call, or what went wrong since the last.
        """
        if not self._takes_calls():
            return
        try:
            items = self._snapshot(key, value, sample_rate, caption)
            self.log_items(key, items, step=step, as_list=_is_list_of_clips(value))
        except Exception as error:
            self.report(error, key=key)
        self._raise_pending()

    def log_items(self, key: str, items: Sequence[Item], *, step: int | None = None, as_list: bool = True) -> None:
        """Log clips that were snapshotted before, with notes for the sidecar.

        Parameters
        ----------
        key : str
        items : sequence of Item
        step : int, optional
        as_list : bool
            Whether the history gets a list, even of one clip.

        Raises
        ------
        AudioLoggingError
            The key or the step is not usable.
        """
        if self._output is None or not items or not self._takes_calls():
            return
        key = _checked_key(key)
        place = self._output.step_for(key, None if step is None else _checked_step(step))
        event = _Event(key, tuple(items), place, as_list, time.time())
        self._hand_in(lambda: self._store(event), sum(item.source.nbytes for item in items), clips=len(items))

    def log_row(self, make: Callable[[], dict[str, Any]], *, step: int, nbytes: int = 0) -> None:
        """Log other values as one event, in order with the clips.

        Parameters
        ----------
        make : callable
            Returns what ``run.log`` takes; called in the background.
        step : int
            Where the event stands on the axis ``audio/step``.
        nbytes : int
            What it holds in memory.
        """
        if self._output is None or not self._takes_calls():
            return
        output = self._output
        self._hand_in(lambda: output.rows.put(Row(make(), step, self._own_rows)), nbytes, clips=0)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until every clip logged so far is on disk and in the sidecar, and its row handed over where it can be.

        Parameters
        ----------
        timeout : float, optional
            [s]

        Returns
        -------
        bool
            False when the time was up first.
        """
        if self._output is None or not self._worker.is_ours:
            return True
        done = self._worker.flush(timeout)
        self._settle(self._output)
        self._raise_pending()
        return done

    def close(self) -> None:
        """Flush and stop. Rows that still wait for one of the user's go in when the run finishes."""
        if self._output is None or self._closed or not self._worker.is_ours:
            return
        self._closed = True
        try:
            self._worker.close()
            self._settle(self._output)
        finally:
            self._output.forget(self._close_at_finish)
        self._raise_pending()

    def _settle(self, output: RunOutput) -> None:
        """Hand over the rows that can be and write the counters; wandb's service may be gone."""
        try:
            output.rows.hand_over()
            output.summarise()
        except Exception as error:
            self.report(error)

    def _close_at_finish(self) -> None:
        """Close, but say what `close` would raise: a run must be able to finish."""
        try:
            self.close()
        except Exception as error:
            self._warn(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:  # which must not be hidden behind one of ours
            self._close_at_finish()

    def _snapshot(self, key: str, value: Any, sample_rate: Any, caption: Any) -> list[Item]:
        values = list(value) if _is_list_of_clips(value) else [value]
        if not values:
            raise EmptyAudioError("got an empty list, wanted at least one clip")
        captions = list(caption) if _is_one_a_clip(caption) else [caption] * len(values)
        if len(captions) != len(values):
            raise AudioValueError(f"got {len(captions)} captions for {len(values)} clips, wanted one, or one a clip")
        items = []
        for clip, text in zip(values, captions, strict=True):
            try:
                items.append(snapshot(clip, sample_rate, text))
            except Exception as error:
                self.report(error, key=key)
        return items

    def _hand_in(self, job: Callable[[], None], nbytes: int, *, clips: int) -> None:
        if self._worker.submit(job, nbytes, wait=self._waits or not clips) or not self._worker.is_ours:
            return
        if self._closed:
            self.report(_closed_error())
        elif self._output is not None:
            self._output.count("dropped", clips)
            self._say(
                "the queue of clips is full, so clips are dropped; they are counted in the run's summary as "
                "audio_logging/dropped. Log less often, or pass a larger max_bytes or when_full='wait'",
                "dropped",
            )

    def _store(self, event: _Event) -> None:
        assert self._output is not None  # noqa: S101 - events exist only with an output
        stored: list[StoredClip] = []
        for item in event.items:
            try:
                stored.append(self._store_clip(event, item, len(stored)))
            except Exception as error:
                self.report(error, key=event.key)
        if stored:
            json = list_json(stored) if event.as_list else stored[0].to_json()
            self._output.rows.put(Row({event.key: json}, event.step, self._own_rows))

    def _store_clip(self, event: _Event, item: Item, index: int) -> StoredClip:
        assert self._output is not None  # noqa: S101 - events exist only with an output
        converted = convert(item.source, self.conversion, item.sample_rate)
        path, sha256, size = self._output.store(converted, event.key)
        clip = StoredClip(path, sha256, size, _details(converted), item.caption)
        self._output.note(clip, key=event.key, step=event.step, index=index, time=event.time, notes=item.notes)
        self.count_clipping(event.key, clip.details)
        return clip

    def count_clipping(self, key: str, details: AudioDetails) -> None:
        """Count the samples of a clip that were clipped, and warn of it once a key."""
        if details.clipped_samples and self._output is not None:
            self._output.count("clipped_samples", details.clipped_samples)
            self._say(
                f"{key}: {details.clipped_samples} samples beyond full scale were clipped (peak {details.peak:.2f}). "
                "Pass overload='scale' to lower such clips, or overload='float' with format='wav' to keep them; this "
                "is said once a key",
                "clipped",
                key,
            )

    def _takes_calls(self) -> bool:
        if self._output is None:
            return False
        if not self._worker.is_ours:
            warn_once("this process was forked from the one that logs; clips that it logs are not taken", "forked")
            return False
        if self._closed:
            self.report(_closed_error())
            self._raise_pending()
            return False
        return True

    def report(self, error: BaseException, *, key: str | None = None) -> None:
        """Count an error, and warn of it once a kind or raise it with the next call, as the logger was asked to.

        Parameters
        ----------
        error : exception
        key : str, optional
            What it was logged under.
        """
        if self._output is not None:
            self._output.count_error(error)
        if self._on_error == "raise":
            self._pending_error = self._pending_error or error
        else:
            self._warn(error, key)

    def _warn(self, error: BaseException, key: str | None = None) -> None:
        where = "" if key is None else f"{key}: "
        self._say(
            f"{where}a clip was not logged: {_said(error)}. {advice_for(error)}Training goes on; such errors are "
            "counted in the run's summary as audio_logging/errors, and this kind is not reported again",
            "error",
            f"{type(error).__name__} {getattr(error, 'errno', '')}",
        )

    def _say(self, message: str, *scope: str) -> None:
        try:
            warn_once(message, str(self.run.id), *scope)
        except AudioLoggingWarning as warning:  # python -W error; the thread cannot raise it, the next call can
            self._pending_error = self._pending_error or warning

    def _raise_pending(self) -> None:
        error, self._pending_error = self._pending_error, None
        if error is not None:
            raise error


class _Event(NamedTuple):
    key: str
    items: tuple[Item, ...]
    step: int
    as_list: bool
    time: float


def snapshot(
    value: Any, sample_rate: Any = None, caption: str | None = None, notes: Mapping[str, Any] | None = None
) -> Item:
    """Take a clip out of the caller's reach: copy arrays, read files.

    Parameters
    ----------
    value : object
        See :func:`audio_logging.as_clip`.
    sample_rate : int, optional
        [Hz]
    caption : str, optional
        Default: the value's own, for an Audio.
    notes : dict, optional
        More fields of its sidecar line.

    Returns
    -------
    Item

    Raises
    ------
    AudioTypeError, AudioFileNotFoundError, AudioDecodeError
        No audio, or a file that cannot be read.
    """
    if caption is None and isinstance(value, wandb.Audio):
        caption = _wandb.caption_of(value)
    # The usual case without the way through the kinds of input: the code is cold when training calls.
    source = ArraySource(value) if type(value) is np.ndarray else to_source(value)
    return Item(source.snapshot(), sample_rate, None if caption is None else str(caption), notes or {})


def _details(converted: Converted) -> AudioDetails:
    return AudioDetails.of(converted if isinstance(converted, EncodedAudio) else converted.info)


def _is_list_of_clips(value: Any) -> bool:
    """Whether a value holds clips; a list of numbers, or of rows of numbers, is one, and so is (rate, samples)."""
    if not isinstance(value, (list, tuple)):
        return False
    if isinstance(value, tuple) and len(value) == 2 and any(map(_is_number, value)):
        return False
    return not value or not (_is_number(value[0]) or _is_row(value[0]))


def _is_row(value: Any) -> bool:
    """Whether a value is a row of numbers, and not (rate, samples); two tell, and rows may be long."""
    return isinstance(value, (list, tuple)) and all(map(_is_number, value[:2]))


def _is_one_a_clip(caption: Any) -> bool:
    """Whether there is a caption for each clip, rather than one for all: a text, or something that becomes one."""
    return isinstance(caption, Iterable) and not isinstance(caption, (str, bytes)) and not _is_number(caption)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) or getattr(value, "shape", None) == ()


def _checked_key(key: str) -> str:
    if not isinstance(cast("object", key), str) or not key:
        raise AudioTypeError(f"got key={key!r}, wanted a name such as 'val/sample'")
    if key in TAKEN_KEYS:
        raise AudioValueError(f"got key={key!r}, which wandb or this package uses for itself; wanted another name")
    # Half characters, as in file names of unknown encoding, do not get through wandb's protocol, which is UTF-8.
    return key.encode("utf-8", "backslashreplace").decode("utf-8")


def _checked_step(step: Any) -> int:
    try:
        return operator.index(step)
    except TypeError as error:
        raise AudioTypeError(f"got step={step!r}, wanted a whole number") from error


def _check_word(name: str, word: str, words: tuple[str, ...]) -> None:
    if word not in words:
        raise AudioValueError(f"got {name}={word!r}, wanted one of {', '.join(map(repr, words))}")


def _run_or_raise(run: wandb.Run | None) -> wandb.Run:
    run = run if run is not None else wandb.run
    if run is None:
        raise NoRunError("there is no W&B run to log to. Start one with wandb.init(...), or pass run=")
    if not isinstance(run, wandb.Run):
        raise AudioTypeError(f"got run={run!r}, wanted what wandb.init() returns")
    if _wandb.is_finished(run):
        raise NoRunError(f"the run {run.id} has finished. Start another one with wandb.init(...)")
    if not run.disabled and not _wandb.same_process(run):
        raise NoRunError(
            f"the run {run.id} was started by another process, and rows of two processes would overwrite each other. "
            "Log from that process, or start a run in this one with wandb.init(...)"
        )
    return run


def _closed_error() -> LoggerClosedError:
    return LoggerClosedError("this logger, or its run, is closed, so the clip is not logged. Make a new one")


def _said(error: BaseException) -> str:
    """Return an error's message, with its kind where it is not one of ours and may not explain itself."""
    message = str(error).strip().rstrip(".")
    return message if isinstance(error, (AudioLoggingError, OSError)) else f"{type(error).__name__}: {message}"

"""Analyser: peaks, spectrograms and levels of stored files, each computed once."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import TypeVar, cast

from audio_logging.dashboard.analysis.blocks import BlockReader, Cancel, EndsEarlyError, of_known_length
from audio_logging.dashboard.analysis.cache import DiskCache
from audio_logging.dashboard.analysis.levels import Levels, levels
from audio_logging.dashboard.analysis.options import SpectrogramOptions
from audio_logging.dashboard.analysis.peaks import Overview, Peaks, bucket_peaks, overview
from audio_logging.dashboard.analysis.sharing import RecentAnswers, SharedWork
from audio_logging.dashboard.analysis.spectrogram import loudest_point, picture
from audio_logging.dashboard.stored_file import StoredFile

__all__ = ["Analyser"]

VERSION = 1
"""Of what is computed: with another one, nothing that was kept before is used."""

MEMORY = 2**24
"""[bytes] For the answers given last: pictures of some 100 kB, and overviews of 2 MB at most."""

PEAKS = struct.Struct("<HI")
TOP = struct.Struct("<d")

WORTH_A_FILE = 2**20
"""[samples] Levels of shorter clips are not kept on disk: a hundred thousand small files would cost more than computing
them again. Peaks never are, but what those of long clips are made of is."""

T = TypeVar("T")


class Analyser:
    """Answers about stored files, from any thread; an answer given once is at hand the next time.

    Parameters
    ----------
    cache : Path or None
        A folder to keep answers in, also of other processes; None for memory only.
    cache_bytes : int
        How much may be kept there.
    """

    def __init__(self, cache: Path | None, *, cache_bytes: int = 2**30) -> None:
        self._disk = DiskCache(cache, cache_bytes) if cache is not None else None
        self._recent = RecentAnswers(MEMORY)
        self._work = SharedWork()

    def peaks(
        self,
        file: StoredFile,
        n: int,
        *,
        start: float | None = None,
        end: float | None = None,
        cancelled: Cancel = None,
    ) -> Peaks:
        """Return the smallest and largest samples, as :func:`audio_logging.dashboard.analysis.peaks` does.

        Parameters
        ----------
        file : StoredFile
        n : int
            Buckets, 1 to 4096.
        start, end : float, optional
            [s]
        cancelled : callable, optional
            Asked between blocks.

        Returns
        -------
        Peaks

        Raises
        ------
        AudioValueError, NotFoundError, AudioDecodeError, Cancelled
            As there.
        """

        def compute(reader: BlockReader, frames: int) -> Peaks:
            return bucket_peaks(reader, frames, n, start, end, lambda: self._overview(file, reader, frames, cancelled))

        def answer() -> bytes:
            found = self._of_known_length(file, compute, cancelled)
            return PEAKS.pack(found.channels, found.n) + found.data

        data = self._answer(file, ("peaks", n, start, end), answer, cancelled, keep=False)
        channels, buckets = PEAKS.unpack_from(data)
        return Peaks(channels, buckets, data[PEAKS.size :])

    def spectrogram(self, file: StoredFile, options: SpectrogramOptions, *, cancelled: Cancel = None) -> bytes:
        """Return a picture, as :func:`audio_logging.dashboard.analysis.spectrogram` does.

        Parameters
        ----------
        file : StoredFile
        options : SpectrogramOptions
        cancelled : callable, optional
            Asked between blocks.

        Returns
        -------
        bytes
            A PNG file.

        Raises
        ------
        AudioValueError, NotFoundError, AudioDecodeError, Cancelled
            As there.
        """

        def answer() -> bytes:
            return self._of_known_length(
                file,
                lambda reader, frames: picture(reader, frames, options, lambda: self._top(file, options, cancelled)),
                cancelled,
            )

        return self._answer(file, ("spectrogram", *astuple(options)), answer, cancelled)

    def levels(self, file: StoredFile, *, cancelled: Cancel = None) -> Levels:
        """Return the levels, as :func:`audio_logging.dashboard.analysis.levels` does.

        Parameters
        ----------
        file : StoredFile
        cancelled : callable, optional
            Asked between blocks.

        Returns
        -------
        Levels
            A dict.

        Raises
        ------
        AudioValueError, NotFoundError, AudioDecodeError, Cancelled
            As there.
        """

        def answer() -> bytes:
            return json.dumps(levels(file, cancelled=cancelled)).encode()

        data = self._answer(file, ("levels",), answer, cancelled, keep=_is_long)
        return cast("Levels", json.loads(data))

    def _overview(self, file: StoredFile, reader: BlockReader, frames: int, cancelled: Cancel) -> Overview:
        data = self._answer(file, ("overview",), lambda: overview(reader, frames).to_bytes(), cancelled)
        found = Overview.from_bytes(data)
        if found.frames < frames:
            raise EndsEarlyError(repr(file.name), found.frames)
        return found

    def _top(self, file: StoredFile, options: SpectrogramOptions, cancelled: Cancel) -> float:
        """Return the loudest point of the clip, whatever part of it is looked at, and in whatever colours."""

        def answer() -> bytes:
            found = self._of_known_length(
                file, lambda reader, frames: loudest_point(reader, frames, options), cancelled
            )
            return TOP.pack(found)

        what = ("top", options.scale, options.channel, options.window)
        return float(TOP.unpack(self._answer(file, what, answer, cancelled))[0])

    def _of_known_length(self, file: StoredFile, compute: Callable[[BlockReader, int], T], cancelled: Cancel) -> T:
        """As `of_known_length`, remembering what was not as the header says."""
        key = _key(file, ("frames", _state(file)))
        known = self._recent.get(key)

        def remembering(reader: BlockReader, frames: int) -> T:
            if frames != reader.frames:
                self._recent.put(key, str(frames).encode())
            return compute(reader, frames)

        return of_known_length(file, remembering, frames=int(known) if known else None, cancelled=cancelled)

    def _answer(
        self,
        file: StoredFile,
        what: tuple[object, ...],
        compute: Callable[[], bytes],
        cancelled: Cancel,
        *,
        keep: Callable[[bytes], bool] | bool = True,
    ) -> bytes:
        """Return an answer from memory or disk, or compute it; `keep` says whether it is worth a file."""
        key = _key(file, what)
        found = self._recent.get(key)
        if found is not None:
            return found
        return self._work.do(key, lambda: self._fresh(key, file, compute, keep), cancelled)

    def _fresh(
        self, key: str, file: StoredFile, compute: Callable[[], bytes], keep: Callable[[bytes], bool] | bool
    ) -> bytes:
        answer = self._disk.get(key) if self._disk is not None and keep else None
        if answer is None:
            before = _state(file)
            answer = compute()
            if _state(file) != before:
                return answer  # of a file that changed meanwhile, perhaps neither the old nor the new one's
            if self._disk is not None and (keep if isinstance(keep, bool) else keep(answer)):
                self._disk.put(key, answer)
        self._recent.put(key, answer)
        return answer


def _key(file: StoredFile, what: tuple[object, ...]) -> str:
    return hashlib.sha256(repr((VERSION, file.content, what)).encode("utf-8", "surrogatepass")).hexdigest()


def _state(file: StoredFile) -> tuple[int, ...] | None:
    try:
        status = Path(file.path).lstat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _is_long(answer: bytes) -> bool:
    found = json.loads(answer)
    return bool(found["frames"] * found["channels"] > WORTH_A_FILE)

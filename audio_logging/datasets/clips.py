"""From the number of a file to a clip that is ready for its batch."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from audio_logging._types import Samples
from audio_logging.datasets.conversion import Conversion
from audio_logging.datasets.files import shown
from audio_logging.datasets.parts import ArrayPart, FilePart, Part, SilentPart, WavPart
from audio_logging.datasets.reading import SoundFileSource, WavSource, open_audio
from audio_logging.datasets.report import ReadingReport
from audio_logging.datasets.window import Window
from audio_logging.errors import (
    AudioDurationError,
    AudioLoggingError,
    AudioLoggingWarning,
    AudioShapeError,
    EmptyAudioError,
    SampleRateError,
)

__all__ = ["ClipReader", "FirstFile"]


class AudioFormat(NamedTuple):
    """What the first readable file of a dataset is like."""

    path: str
    sample_rate: int
    channels: int


class FirstFile:
    """The sample rate and channels that all files must have when nothing is converted: those of the first file.

    Parameters
    ----------
    paths : sequence of str
        All files of the folder in order, whatever part of them is used.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths

    @cached_property
    def format(self) -> AudioFormat | None:
        """Format of the first file that can be read; None when there is none."""
        for path in self._paths:
            try:
                source = open_audio(path)
            except AudioLoggingError:
                continue
            source.close()
            return AudioFormat(path, source.sample_rate, source.channels)
        return None

    def check(self, path: str, source: WavSource | SoundFileSource, wanted: Conversion) -> None:
        """Refuse a file that is unlike the first one, unless it will be converted.

        Parameters
        ----------
        path : str
            Its name.
        source : WavSource or SoundFileSource
            The file.
        wanted : Conversion
            What will be done to it.

        Raises
        ------
        SampleRateError, AudioShapeError
            Another sample rate, or other channels.
        """
        first = self.format
        if first is None:  # nothing could be read when that was asked; now this file can
            self.format = AudioFormat(path, source.sample_rate, source.channels)
            return
        if wanted.sampling_rate is None and source.sample_rate != first.sample_rate:
            raise SampleRateError(
                f"{shown(path)}: has {source.sample_rate} Hz; the first file, {shown(first.path)}, has "
                f"{first.sample_rate}. Type sampling_rate={first.sample_rate} to resample, or on_error='skip'"
            )
        if wanted.channels is None and source.channels != first.channels:
            raise AudioShapeError(
                f"{shown(path)}: has {source.channels} channels; the first file, {shown(first.path)}, has "
                f"{first.channels}. Type mono=True or channels={first.channels}, or on_error='skip'"
            )


class ClipReader:
    """Reads clips by number: the part of the file that is asked for, converted.

    Parameters
    ----------
    paths : list of str
        The files.
    window : Window
        Which part of each.
    conversion : Conversion
        Sample rate and channels wanted.
    first : FirstFile
        What they must be like otherwise.
    report : ReadingReport
        Decides about files that cannot be read.
    cache : bool
        Whether decoded clips stay in memory.
    """

    def __init__(
        self,
        paths: list[str],
        window: Window,
        conversion: Conversion,
        first: FirstFile,
        report: ReadingReport,
        *,
        cache: bool,
    ) -> None:
        self.paths = paths
        self.window = window
        self.conversion = conversion
        self.first = first
        self.report = report
        self._whole = window.is_whole
        self._cache: dict[int, tuple[Samples, int]] | None = {} if cache else None

    @property
    def sample_rate(self) -> int | None:
        """Rate [Hz] of the clips; None when no file can be read."""
        if self.conversion.sampling_rate is not None:
            return self.conversion.sampling_rate
        return None if self.first.format is None else self.first.format.sample_rate

    @property
    def channels(self) -> int | None:
        """Channels of the clips; None when no file can be read."""
        chosen = self.conversion.channels
        if chosen is not None:
            return chosen if isinstance(chosen, int) else len(chosen)
        return None if self.first.format is None else self.first.format.channels

    def part(self, index: int, place: float = 0.0) -> Part | None:
        """Return a clip, or None when its file is left out.

        Parameters
        ----------
        index : int
            Number of the file.
        place : float in [0, 1)
            Where a random window goes.

        Returns
        -------
        Part or None

        Raises
        ------
        AudioLoggingError
            The file cannot be read or used, and `on_error` is "raise". The message names it.
        """
        path = self.paths[index]
        try:
            if self._cache is None:
                return self._fresh(path, place)
            return self._kept(self._cache, index, place)
        except (AudioDurationError, AudioShapeError) as error:
            named = str(error).startswith(shown(path))
            return self.replacement(index, error if named else type(error)(f"{shown(path)}: {error}"))
        except AudioLoggingError as error:
            return self.replacement(index, error)

    def replacement(self, index: int, error: AudioLoggingError) -> SilentPart | None:
        """Return what stands in for a file that cannot be read: silence or nothing.

        Parameters
        ----------
        index : int
            Number of the file.
        error : AudioLoggingError
            What is wrong with it.

        Returns
        -------
        SilentPart or None
            As many zeros as are known to be wanted; none when files have their own lengths.

        Raises
        ------
        AudioLoggingError
            The error, when `on_error` is "raise".
        """
        self.report.note(self.paths[index], error)
        if self.report.on_error == "skip":
            return None
        return SilentPart(self._usual_frames(), self.channels or 1)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_cache": None if self._cache is None else {}}

    def _fresh(self, path: str, place: float) -> Part:
        source = open_audio(path)
        try:
            first, frames = self._span(path, source, place)
            if not self.conversion.is_needed(source.sample_rate, source.channels):
                if isinstance(source, WavSource):
                    return source if self._whole else WavPart(source, first, frames, source.channels)
                if source.length_is_sure:
                    return FilePart(path, first, frames, source.channels)
            samples = self.conversion.apply(source.read(first, frames), source.sample_rate)
        finally:
            source.close()
        return self._cut(samples)

    def _kept(self, cache: dict[int, tuple[Samples, int]], index: int, place: float) -> Part:
        """Return a clip from memory; what is kept of files with random windows is all of the file."""
        if index not in cache:
            cache[index] = self._decode(self.paths[index])
        samples, sample_rate = cache[index]
        if not self.window.is_random:
            return self._cut(samples)
        first, frames = self.window.span(len(samples), sample_rate, place)
        return self._cut(self.conversion.apply(samples[first : first + frames], sample_rate))

    def _decode(self, path: str) -> tuple[Samples, int]:
        source = open_audio(path)
        try:
            first, frames = self._span(path, source, 0.0)
            if self.window.is_random:
                return source.read(0, source.frames), source.sample_rate
            return self.conversion.apply(source.read(first, frames), source.sample_rate), source.sample_rate
        finally:
            source.close()

    def _span(self, path: str, source: WavSource | SoundFileSource, place: float) -> tuple[int, int]:
        """Return which frames of a file to read, once it is known to be like the others."""
        first, frames = self.first.format, source.frames
        if first is None or source.sample_rate != first.sample_rate or source.channels != first.channels:
            self.first.check(path, source, self.conversion)
        if not frames:
            self._meet_empty(path)
        return (0, frames) if self._whole else self.window.span(frames, source.sample_rate, place)

    def _cut(self, samples: Samples) -> ArrayPart:
        length = self.window.output_sequence_length
        frames = len(samples) if length is None else min(len(samples), length)
        return ArrayPart(samples, frames, samples.shape[1])

    def _meet_empty(self, path: str) -> None:
        text = f"{shown(path)}: holds no samples (0 frames)"
        if self.report.on_error != "raise":
            raise EmptyAudioError(text)
        warnings.warn(f"{text}; Keras gives an empty clip, and so does this", AudioLoggingWarning, stacklevel=2)

    def _usual_frames(self) -> int:
        if self.window.output_sequence_length is not None:
            return self.window.output_sequence_length
        return round((self.window.duration or 0) * (self.sample_rate or 0))

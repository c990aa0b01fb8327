"""Spectrograms: level over time and frequency, absolute, as a picture.

Each column of pixels shows the loudest moment of its stretch of time, each row the loudest frequency of its band. The
windows of a column overlap by half at least and the rows leave no gaps, so that at every zoom a click is seen and a
steady tone reads the same. A mean over the stretch would lose the click, and keep the level of noise instead, which
reads about 7 dB higher here in a picture of ten minutes than in one of ten seconds.

The file is decoded once, in blocks, and only the part that is looked at.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from audio_logging.dashboard.analysis.blocks import BlockReader, Cancel, of_known_length
from audio_logging.dashboard.analysis.colours import palette
from audio_logging.dashboard.analysis.options import SpectrogramOptions
from audio_logging.dashboard.analysis.pictures import palette_png
from audio_logging.dashboard.analysis.rows import Rows
from audio_logging.dashboard.analysis.views import view_of
from audio_logging.dashboard.analysis.windows import Grid, Mono, column_powers
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.errors import AudioValueError

__all__ = ["loudest_point", "picture", "spectrogram", "window_size"]

WINDOW_SECONDS = 0.032
"""[s] Long enough to tell the harmonics of a low voice apart, short enough to show its consonants."""

SILENCE = -200.0
"""[dB] What is not louder is not made visible by `normalise`: 32-bit integers end at -187 dB."""

Levels = npt.NDArray[np.float32]


def spectrogram(file: StoredFile, options: SpectrogramOptions, *, cancelled: Cancel = None) -> bytes:
    """Return the spectrogram of a stored file as a PNG file.

    Parameters
    ----------
    file : StoredFile
    options : SpectrogramOptions
    cancelled : callable, optional
        Asked between blocks.

    Returns
    -------
    bytes
        A palette picture: brightness is level, 0 dB the brightest.

    Raises
    ------
    AudioValueError
        The clip has no such channel, or the end is not after the start.
    NotFoundError, AudioDecodeError
        The file is gone, no audio, or damaged.
    Cancelled
        `cancelled` said so.
    """

    def top() -> float:
        return of_known_length(file, lambda reader, frames: loudest_point(reader, frames, options), cancelled=cancelled)

    return of_known_length(file, lambda reader, frames: picture(reader, frames, options, top), cancelled=cancelled)


def picture(reader: BlockReader, frames: int, options: SpectrogramOptions, get_top: Callable[[], float]) -> bytes:
    """Return the spectrogram of an open file as a PNG file.

    Parameters
    ----------
    reader : BlockReader
        Not read yet.
    frames : int
        How many there are.
    options : SpectrogramOptions
    get_top : callable
        Returns the loudest point of the clip [dB]; called where a part of one is normalised.

    Returns
    -------
    bytes

    Raises
    ------
    AudioValueError, AudioDecodeError, Cancelled
        As `spectrogram`.
    """
    first, last = view_of(options.start, options.end, frames, reader.sample_rate)
    levels = _levels(reader, frames, options, first, last, options.width)
    if options.normalise:
        top = float(levels.max()) if last - first == frames else get_top()
        levels -= top if top > SILENCE else 0.0
    pixels = np.rint(np.clip(1 - levels / options.floor, 0, 1) * 255).astype(np.uint8)
    return palette_png(pixels.T[::-1], palette(options.colours))


def loudest_point(reader: BlockReader, frames: int, options: SpectrogramOptions) -> float:
    """Return the loudest point [dB] of the spectrogram of a whole clip; minus infinity for silence.

    Parameters
    ----------
    reader : BlockReader
        Not read yet.
    frames : int
        How many there are.
    options : SpectrogramOptions
        Scale, channel and window matter.

    Returns
    -------
    float

    Raises
    ------
    AudioValueError, AudioDecodeError, Cancelled
        As `spectrogram`.
    """
    return float(_levels(reader, frames, options, 0, frames, 1).max())


def window_size(options: SpectrogramOptions, sample_rate: int, frames: int) -> int:
    """Return the length of the window [frames].

    Parameters
    ----------
    options : SpectrogramOptions
    sample_rate : int
        [Hz]
    frames : int
        Of the whole clip.

    Returns
    -------
    int
        A power of two from 64 to 8192.
    """
    if options.window is not None:
        return options.window
    power = round(math.log2(WINDOW_SECONDS * sample_rate))
    longest = max(frames, 1).bit_length() - 1
    return int(2 ** min(max(min(power, longest), 6), 13))


def _levels(reader: BlockReader, frames: int, options: SpectrogramOptions, first: int, last: int, width: int) -> Levels:
    """Return levels [shape=(width, height)] in dB, the lowest frequency first; minus infinity for nothing."""
    window = window_size(options, reader.sample_rate, frames)
    rows = Rows.of(options.scale, reader.sample_rate, options.height, window)
    levels = np.full((width, options.height), -np.inf, np.float32)
    if first == last:
        return levels
    start = max(0, first - window // 2)
    mono = _mono(reader, options, start, min(frames, last + window // 2))
    for column, power in column_powers(mono, start, Grid(first, last, width, window)):
        levels[column : column + len(power)] = rows.levels(power)
    return levels


def _mono(reader: BlockReader, options: SpectrogramOptions, start: int, stop: int) -> Iterator[Mono]:
    channel = options.channel
    if channel != "mix" and channel >= reader.channels:
        raise AudioValueError(
            f"got channel={channel}, the clip has {reader.channels}: wanted 'mix' or 0 to {reader.channels - 1}"
        )
    weights = np.full(reader.channels, 1 / reader.channels, np.float32)
    for block in reader.blocks(start, stop):
        yield block @ weights if channel == "mix" else np.ascontiguousarray(block[:, channel])

"""What the dashboard shows of a file's sound: peaks, spectrograms, levels.

Everything is computed from blocks of a file, with bounded memory. :class:`Analyser` remembers answers and shares work
between threads; :func:`peaks`, :func:`spectrogram` and :func:`levels` are the same without, for other processes;
:func:`levels_and_peaks` are two at the price of one.
"""

from __future__ import annotations

from audio_logging.dashboard.analysis.analyser import Analyser
from audio_logging.dashboard.analysis.blocks import Cancelled
from audio_logging.dashboard.analysis.levels import Levels, levels
from audio_logging.dashboard.analysis.options import SpectrogramOptions
from audio_logging.dashboard.analysis.peaks import Peaks, peaks
from audio_logging.dashboard.analysis.spectrogram import spectrogram
from audio_logging.dashboard.analysis.summary import levels_and_peaks

__all__ = [
    "Analyser",
    "Cancelled",
    "Levels",
    "Peaks",
    "SpectrogramOptions",
    "levels",
    "levels_and_peaks",
    "peaks",
    "spectrogram",
]

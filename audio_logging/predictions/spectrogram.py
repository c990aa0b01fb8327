"""A clip's spectrogram as a picture."""

from __future__ import annotations

import importlib.util

import numpy as np
import numpy.typing as npt

from audio_logging.clip import AudioClip
from audio_logging.errors import MissingDependencyError

__all__ = ["require_pillow", "spectrogram_image"]

WINDOW_SECONDS = 0.032
"""[s] Long enough to tell the harmonics of a low voice apart, short enough to show its consonants."""

HEIGHT = 160
MAX_WIDTH = 800
"""[pixels]"""

FLOOR_DB = -80.0
"""[dB] What is black, below the loudest point of the picture."""

COLOURS = np.array(
    [
        (0, 0, 4),
        (40, 11, 84),
        (101, 21, 110),
        (159, 42, 99),
        (212, 72, 66),
        (245, 125, 21),
        (250, 193, 39),
        (252, 255, 164),
    ],
    np.float32,
)
"""Eight points of matplotlib's colour map "inferno" (S. van der Walt and N. Smith, 2015, CC0)."""


def spectrogram_image(clip: AudioClip) -> npt.NDArray[np.uint8]:
    """Return a picture of a clip: time to the right, frequency on the mel scale upwards, level as colour.

    Parameters
    ----------
    clip : AudioClip
        Mixed to one channel by the mean.

    Returns
    -------
    ndarray of uint8 [shape=(160, at most 800, 3)]
    """
    levels = _levels_db(clip)
    top = float(levels.max())
    relative = np.clip((levels - top) / -FLOOR_DB + 1, 0, 1) if np.isfinite(top) else np.zeros_like(levels)
    positions = relative * (len(COLOURS) - 1)
    stops = np.arange(len(COLOURS))
    channels = [np.interp(positions, stops, COLOURS[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def require_pillow() -> None:
    """Raise when wandb could not show pictures.

    Raises
    ------
    MissingDependencyError
        Pillow is not installed.
    """
    if importlib.util.find_spec("PIL") is None:
        raise MissingDependencyError(
            'spectrogram=True needs pillow. Install it with: pip install "audio-logging[images]"'
        )


def _levels_db(clip: AudioClip) -> npt.NDArray[np.float64]:
    """Return levels [shape=(160, columns)] in dB, the lowest frequency in the last row."""
    mono = clip.samples.mean(axis=1)
    size = max(64, 2 ** round(np.log2(max(WINDOW_SECONDS * clip.sample_rate, 1))))
    padded = np.pad(mono, (size // 2, size // 2))
    hop = max(size // 4, -(-len(mono) // MAX_WIDTH), 1)
    starts = np.arange(0, max(len(padded) - size, 0) + 1, hop)
    frames = padded[starts[:, None] + np.arange(size)] if len(padded) >= size else np.zeros((1, size))
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    rows = np.clip(np.round(_mel_spaced(clip.sample_rate / 2) * size / clip.sample_rate), 0, size // 2).astype(int)
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(power[:, rows[::-1]].T))


def _mel_spaced(nyquist: float) -> npt.NDArray[np.float64]:
    """Return frequencies [Hz] at equal distances in mel, by O'Shaughnessy's formula (1987): 2595 log10(1 + f / 700)."""
    mels = np.linspace(0, 2595 * np.log10(1 + nyquist / 700), HEIGHT)
    return np.asarray(700 * (10 ** (mels / 2595) - 1))

"""Measures of a prediction against its reference: of clips, of texts, of labels.

Each takes ``(prediction, reference)``. They fit ``PredictionLogger(metrics={"si_sdr_db": si_sdr})``.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np
import numpy.typing as npt

from audio_logging.clip import AudioClip
from audio_logging.errors import AudioShapeError, MissingDependencyError, SampleRateError
from audio_logging.predictions.samples import LABEL_SEPARATOR

__all__ = [
    "character_error_rate",
    "duration_difference",
    "label_overlap",
    "level_difference",
    "log_spectral_distance",
    "si_sdr",
    "word_error_rate",
]

WINDOW_SECONDS = 0.032
"""[s] As usual for speech; hops are a quarter of it."""

FLOOR = 1e-10
"""Power that counts as silence: -100 dB of full scale."""

SILENCE = 1e-20
"""Energy below which there is nothing to compare with."""


def si_sdr(prediction: AudioClip, reference: AudioClip) -> float:
    """Return the scale-invariant signal-to-distortion ratio [dB], the mean of the channels; higher is better.

    Parameters
    ----------
    prediction, reference : AudioClip
        Of one rate and number of channels; the longer one is cut to the shorter.

    Returns
    -------
    float
        As J. Le Roux et al., "SDR - half-baked or well done?" (2019), with means removed; NaN for a silent reference.

    Raises
    ------
    AudioShapeError, SampleRateError
        They cannot be compared.
    """
    estimate, target = _aligned(prediction, reference)
    estimate, target = estimate - estimate.mean(axis=0), target - target.mean(axis=0)
    energy = (target**2).sum(axis=0)
    scaled = target * (estimate * target).sum(axis=0) / np.maximum(energy, SILENCE)
    distortion = ((estimate - scaled) ** 2).sum(axis=0)
    ratios = 10 * np.log10(np.maximum((scaled**2).sum(axis=0), SILENCE) / np.maximum(distortion, SILENCE))
    return float(np.where(energy > SILENCE, ratios, np.nan).mean())


def log_spectral_distance(prediction: AudioClip, reference: AudioClip) -> float:
    """Return the distance of two clips' spectra [dB]; 0 for the same, lower is better.

    Parameters
    ----------
    prediction, reference : AudioClip
        As for :func:`si_sdr`.

    Returns
    -------
    float
        Root mean square over frequency of the difference of levels, the mean over time (A. Gray and J. Markel, 1976).

    Raises
    ------
    AudioShapeError, SampleRateError
        They cannot be compared.
    """
    estimate, target = _aligned(prediction, reference)
    size = max(16, round(WINDOW_SECONDS * reference.sample_rate))
    difference = _levels(estimate, size) - _levels(target, size)
    return float(np.sqrt((difference**2).mean(axis=-1)).mean())


def level_difference(prediction: AudioClip, reference: AudioClip) -> float:
    """Return how much louder the prediction is [dB], by root mean square; 0 is best.

    Parameters
    ----------
    prediction, reference : AudioClip
        Of any rates, lengths and numbers of channels.

    Returns
    -------
    float
    """
    return _level(prediction) - _level(reference)


def duration_difference(prediction: AudioClip, reference: AudioClip) -> float:
    """Return how much longer the prediction is [s]; 0 is best.

    Parameters
    ----------
    prediction, reference : AudioClip

    Returns
    -------
    float
    """
    return prediction.duration - reference.duration


def word_error_rate(prediction: str, reference: str) -> float:
    """Return how many words are wrong, as a share of the reference's words; 0 is best, more than 1 is possible.

    Parameters
    ----------
    prediction, reference : str

    Returns
    -------
    float

    Raises
    ------
    MissingDependencyError
        jiwer is not installed.
    """
    return _jiwer("wer", prediction, reference)


def character_error_rate(prediction: str, reference: str) -> float:
    """Return how many characters are wrong, as a share of the reference's; 0 is best, more than 1 is possible.

    Parameters
    ----------
    prediction, reference : str

    Returns
    -------
    float

    Raises
    ------
    MissingDependencyError
        jiwer is not installed.
    """
    return _jiwer("cer", prediction, reference)


def label_overlap(prediction: str, reference: str) -> float:
    """Return how much two sets of labels have in common: 1 for the same, 0 for none (Jaccard index).

    Parameters
    ----------
    prediction, reference : str
        Labels with ", " between them.

    Returns
    -------
    float

    Examples
    --------
    >>> label_overlap("dog, rain", "dog")
    0.5
    """
    ours, theirs = set(prediction.split(LABEL_SEPARATOR)), set(reference.split(LABEL_SEPARATOR))
    return len(ours & theirs) / len(ours | theirs)


def _aligned(prediction: AudioClip, reference: AudioClip) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    if prediction.sample_rate != reference.sample_rate:
        raise SampleRateError(
            f"got a prediction of {prediction.sample_rate} Hz for a reference of {reference.sample_rate} Hz, wanted "
            "the same rate"
        )
    if prediction.channels != reference.channels:
        raise AudioShapeError(
            f"got a prediction of {prediction.channels} channels for a reference of {reference.channels}, wanted as "
            "many"
        )
    frames = min(prediction.frames, reference.frames)
    return prediction.samples[:frames].astype(np.float64), reference.samples[:frames].astype(np.float64)


def _levels(samples: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.float64]:
    """Return levels [dB, shape=(channels, windows, frequencies)]."""
    padded = np.pad(samples, ((0, max(0, size - len(samples))), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=0)[:: size // 4]
    power = np.abs(np.fft.rfft(windows * np.hanning(size), axis=-1)) ** 2 / size
    return np.asarray(10 * np.log10(np.maximum(power, FLOOR)).swapaxes(0, 1))


def _level(clip: AudioClip) -> float:
    return float(10 * np.log10(max(float(np.mean(clip.samples.astype(np.float64) ** 2)), FLOOR)))


def _jiwer(name: str, prediction: str, reference: str) -> float:
    try:
        jiwer = import_module("jiwer")
    except ImportError as error:
        raise MissingDependencyError(
            'error rates of texts need jiwer. Install it with: pip install "audio-logging[asr]"'
        ) from error
    return float(getattr(jiwer, name)(reference, prediction))

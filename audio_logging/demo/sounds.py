"""A small labelled set of synthetic sounds, made from a seed, so that the demo needs no download.

Each class has its own timbre and envelope, but classes come in pairs that share one of the two (bell and pluck decay,
organ and buzzer hold, chirp and siren glide, clicks and wind are noisy), at any pitch, level and noise, so that a
classifier has something to learn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from audio_logging.clip import AudioClip
from audio_logging.demo.recordings import Recording
from audio_logging.errors import AudioValueError

__all__ = ["CLASS_NAMES", "SAMPLE_RATE", "make_sound", "make_sounds"]

SAMPLE_RATE = 16_000
"""[Hz]"""

_Signal: TypeAlias = npt.NDArray[np.floating[Any]]
_Generator: TypeAlias = np.random.Generator

_DURATION = (0.6, 1.4)
"""[s] Shortest and longest sound."""

_PITCH = (110.0, 880.0)
"""[Hz] A2 to A5, the same for every class, so that pitch tells nothing about the class."""

_BACKGROUND_SNR = (6.0, 30.0)
"""[dB] Sound against background noise."""

_LEVEL = (-36.0, -0.1)
"""[dBFS] Peak: from quiet to just below full scale."""

_STEREO_SHARE = 0.3
"""How many of the sounds have two channels."""

_BELL_RATIOS = np.array([0.5, 1.0, 1.183, 1.506, 2.0, 2.514, 2.662, 3.011, 4.166])
"""Partials of a church bell to its prime, hum first (Fletcher and Rossing, The Physics of Musical Instruments,
2nd edition, 1998, table 21.1)."""

_ORGAN_STOPS = np.array([0.5, 1.0, 1.5, 2.0, 3.0, 4.0])
"""Footages 16', 8', 5 1/3', 4', 2 2/3' and 2' as multiples of the pitch."""


def make_sounds(*, per_class: int = 60, seed: int = 0) -> list[Recording]:
    """Make a labelled set of sounds, sorted by class.

    Parameters
    ----------
    per_class : int > 0
        A larger set begins with the sounds of a smaller one.
    seed : int >= 0
        Same seed, same samples.

    Returns
    -------
    list of Recording
        16 kHz, 0.6 to 1.4 s, mono or stereo float32, named ``"bell/003"``.

    Raises
    ------
    AudioValueError
        `per_class` is not positive.
    """
    if per_class < 1:
        raise AudioValueError(f"got per_class={per_class!r}, wanted at least 1 sound per class")
    return [
        Recording(clip=make_sound(label, index=index, seed=seed), label=label, name=f"{label}/{index:03d}")
        for label in CLASS_NAMES
        for index in range(per_class)
    ]


def make_sound(label: str, *, index: int = 0, seed: int = 0) -> AudioClip:
    """Make one sound of a class.

    Parameters
    ----------
    label : str
        One of `CLASS_NAMES`.
    index : int >= 0
        Which sound of its class: each has its own pitch, length, level, noise and channels.
    seed : int >= 0

    Returns
    -------
    AudioClip
        16 kHz, float32, peak below 1.

    Raises
    ------
    AudioValueError
        No such class.
    """
    if label not in _VOICES:
        raise AudioValueError(f"got label {label!r}, wanted one of {', '.join(CLASS_NAMES)}")
    generator = np.random.default_rng([seed, CLASS_NAMES.index(label), index])
    time = np.arange(round(generator.uniform(*_DURATION) * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = _between(generator, _PITCH)
    sound = _faded(_VOICES[label](time, pitch, generator))
    samples = _with_background(_placed(sound, generator), generator)
    peak = 10 ** (generator.uniform(*_LEVEL) / 20)
    return AudioClip.adopt((samples * (peak / np.abs(samples).max())).astype(np.float32), SAMPLE_RATE)


def _bell(time: _Signal, pitch: float, generator: _Generator) -> _Signal:
    frequencies = pitch * _BELL_RATIOS * generator.uniform(0.99, 1.01, len(_BELL_RATIOS))
    amplitudes = generator.uniform(0.2, 1.0, len(frequencies))
    decays = generator.uniform(2.0, 5.0) * np.sqrt(_BELL_RATIOS)
    return _decaying(time, frequencies, amplitudes, decays, generator)


def _buzzer(time: _Signal, pitch: float, generator: _Generator) -> _Signal:
    square = np.sign(np.sin(2 * np.pi * pitch / 2 * time) + generator.uniform(-0.4, 0.4))
    beat = np.sign(np.sin(2 * np.pi * generator.uniform(8, 25) * time) + 0.6)
    return _smooth(square * (beat + 1.2), 3)


def _chirp(time: _Signal, pitch: float, generator: _Generator) -> _Signal:
    octaves = generator.uniform(1.0, 2.5) * generator.choice([-1.0, 1.0])
    position = time / time[-1]
    frequency = pitch * 2.0 ** (octaves * (position - (octaves < 0)))
    return _tone(np.clip(frequency, 60, 6000), generator)


def _clicks(time: _Signal, pitch: float, generator: _Generator) -> _Signal:
    gap = SAMPLE_RATE / generator.uniform(6, 30)
    places = (generator.uniform(0, gap) + gap * np.arange(int(len(time) / gap) + 1)).astype(int)
    impulses = np.zeros(len(time))
    impulses[places[places < len(time)]] = 1
    ring = np.exp(-time / generator.uniform(0.001, 0.006)) * np.sin(2 * np.pi * 4 * pitch * time + 0.5)
    return _convolved(impulses, ring)


def _organ(time: _Signal, pitch: float, generator: _Generator) -> _Signal:
    amplitudes = generator.uniform(0.1, 1.0, len(_ORGAN_STOPS))
    tremulant: _Signal = 1 + generator.uniform(0.0, 0.3) * np.sin(2 * np.pi * generator.uniform(4, 7) * time)
    return tremulant * _decaying(time, pitch * _ORGAN_STOPS, amplitudes, np.zeros(len(_ORGAN_STOPS)), generator)


def _pluck(time: _Signal, pitch: float, generator: _Generator) -> _Signal:
    # An ideal string plucked at a share p of its length has the amplitudes sin(n pi p) / n^2 in displacement
    # (Fletcher and Rossing 1998, section 2.8); 1 / n is what a bridge that follows the force hears
    harmonics = np.arange(1, 25)
    amplitudes = np.sin(np.pi * harmonics * generator.uniform(0.1, 0.4)) / harmonics
    decays = generator.uniform(2.0, 5.0) * (1 + 0.15 * harmonics)
    return _decaying(time, pitch * harmonics, amplitudes, decays, generator)


def _siren(time: _Signal, pitch: float, generator: _Generator) -> _Signal:
    swing = np.sin(2 * np.pi * (generator.uniform(1.5, 5.0) * time + generator.uniform()))
    return _tone(1.5 * pitch * 2.0 ** (generator.uniform(0.3, 0.9) * swing), generator)


def _wind(time: _Signal, pitch: float, generator: _Generator) -> _Signal:
    frequency = np.fft.rfftfreq(len(time), 1 / SAMPLE_RATE)
    width = generator.uniform(0.3, 1.0)
    band = np.exp(-0.5 * (np.log2(np.maximum(frequency, 1) / (2 * pitch)) / width) ** 2)
    gusts = 1.2 + np.sin(2 * np.pi * (generator.uniform(0.5, 2) * time + generator.uniform()))
    return np.asarray(gusts * np.fft.irfft(band * np.fft.rfft(generator.standard_normal(len(time))), len(time)))


_VOICES: dict[str, Callable[[_Signal, float, _Generator], _Signal]] = {
    "bell": _bell,
    "buzzer": _buzzer,
    "chirp": _chirp,
    "clicks": _clicks,
    "organ": _organ,
    "pluck": _pluck,
    "siren": _siren,
    "wind": _wind,
}

CLASS_NAMES = tuple(_VOICES)
"""The labels of the set, sorted."""


def _decaying(
    time: _Signal, frequencies: _Signal, amplitudes: _Signal, decays: _Signal, generator: _Generator
) -> _Signal:
    """Add up sines that die away, those above the Nyquist frequency left out."""
    phases = generator.uniform(0, 2 * np.pi, len(frequencies))
    heard = frequencies < SAMPLE_RATE / 2
    angles = 2 * np.pi * np.outer(frequencies[heard], time) + phases[heard, None]
    envelopes = amplitudes[heard, None] * np.exp(-np.outer(decays[heard], time))
    return np.asarray((envelopes * np.sin(angles)).sum(axis=0))


def _tone(frequency: _Signal, generator: _Generator) -> _Signal:
    """Return a sine of moving frequency [Hz] with a little of its octave and twelfth."""
    phase = 2 * np.pi * np.cumsum(frequency) / SAMPLE_RATE
    second, third = generator.uniform(0, 0.4, 2)
    return np.asarray(np.sin(phase) + second * np.sin(2 * phase) + third * np.sin(3 * phase))


def _convolved(signal: _Signal, response: _Signal) -> _Signal:
    size = 2 * len(signal)
    return np.fft.irfft(np.fft.rfft(signal, size) * np.fft.rfft(response, size), size)[: len(signal)]


def _smooth(signal: _Signal, width: int) -> _Signal:
    return np.convolve(signal, np.ones(width) / width, mode="same")


def _faded(sound: _Signal) -> _Signal:
    """Fade in and out over 5 ms, without which every sound would begin and end with a click."""
    ramp = np.linspace(0, 1, SAMPLE_RATE // 200)
    sound = sound.copy()
    sound[: len(ramp)] *= ramp
    sound[-len(ramp) :] *= ramp[::-1]
    return sound


def _placed(sound: _Signal, generator: _Generator) -> _Signal:
    """Give the sound one channel or two, of which one is softer [shape=(frames, channels)]."""
    if generator.random() >= _STEREO_SHARE:
        return sound[:, None]
    angle = generator.uniform(0.15, 0.35) * np.pi
    return np.outer(sound, [np.cos(angle), np.sin(angle)])


def _with_background(samples: _Signal, generator: _Generator) -> _Signal:
    noise = generator.standard_normal(samples.shape)
    gain = np.sqrt(np.mean(samples**2)) * 10 ** (-generator.uniform(*_BACKGROUND_SNR) / 20)
    return np.asarray(samples + gain * noise)


def _between(generator: _Generator, limits: tuple[float, float]) -> float:
    """Draw from limits [Hz] so that every octave is as likely."""
    return float(np.exp(generator.uniform(*np.log(limits))))

"""Loudness by ITU-R BS.1770-4: K-weighted, gated, in LUFS.

The standard gives its two filters as coefficients for 48 kHz. They are bilinear transforms of analogue filters, whose
parameters libebur128 and B. De Man ("Evaluation of Implementations of the EBU R128 Loudness Measurement", AES
Convention 145, 2018) derived; transformed again, they serve every sample rate.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from audio_logging._types import Samples

__all__ = ["MOST_CHANNELS", "RATES", "Loudness", "channel_weights", "k_weighting", "k_weighting_response"]

RATES = range(4000, 768_001)
"""[Hz] For which there is a loudness: the first filter turns at 1.7 kHz, which lower rates do not have, and with what a
broken header says the impulse response would fill the memory."""

MOST_CHANNELS = 32
"""For which there is a loudness; the standard has five."""

SHELF = (1681.974450955533, 0.7071752369554196, 3.999843853973347, 0.4996667741545416)
"""Frequency [Hz], quality, gain [dB] and the exponent of its middle: the head's effect."""

HIGH_PASS = (38.13547087602444, 0.5003270373238773)
"""Frequency [Hz] and quality: the revised low-frequency B-curve."""

ABSOLUTE_GATE = -70.0
"""[LUFS]"""

RELATIVE_GATE = -10.0
"""[LU] From the mean of what passes the first gate."""

OFFSET = -0.691
"""[dB] Makes a sine of 997 Hz and full scale in one channel read -3.01 LUFS."""

STEPS_A_SECOND = 10
STEPS_A_BLOCK = 4
"""Blocks of 400 ms overlap by three quarters."""

AT_ONCE = 4
"""Transforms that are done together."""

RINGING = 0.1
"""[s] How long the impulse response is. It dies away as a double pole at 38 Hz, exp(-240 t): the absolute values of
what is cut off sum up to less than 1e-8, below the rounding of a 32-bit float."""

SURROUND = 1.41
"""Weight of the channels beside the listener (table 3 of the standard)."""

Coefficients = tuple[float, float, float]


def k_weighting(sample_rate: int) -> tuple[tuple[Coefficients, Coefficients], tuple[Coefficients, Coefficients]]:
    """Return the two filters of K-weighting, each as ``(b0, b1, b2), (1, a1, a2)``.

    Parameters
    ----------
    sample_rate : int
        [Hz] 4000 to 768,000.

    Returns
    -------
    shelf, high_pass
        At 48 kHz those of the standard, to 13 digits.
    """
    return _shelf(sample_rate), _high_pass(sample_rate)


def k_weighting_response(sample_rate: int, size: int) -> npt.NDArray[np.complex128]:
    """Return the frequency response of both filters [shape=(size // 2 + 1,)], at the bins of a transform of `size`.

    Parameters
    ----------
    sample_rate : int
        [Hz]
    size : int

    Returns
    -------
    ndarray of complex128
    """
    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    response = np.ones(size // 2 + 1, complex)
    for b, a in k_weighting(sample_rate):
        response *= (b[0] + delay * (b[1] + delay * b[2])) / (a[0] + delay * (a[1] + delay * a[2]))
    return response


def channel_weights(channels: int) -> npt.NDArray[np.float64]:
    """Return how much each channel counts.

    Parameters
    ----------
    channels : int

    Returns
    -------
    ndarray of float64 [shape=(channels,)]
        1; 1.41 for the two surround channels of five or six (left, right, centre, [low frequencies,] surround left
        and right), and 0 for the low frequencies of six.
    """
    weights = np.ones(channels)
    if channels in (5, 6):
        weights[-2:] = SURROUND
    if channels == 6:
        weights[3] = 0
    return weights


class Loudness:
    """Integrated loudness of samples that come in blocks.

    Filtered in the frequency domain, by overlapping blocks: a loop over samples would take minutes in Python.

    Parameters
    ----------
    sample_rate : int
        [Hz] 4000 to 768,000.
    channels : int
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._rate = sample_rate
        self._weights = channel_weights(channels)
        self._ringing = math.ceil(RINGING * sample_rate)
        self._held = np.zeros((channels, self._ringing), np.float32)
        self._energies: list[float] = []
        self._begun = 0.0
        self._frames = 0

    def add(self, block: Samples) -> None:
        """Take the next samples [shape=(frames, channels)]."""
        self._held = np.concatenate([self._held, block.T], axis=1)
        new = _transform_size(self._ringing) - self._ringing
        windows = (self._held.shape[1] - self._ringing) // new
        if windows >= AT_ONCE:
            self._measure(self._held[:, : self._ringing + windows * new])
            self._held = self._held[:, windows * new :]

    def integrated(self) -> float | None:
        """Return the loudness of everything [LUFS], after which no more can be taken.

        Returns
        -------
        float or None
            None when nothing is louder than the absolute gate of -70 LUFS. Clips shorter than a block of 400 ms count
            as one block.
        """
        if self._held.shape[1] > self._ringing:
            self._measure(self._held)
        if len(self._energies) < STEPS_A_BLOCK:
            total = math.fsum(self._energies) + self._begun
            blocks = np.array([total / max(self._frames, 1)])
        else:
            sums = np.convolve(self._energies, np.ones(STEPS_A_BLOCK), "valid")
            steps = np.arange(len(self._energies) + 1) * self._rate // STEPS_A_SECOND
            blocks = sums / (steps[STEPS_A_BLOCK:] - steps[:-STEPS_A_BLOCK])
        return _gated(blocks)

    def _measure(self, samples: Samples) -> None:
        """Filter samples [shape=(channels, frames)], of which the first ones were measured before, and sum up."""
        size = _transform_size(self._ringing)
        new = size - self._ringing
        response = _response(self._rate, size, self._ringing)
        energy = np.zeros(samples.shape[1] - self._ringing)
        samples = np.pad(samples, ((0, 0), (0, -len(energy) % new)))
        windows = sliding_window_view(samples, size, axis=1)[:, ::new]
        for channel, weight in zip(windows, self._weights, strict=True):
            if weight:
                filtered = np.fft.irfft(np.fft.rfft(channel) * response, size)[:, self._ringing :]
                energy += weight * np.square(filtered.ravel()[: len(energy)], dtype=np.float64)
        self._sum_up(energy)

    def _sum_up(self, energy: npt.NDArray[np.float64]) -> None:
        """Add up energies [shape=(frames,)] to steps of 100 ms."""
        end = self._frames + len(energy)
        starts = [0]
        for step in itertools.count(len(self._energies) + 1):
            border = step * self._rate // STEPS_A_SECOND
            if border > end:
                break
            starts.append(border - self._frames)
        sums = np.add.reduceat(np.append(energy, 0.0), starts).tolist()  # the last step may begin behind the end
        sums[0] += self._begun
        self._begun = sums.pop()
        self._energies += sums
        self._frames = end


def _gated(energies: npt.NDArray[np.float64]) -> float | None:
    with np.errstate(divide="ignore"):
        loudness = OFFSET + 10 * np.log10(energies)
    heard = energies[loudness > ABSOLUTE_GATE]
    if not len(heard):
        return None
    gate = max(ABSOLUTE_GATE, OFFSET + 10 * math.log10(heard.mean()) + RELATIVE_GATE)
    return OFFSET + 10 * math.log10(energies[loudness > gate].mean())


def _transform_size(ringing: int) -> int:
    return int(2 ** math.ceil(math.log2(3 * ringing)))


@lru_cache(maxsize=16)
def _response(sample_rate: int, size: int, ringing: int) -> npt.NDArray[np.complex64]:
    """Return the response of the filters, their impulse response cut to `ringing` frames."""
    long = 2 ** math.ceil(math.log2(16 * ringing))
    impulse = np.fft.irfft(k_weighting_response(sample_rate, long), long)
    return np.fft.rfft(impulse[:ringing], size).astype(np.complex64)


def _shelf(sample_rate: int) -> tuple[Coefficients, Coefficients]:
    frequency, quality, gain, exponent = SHELF
    k = math.tan(math.pi * frequency / sample_rate)
    high = 10 ** (gain / 20)
    band = high**exponent
    a0 = 1 + k / quality + k * k
    b = ((high + band * k / quality + k * k) / a0, 2 * (k * k - high) / a0, (high - band * k / quality + k * k) / a0)
    return b, (1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0)


def _high_pass(sample_rate: int) -> tuple[Coefficients, Coefficients]:
    frequency, quality = HIGH_PASS
    k, k_48 = (math.tan(math.pi * frequency / rate) for rate in (sample_rate, 48_000))
    a0, a0_48 = (1 + value / quality + value * value for value in (k, k_48))
    # The standard has 1, -2, 1 at 48 kHz, that is a0_48 times the textbook's filter; so has every other rate here.
    gain = a0_48 / a0
    return (gain, -2 * gain, gain), (1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0)

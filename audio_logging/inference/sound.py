"""What a model wants to hear, and how a clip becomes that."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import soxr

from audio_logging._types import Samples
from audio_logging.clip import AudioClip
from audio_logging.errors import AudioDurationError, AudioShapeError, AudioValueError
from audio_logging.inference.errors import ModelError
from audio_logging.inference.windows import PadPolicy, WindowPlan, WindowPolicy, plan_windows

__all__ = ["SoundSpec", "prepare"]

FASTEST = 1_000_000
"""[Hz] No model wants more; a damaged one that does would turn a second into gigabytes."""

MOST_FRAMES = 2**29
"""Resampled to more than this (9 hours at 16 kHz) and to more than it had, a clip is refused: its header lies."""


@dataclass(frozen=True)
class SoundSpec:
    """What a model wants to hear.

    Attributes
    ----------
    sample_rate : int or None
        [Hz] None: any.
    channels : int or None
        None: any.
    frames : int or None
        The only length of a window that it takes; None: any.
    longest : int or None
        [frames] The longest window that it hears all of.
    pads : bool
        Whether its feature extractor fills short windows up itself.

    Raises
    ------
    ModelError
        A sample rate that no model has.
    """

    sample_rate: int | None
    channels: int | None = 1
    frames: int | None = None
    longest: int | None = None
    pads: bool = False

    def __post_init__(self) -> None:
        if self.sample_rate is not None and not 0 < self.sample_rate <= FASTEST:
            raise ModelError(f"the model wants {self.sample_rate} Hz, wanted more than 0 and at most {FASTEST} Hz")

    def plan(self, frames: int, sample_rate: int, policy: WindowPolicy) -> WindowPlan:
        """Decide where the windows of a clip lie.

        Parameters
        ----------
        frames : int
            Length of the clip.
        sample_rate : int
            [Hz] Of the clip, which is the model's unless that takes any.
        policy : WindowPolicy

        Returns
        -------
        WindowPlan

        Raises
        ------
        AudioValueError
            The policy asks for windows that the model does not take.
        """
        size = self._size(frames, sample_rate, policy)
        hop = size if policy.hop is None else max(1, round(policy.hop * sample_rate))
        return plan_windows(frames, size=size, hop=hop, pad=self._pad(policy), sample_rate=sample_rate)

    def _size(self, frames: int, sample_rate: int, policy: WindowPolicy) -> int:
        asked = None if policy.window is None else max(1, round(policy.window * sample_rate))
        if self.frames is not None:
            if asked not in (None, self.frames):
                raise AudioValueError(
                    f"got window={policy.window} s, but the model takes windows of {self.frames / sample_rate:g} s "
                    "only. Leave window out; hop may be anything"
                )
            return self.frames
        if self.longest is not None:
            if asked is not None and asked > self.longest:
                raise AudioValueError(
                    f"got window={policy.window} s, but the model hears {self.longest / sample_rate:g} s at most"
                )
            return asked or self.longest
        return asked or frames

    def _pad(self, policy: WindowPolicy) -> PadPolicy:
        if policy.pad == "short" and self.frames is not None:
            raise AudioValueError(
                "got pad='short', but the model takes one length only; wanted 'zero', 'shift', 'drop'"
            )
        return policy.pad or ("short" if self.pads else "zero")


def prepare(clip: AudioClip, spec: SoundSpec) -> Samples:
    """Return a clip's samples as a model wants them: channels mixed to one by their mean, then resampled with soxr.

    Parameters
    ----------
    clip : AudioClip
    spec : SoundSpec

    Returns
    -------
    ndarray [shape=(frames, channels)], float32
        At least one frame.

    Raises
    ------
    AudioShapeError
        The model wants several channels, and the clip has another number, and not one.
    AudioDurationError
        A clip that would have billions of frames at the model's rate.
    """
    samples = _channels(clip.samples, spec.channels)
    if spec.sample_rate is None or spec.sample_rate == clip.sample_rate:
        return samples
    if len(samples) < clip.duration * spec.sample_rate > MOST_FRAMES:
        raise AudioDurationError(
            f"got {clip!r}, which has {clip.duration * spec.sample_rate:.3g} frames at the model's {spec.sample_rate} "
            f"Hz; wanted at most {MOST_FRAMES}"
        )
    resampled = np.asarray(soxr.resample(samples, clip.sample_rate, spec.sample_rate), np.float32)
    if len(resampled):
        return resampled.reshape(len(resampled), -1)
    return samples[:1]  # a clip shorter than one frame at the lower rate


def _channels(samples: Samples, wanted: int | None) -> Samples:
    channels = samples.shape[1]
    if wanted is None or channels == wanted:
        return samples
    if wanted == 1:
        return np.asarray(samples.mean(axis=1, dtype=np.float32, keepdims=True))
    if channels == 1:
        return np.repeat(samples, wanted, axis=1)
    raise AudioShapeError(f"got a clip with {channels} channels, wanted {wanted} for this model, or one")

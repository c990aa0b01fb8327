"""as_clip(value): every way in which a user can hand in audio.

A value becomes a :class:`Source` first (which kind is it?), and a clip from there (what are its samples?). The media
type and the loggers stop at the source where the bytes of a file are to be kept as they are.
"""

from __future__ import annotations

from typing import Any

from audio_logging._types import Layout, OnInvalid
from audio_logging.clip import AudioClip
from audio_logging.inputs.dispatch import to_source
from audio_logging.inputs.sources import ArraySource, BytesSource, ClipSource, PathSource, Reading, Source, UrlSource

__all__ = [
    "ArraySource",
    "BytesSource",
    "ClipSource",
    "PathSource",
    "Reading",
    "Source",
    "UrlSource",
    "as_clip",
    "to_source",
]


def as_clip(
    value: Any,
    sample_rate: int | None = None,
    *,
    layout: Layout = "auto",
    bits: int | None = None,
    on_invalid: OnInvalid = "raise",
    allow_empty: bool = False,
) -> AudioClip:
    """Make a clip of anything that holds audio.

    Parameters
    ----------
    value : str, Path, bytes, file object, array, tensor, list, tuple, dict, AudioClip, Audio or wandb.Audio
        A path or http(s) address of an audio file; the bytes of one; an open one; samples as a list, a numpy array
        of any number type and byte order, or anything with ``__array__`` or DLPack (torch on any device, jax,
        tensorflow); ``(sample_rate, samples)``; a Hugging Face dictionary (``array`` and ``sampling_rate``,
        ``bytes``, or ``path``). Never changed, and later changes to it do not reach the clip.
    sample_rate : int, optional
        [Hz] Needed for bare samples; for values that carry a rate it must agree with theirs.
    layout : {"auto", "frames_first", "channels_first"}
        Which axis of two-dimensional samples is which. "auto" takes ``(frames, channels)``, and
        ``(channels, frames)`` when the first axis is at most 32 and the second greater than 32.
    bits : int, optional
        How many bits integer samples hold, such as 24 for 24-bit samples in int32; default: all of the dtype's.
        Floating point has full scale 1.0, bool is 0.0 or 1.0. (Files say both, layout and bits, themselves.)
    on_invalid : {"raise", "zero"}
        Whether NaN and infinity are an error or become zeros, counted in ``invalid_samples``.
    allow_empty : bool
        Whether 0 frames are welcome.

    Returns
    -------
    AudioClip

    Raises
    ------
    AudioTypeError
        Not audio: complex numbers, text, objects.
    AudioShapeError
        Not ``(frames,)`` or ``(frames, channels)``; a leading batch axis.
    EmptyAudioError
        No frames, and `allow_empty` is False.
    SampleRateError
        Missing, not a positive whole number, or another one than the value's own.
    NonFiniteAudioError
        NaN or infinity, and `on_invalid` is "raise".
    AudioValueError
        Samples that do not fit `bits`, or an unknown word for `layout` or `on_invalid`.
    AudioFileNotFoundError, AudioDecodeError, AudioDownloadError
        The file or address is not there, or not whole, readable audio.

    Examples
    --------
    >>> import numpy as np
    >>> as_clip(np.zeros((2, 48000)), 48000)
    AudioClip(1.00 s, 48000 Hz, 2 ch, peak 0.00)
    >>> as_clip((8000, np.array([0, 16384, -32768], np.int16)))
    AudioClip(0.00 s, 8000 Hz, 1 ch, 16 bit, peak 1.00)
    """
    reading = Reading(sample_rate, layout, bits, on_invalid, allow_empty)
    return to_source(value).to_clip(reading)

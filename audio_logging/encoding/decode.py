"""decode(file): from the bytes of a file to a clip."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, BinaryIO

import numpy as np
import soundfile

from audio_logging._types import AnyArray, OnInvalid, StrPath
from audio_logging.clip import AudioClip, zero_invalid
from audio_logging.encoding.header import (
    UNKNOWN_LENGTH,
    AudioInfo,
    describe,
    info_of,
    open_binary,
    open_sound,
    refuse_truncated,
)
from audio_logging.errors import AudioDecodeError, EmptyAudioError, NonFiniteAudioError

__all__ = ["decode"]

BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
"""Subtypes that hold integers; every other one is decoded to float32."""

BLOCK = 2**26
"""[samples] Longer files are read in pieces, so that a header that lies does not cost memory."""


def decode(
    source: StrPath | bytes | bytearray | memoryview,
    *,
    name: str | None = None,
    on_invalid: OnInvalid = "raise",
    allow_empty: bool = False,
) -> AudioClip:
    """Read an audio file whole: WAV, FLAC, Ogg, Opus, MP3, AIFF and whatever else libsndfile reads.

    Parameters
    ----------
    source : path or bytes
        A file, or the bytes of one.
    name : str, optional
        What to call it in errors; default: the path.
    on_invalid : {"raise", "zero"}
        Whether NaN and infinity in a file of floats are an error or become zeros, counted in ``invalid_samples``.
    allow_empty : bool
        Whether 0 frames are welcome.

    Returns
    -------
    AudioClip
        Integer PCM stays integer.

    Raises
    ------
    AudioFileNotFoundError
        No such file.
    AudioDecodeError
        A folder, an empty file, a file that is no audio, or one that ends before its samples do.
    EmptyAudioError
        No frames, and `allow_empty` is False.
    NonFiniteAudioError
        NaN or infinity, and `on_invalid` is "raise".
    """
    name = name or describe(source)
    with open_binary(source, name) as file:
        refuse_truncated(file, name)
        info, samples = _read(file, name)
    if not info.frames and not allow_empty:
        raise EmptyAudioError(f"{name} holds no frames, wanted at least one")
    invalid = zero_invalid(samples) if on_invalid == "zero" else 0
    bits = BITS.get(info.subtype)
    try:
        return AudioClip.adopt(samples, info.sample_rate, bits=bits, allow_empty=allow_empty, invalid_samples=invalid)
    except NonFiniteAudioError as error:
        raise NonFiniteAudioError(f"{name}: {error}") from error


def _read(file: BinaryIO, name: str) -> tuple[AudioInfo, AnyArray]:
    with open_sound(file, name) as sound:
        info = info_of(sound)
        try:
            samples = _samples(sound, info)
        except (soundfile.SoundFileError, RuntimeError, MemoryError) as error:
            raise AudioDecodeError(f"{name} is damaged: {str(error).strip()}") from error
    if info.frames == UNKNOWN_LENGTH:
        return replace(info, frames=len(samples)), samples
    if len(samples) < info.frames:
        raise AudioDecodeError(
            f"{name} is truncated: its header promises {info.frames} frames, {len(samples)} could be read"
        )
    return info, samples


def _samples(sound: Any, info: AudioInfo) -> AnyArray:
    dtype = {8: "int16", 16: "int16", 24: "int32", 32: "int32"}.get(BITS.get(info.subtype, 0), "float32")
    if info.frames * info.channels <= BLOCK:
        return np.asarray(sound.read(dtype=dtype, always_2d=True))
    frames_at_once = BLOCK // info.channels
    pieces = []
    while len(piece := sound.read(frames_at_once, dtype=dtype, always_2d=True)):
        pieces.append(piece)
    return np.concatenate(pieces) if pieces else np.empty((0, info.channels), dtype)

"""WAV: a header and the samples, written into one piece of memory.

libsndfile is not used here for three reasons, each measured: its float to int16 conversion is off by up to a step,
its float files carry a PEAK chunk with the time of day (so equal clips give different bytes), and going through a
virtual file copies everything twice. The layout is that of the "Multimedia Programming Interface and Data
Specifications 1.0" (IBM and Microsoft, 1991) with the ``fact`` chunk that later revisions want for float.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from audio_logging.clip import AudioClip
from audio_logging.encoding.pcm import to_int32, write_int16
from audio_logging.errors import AudioEncodeError

__all__ = ["write_wav"]

FORMAT_PCM = 1
FORMAT_FLOAT = 3
BYTES_PER_SAMPLE = {"PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4}
MAX_BYTES = 2**32 - 1 - 128
"""Sizes in a RIFF header have 32 bits."""


def write_wav(clip: AudioClip, subtype: str) -> memoryview:
    """Return the clip as the bytes of a WAV file.

    Parameters
    ----------
    clip : AudioClip
    subtype : {"PCM_16", "PCM_24", "PCM_32", "FLOAT"}

    Returns
    -------
    memoryview
        Read-only; equal for equal clips.

    Raises
    ------
    AudioEncodeError
        The samples would take more than the 4 GiB that a WAV file can hold.
    """
    size = clip.frames * clip.channels * BYTES_PER_SAMPLE[subtype]
    if size > MAX_BYTES:
        raise AudioEncodeError(
            f"got {clip}: {size} bytes as {subtype}, wanted at most 4 GiB for WAV. Use format='flac'"
        )
    header = _header(clip, subtype, size)
    whole = np.empty(len(header) + size + size % 2, np.uint8)
    whole[: len(header)] = np.frombuffer(header, np.uint8)
    whole[len(header) + size :] = 0
    _write_samples(clip, subtype, whole[len(header) : len(header) + size])
    return whole.data.toreadonly()


def _header(clip: AudioClip, subtype: str, size: int) -> bytes:
    width = BYTES_PER_SAMPLE[subtype]
    tag = FORMAT_FLOAT if subtype == "FLOAT" else FORMAT_PCM
    block = width * clip.channels
    byte_rate = min(clip.sample_rate * block, 2**32 - 1)
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, tag, clip.channels, clip.sample_rate, byte_rate, block, 8 * width)
    fact = struct.pack("<4sII", b"fact", 4, clip.frames) if tag == FORMAT_FLOAT else b""
    data = struct.pack("<4sI", b"data", size)
    body = 4 + len(fmt) + len(fact) + len(data) + size + size % 2
    return struct.pack("<4sI4s", b"RIFF", body, b"WAVE") + fmt + fact + data


def _write_samples(clip: AudioClip, subtype: str, out: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    shape = (clip.frames, clip.channels)
    if subtype == "PCM_16":
        write_int16(clip, out.view("<i2").reshape(shape))
    elif subtype == "FLOAT":
        out.view("<f4").reshape(shape)[:] = clip.samples
    elif subtype == "PCM_32":
        out.view("<i4").reshape(shape)[:] = to_int32(clip, 32)
    else:
        top_three_bytes = to_int32(clip, 24).astype("<i4", copy=False).reshape(-1, 1).view(np.uint8)[:, 1:]
        out.reshape(-1, 3)[:] = top_three_bytes

"""FLAC, Ogg Vorbis, Opus and MP3 through libsndfile, one function each."""

from __future__ import annotations

import io
from typing import Any

import soundfile

from audio_logging._types import AnyArray
from audio_logging.clip import AudioClip
from audio_logging.encoding.ogg import with_fixed_serial
from audio_logging.encoding.pcm import to_int16, to_int32

__all__ = ["write_flac", "write_mp3", "write_opus", "write_vorbis"]

BLOCK = 65536
"""[samples] libsndfile's Vorbis encoder puts what it is given on the stack and crashes on long clips given whole."""


def write_flac(clip: AudioClip, subtype: str) -> memoryview:
    """Return the clip as the bytes of a FLAC file.

    Parameters
    ----------
    clip : AudioClip
    subtype : {"PCM_16", "PCM_24"}

    Returns
    -------
    memoryview
    """
    samples = to_int16(clip) if subtype == "PCM_16" else to_int32(clip, 24)
    return memoryview(_write(samples, clip.sample_rate, "FLAC", subtype))


def write_vorbis(clip: AudioClip, subtype: str) -> memoryview:
    """Return the clip as the bytes of an Ogg Vorbis file.

    Parameters
    ----------
    clip : AudioClip
    subtype : {"VORBIS"}

    Returns
    -------
    memoryview
    """
    return memoryview(with_fixed_serial(_write(clip.samples, clip.sample_rate, "OGG", subtype)))


def write_opus(clip: AudioClip, subtype: str) -> memoryview:
    """Return the clip as the bytes of an Ogg Opus file.

    Parameters
    ----------
    clip : AudioClip
        At one of the rates that Opus has: 8, 12, 16, 24 or 48 kHz.
    subtype : {"OPUS"}

    Returns
    -------
    memoryview
    """
    return memoryview(with_fixed_serial(_write(clip.samples, clip.sample_rate, "OGG", subtype)))


def write_mp3(clip: AudioClip, subtype: str) -> memoryview:
    """Return the clip as the bytes of an MP3 file.

    Parameters
    ----------
    clip : AudioClip
        At one of the rates of MPEG-1, MPEG-2 and MPEG-2.5 layer III.
    subtype : {"MPEG_LAYER_III"}

    Returns
    -------
    memoryview
    """
    return memoryview(_write(clip.samples, clip.sample_rate, "MP3", subtype))


def _write(samples: AnyArray, sample_rate: int, container: str, subtype: str) -> bytes:
    memory = io.BytesIO()
    step = max(1, BLOCK // samples.shape[1])
    with _open(memory, sample_rate, samples.shape[1], container, subtype) as file:
        for start in range(0, len(samples), step):
            file.write(samples[start : start + step])
    return memory.getvalue()


def _open(memory: io.BytesIO, sample_rate: int, channels: int, container: str, subtype: str) -> Any:
    return soundfile.SoundFile(memory, "w", sample_rate, channels, subtype, format=container)

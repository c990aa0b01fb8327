"""FLAC as WAV for playing, since Chromium often fails to go to a place in FLAC files.

Measured with Chromium 150: a seek in a file of few blocks ends the playback ("FFmpegDemuxer: demuxer seek failed"), and
so do some in longer ones; with a seek table the last tenths of a second fail instead ("PTS is not defined"). WAV never
does. The samples are the same, bit for bit, and downloads are the stored file.
"""

from __future__ import annotations

import io
from typing import BinaryIO, Final

import soundfile

from audio_logging._types import AnyArray

__all__ = ["seekable"]

MOST_BYTES: Final = 2**23
"""As WAV: 50 s of stereo at 44.1 kHz. Longer files are sought well enough, and would take long to decode."""

MARK: Final = b"fLaC"

DTYPES: Final = {"PCM_S8": "int16", "PCM_16": "int16", "PCM_24": "int32"}


def seekable(file: BinaryIO, size: int) -> memoryview | None:
    """Return a WAV file with the samples of a FLAC file.

    Parameters
    ----------
    file : binary file
        At its beginning, and left anywhere.
    size : int
        [bytes]

    Returns
    -------
    memoryview or None
        None for any other format, for long clips, and for files that are damaged: the browser may do better.
    """
    if size > MOST_BYTES or file.read(len(MARK)) != MARK:
        return None
    file.seek(0)
    try:
        with soundfile.SoundFile(file) as sound:
            dtype = DTYPES[sound.subtype]
            if not 0 < sound.frames * sound.channels <= MOST_BYTES // (2 if dtype == "int16" else 3):
                return None
            samples = sound.read(dtype=dtype, always_2d=True)
            if len(samples) < sound.frames:
                return None
            subtype = "PCM_24" if dtype == "int32" else "PCM_16"
            return _wav(samples, sound.samplerate, subtype)
    except (soundfile.SoundFileError, RuntimeError, KeyError):
        return None


def _wav(samples: AnyArray, sample_rate: int, subtype: str) -> memoryview:
    memory = io.BytesIO()
    soundfile.write(memory, samples, sample_rate, format="WAV", subtype=subtype)
    return memory.getbuffer()

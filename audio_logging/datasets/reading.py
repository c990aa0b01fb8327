"""Opening an audio file: our own reader for WAV files, libsndfile for everything else.

This is the one door between datasets and files. What a file is called does not matter: its first bytes decide.

A source says what the file holds without decoding it, and reads any part of it. A `WavSource` can wait: nothing is
open while it waits, and it decodes straight into a row of the batch. A `SoundFileSource` holds the file open.
"""

from __future__ import annotations

from audio_logging.datasets.files import read_head
from audio_logging.datasets.soundfile_source import SoundFileSource
from audio_logging.datasets.wav import parse_header
from audio_logging.datasets.wav_source import WavSource

__all__ = ["SoundFileSource", "WavSource", "open_audio"]


def open_audio(path: str) -> WavSource | SoundFileSource:
    """Open an audio file of any kind.

    Parameters
    ----------
    path : str
        The file.

    Returns
    -------
    WavSource or SoundFileSource
        With ``frames``, ``channels``, ``sample_rate``, ``read(first, frames)`` and ``close()``.

    Raises
    ------
    AudioDecodeError
        Empty, damaged, cut short, or no audio.
    AudioFileNotFoundError, AudioReadError
        It is gone, or cannot be read.

    Examples
    --------
    >>> import soundfile, tempfile, os
    >>> path = os.path.join(tempfile.mkdtemp(), "tone.wav")
    >>> soundfile.write(path, [0.0, 0.5, -0.5], 8000)
    >>> source = open_audio(path)
    >>> source.frames, source.channels, source.sample_rate
    (3, 1, 8000)
    >>> source.read(1, 2).tolist()
    [[0.5], [-0.5]]
    """
    head, size = read_head(path)
    header = parse_header(path, head, size)
    return SoundFileSource(path) if header is None else WavSource(path, head, *header)

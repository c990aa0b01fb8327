"""A run with a long clip, for the dashboard's benchmark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

import audio_logging as al

from .runs import offline_run

__all__ = ["write_long"]

RATE = 44_100


def write_long(folder: Path, seconds: float) -> Path:
    """Log a second of silence, which the page shows first, and a stereo wav file.

    Parameters
    ----------
    folder : Path
    seconds : float
        [s]

    Returns
    -------
    Path
        The run's folder.
    """
    folder.mkdir()
    source = folder / "long.wav"
    frames = round(seconds * RATE)
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(source, "w", RATE, 2, "PCM_16") as file:
        for start in range(0, frames, RATE):
            time = np.arange(start, min(start + RATE, frames)) / RATE
            tone = 0.3 * np.sin(2 * np.pi * 220 * (1 + (start // RATE) % 12) * time)
            file.write(np.stack((tone, 0.5 * tone), axis=1) + rng.normal(0, 0.01, (len(time), 2)))
    with offline_run(folder) as run, al.AudioLogger(run, rows="own") as logger:
        logger.log("clip", np.zeros(RATE, np.int16), sample_rate=RATE, step=0)
        logger.log("clip", source, step=1)
        path = Path(run.dir).parent
    source.unlink()
    return path

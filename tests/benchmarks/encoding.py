"""How fast and how exact is a clip turned into the bytes of a file?"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import soundfile

import audio_logging as al
from audio_logging.encoding import encode
from audio_logging.encoding.pcm import to_int16

from .clips import CLIPS, INT16_CLIP, ClipKind, fresh_clips
from .harness import Effort, Measure, Subject, compare, once, take_turns

__all__ = ["measure"]

FORMATS = ("wav", "flac")
SOUNDFILE = "soundfile.write to memory"

STEP = 2.0**-15
"""Between neighbouring samples of 16 bits."""

HALF_A_STEP = 0.5
"""The largest error of rounding to nearest: nobody can do better."""


def measure(effort: Effort) -> Iterator[Measure]:
    """Yield times beside soundfile's, that of conversion beside a copy, and errors beside half a step."""
    effort = replace(effort, seconds=effort.seconds / 2)
    for name in FORMATS:
        for kind in (*CLIPS, INT16_CLIP):
            yield _time_to_encode(kind, name, effort)
    for kind in CLIPS:
        yield _time_to_convert(kind, effort)
    errors = {(kind, name): _errors(kind, name, effort) for kind in (CLIPS[1], INT16_CLIP) for name in FORMATS}
    for (kind, name), (ours, _) in errors.items():
        goal = 0.0 if kind is INT16_CLIP else 1.0
        yield once(f"largest error, {kind}, {name}", ours, HALF_A_STEP, "steps", "half a step of 2^-15", goal=goal)
    for name in FORMATS:
        yield once(f"largest error, {CLIPS[1]}, {name}", *errors[CLIPS[1], name], "steps", SOUNDFILE)


def _time_to_encode(kind: ClipKind, name: str, effort: Effort) -> Measure:
    subjects = {
        "encode": Subject(lambda clip: encode(clip, name)),
        SOUNDFILE: Subject(lambda clip: _soundfile(clip, name)),
    }
    rounds = take_turns(subjects, effort, prepare=_maker_of(kind, effort))
    return compare(f"{kind}, {name}", rounds, "encode", SOUNDFILE)


def _time_to_convert(kind: ClipKind, effort: Effort) -> Measure:
    subjects = {"to_int16": Subject(to_int16), "np.copy": Subject(lambda clip: np.copy(clip.stored))}
    rounds = take_turns(subjects, effort, prepare=_maker_of(kind, effort))
    return compare(f"{kind} to int16", rounds, "to_int16", "np.copy")


def _maker_of(kind: ClipKind, effort: Effort) -> Callable[[], al.AudioClip]:
    fresh = fresh_clips(kind, 1, effort.scale)
    return lambda: al.AudioClip(fresh()[0], kind.sample_rate)


def _soundfile(clip: al.AudioClip, name: str) -> memoryview:
    memory = io.BytesIO()
    soundfile.write(memory, clip.stored, clip.sample_rate, "PCM_16", format=name)
    return memory.getbuffer()


def _errors(kind: ClipKind, name: str, effort: Effort) -> tuple[float, float]:
    """Return the largest errors of our file and of soundfile's, in steps."""
    clip = _maker_of(kind, effort)()
    full_scale = 1.0 if clip.stored.dtype == np.float32 else 2.0**15
    exact = clip.stored.astype(np.float64) / full_scale
    return _largest_error(encode(clip, name).data, exact), _largest_error(_soundfile(clip, name), exact)


def _largest_error(file: memoryview, exact: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    stored, _ = soundfile.read(io.BytesIO(file), dtype="int16", always_2d=True)
    return float(np.abs(stored * STEP - exact).max() / STEP)

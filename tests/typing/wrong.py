"""Calls that must not pass a type checker: mypy --strict complains about each ``ignore`` that silences nothing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

import audio_logging as al
from audio_logging.encoding import encode


def clips(samples: npt.NDArray[np.float32], clip: al.AudioClip) -> None:
    al.AudioClip(samples)  # type: ignore[call-arg]
    al.AudioClip(samples, "16000")  # type: ignore[arg-type]
    al.AudioClip(samples, 16_000, 24)  # type: ignore[call-arg]
    al.AudioClip("a.wav", 16_000)  # type: ignore[arg-type]
    clip.sample_rate = 8000  # type: ignore[misc]
    clip.data  # type: ignore[attr-defined] # noqa: B018


def ways_in(samples: npt.NDArray[np.float32]) -> None:
    al.as_clip()  # type: ignore[call-arg]
    al.as_clip(samples, "16000")  # type: ignore[arg-type]
    al.as_clip(samples, 16_000, "auto")  # type: ignore[call-arg]
    al.as_clip(samples, 16_000, layout="channels_last")  # type: ignore[arg-type]
    al.as_clip(samples, 16_000, on_invalid="ignore")  # type: ignore[arg-type]
    al.as_clip(samples, sampling_rate=16_000)  # type: ignore[call-arg]


def encoding(clip: al.AudioClip, samples: npt.NDArray[np.float32]) -> None:
    encode(samples)  # type: ignore[arg-type]
    encode(clip, "wav", "PCM_16", "peak")  # type: ignore[call-arg]
    encode(clip, overload="wrap")  # type: ignore[arg-type]
    encode(clip, quality=5)  # type: ignore[call-arg]
    encode(clip).data = memoryview(b"")  # type: ignore[misc]


def media(samples: npt.NDArray[np.float32]) -> None:
    al.Audio(samples, 16_000, layout="channels_last")  # type: ignore[arg-type]
    al.Audio(samples, 16_000, overload="wrap")  # type: ignore[arg-type]
    al.Audio(samples, rate=16_000)  # type: ignore[call-arg]


def logging(logger: al.AudioLogger, samples: npt.NDArray[np.float32]) -> None:
    logger.log(samples)  # type: ignore[call-arg, arg-type]
    logger.log("val/clip", samples, 16_000)  # type: ignore[call-arg]
    logger.log("val/clip", samples, sample_rate="16000")  # type: ignore[arg-type]

"""What users write and what they get: checked by mypy --strict, never run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import audio_logging as al
from audio_logging.encoding import AudioInfo, EncodedAudio, decode, encode, probe

if TYPE_CHECKING:
    import wandb
    from typing_extensions import assert_type


def clips(samples: npt.NDArray[np.float32], integers: npt.NDArray[np.int16]) -> None:
    clip = al.AudioClip(samples, 16_000)
    assert_type(clip, al.AudioClip)
    assert_type(clip.samples, npt.NDArray[np.float32])
    assert_type(clip.sample_rate, int)
    assert_type(clip.frames, int)
    assert_type(clip.channels, int)
    assert_type(clip.duration, float)
    assert_type(clip.peak, float)
    assert_type(clip.bits, int | None)
    assert_type(clip.invalid_samples, int)
    assert_type(len(clip), int)
    assert_type(al.AudioClip(integers, 16_000, bits=12, allow_empty=True), al.AudioClip)


def ways_in(anything: Any) -> None:
    assert_type(al.as_clip("a.wav"), al.AudioClip)
    assert_type(al.as_clip(Path("a.wav")), al.AudioClip)
    assert_type(al.as_clip([0.5, 0.25], 16_000), al.AudioClip)
    assert_type(al.as_clip((16_000, np.zeros(9))), al.AudioClip)
    assert_type(al.as_clip({"array": [0.5], "sampling_rate": 16_000}), al.AudioClip)
    al.as_clip(anything, sample_rate=16_000, layout="channels_first", bits=24, on_invalid="zero", allow_empty=True)


def encoding(clip: al.AudioClip) -> None:
    encoded = encode(clip, "flac", "PCM_24", normalize="peak", overload="scale")
    assert_type(encoded, EncodedAudio)
    assert_type(encoded.data, memoryview)
    assert_type(encoded.sha256, str)
    assert_type(encoded.size, int)
    assert_type(encoded.clipped_samples, int | None)
    assert_type(probe(encoded.data), AudioInfo)
    assert_type(decode(encoded.data), al.AudioClip)
    assert_type(decode(Path("a.wav"), name="take 1", allow_empty=True), al.AudioClip)
    assert_type(al.available_formats(), dict[str, tuple[str, ...]])


def media(samples: npt.NDArray[np.float32]) -> None:
    audio = al.Audio(samples, 16_000, "a caption", format="flac", overload="float", min_seconds=0.5)
    drop_in: wandb.Audio = audio
    assert_type(audio.clip(), al.AudioClip)
    assert_type(audio.sha256, str)
    assert_type(audio.duration, float | None)
    assert_type(al.Audio.from_batch(samples, 16_000, captions=["a", None], lengths=[1, 2]), list[al.Audio])
    print(drop_in)


def logging(samples: npt.NDArray[np.float32]) -> None:
    with al.AudioLogger(format="flac", on_error="raise") as logger:
        logger.log("val/clip", samples, sample_rate=16_000, caption="a caption", step=3)
        logger.log("val/clips", [samples, samples], sample_rate=16_000)
        logger.flush()


def errors() -> None:
    try:
        al.as_clip("a.wav")
    except al.AudioLoggingError as error:
        assert_type(error, al.AudioLoggingError)

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.clip import AudioClip
from audio_logging.encoding import AudioInfo, encode
from audio_logging.storage.details import AudioDetails

Tone = npt.NDArray[np.float32]


def test_of_an_encoded_clip_everything_is_known(tone: Tone) -> None:
    details = AudioDetails.of(encode(AudioClip(np.stack([tone, 3 * tone], axis=1), 16_000), "flac"))
    assert (details.sample_rate, details.duration, details.channels, details.frames) == (16_000, 1.0, 2, 16_000)
    assert (details.format, details.subtype, details.peak) == ("flac", "PCM_16", 1.5)
    assert details.clipped_samples
    assert details.source_sample_rate is None


def test_a_clip_that_was_resampled_keeps_its_own_rate_too(tone: Tone) -> None:
    details = AudioDetails.of(encode(AudioClip(tone, 44_100), "opus"))
    assert (details.sample_rate, details.source_sample_rate) == (48_000, 44_100)


def test_of_a_header_the_level_is_not_known() -> None:
    details = AudioDetails.of(AudioInfo("mp3", "MPEG_LAYER_III", 8000, 4000, 1))
    assert (details.duration, details.peak, details.clipped_samples) == (0.5, None, None)


@pytest.mark.parametrize("name", ["wav", "flac", "opus"])
def test_json_gives_all_but_the_subtype_back(tone: Tone, name: str) -> None:
    details = AudioDetails.of(encode(AudioClip(tone, 22_050), name))
    written = json.loads(json.dumps(details.to_json()))
    assert "subtype" not in written
    back = AudioDetails.from_json(written)
    assert back.to_json() == details.to_json()
    assert back.subtype is None


def test_what_is_unknown_is_absent() -> None:
    assert AudioDetails().to_json() == {}
    assert AudioDetails(sample_rate=8000, clipped_samples=0).to_json() == {"sample_rate": 8000, "clipped_samples": 0}


def test_the_json_of_plain_wandb_says_nothing() -> None:
    plain = {"_type": "audio-file", "path": "media/audio/x.wav", "sha256": "0", "size": 44, "caption": "hello"}
    assert AudioDetails.from_json(plain) == AudioDetails()

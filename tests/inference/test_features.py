from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from audio_logging.errors import AudioShapeError, AudioValueError
from audio_logging.inference.errors import ModelError
from audio_logging.inference.features import features_from, normalized
from audio_logging.inference.mel import LogMel
from audio_logging.inference.windows import Piece

Require = Callable[[str], ModuleType]
Samples = npt.NDArray[np.float32]

WAV2VEC2 = {"feature_extractor_type": "Wav2Vec2FeatureExtractor"}
AST = {"feature_extractor_type": "ASTFeatureExtractor"}


def piece_of(*clips: npt.NDArray[Any]) -> Piece:
    """Return clips as windows of the longest one's size, with silence behind."""
    size = max(map(len, clips))
    rows = np.stack([np.pad(clip, (0, size - len(clip))) for clip in clips])[:, :, None]
    return Piece(rows.astype(np.float32), np.array([len(clip) for clip in clips]), 16000)


def speechlike(rng: np.random.Generator, frames: int) -> Samples:
    """Return noise whose level comes and goes, with an offset."""
    envelope = np.abs(np.sin(np.arange(frames) / 3000)) ** 2
    return (0.3 * envelope * rng.standard_normal(frames) + 0.01).astype(np.float32)


@pytest.mark.parametrize("frames", [1, 2, 400, 16000, 68360])
def test_normalising_is_what_transformers_does_bit_for_bit(rng: np.random.Generator, frames: int) -> None:
    samples = speechlike(rng, frames)
    wanted = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
    assert np.array_equal(normalized(samples[None])[0], wanted)


def test_each_window_is_normalised_for_itself(rng: np.random.Generator) -> None:
    loud, quiet = speechlike(rng, 800), speechlike(rng, 800) / 100
    together = features_from(WAV2VEC2).extract(piece_of(loud, quiet))["input_values"]
    assert np.array_equal(together[1], features_from(WAV2VEC2).extract(piece_of(quiet))["input_values"][0])


def test_with_a_mask_silence_behind_the_clip_does_not_count(rng: np.random.Generator) -> None:
    long, short = speechlike(rng, 800), speechlike(rng, 500)
    made = features_from({**WAV2VEC2, "return_attention_mask": True}).extract(piece_of(long, short))
    assert made["attention_mask"].sum(axis=1).tolist() == [800, 500]
    assert np.array_equal(made["input_values"][1, :500], normalized(short[None])[0])
    assert not made["input_values"][1, 500:].any()


def test_samples_too_large_to_normalise_are_refused_and_not_made_zero() -> None:
    with pytest.raises(AudioValueError, match=r"got samples up to 1e\+30, too large to normalise"):
        features_from(WAV2VEC2).extract(piece_of(np.array([1e30, -1e30], np.float32)))


def test_do_normalize_false_leaves_the_samples_alone(rng: np.random.Generator) -> None:
    samples = speechlike(rng, 300)
    made = features_from({**WAV2VEC2, "do_normalize": False}).extract(piece_of(samples))
    assert np.array_equal(made["input_values"][0], samples)


def test_a_tone_is_loudest_in_its_band() -> None:
    time = np.arange(16000) / 16000
    spectrogram = LogMel(16000, 128)((0.5 * np.sin(2 * np.pi * 1000 * time)).astype(np.float32))
    assert spectrogram.shape == (98, 128)
    edges = np.linspace(1127 * np.log(1 + 20 / 700), 1127 * np.log(1 + 8000 / 700), 130)
    centres = 700 * (np.exp(edges[1:-1] / 1127) - 1)
    assert abs(centres[spectrogram.mean(axis=0).argmax()] - 1000) < 30


def test_silence_is_the_floor_and_missing_frames_are_zero_before_normalising() -> None:
    made = features_from(AST).extract(piece_of(np.zeros(1600, np.float32)))["input_values"]
    assert made.shape == (1, 1024, 128)
    floor = (np.log(2.0**-23) + 4.2677393) / (2 * 4.5689974)
    assert np.allclose(made[0, :8], floor, atol=1e-6)
    assert np.allclose(made[0, 8:], 4.2677393 / (2 * 4.5689974), atol=1e-6)


@pytest.mark.parametrize("frames", [1, 239, 399])
def test_less_than_a_frame_is_no_spectrogram(frames: int) -> None:
    assert LogMel(16000, 128)(np.ones(frames, np.float32)).shape == (0, 128)


def test_ast_hears_ten_seconds_and_a_quarter() -> None:
    sound = features_from(AST).sound
    assert sound.longest == 400 + 1023 * 160
    assert sound.pads


def test_stereo_windows_are_refused() -> None:
    with pytest.raises(AudioShapeError, match="got windows of 2 channels, wanted one"):
        features_from(WAV2VEC2).extract(Piece(np.zeros((1, 10, 2), np.float32), np.array([10]), 16000))


def test_old_configurations_are_known_by_the_model_type() -> None:
    assert type(features_from({}, "hubert")).__name__ == "Wav2Vec2Features"
    assert type(features_from({}, "audio-spectrogram-transformer")).__name__ == "ASTFeatures"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"feature_extractor_type": "WhisperFeatureExtractor"}, "wanted one of Wav2Vec2FeatureExtractor, ASTFeature"),
        ({}, "got feature_extractor_type=None in preprocessor_config.json"),
        ({**WAV2VEC2, "sampling_rate": "fast"}, "preprocessor_config.json holds a value that makes no sense"),
        ({**WAV2VEC2, "sampling_rate": None}, "holds a value that makes no sense"),
        ({**WAV2VEC2, "sampling_rate": 0}, "preprocessor_config.json: the model wants 0 Hz, wanted more than 0"),
        ({**WAV2VEC2, "sampling_rate": -16000}, "the model wants -16000 Hz, wanted more than 0"),
        (
            {**WAV2VEC2, "sampling_rate": 2**40},
            "the model wants 1099511627776 Hz, wanted more than 0 and at most 1000000",
        ),
        ({**AST, "max_length": 10**9}, "got max_length=1000000000"),
        ({**WAV2VEC2, "sampling_rate": 1e400}, "holds a value that makes no sense"),
        ({**AST, "num_mel_bins": 0}, "got 0 mel bands at 16000 Hz"),
        ({**AST, "num_mel_bins": 10**9}, "got 1000000000 mel bands"),
        ({**AST, "std": 0}, "got max_length=1024, mean=-4.2677393, std=0.0"),
        ({**AST, "max_length": 0}, "got max_length=0"),
        ({**AST, "sampling_rate": 30}, "got 128 mel bands at 30 Hz, wanted at least one, and more than 40 Hz"),
    ],
)
def test_configurations_that_make_no_sense_are_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        features_from(config)


@pytest.mark.parametrize("mask", [False, True])
def test_wav2vec2_features_equal_those_of_transformers(require: Require, rng: np.random.Generator, mask: bool) -> None:
    extractor = require("transformers").Wav2Vec2FeatureExtractor(return_attention_mask=mask)
    clips = [speechlike(rng, frames) for frames in (16000, 9000, 12345)]
    theirs = extractor(clips, sampling_rate=16000, padding=True, return_tensors="np")
    ours = features_from({**WAV2VEC2, "return_attention_mask": mask}).extract(piece_of(*clips))
    assert ours.keys() == theirs.keys()
    assert np.array_equal(ours["input_values"], theirs["input_values"])


@pytest.mark.parametrize("frames", [400, 5000, 68360, 164080, 200000])
def test_ast_features_equal_those_of_transformers(require: Require, rng: np.random.Generator, frames: int) -> None:
    require("torch")
    extractor = require("transformers").ASTFeatureExtractor()
    samples = speechlike(rng, frames)
    theirs = extractor(samples, sampling_rate=16000, return_tensors="np")["input_values"]
    ours = features_from(AST).extract(piece_of(samples))["input_values"]
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-5


@pytest.mark.parametrize("bands", [40, 64, 128])
def test_ast_features_of_other_settings_equal_those_of_transformers(
    require: Require, rng: np.random.Generator, bands: int
) -> None:
    require("torch")
    settings = {"num_mel_bins": bands, "sampling_rate": 8000, "max_length": 300, "mean": 0.5, "std": 2.0}
    extractor = require("transformers").ASTFeatureExtractor(**settings)
    samples = speechlike(rng, 20000)
    theirs = extractor(samples, sampling_rate=8000, return_tensors="np")["input_values"]
    ours = features_from({**AST, **settings}).extract(piece_of(samples))["input_values"]
    assert np.abs(ours - theirs).max() < 1e-5

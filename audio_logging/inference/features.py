"""Features: from windows of samples to what an ONNX model is fed, as its preprocessor_config.json says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from audio_logging._types import AnyArray, Samples
from audio_logging.errors import AudioLoggingError, AudioShapeError, AudioValueError
from audio_logging.inference.errors import ModelError
from audio_logging.inference.mel import LogMel
from audio_logging.inference.sound import SoundSpec
from audio_logging.inference.windows import Piece

__all__ = ["ASTFeatures", "Features", "RawFeatures", "Wav2Vec2Features", "features_from"]

LONGEST = 100_000
"""[frames] Spectrograms of more (1,000 s) are a mistake in the configuration."""

VARIANCE_FLOOR = 1e-7
"""Added to the variance, as in Transformers' Wav2Vec2FeatureExtractor.zero_mean_unit_var_norm."""


class Features(Protocol):
    """From windows to a model's inputs."""

    @property
    def sound(self) -> SoundSpec:
        """What it takes."""

    def extract(self, piece: Piece) -> dict[str, AnyArray]:
        """Return ``input_values`` with one row a window, and ``attention_mask`` where the model was trained with it."""


@dataclass(frozen=True)
class RawFeatures:
    """The samples themselves.

    Attributes
    ----------
    sound : SoundSpec
    """

    sound: SoundSpec

    def extract(self, piece: Piece) -> dict[str, AnyArray]:
        """Return the samples [shape=(windows, frames)]."""
        return {"input_values": _mono(piece)}


@dataclass(frozen=True)
class Wav2Vec2Features:
    """Samples with zero mean and unit variance, like Transformers' Wav2Vec2FeatureExtractor.

    Attributes
    ----------
    sound : SoundSpec
    do_normalize : bool
    return_attention_mask : bool
        Whether silence at the end of a window is masked. Without a mask it counts for mean and variance, as there.
    padding_value : float
        What stands where the clip has ended, when it is masked.
    """

    sound: SoundSpec
    do_normalize: bool = True
    return_attention_mask: bool = False
    padding_value: float = 0.0

    def extract(self, piece: Piece) -> dict[str, AnyArray]:
        """Return normalised samples [shape=(windows, frames)], and the mask where there is one."""
        samples = _mono(piece)
        if not self.return_attention_mask:
            return {"input_values": normalized(samples) if self.do_normalize else samples}
        mask = np.arange(samples.shape[1]) < piece.lengths[:, np.newaxis]
        values = np.full_like(samples, self.padding_value)
        for row, (window, length) in enumerate(zip(samples, piece.lengths, strict=True)):
            heard = window[np.newaxis, :length]
            values[row, :length] = normalized(heard) if self.do_normalize else heard
        return {"input_values": values, "attention_mask": mask.astype(np.int64)}


@dataclass(frozen=True)
class ASTFeatures:
    """Log-mel spectrograms of a fixed number of frames, like Transformers' ASTFeatureExtractor without torchaudio.

    Attributes
    ----------
    sound : SoundSpec
    log_mel : LogMel
    max_length : int
        Frames of a spectrogram; what is missing is zero before normalising.
    mean, std : float
        Of the spectrograms of the training set.
    do_normalize : bool
    """

    sound: SoundSpec
    log_mel: LogMel
    max_length: int = 1024
    mean: float = -4.2677393
    std: float = 4.5689974
    do_normalize: bool = True

    def extract(self, piece: Piece) -> dict[str, AnyArray]:
        """Return spectrograms [shape=(windows, max_length, bands)]."""
        samples = _mono(piece)
        values = np.zeros((len(samples), self.max_length, self.log_mel.bands), np.float32)
        for row, window, length in zip(values, samples, piece.lengths, strict=True):
            spectrogram = self.log_mel(window[:length])[: self.max_length]
            row[: len(spectrogram)] = spectrogram
        if self.do_normalize:
            # AST's own code and Transformers' divide by 2 std; TransformersPHP divides by std and so scores differently
            values = ((values - self.mean) / (2 * self.std)).astype(np.float32)
        return {"input_values": values}


def normalized(samples: Samples) -> Samples:
    """Return samples with zero mean and unit variance in each row.

    Parameters
    ----------
    samples : ndarray [shape=(windows, frames)], float32

    Returns
    -------
    ndarray [shape=(windows, frames)], float32

    Raises
    ------
    AudioValueError
        Samples of such size that their variance is no 32-bit float any more.
    """
    centred = samples - samples.mean(axis=1, keepdims=True)
    with np.errstate(over="ignore", invalid="ignore"):
        variance = np.square(centred).mean(axis=1, keepdims=True)  # bit for bit samples.var(), in one pass less
    if not np.isfinite(variance).all():
        raise AudioValueError(f"got samples up to {np.abs(samples).max():.3g}, too large to normalise; wanted [-1, 1]")
    return np.asarray(np.divide(centred, np.sqrt(variance + VARIANCE_FLOOR), out=centred))


def _wav2vec2(config: Mapping[str, Any]) -> Wav2Vec2Features:
    return Wav2Vec2Features(
        SoundSpec(int(config.get("sampling_rate", 16000))),
        bool(config.get("do_normalize", True)),
        bool(config.get("return_attention_mask", False)),
        float(config.get("padding_value", 0.0)),
    )


def _ast(config: Mapping[str, Any]) -> ASTFeatures:
    rate, max_length = int(config.get("sampling_rate", 16000)), int(config.get("max_length", 1024))
    log_mel = LogMel(rate, int(config.get("num_mel_bins", 128)))
    mean, std = float(config.get("mean", -4.2677393)), float(config.get("std", 4.5689974))
    if not (0 < max_length <= LONGEST and np.isfinite(mean) and np.isfinite(std) and std):
        raise ModelError(f"got max_length={max_length}, mean={mean}, std={std} in preprocessor_config.json")
    sound = SoundSpec(rate, longest=log_mel.samples_for(max_length), pads=True)
    return ASTFeatures(sound, log_mel, max_length, mean, std, bool(config.get("do_normalize", True)))


FEATURE_EXTRACTORS: dict[str, Callable[[Mapping[str, Any]], Features]] = {
    "Wav2Vec2FeatureExtractor": _wav2vec2,
    "ASTFeatureExtractor": _ast,
}
"""Defaults are those of the Transformers class of that name (5.23)."""

EXTRACTOR_OF_MODEL = {"audio-spectrogram-transformer": "ASTFeatureExtractor"} | dict.fromkeys(
    ("wav2vec2", "hubert", "wavlm", "unispeech", "unispeech-sat", "data2vec-audio", "sew", "sew-d"),
    "Wav2Vec2FeatureExtractor",
)
"""For old preprocessor_config.json files, which do not name their class."""


def features_from(config: Mapping[str, Any], model_type: str | None = None) -> Features:
    """Return the features that a ``preprocessor_config.json`` describes.

    Parameters
    ----------
    config : dict
    model_type : str, optional
        Of the model's ``config.json``; used when `config` does not name its class.

    Returns
    -------
    Features

    Raises
    ------
    ModelError
        A class that is not known here, or values that make no sense.
    """
    name = config.get("feature_extractor_type") or EXTRACTOR_OF_MODEL.get(str(model_type))
    make = FEATURE_EXTRACTORS.get(str(name))
    if make is None:
        raise ModelError(
            f"got feature_extractor_type={name!r} in preprocessor_config.json, wanted one of "
            f"{', '.join(FEATURE_EXTRACTORS)}; for others hand in a Transformers pipeline object or a callable"
        )
    try:
        return make(config)
    except AudioLoggingError as error:
        raise ModelError(f"preprocessor_config.json: {error}") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"preprocessor_config.json holds a value that makes no sense: {error}") from error


def _mono(piece: Piece) -> Samples:
    windows, frames, channels = piece.samples.shape
    if channels != 1:
        raise AudioShapeError(f"got windows of {channels} channels, wanted one")
    return piece.samples.reshape(windows, frames)

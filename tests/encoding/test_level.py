"""What becomes of a clip's level: nothing, unless the caller asks or the samples do not fit."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_logging import AudioClip, as_clip
from audio_logging._types import Overload
from audio_logging.encoding import EncodedAudio, decode, encode
from audio_logging.encoding.level import LEVEL_FULL_SCALE
from audio_logging.errors import AudioEncodeError, AudioValueError

RATE = 8000

LOUD = np.array([0.5, -2.0, 1.5, 1.0, -1.0, 0.0], np.float32)


def samples_of(encoded: EncodedAudio) -> npt.NDArray[np.float32]:
    return decode(encoded.data).samples[:, 0]


def test_samples_beyond_full_scale_are_clipped_and_counted() -> None:
    encoded = encode(AudioClip(LOUD, RATE))
    assert samples_of(encoded).tolist() == [0.5, -1, 1 - 2**-15, 1 - 2**-15, -1, 0]
    assert (encoded.clipped_samples, encoded.peak, encoded.gain) == (2, 2.0, 1.0)


@pytest.mark.parametrize("edge", [1.0, -1.0])
def test_full_scale_itself_is_not_counted_as_clipped(edge: float) -> None:
    assert encode(AudioClip(np.array([edge]), RATE)).clipped_samples == 0
    assert (
        encode(AudioClip(np.nextafter(np.array([edge], np.float32), np.float32(2 * edge)), RATE)).clipped_samples == 1
    )


def test_scale_lowers_the_whole_clip_and_says_by_how_much() -> None:
    encoded = encode(AudioClip(LOUD, RATE), overload="scale")
    assert encoded.gain == LEVEL_FULL_SCALE / 2
    assert encoded.clipped_samples == 0
    assert encoded.peak == pytest.approx(LEVEL_FULL_SCALE)
    assert np.abs(samples_of(encoded) / encoded.gain - LOUD).max() <= 2**-15


def test_float_keeps_every_sample() -> None:
    encoded = encode(AudioClip(LOUD, RATE), overload="float")
    assert (encoded.subtype, encoded.clipped_samples, encoded.gain, encoded.peak) == ("FLOAT", 0, 1.0, 2.0)
    assert np.array_equal(samples_of(encoded), LOUD)


def test_a_float_file_keeps_every_sample_anyway() -> None:
    encoded = encode(AudioClip(LOUD, RATE), "wav", "FLOAT")
    assert encoded.clipped_samples == 0
    assert np.array_equal(samples_of(encoded), LOUD)


@pytest.mark.parametrize("name", ["flac", "ogg", "opus", "mp3"])
def test_float_says_which_format_has_it(name: str) -> None:
    with pytest.raises(AudioEncodeError, match=rf"overload='float', which format='{name}' cannot store.*format='wav'"):
        encode(AudioClip(LOUD, RATE), name, overload="float")


@pytest.mark.parametrize("overload", ["clip", "scale", "float"])
def test_what_fits_is_left_alone(overload: Overload) -> None:
    clip = AudioClip(LOUD / 2, RATE)
    encoded = encode(clip, overload=overload)
    assert bytes(encoded.data) == bytes(encode(clip).data)
    assert (encoded.subtype, encoded.gain, encoded.clipped_samples) == ("PCM_16", 1.0, 0)


def test_normalising_is_only_done_when_asked_for() -> None:
    quiet = AudioClip(np.array([0.01, -0.005]), RATE)
    assert encode(quiet).gain == 1.0
    encoded = encode(quiet, normalize="peak")
    assert encoded.gain == pytest.approx(LEVEL_FULL_SCALE / 0.01)
    assert samples_of(encoded).tolist() == [1 - 2**-15, -0.5]


@given(
    st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=50),
    st.sampled_from([("wav", "PCM_16"), ("wav", "PCM_24"), ("flac", "PCM_16"), ("wav", "FLOAT")]),
)
def test_a_normalised_clip_peaks_at_full_scale_whatever_its_level(samples: list[float], into: tuple[str, str]) -> None:
    clip = AudioClip(np.array(samples, np.float32), RATE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoded = encode(clip, *into, normalize="peak")
    assert encoded.clipped_samples == 0
    peak = np.abs(samples_of(encoded)).max()
    assert peak == 0 if clip.peak == 0 else abs(peak - LEVEL_FULL_SCALE) <= 2**-20


def test_a_normalised_clip_of_integers_peaks_at_full_scale() -> None:
    encoded = encode(AudioClip(np.array([-100, 50], np.int16), RATE), normalize="peak")
    assert samples_of(encoded).tolist() == [-(1 - 2**-15), 0.5]


def test_silence_stays_silence() -> None:
    encoded = encode(AudioClip(np.zeros(10), RATE), normalize="peak")
    assert (encoded.gain, np.abs(samples_of(encoded)).max()) == (1.0, 0.0)


def test_zeroed_samples_are_counted_through() -> None:
    clip = as_clip([0.5, float("nan"), 3.0], RATE, on_invalid="zero")
    for overload in ("clip", "scale", "float"):
        assert encode(clip, overload=overload).invalid_samples == 1


def test_unknown_words_are_refused() -> None:
    with pytest.raises(AudioValueError, match="got normalize='rms', wanted None or 'peak'"):
        encode(AudioClip(LOUD, RATE), normalize="rms")
    with pytest.raises(AudioValueError, match="got overload='fold', wanted 'clip', 'scale' or 'float'"):
        encode(AudioClip(LOUD, RATE), overload="fold")  # type: ignore[arg-type]

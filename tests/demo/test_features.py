from __future__ import annotations

import numpy as np
import pytest

from audio_logging.clip import AudioClip
from audio_logging.demo.features import BANDS, FEATURES, augment, log_mel, mel_filters, mono, summarise


def tone(frequency: float, *, sample_rate: int = 16000, seconds: float = 0.5, channels: int = 1) -> AudioClip:
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    samples = 0.5 * np.sin(2 * np.pi * frequency * time)
    return AudioClip(np.repeat(samples[:, None], channels, axis=1), sample_rate)


def glide() -> AudioClip:
    time = np.arange(8000) / 16000
    return AudioClip(np.sin(2 * np.pi * (300 * time + 2000 * time**2)) * (0.1 + time), 16000)


def test_the_mel_filters_are_triangles_that_add_up_to_one_between_the_outer_centres() -> None:
    filters = mel_filters(16000, 4096)
    assert filters.shape == (BANDS, 2049)
    peaks = filters.argmax(axis=1)
    assert (np.diff(peaks) > 0).all()
    assert np.allclose(filters.sum(axis=0)[peaks[0] + 1 : peaks[-1]], 1, atol=1e-5)


def test_a_mel_is_what_the_htk_book_says() -> None:
    # 1000 Hz is 1000 mel on this scale (to a hundredth): the band whose centre is nearest must answer loudest
    centres = np.linspace(2595 * np.log10(1 + 20 / 700), 2595 * np.log10(1 + 8000 / 700), BANDS + 2)[1:-1]
    assert log_mel(tone(1000), 16000).mean(axis=0).argmax() == np.abs(centres - 999.99).argmin()


@pytest.mark.parametrize("frames", [1, 399, 400, 401, 560, 16000])
def test_frames_are_25_ms_long_and_10_ms_apart(frames: int) -> None:
    spectrogram = log_mel(AudioClip(np.ones(frames, np.float32), 16000), 16000)
    assert spectrogram.shape == (max(frames - 400, 0) // 160 + 1, BANDS)
    assert spectrogram.dtype == np.float32


def test_blocks_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = log_mel(glide(), 16000)
    monkeypatch.setattr("audio_logging.demo.features._BLOCK", 7)
    assert np.allclose(log_mel(glide(), 16000), whole, atol=1e-5)


def test_stereo_of_two_equal_channels_is_as_mono() -> None:
    assert np.allclose(log_mel(tone(440, channels=2), 16000), log_mel(tone(440), 16000), atol=1e-4)


def test_another_sample_rate_is_resampled() -> None:
    assert abs(len(mono(tone(440, sample_rate=44100), 8000)) - 4000) <= 1
    loudest = [log_mel(tone(440, sample_rate=rate), 8000).mean(axis=0).argmax() for rate in (8000, 44100)]
    assert loudest[0] == loudest[1]


def test_a_row_has_one_size_mean_zero_and_variance_one_in_both_parts() -> None:
    rows = summarise(log_mel(tone(440, seconds=seconds), 16000) for seconds in (0.01, 0.3, 2.0))
    assert rows.shape == (3, FEATURES)
    for part in np.split(rows, [20 * BANDS], axis=1):
        assert np.allclose(part.mean(axis=1), 0, atol=1e-4)
        assert np.allclose(part.std(axis=1), 1, atol=1e-3)


@pytest.mark.parametrize("gain", [1e-3, 0.1, 3.0])
def test_the_level_of_a_clip_changes_nothing(gain: float) -> None:
    clip = glide()
    louder = AudioClip(clip.samples * np.float32(gain), clip.sample_rate)
    rows = summarise([log_mel(clip, 16000), log_mel(louder, 16000)])
    assert np.allclose(rows[0], rows[1], atol=1e-2)


def test_a_silent_clip_has_finite_features() -> None:
    rows = summarise([log_mel(AudioClip(np.zeros(4000, np.float32), 16000), 16000)])
    assert np.isfinite(rows).all()


def test_segments_are_means_over_equal_parts() -> None:
    spectrogram = np.arange(40 * BANDS, dtype=np.float32).reshape(40, BANDS)
    picture = spectrogram.reshape(20, 2, BANDS).mean(axis=1).ravel()
    expected = (picture - picture.mean()) / picture.std()
    assert np.allclose(summarise([spectrogram])[0, : 20 * BANDS], expected, atol=1e-4)


def test_augmentation_alters_a_copy_a_little_and_as_the_generator_says() -> None:
    spectrogram = log_mel(glide(), 16000)
    before = spectrogram.copy()
    first, same, other = (augment(spectrogram, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert np.array_equal(spectrogram, before)
    assert np.array_equal(first, same)
    assert not np.array_equal(first[:10], other[:10])
    rows = summarise([spectrogram, first])
    assert 0.7 < np.mean(rows[0] * rows[1]) < 1


def test_a_clip_of_one_frame_can_be_augmented() -> None:
    spectrogram = log_mel(AudioClip(np.ones(10, np.float32), 16000), 16000)
    assert augment(spectrogram, np.random.default_rng(0)).shape == (1, BANDS)

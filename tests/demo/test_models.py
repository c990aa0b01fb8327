from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soxr

from audio_logging.clip import AudioClip
from audio_logging.demo import stft
from audio_logging.demo.classifier import EPOCHS, Classifier
from audio_logging.demo.denoiser import Denoiser
from audio_logging.demo.features import FEATURES, FloatArray, augment, log_mel, summarise
from audio_logging.demo.network import MaskNetwork
from audio_logging.demo.noise import add_noise
from audio_logging.demo.recordings import (
    Recording,
    class_names,
    common_sample_rate,
    read_recordings,
    split_by_recording,
)
from audio_logging.demo.sounds import make_sounds
from audio_logging.errors import AudioShapeError, AudioValueError, MissingDependencyError
from audio_logging.predictions.measures import si_sdr

DIGITS = Path(__file__).parents[2].parent / "shared" / "data" / "fsdd"


@dataclass(frozen=True, eq=False)
class Course:
    """What became of a classifier: its accuracy on held-out clips and its training loss, epoch by epoch."""

    classifier: Classifier
    held_out: list[Recording]
    accuracies: list[float]
    losses: list[float]


def train(recordings: list[Recording], *, epochs: int = EPOCHS) -> Course:
    rate = common_sample_rate(recordings)
    known, unknown = split_by_recording(recordings)
    course = Course(Classifier(class_names(recordings), sample_rate=rate), unknown, [], [])
    spectrograms = [log_mel(recording.clip, rate) for recording in known]
    held_out = summarise(log_mel(recording.clip, rate) for recording in unknown)
    generator = np.random.default_rng(0)
    for _ in range(epochs):
        features = summarise(augment(spectrogram, generator) for spectrogram in spectrograms)
        course.losses.append(course.classifier.fit_epoch(features, labels(known)))
        course.accuracies.append(course.classifier.accuracy(held_out, labels(unknown)))
    return course


def labels(recordings: list[Recording]) -> list[str]:
    return [recording.label for recording in recordings]


def rows(count: int = 6, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).standard_normal((count, FEATURES)).astype(np.float32)


@pytest.fixture(scope="module")
def sounds() -> list[Recording]:
    return make_sounds()


@pytest.fixture(scope="module")
def course(sounds: list[Recording]) -> Course:
    return train(sounds)


def test_synthetic_sounds_are_learned_step_by_step(course: Course) -> None:
    assert course.accuracies[0] < 0.85
    assert course.accuracies[-1] > 0.9
    assert course.losses[-1] < course.losses[0] / 4
    assert course.classifier.epochs == EPOCHS


def test_scores_of_clips_are_probabilities_in_the_order_of_the_class_names(course: Course) -> None:
    clips = [recording.clip for recording in course.held_out]
    scores = course.classifier.predict_scores(clips)
    assert scores.shape == (len(clips), len(course.classifier.class_names))
    assert np.allclose(scores.sum(axis=1), 1)
    guesses = [course.classifier.class_names[place] for place in scores.argmax(axis=1)]
    right = np.mean([guess == label for guess, label in zip(guesses, labels(course.held_out), strict=True)])
    assert right == pytest.approx(course.accuracies[-1])


def test_embeddings_of_one_class_lie_near_each_other(course: Course) -> None:
    features = course.classifier.features(recording.clip for recording in course.held_out)
    embeddings = course.classifier.embeddings(features)
    assert embeddings.shape == (len(course.held_out), 128) and embeddings.min() >= 0
    distances = np.linalg.norm(embeddings[:, None] - embeddings[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    names = np.array(labels(course.held_out))
    assert np.mean(names[distances.argmin(axis=1)] == names) > 0.6  # one in eight by chance


def test_a_clip_at_another_sample_rate_is_judged_alike(course: Course) -> None:
    clip = course.held_out[0].clip
    finer = AudioClip(soxr.resample(clip.samples, 16000, 48000), 48000)
    scores = course.classifier.predict_scores([clip, finer])
    assert np.allclose(scores[0], scores[1], atol=0.05)


def test_no_clips_have_no_scores(course: Course) -> None:
    assert course.classifier.predict_scores([]).shape == (0, 8)


@pytest.mark.skipif(not DIGITS.is_dir(), reason="the spoken digits are not there")
def test_spoken_digits_of_unheard_recordings_are_recognised() -> None:
    course = train(read_recordings(DIGITS))
    assert course.accuracies[-1] >= 0.92
    assert course.accuracies[-1] > course.accuracies[0]


def test_the_seed_and_the_calls_make_the_classifier() -> None:
    def scores(seed: int) -> FloatArray:
        classifier = Classifier(["a", "b"], sample_rate=8000, seed=seed)
        losses = [classifier.fit_epoch(rows(40), ["a", "b"] * 20) for _ in range(3)]
        return np.append(classifier.scores(rows(seed=1)), losses).astype(np.float32)

    before = str(np.random.get_state(legacy=True))  # noqa: NPY002
    assert np.array_equal(scores(0), scores(0))
    assert not np.array_equal(scores(0), scores(1))
    assert str(np.random.get_state(legacy=True)) == before  # noqa: NPY002


def test_before_the_first_epoch_all_classes_are_as_likely() -> None:
    classifier = Classifier(["a", "b", "c", "d"], sample_rate=8000)
    assert (classifier.scores(rows()) == 0.25).all()
    assert classifier.loss(rows(), ["a"] * 6) == pytest.approx(np.log(4))
    assert not classifier.embeddings(rows()).any()


def test_the_loss_is_the_cross_entropy_of_the_scores() -> None:
    classifier = Classifier(["b", "a"], sample_rate=8000)
    classifier.fit_epoch(rows(), ["a", "b"] * 3)
    scores = classifier.scores(rows())
    right = np.append(scores[::2, 1], scores[1::2, 0])
    assert classifier.loss(rows(), ["a", "b"] * 3) == pytest.approx(-np.log(right).mean())
    assert classifier.accuracy(rows(), ["a", "b"] * 3) == (right > 0.5).mean()


@pytest.mark.parametrize("names", [[], ["a"], ["a", "a"]])
def test_a_classifier_wants_two_classes_each_named_once(names: list[str]) -> None:
    with pytest.raises(AudioValueError, match="wanted at least two names, each once"):
        Classifier(names, sample_rate=8000)


def test_an_unknown_label_is_named() -> None:
    with pytest.raises(AudioValueError, match="got label 'c', wanted one of a, b"):
        Classifier(["a", "b"], sample_rate=8000).fit_epoch(rows(), ["a", "b", "c"] * 2)


@pytest.mark.parametrize("count", [0, 5])
def test_features_and_labels_must_be_as_many(count: int) -> None:
    with pytest.raises(AudioValueError, match=f"and {count} labels, wanted one each"):
        Classifier(["a", "b"], sample_rate=8000).fit_epoch(rows(count and 6), ["a"] * count)


def test_without_scikit_learn_the_error_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.neural_network", None)
    monkeypatch.delitem(sys.modules, "audio_logging.demo.classifier")
    with pytest.raises(MissingDependencyError, match=r'pip install "audio-logging\[demo\]"'):
        importlib.import_module("audio_logging.demo.classifier")


def closeness(samples: FloatArray, reference: FloatArray) -> float:
    return si_sdr(AudioClip(samples, 16000), AudioClip(reference, 16000))


def test_held_out_sounds_come_out_cleaner(sounds: list[Recording]) -> None:
    known, unknown = split_by_recording(sounds)
    denoiser = Denoiser(16000)
    losses = [denoiser.fit_epoch([recording.clip for recording in known[::2]]) for _ in range(2)]
    generator = np.random.default_rng(1)
    gains = []
    for recording in unknown:
        clean = recording.clip.samples
        noisy = add_noise(clean, snr_db=5.0, generator=generator)
        gains.append(closeness(denoiser.denoise(noisy, 16000), clean) - closeness(noisy, clean))
    assert np.mean(gains) > 3.5
    assert losses[1] < losses[0]


def test_an_untrained_denoiser_leaves_a_sound_nearly_as_it_is(sounds: list[Recording]) -> None:
    samples = sounds[0].clip.samples
    assert closeness(Denoiser(16000).denoise(samples, 16000), samples) > 20


@pytest.mark.parametrize("shape", [(0,), (1,), (511,), (512,), (3000,), (3000, 1), (3000, 3)])
@pytest.mark.parametrize("sample_rate", [8000, 11025, 44100])
def test_a_denoised_sound_keeps_its_shape_at_any_rate(shape: tuple[int, ...], sample_rate: int) -> None:
    samples = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    before = samples.copy()
    denoised = Denoiser(8000).denoise(samples, sample_rate)
    assert denoised.shape == shape
    assert denoised.dtype == np.float32
    assert np.array_equal(samples, before)
    assert np.isfinite(denoised).all()


def test_silence_stays_silence() -> None:
    assert not Denoiser(8000).denoise(np.zeros(2000, np.float32), 8000).any()


def test_blocks_leave_no_seam_in_a_denoised_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    whole = Denoiser(8000).denoise(samples, 8000)
    monkeypatch.setattr("audio_logging.demo.denoiser._BLOCK", 7)
    assert np.allclose(Denoiser(8000).denoise(samples, 8000), whole, atol=1e-6)


def test_a_batch_is_no_sound() -> None:
    with pytest.raises(AudioShapeError, match=r"got shape \(2, 3, 4\)"):
        Denoiser(8000).denoise(np.zeros((2, 3, 4), np.float32), 8000)


def test_silent_clips_teach_the_denoiser_nothing() -> None:
    with pytest.raises(AudioValueError, match="got no clips with sound in them"):
        Denoiser(8000).fit_epoch([AudioClip(np.zeros(100, np.float32), 8000)])


def test_the_seed_and_the_clips_make_the_denoiser(sounds: list[Recording]) -> None:
    clips = [recording.clip for recording in sounds[:4]]
    first, same, other = (Denoiser(16000, seed=seed).fit_epoch(clips) for seed in (0, 0, 1))
    assert first == same != other


def test_an_epoch_stops_when_it_has_seen_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def watch(network: MaskNetwork, inputs: FloatArray, noisy: FloatArray, clean: FloatArray) -> float:
        seen.append(noisy.size)
        return 0.0

    monkeypatch.setattr("audio_logging.demo.denoiser.MAX_CELLS", 1000)
    monkeypatch.setattr("audio_logging.demo.denoiser.EXCERPT_SECONDS", 0.1)
    monkeypatch.setattr(MaskNetwork, "step", watch)
    clips = [AudioClip(np.ones(8000, np.float32), 8000)] * 3
    Denoiser(8000).fit_epoch(clips)
    # 0.1 s are 13 hops of 64 samples, which with the edges make 16 frames of 129 frequencies
    assert sum(seen) == 16 * 129


@pytest.mark.parametrize("fft_size", [16, 256, 512])
@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 255, 256, 257, 5000])
def test_the_inverse_transform_gives_back_the_samples(length: int, fft_size: int) -> None:
    samples = np.random.default_rng(length).uniform(-1, 1, length).astype(np.float32)
    spectra = stft.stft(samples, fft_size=fft_size)
    assert spectra.shape == (-(-length // (fft_size // 4)) + 3, fft_size // 2 + 1)
    assert np.allclose(stft.istft(spectra, length=length), samples, rtol=0, atol=1e-5)


def test_the_network_learns_a_mask_that_depends_on_its_inputs() -> None:
    generator = np.random.default_rng(0)
    network = MaskNetwork(2, 3, generator=generator)
    inputs = generator.choice([-1.0, 1.0], (64, 2)).astype(np.float32)
    noisy = generator.uniform(0.5, 2, (64, 3)).astype(np.float32)
    wanted = np.where(inputs[:, :1] * inputs[:, 1:] > 0, 0.8, 0.1).astype(np.float32)
    errors = [network.step(inputs, noisy, wanted * noisy) for _ in range(500)]
    assert errors[-1] < errors[0] / 100
    assert np.allclose(network.mask(inputs), np.repeat(wanted, 3, axis=1), atol=0.1)


@pytest.mark.parametrize("shape", [(4000,), (4000, 2)])
@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 20.0])
def test_noise_has_the_level_asked_for(shape: tuple[int, ...], snr_db: float) -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, shape).astype(np.float32)
    noisy = add_noise(samples, snr_db=snr_db, generator=np.random.default_rng(1))
    assert noisy.shape == shape
    assert noisy.dtype == np.float32
    power, left = (np.mean(np.square(part, dtype=np.float64)) for part in (samples, noisy - samples))
    assert 10 * np.log10(power / left) == pytest.approx(snr_db, abs=0.01)


def test_silence_gets_no_noise() -> None:
    assert not add_noise(np.zeros(10, np.float32), snr_db=5.0, generator=np.random.default_rng(0)).any()

from __future__ import annotations

import numpy as np
import pytest

from audio_logging.demo.recordings import Recording, class_names
from audio_logging.demo.sounds import CLASS_NAMES, SAMPLE_RATE, make_sound, make_sounds
from audio_logging.errors import AudioValueError


@pytest.fixture(scope="module")
def sounds() -> list[Recording]:
    return make_sounds(per_class=30)


def test_there_are_as_many_sounds_of_each_class_as_asked_for(sounds: list[Recording]) -> None:
    assert class_names(sounds) == CLASS_NAMES
    assert len(CLASS_NAMES) >= 6
    assert [recording.label for recording in sounds] == [name for name in CLASS_NAMES for _ in range(30)]


def test_every_sound_has_a_name_of_its_own(sounds: list[Recording]) -> None:
    assert len({recording.name for recording in sounds}) == len(sounds)
    assert sounds[3].name == "bell/003"


def test_sounds_differ_in_length_level_and_channels(sounds: list[Recording]) -> None:
    clips = [recording.clip for recording in sounds]
    assert {clip.sample_rate for clip in clips} == {SAMPLE_RATE}
    assert all(0.6 <= clip.duration <= 1.4 for clip in clips)
    assert len({clip.frames for clip in clips}) > len(clips) / 2
    assert {clip.channels for clip in clips} == {1, 2}
    assert min(clip.peak for clip in clips) < 0.03
    assert 0.9 < max(clip.peak for clip in clips) < 1


@pytest.mark.parametrize("label", CLASS_NAMES)
def test_a_seed_gives_the_same_samples_again(label: str) -> None:
    first, second = make_sound(label, index=4, seed=7), make_sound(label, index=4, seed=7)
    assert np.array_equal(first.samples, second.samples)


@pytest.mark.parametrize(("index", "seed"), [(1, 0), (0, 1)])
def test_another_index_or_seed_gives_another_sound(index: int, seed: int) -> None:
    first, second = make_sound("bell"), make_sound("bell", index=index, seed=seed)
    assert not np.array_equal(first.samples[:1000, :1], second.samples[:1000, :1])


def test_a_larger_set_begins_with_the_smaller_one() -> None:
    small, large = make_sounds(per_class=1), make_sounds(per_class=2)
    for recording, same in zip(small, large[::2], strict=True):
        assert recording.name == same.name
        assert np.array_equal(recording.clip.samples, same.clip.samples)


def test_numpys_global_random_state_is_left_alone() -> None:
    before = np.random.get_state(legacy=True)  # noqa: NPY002
    make_sounds(per_class=1)
    assert str(before) == str(np.random.get_state(legacy=True))  # noqa: NPY002


def test_an_unknown_class_is_named() -> None:
    with pytest.raises(AudioValueError, match="got label 'gong', wanted one of bell, buzzer"):
        make_sound("gong")


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(AudioValueError, match="got per_class=0"):
        make_sounds(per_class=0)

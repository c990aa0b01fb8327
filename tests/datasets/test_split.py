from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio_logging.datasets.split import split_places
from audio_logging.errors import AudioValueError

shares = st.floats(0.001, 0.999)
classes = st.lists(st.integers(0, 4), max_size=120)


@pytest.mark.parametrize(
    ("count", "share", "held_out"), [(100, 0.29, 28), (10, 0.2, 2), (3, 0.3, 0), (1, 0.99, 0), (0, 0.5, 0)]
)
def test_the_last_files_are_held_out_rounded_down_as_in_keras(count: int, share: float, held_out: int) -> None:
    training, validation = split_places(count, share)
    assert training + validation == list(range(count))
    assert len(validation) == held_out


@given(labels=classes, share=shares)
def test_halves_are_disjoint_whole_and_as_large_with_stratification(labels: list[int], share: float) -> None:
    training, validation = split_places(len(labels), share, labels)
    assert sorted(training + validation) == list(range(len(labels)))
    assert training == sorted(training)
    assert validation == sorted(validation)
    assert len(validation) == int(share * len(labels))


@given(labels=classes, share=shares)
def test_stratification_is_off_by_less_than_one_file_a_class(labels: list[int], share: float) -> None:
    _, validation = split_places(len(labels), share, labels)
    held_out, counts = Counter(labels[place] for place in validation), Counter(labels)
    assert all(abs(held_out[label] - share * counts[label]) < 1 for label in counts)


def test_several_labels_a_file_cannot_be_stratified() -> None:
    with pytest.raises(AudioValueError, match="wanted one label a file"):
        split_places(2, 0.5, [(0, 1), (1,)])

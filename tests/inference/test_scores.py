from __future__ import annotations

import numpy as np
import pytest

from audio_logging.errors import AudioValueError
from audio_logging.inference.classification import Classification
from audio_logging.inference.scores import aggregate_scores, apply_function, check_top_k, function_for, rank

LABELS = ("a", "b", "c")


def test_softmax_rows_add_up_to_one_even_for_huge_outputs() -> None:
    scores = apply_function(np.array([[1e4, 0.0, -1e4], [1.0, 1.0, 1.0]], np.float32), "softmax")
    assert np.allclose(scores.sum(axis=1), 1)
    assert scores[0].tolist() == [1.0, 0.0, 0.0]
    assert np.allclose(scores[1], 1 / 3)


def test_sigmoid_does_not_overflow() -> None:
    with np.errstate(all="raise", under="ignore"):
        scores = apply_function(np.array([[-1e4, 0.0, 1e4]]), "sigmoid")
    assert scores.tolist() == [[0.0, 0.5, 1.0]]


@pytest.mark.parametrize(
    ("problem_type", "name"),
    [
        (None, "softmax"),
        ("single_label_classification", "softmax"),
        ("multi_label_classification", "sigmoid"),
        ("regression", "none"),
        ("no such thing", "softmax"),
    ],
)
def test_the_problem_type_chooses_the_function(problem_type: str | None, name: str) -> None:
    assert function_for(problem_type) == name


def test_an_unknown_function_is_refused_in_transformers_words() -> None:
    message = r"Invalid value for `function_to_apply`: relu. Valid options are \['softmax', 'sigmoid', 'none'\]"
    with pytest.raises(AudioValueError, match=message):
        apply_function(np.zeros((1, 2)), "relu")


def test_windows_are_put_together() -> None:
    scores = np.array([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.1, 0.0, 0.9]])
    assert np.allclose(aggregate_scores(scores, "mean"), [0.2, 0.5, 0.3])
    assert aggregate_scores(scores, "max").tolist() == [0.5, 1.0, 0.9]
    assert np.allclose(aggregate_scores(scores, "vote"), [1 / 3, 1 / 3, 1 / 3])
    assert aggregate_scores(scores[:1], "vote").tolist() == [1, 0, 0]
    with pytest.raises(AudioValueError, match="got aggregate='median', wanted one of 'mean', 'max', 'vote', 'none'"):
        aggregate_scores(scores, "median")


@pytest.mark.parametrize(("top_k", "names"), [(0, ""), (1, "b"), (2, "bc"), (3, "bca"), (99, "bca"), (None, "bca")])
def test_the_best_classes_come_first_and_ties_by_index(top_k: int | None, names: str) -> None:
    rows = rank(np.array([0.1, 0.45, 0.45]), LABELS, top_k=top_k)
    assert "".join(row["label"] for row in rows) == names


@pytest.mark.parametrize("top_k", [-1, 1.5, "3", True])
def test_a_top_k_that_makes_no_sense_is_refused(top_k: object) -> None:
    with pytest.raises(AudioValueError, match=r"got top_k=.*, wanted a whole number from 0, or None for all classes"):
        check_top_k(top_k)


def test_a_classification_knows_its_windows() -> None:
    scores = np.array([[0.7, 0.3, 0.0], [0.1, 0.2, 0.7]])
    times = np.array([[0.0, 1.0], [1.0, 1.5]])
    made = Classification(LABELS, scores, times, 0.5, embeddings=np.array([[0, 2], [2, 4]], np.float32))
    assert repr(made) == "Classification(2 windows, 3 classes, a 0.400)"
    assert made.window(1, 1) == [{"label": "c", "score": 0.7, "start": 1.0, "end": 1.5}]
    assert [row["label"] for row in made.top(1, aggregate="none")] == ["a", "c"]
    row = made.prediction(2, aggregate="max")
    assert row.pop("embedding").tolist() == [1, 3]
    best = [{"label": "a", "score": 0.7}, {"label": "c", "score": 0.7}]
    times_of_best = {"windows": 2, "start": 0.0, "end": 1.0, "last_coverage": 0.5}
    assert row == {"scores": best, "label": "a", "score": 0.7, **times_of_best}


def test_scores_below_the_threshold_are_left_out() -> None:
    made = Classification(LABELS, np.array([[0.7, 0.2, 0.1]]), np.array([[0.0, 1.0]]), 1.0, threshold=0.2)
    assert [row["label"] for row in made.top(None)] == ["a", "b"]
    nothing = Classification(LABELS, np.array([[0.1, 0.1, 0.1]]), np.array([[0.0, 1.0]]), 1.0, threshold=0.2)
    assert nothing.top() == []
    assert nothing.prediction() == {"scores": []}

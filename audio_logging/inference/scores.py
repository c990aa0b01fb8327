"""From a model's outputs to scores: the function to apply, one row out of several windows, the best classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from audio_logging.errors import AudioValueError

__all__ = [
    "AGGREGATES",
    "FUNCTIONS",
    "Aggregate",
    "FunctionName",
    "LabelScore",
    "Scores",
    "aggregate_scores",
    "apply_function",
    "check_aggregate",
    "check_function",
    "check_top_k",
    "function_for",
    "rank",
]

Scores: TypeAlias = npt.NDArray[np.float64]
"""One row a window, one column a class [shape=(windows, classes)]."""

FunctionName: TypeAlias = Literal["softmax", "sigmoid", "none"]
Aggregate: TypeAlias = Literal["mean", "max", "vote", "none"]


class LabelScore(TypedDict):
    """One class of a result."""

    label: str
    score: float


def softmax(outputs: Scores) -> Scores:
    """Return probabilities that add up to 1 in each row, without overflow."""
    exponentials = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))


def sigmoid(outputs: Scores) -> Scores:
    """Return ``1 / (1 + exp(-x))``, without overflow."""
    small = np.exp(-np.abs(outputs))
    return np.asarray(np.where(outputs >= 0, 1.0, small) / (1.0 + small))


def _unchanged(outputs: Scores) -> Scores:
    return outputs


FUNCTIONS: dict[str, Callable[[Scores], Scores]] = {"softmax": softmax, "sigmoid": sigmoid, "none": _unchanged}

FUNCTION_OF_PROBLEM: dict[str | None, FunctionName] = {
    "regression": "none",
    "multi_label_classification": "sigmoid",
    "single_label_classification": "softmax",
    None: "softmax",
}
"""As Transformers' AudioClassificationPipeline.postprocess chooses; older releases and TransformersPHP always take
softmax, which is wrong for several labels."""


def function_for(problem_type: str | None) -> FunctionName:
    """Return the function that a model's ``problem_type`` asks for; softmax for one that is not known."""
    return FUNCTION_OF_PROBLEM.get(problem_type, "softmax")


def apply_function(outputs: npt.NDArray[Any], name: str) -> Scores:
    """Turn outputs into scores.

    Parameters
    ----------
    outputs : ndarray [shape=(windows, classes)]
    name : {"softmax", "sigmoid", "none"}

    Returns
    -------
    ndarray [shape=(windows, classes)], float64

    Raises
    ------
    AudioValueError
        No such function.
    """
    check_function(name)
    return FUNCTIONS[name](np.asarray(outputs, np.float64))


def check_function(name: str | None) -> None:
    """Refuse a word that names no function; None is that of the model.

    Raises
    ------
    AudioValueError
    """
    if name is not None and name not in FUNCTIONS:
        raise AudioValueError(
            f"Invalid value for `function_to_apply`: {name}. Valid options are {list(FUNCTIONS)}; leave it out for the "
            "one that the model's problem_type asks for"
        )


def _vote(scores: Scores) -> Scores:
    """Return the share of windows in which a class is the best; the first of equal ones has the vote."""
    winners = scores.argmax(axis=1)
    return np.bincount(winners, minlength=scores.shape[1]) / len(scores)


AGGREGATES: dict[str, Callable[[Scores], Scores]] = {
    "mean": lambda scores: np.asarray(scores.mean(axis=0)),
    "max": lambda scores: np.asarray(scores.max(axis=0)),
    "vote": _vote,
}


def aggregate_scores(scores: Scores, how: str) -> npt.NDArray[np.float64]:
    """Make one row of the rows of all windows.

    Parameters
    ----------
    scores : ndarray [shape=(windows, classes)], float64
    how : {"mean", "max", "vote"}
        The mean or the largest score of each class, or the share of windows in which it is the best.

    Returns
    -------
    ndarray [shape=(classes,)], float64

    Raises
    ------
    AudioValueError
        No such way.
    """
    check_aggregate(how)
    return scores[0] if len(scores) == 1 and how != "vote" else AGGREGATES[how](scores)


def check_aggregate(how: str) -> None:
    """Refuse a word that names no aggregation.

    Raises
    ------
    AudioValueError
    """
    if how not in (*AGGREGATES, "none"):
        raise AudioValueError(f"got aggregate={how!r}, wanted one of {', '.join(map(repr, (*AGGREGATES, 'none')))}")


def check_top_k(top_k: Any) -> int | None:
    """Return how many classes to keep, None for all.

    Parameters
    ----------
    top_k : int >= 0 or None

    Returns
    -------
    int or None

    Raises
    ------
    AudioValueError
        Negative, or not a whole number.
    """
    if top_k is None:
        return None
    if isinstance(top_k, bool) or not hasattr(top_k, "__index__") or top_k < 0:
        raise AudioValueError(f"got top_k={top_k!r}, wanted a whole number from 0, or None for all classes")
    return int(top_k)


def rank(
    scores: npt.NDArray[np.float64], labels: Sequence[str], *, top_k: int | None, threshold: float | None = None
) -> list[LabelScore]:
    """Return the best classes, best first; of equal ones that with the lower index.

    Parameters
    ----------
    scores : ndarray [shape=(classes,)], float64
    labels : sequence of str [length=classes]
    top_k : int or None
        How many at most; None for all.
    threshold : float, optional
        Classes with lower scores are left out.

    Returns
    -------
    list of LabelScore

    Examples
    --------
    >>> rank(np.array([0.2, 0.4, 0.4]), ["yes", "no", "up"], top_k=2)
    [{'label': 'no', 'score': 0.4}, {'label': 'up', 'score': 0.4}]
    """
    best = np.argsort(-scores, kind="stable")[:top_k]
    rows: list[LabelScore] = [{"label": labels[index], "score": float(scores[index])} for index in best.tolist()]
    return rows if threshold is None else [row for row in rows if row["score"] >= threshold]

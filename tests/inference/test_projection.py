from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audio_logging.errors import AudioShapeError, AudioValueError, NonFiniteAudioError
from audio_logging.inference import WindowEmbeddings, project


def coordinates(points: Any) -> Any:
    return np.array([(point.x, point.y) for point in points])


@pytest.mark.parametrize("shape", [(50, 7), (7, 50), (30, 30)])
def test_points_lie_along_the_two_directions_in_which_they_differ_most(
    rng: np.random.Generator, shape: tuple[int, int]
) -> None:
    rows = rng.standard_normal(shape) + 100
    made = coordinates(project(rows))
    values = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)[:2]
    assert np.allclose(np.linalg.norm(made, axis=0), values)
    assert np.allclose(made.mean(axis=0), 0, atol=1e-9)
    assert abs(made[:, 0] @ made[:, 1]) < 1e-6 * values[0] ** 2


def test_the_same_points_give_the_same_map_in_any_order(rng: np.random.Generator) -> None:
    rows = rng.standard_normal((20, 64))
    order = rng.permutation(20)
    assert np.allclose(coordinates(project(rows))[order], coordinates(project(rows[order])), atol=1e-8)


@pytest.mark.parametrize("rows", [[[1.0, 2.0, 3.0]], [[1.0], [2.0]], [[2.0, 2.0]] * 5, [[0.0]]])
def test_few_or_equal_points_are_no_trouble(rows: list[list[float]]) -> None:
    made = coordinates(project(rows))
    assert made.shape == (len(rows), 2)
    assert np.isfinite(made).all()
    assert not made[:, 1].any()


def test_points_know_their_clip_and_time() -> None:
    times = np.array([[0.0, 1.0], [1.0, 1.5]])
    first = WindowEmbeddings(np.eye(2, 3, dtype=np.float32), times, clip_id="a")
    second = WindowEmbeddings(np.ones((1, 3), np.float32), times[:1])
    points = project([first, second])
    assert [(point.clip_id, point.start, point.end) for point in points] == [
        ("a", 0.0, 1.0),
        ("a", 1.0, 1.5),
        (None, 0.0, 1.0),
    ]
    assert [point.clip_id for point in project([first, second], clip_ids=["x", "y"])] == ["x", "x", "y"]
    assert [point.clip_id for point in project(first)] == ["a", "a"]
    assert [point.clip_id for point in project(np.eye(2), clip_ids=["x", "y"])] == ["x", "y"]


@pytest.mark.parametrize(
    ("embeddings", "message"),
    [
        ([], r"got embeddings with shape \(0,\), wanted \(points, size\)"),
        (np.zeros((0, 4)), r"got embeddings with shape \(0, 4\)"),
        (np.zeros(4), r"got embeddings with shape \(4,\)"),
        ([[1.0], [1.0, 2.0]], "got embeddings that are no array"),
        (["a"], "got embeddings that are no array"),
    ],
)
def test_what_is_no_set_of_points(embeddings: Any, message: str) -> None:
    with pytest.raises(AudioShapeError, match=message):
        project(embeddings)


def test_points_that_do_not_fit_together() -> None:
    times = np.array([[0.0, 1.0]])
    items = [WindowEmbeddings(np.ones((1, size), np.float32), times) for size in (3, 4)]
    with pytest.raises(AudioShapeError, match=r"got embeddings of the sizes \[3, 4\], wanted one size"):
        project(items)
    with pytest.raises(AudioValueError, match="got 1 clip ids for 2 embeddings"):
        project(np.eye(2), clip_ids=["a"])
    with pytest.raises(NonFiniteAudioError, match="got NaN or infinity among the embeddings"):
        project([[np.nan, 1.0]])

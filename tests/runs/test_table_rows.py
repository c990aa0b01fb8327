from __future__ import annotations

from typing import Any

import pytest

from audio_logging.runs.table_rows import row_fields


def test_numbers_and_booleans_are_metrics_unless_they_describe_the_clip() -> None:
    told = row_fields(
        [("step", 3), ("epoch", 1), ("loss", 0.5), ("correct", True), ("duration", 1.5), ("peak", 0.25), ("id", 4),
         ("sample_rate", 8000), ("clipped_samples", 0), ("generated_peak", 0.5), ("hits", 2), ("note", "hi")]
    )  # fmt: skip
    assert told == {"metrics": {"loss": 0.5, "correct": True, "hits": 2}}


def test_label_prediction_id_and_place_are_fields() -> None:
    told = row_fields([("label", "dog"), ("prediction", 3), ("clip_id", 12), ("x", 1), ("y", -0.5)])
    assert told == {"label": "dog", "prediction": 3, "clip_id": "12", "x": 1, "y": -0.5}


@pytest.mark.parametrize(
    ("column", "cell"),
    [("label", None), ("label", ["a"]), ("clip_id", 1.5), ("x", "1"), ("x", True), ("embedding", []),
     ("embedding", ["a"]), ("embedding", [1, None]), ("embedding", 3.0 + 0j), ("embedding", [True, False])],
)  # fmt: skip
def test_what_cannot_be_used_is_left_out(column: str, cell: Any) -> None:
    assert row_fields([(column, cell)]) == {}


def test_an_embedding_is_a_list_of_numbers() -> None:
    assert row_fields([("embedding", [1, 2.5])]) == {"embedding": [1, 2.5]}

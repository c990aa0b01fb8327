"""Which clips a query means, and in what order: compared with the plain reading of its rules, clip by clip."""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from audio_logging.dashboard.catalog.facets import facets
from audio_logging.dashboard.catalog.queries import Query
from audio_logging.dashboard.catalog.selecting import Known, chosen, in_order, masks
from audio_logging.dashboard.indexing.clip_ids import public_id, uid_of, uid_of_id
from audio_logging.dashboard.indexing.columns import Columns
from audio_logging.dashboard.indexing.database import KeptClip, MapPlace
from audio_logging.dashboard.indexing.rows import ClipRow
from audio_logging.runs import StoredClip

RUNS = (("run-b", 2), ("run-a", 1))
"""Ids and numbers, in the order in which they began."""

COMPARE = {name: getattr(operator, name) for name in ("lt", "le", "gt", "ge", "eq", "ne")}


def make_clips(count: int, seed: int) -> list[KeptClip]:
    rng = random.Random(seed)
    clips = []
    for number in range(1, count + 1):
        clip = StoredClip(
            key=rng.choice(["val", "train/x", "Ünï"]),
            step=rng.choice([None, 0, 1, 2, 2.5]),
            index=number,
            label=rng.choice([None, "", "a", "B", "c"]),
            prediction=rng.choice([None, "a", "B", "10", "9"]),
            caption=rng.choice([None, "two words", "Zwei WÖRTER", "a"]),
            role=rng.choice([None, "sample", "prediction"]),
            scores=rng.choice([None, [{"label": "a", "score": rng.random()}]]),
            metrics=rng.choice([None, {"loss": rng.choice([0.0, 0.5, 1.0])}, {"loss": 2, "si:sdr": -1.5}]),
            duration=rng.choice([None, 0.5, 1.0, 30.0]),
            peak=rng.choice([None, 0.0, 0.5, 1.0]),
            size=rng.choice([None, 100, 2**40]),
            time=rng.choice([None, 1e9 + number]),
        )
        place = rng.choice([None, MapPlace(b"", None, None), MapPlace(None, 0.0, 1.0)])
        row = ClipRow.of(clip, uid_of("r", clip, column=None))
        clips.append(KeptClip(number, rng.choice([1, 2]), row, row.caption, place))
    return clips


class Shop:
    """Clips, in columns and as they are."""

    def __init__(self, clips: Sequence[KeptClip]) -> None:
        self.clips = list(clips)
        self.columns = Columns()
        for begin in range(0, len(clips), 37):
            self.columns.add(clips[begin : begin + 37])
        self.known = Known(RUNS, self.find, self.containing)

    def find(self, ids: Any) -> Any:
        uids = set(map(uid_of_id, ids))
        return np.array([clip.clip for clip in self.clips if clip.row.uid in uids], np.int64)

    def containing(self, words: Sequence[str]) -> Any:
        found = [clip.clip for clip in self.clips if all(word in clip.row.searched(clip.caption) for word in words)]
        return np.array(found, np.int64)

    def numbers(self, query: Query) -> list[int]:
        mask = chosen(masks(query, self.columns, self.known))
        return [int(clip) for clip in self.columns.clips[in_order(query, self.columns, self.known, mask)]]

    def facets(self, query: Query) -> dict[str, Any]:
        return facets(masks(query, self.columns, self.known), self.columns)

    def plain(self, query: Query, *, without: str = "") -> list[KeptClip]:
        """Return what a query means, from its rules."""
        runs = dict(RUNS)
        found = [clip for clip in self.clips if not query.run or clip.run in [runs.get(run) for run in query.run]]
        last: dict[Any, float] = {}
        for clip in self.clips:
            place = (clip.run, clip.row.key)
            last[place] = max(last.get(place, -math.inf), -math.inf if clip.row.step is None else clip.row.step)
        for name in ("key", "label", "prediction"):
            if (wanted := getattr(query, name)) and name not in without.split():
                found = [clip for clip in found if (getattr(clip.row, name) or "") in wanted]
        if query.step == "latest" and "step" not in without:
            found = [
                clip
                for clip in found
                if last[clip.run, clip.row.key] == (-math.inf if clip.row.step is None else clip.row.step)
            ]
        elif query.step is not None and "step" not in without:
            found = [clip for clip in found if clip.row.step == query.step]
        if query.words:
            numbers = set(self.containing(query.words).tolist())
            found = [clip for clip in found if clip.clip in numbers]
        if query.correct is not None and "correct" not in without.split():
            found = [clip for clip in found if clip.row.correct is query.correct]
        if query.id is not None:
            found = [clip for clip in found if public_id(clip.row.uid) in query.id]
        for condition in query.where:
            if f"where {condition.name}" not in without:
                values = [value_of(clip.row, condition.name) for clip in found]
                compare = COMPARE[condition.operator]
                found = [
                    clip
                    for clip, value in zip(found, values, strict=True)
                    if value is not None and compare(value, condition.value)
                ]
        return found

    def plain_order(self, query: Query) -> list[int]:
        ranks = [number for _, number in RUNS]
        found = sorted(self.plain(query), key=lambda clip: (ranks.index(clip.run), clip.clip))
        name, is_descending = query.order
        if name == "logged":
            return [clip.clip for clip in (found[::-1] if is_descending else found)]
        known = [clip for clip in found if value_of(clip.row, name) is not None]
        unknown = [clip for clip in found if value_of(clip.row, name) is None]
        known.sort(key=lambda clip: _sortable(value_of(clip.row, name)))
        if is_descending:  # ties stay in the order of logging
            groups: dict[Any, list[KeptClip]] = {}
            for clip in known:
                groups.setdefault(value_of(clip.row, name), []).append(clip)
            known = [clip for group in reversed(groups.values()) for clip in group]
        return [clip.clip for clip in [*known, *unknown]]


def value_of(row: ClipRow, name: str) -> Any:
    if name.startswith("metric."):
        return (row.metrics or {}).get(name.removeprefix("metric."))
    if name == "level" and row.peak == 0:
        return -math.inf
    return getattr(row, "ordinal" if name == "index" else name)


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop(make_clips(600, 1))


QUERIES = [
    "",
    "run=run-a",
    "run=unknown",
    "run=run-a&run=run-b",
    "key=val&key=%C3%9Cn%C3%AF",
    "key=unknown",
    "step=2.5",
    "step=latest",
    "step=latest&run=run-b&key=val",
    "label=a&label=B",
    "label=",
    "label=&label=c&prediction=a",
    "prediction=10",
    "correct=true",
    "correct=false",
    "q=W%C3%96RTER zwei",
    "q=val",
    "q=nothing has this",
    "where=score:lt:0.5&where=metric.loss:ge:0.5",
    "where=metric.loss:ne:0.5",
    "where=metric.si:sdr:eq:-1.5",
    "where=metric.unknown:lt:5",
    "where=level:lt:-6&where=level:gt:-7",
    "where=duration:le:1&where=size:gt:1000&where=step:ge:1&where=index:lt:300&where=peak:eq:0.5",
    "where=sample_rate:gt:0",
    "correct=false&key=val&step=1&label=a&where=duration:gt:0&q=two",
]


@pytest.mark.parametrize("parameters", QUERIES)
def test_a_query_lets_pass_what_its_rules_say(shop: Shop, parameters: str) -> None:
    query = Query.of(parameters)
    assert shop.numbers(query) == shop.plain_order(query)


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize(
    "name",
    ["logged", "step", "key", "index", "label", "prediction", "correct", "score", "duration", "level", "size",
     "caption", "time", "metric.loss", "metric.si:sdr", "metric.unknown"],
)  # fmt: skip
def test_an_order_has_unknown_values_last_and_ties_as_logged(shop: Shop, sign: str, name: str) -> None:
    query = Query.of(f"sort={sign}{name}&key=val")
    assert shop.numbers(query) == shop.plain_order(query)


def test_ids_choose_clips_and_no_ids_choose_none(shop: Shop) -> None:
    ids = [public_id(clip.row.uid) for clip in shop.clips[10:20]]
    assert set(shop.numbers(Query().only([*ids, "unknown"]))) == set(range(11, 21))
    assert shop.numbers(Query().only([])) == []
    assert shop.numbers(Query(starred=True)) == []


@pytest.mark.parametrize("parameters", QUERIES)
def test_each_facet_ignores_its_own_filter(shop: Shop, parameters: str) -> None:
    query = Query.of(parameters)
    told = shop.facets(query)
    assert told["total"] == len(shop.plain(query))
    keys = shop.plain(query, without="key")
    assert {item["key"]: item["count"] for item in told["keys"]} == counted([clip.row.key for clip in keys])
    for item in told["keys"]:
        assert item["roles"] == sorted(
            {clip.row.role for clip in keys if clip.row.role and clip.row.key == item["key"]}
        )
    steps = {clip.row.step for clip in shop.plain(query, without="step")}
    assert told["steps"] == sorted(step for step in steps if step is not None)
    for name, name_of_one in (("labels", "label"), ("predictions", "prediction")):
        values = [getattr(clip.row, name_of_one) for clip in shop.plain(query, without=name_of_one)]
        assert {item["value"]: item["count"] for item in told[name]} == counted(values)
        assert [item["count"] for item in told[name]] == sorted((item["count"] for item in told[name]), reverse=True)
    pairs = [
        (clip.row.label, clip.row.prediction)
        for clip in shop.plain(query, without="label prediction correct")
        if clip.row.label is not None and clip.row.prediction is not None
    ]
    assert {(item["label"], item["prediction"]): item["count"] for item in told["confusion"]} == counted(pairs)
    for item in told["metrics"]:
        name = item["name"]
        found = [value_of(clip.row, f"metric.{name}") for clip in shop.plain(query, without=f"where metric.{name}")]
        known = [value for value in found if value is not None]
        assert (item["min"], item["max"], item["count"]) == (min(known), max(known), len(known))
    embedded = [clip for clip in shop.plain(query) if clip.place and clip.place.embedding is not None]
    assert told["embeddings"] == len(embedded)


def counted(values: list[Any]) -> dict[Any, int]:
    return {value: values.count(value) for value in set(values) if value is not None}


def test_clips_that_changed_and_clips_that_are_gone(shop: Shop) -> None:
    clips = make_clips(50, 2)
    changing = Shop(clips)
    row = clips[4].row._replace(label="new", metrics={"fresh": 1.0}, correct=None, step=99)
    changing.columns.change([(clips[4]._replace(row=row), clips[4].row)])
    changing.columns.remove([7])
    changing.clips[4] = clips[4]._replace(row=row)
    changing.clips = [clip for clip in changing.clips if clip.clip != 7]
    for parameters in [*QUERIES, "label=new", "step=99", "sort=metric.fresh", "sort=label"]:
        query = Query.of(parameters)
        assert changing.numbers(query) == changing.plain_order(query)
        assert changing.facets(query)["total"] == len(changing.plain(query))
    assert changing.columns.counts() == counted([clip.run for clip in changing.clips])
    changing.columns.remove_run(1)
    assert set(changing.columns.counts()) == {2}
    of_run = {clip.row.uid: clip.clip for clip in changing.clips if clip.run == 2}
    assert changing.columns.of_run(2) == of_run


def test_nothing_at_all_has_nothing() -> None:
    empty = Shop([])
    assert empty.numbers(Query.of("step=latest&label=a&q=x&sort=caption&where=metric.a:lt:1")) == []
    assert empty.facets(Query()) == {
        "total": 0, "keys": [], "steps": [], "labels": [], "predictions": [], "confusion": [], "metrics": [],
        "embeddings": 0,
    }  # fmt: skip

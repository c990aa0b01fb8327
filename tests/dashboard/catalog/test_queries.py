from __future__ import annotations

import pytest

from audio_logging.dashboard.catalog.queries import MAX_VALUE, MAX_VALUES, Condition, Query, QueryError
from audio_logging.errors import AudioLoggingError


def test_every_parameter_is_read() -> None:
    query = Query.from_pairs(
        [("run", "r1"), ("run", "r2"), ("key", "val/x"), ("step", "3"), ("q", "Two Words two"), ("label", ""),
         ("prediction", "cat"), ("correct", "false"), ("where", "metric.a:b:le:-1e3"), ("id", "x"), ("starred", "true"),
         ("sort", "-metric.a:b")]
    )  # fmt: skip
    assert query == Query(
        run=("r1", "r2"),
        key=("val/x",),
        step=3.0,
        q="Two Words two",
        label=("",),
        prediction=("cat",),
        correct=False,
        where=(Condition("metric.a:b", "le", -1000.0),),
        id=("x",),
        starred=True,
        sort="-metric.a:b",
    )
    assert query.words == ("two", "words")
    assert query.order == ("metric.a:b", True)


def test_nothing_asks_for_everything_as_logged() -> None:
    assert Query.of("") == Query() == Query.from_pairs([])
    assert (Query().order, Query().words, Query().id) == (("logged", False), (), None)


def test_text_is_percent_decoded() -> None:
    assert Query.of("label=a%26b+c&q=%C3%84").label == ("a&b c",)
    assert Query.of("q=%C3%84").words == ("ä",)
    assert Query.of("step=latest").step == "latest"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("lable=dog", r"got the parameter 'lable', wanted one of run, key, step, q, label, prediction, correct, where"),
        ("step=last", r"got step='last', wanted a number or 'latest'"),
        ("step=nan", r"got step='nan', wanted a number or 'latest'"),
        ("step=1&step=2", r"got step 2 times, wanted one"),
        ("correct=yes", r"got correct='yes', wanted true or false"),
        ("where=loss:gt:1", r"got where='loss:gt:1', wanted one of duration, level, .* or metric\.NAME"),
        ("where=score:over:1", r"got where='score:over:1', wanted NAME:OPERATOR:NUMBER, one of lt, le, gt, ge, eq, ne"),
        ("where=score:gt:inf", r"got where='inf', wanted a finite number"),
        ("where=score", r"got where='score', wanted NAME:OPERATOR:NUMBER"),
        ("sort=loudness", r"got sort='loudness', wanted one of logged, step, .* metric\.NAME, with - the other way"),
        (f"q={'x' * (MAX_VALUE + 1)}", rf"got q of {MAX_VALUE + 1} characters, wanted at most {MAX_VALUE}"),
        ("&".join(["id=x"] * (MAX_VALUES + 1)), rf"got id {MAX_VALUES + 1} times, wanted at most {MAX_VALUES}"),
        ("label", r"got 'label', wanted NAME=VALUE&NAME=VALUE"),
    ],
)
def test_what_cannot_be_asked_is_said_with_what_can(parameters: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        Query.of(parameters)
    assert issubclass(QueryError, (AudioLoggingError,))
    assert issubclass(QueryError, ValueError)


def test_stars_are_put_in_as_ids() -> None:
    query = Query.of("starred=true&label=dog")
    assert query.only(["b", "a", "b"]) == Query(label=("dog",), id=("b", "a"))
    assert query.only([]).id == ()
    assert Query.of("id=a&id=c&starred=true").only(["a", "b"]).id == ("a",)


def test_equal_queries_are_one_key() -> None:
    assert len({Query.of("label=a&key=k"), Query.of("key=k&label=a&label=a")}) == 1


def test_a_condition_reads_as_it_was_told() -> None:
    assert str(Condition.parse("metric.a:b:lt:0.1")) == "metric.a:b:lt:0.1"

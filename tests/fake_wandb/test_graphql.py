"""The part of GraphQL that the fake server understands."""

from __future__ import annotations

import pytest

from tests.fake_wandb.graphql import QueryError, parse, select


def test_fields_are_cut_down_to_what_is_asked() -> None:
    operation = parse("query Q($id: ID!) { run(id: $id, how: {deep: [1, 2]}) { name, files { size } } }")
    [run] = operation.fields
    value = {"name": "a", "secret": 1, "files": [{"size": 1, "md5": "x"}, {"size": 2}]}
    assert (operation.name, run.name) == ("Q", "run")
    assert select(value, run.inner) == {"name": "a", "files": [{"size": 1}, {"size": 2}]}


def test_a_field_goes_by_its_alias() -> None:
    [result] = parse("mutation M { result: make(input: {}) { id } }").fields
    assert (result.name, result.key) == ("make", "result")


def test_unknown_fields_are_null() -> None:
    [run] = parse("{ run { name unknown { deeper } } }").fields
    assert select({"name": "a"}, run.inner) == {"name": "a", "unknown": None}


def test_fragments_are_put_in_and_join() -> None:
    text = """
    query Q { run { ...A ... on Run @include(if: true) { project { id } } } }
    fragment A on Run { name project { ...B } }
    fragment B on Project { name }
    """
    [run] = parse(text).fields
    value = {"name": "a", "project": {"id": 1, "name": "p"}}
    assert select(value, run.inner) == value


def test_values_are_made_only_when_they_are_asked_for() -> None:
    [run] = parse("{ run { name } }").fields
    assert select({"name": lambda: "a", "history": lambda: 1 / 0}, run.inner) == {"name": "a"}


@pytest.mark.parametrize(
    "text", ["", "query Q { run {", "query { ...Nowhere }", "subscription S { run }", "query Q run"]
)
def test_what_is_no_query_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match=r"got|ends|there is no"):
        parse(text)

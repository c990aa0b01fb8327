"""As much of GraphQL as a test server needs: what a query asks for, and a value cut down to that.

Arguments, directives and types are passed over: resolvers go by the variables. A field that a value does not have is
null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

__all__ = ["Operation", "QueryError", "Selection", "parse", "select"]

TOKEN = re.compile(r'\s+|,|#[^\n]*|(?P<token>\.\.\.|"""(?:.|\n)*?"""|"(?:\\.|[^"\\])*"|[-\w.]+|[^\w\s])')
CLOSING = {"(": ")", "[": "]", "{": "}"}


class QueryError(ValueError):
    """What was posted is no GraphQL that this server understands."""


@dataclass(frozen=True)
class Selection:
    """One field of a query, or a fragment to put in its place.

    Attributes
    ----------
    name : str
        Of the field, or of the fragment.
    key : str
        What the field is called in the answer; "..." for a fragment.
    inner : tuple of Selection
    """

    name: str
    key: str
    inner: tuple[Selection, ...] = ()


@dataclass(frozen=True)
class Operation:
    """A query or mutation, fragments put in.

    Attributes
    ----------
    name : str
    fields : tuple of Selection
    """

    name: str
    fields: tuple[Selection, ...]


def parse(text: str) -> Operation:
    """Return the one operation of a query.

    Parameters
    ----------
    text : str

    Raises
    ------
    QueryError
    """
    return _Parser(text).document()


def select(value: Any, fields: tuple[Selection, ...]) -> Any:
    """Return what a query asks of a value.

    Parameters
    ----------
    value : object
        Mappings, lists and scalars; a callable is asked for its value only when the query wants it.
    fields : tuple of Selection
    """
    if callable(value):
        value = value()
    if isinstance(value, list):
        return [select(item, fields) for item in value]
    if not fields or not isinstance(value, Mapping):
        return value
    return {field.key: select(value.get(field.name), field.inner) for field in fields}


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = [match["token"] for match in TOKEN.finditer(text) if match["token"]]
        self._at = 0
        self._fragments: dict[str, tuple[Selection, ...]] = {}

    def document(self) -> Operation:
        name, fields = "", None
        while self._peek():
            word = self._take() if self._peek() != "{" else "query"
            if word == "fragment":
                self._fragment()
            elif word in ("query", "mutation"):
                name = self._take() if self._peek() not in ("(", "{") else ""
                self._skip_arguments()
                fields = self._selections()
            else:
                raise QueryError(f"got {word!r}, wanted query, mutation or fragment")
        if fields is None:
            raise QueryError("got no query and no mutation")
        return Operation(name, self._expanded(fields))

    def _fragment(self) -> None:
        name = self._take()
        self._expect("on")
        self._take()
        self._skip_directives()
        self._fragments[name] = self._selections()

    def _selections(self) -> tuple[Selection, ...]:
        self._expect("{")
        found: list[Selection] = []
        while self._peek() != "}":
            found.extend(self._selection())
        self._expect("}")
        return tuple(found)

    def _selection(self) -> tuple[Selection, ...]:
        name = self._take()
        if name == "...":
            return self._spread()
        key = name
        if self._peek() == ":":
            self._take()
            name = self._take()
        self._skip_arguments()
        self._skip_directives()
        return (Selection(name, key, self._selections() if self._peek() == "{" else ()),)

    def _spread(self) -> tuple[Selection, ...]:
        if self._peek() == "on":
            self._take()
            self._take()
        elif self._peek() not in ("{", "@"):
            spread = Selection(self._take(), "...")
            self._skip_directives()
            return (spread,)
        self._skip_directives()
        return self._selections()

    def _expanded(self, fields: Iterable[Selection]) -> tuple[Selection, ...]:
        """Put fragments in; where two of them ask for the same field, what they want of it is asked together."""
        found: dict[str, Selection] = {}
        for field in self._flat(fields):
            before = found.get(field.key)
            found[field.key] = field if before is None else replace(field, inner=before.inner + field.inner)
        return tuple(replace(field, inner=self._expanded(field.inner)) for field in found.values())

    def _flat(self, fields: Iterable[Selection]) -> Iterator[Selection]:
        for field in fields:
            if field.key != "...":
                yield field
            elif field.name in self._fragments:
                yield from self._flat(self._fragments[field.name])
            else:
                raise QueryError(f"there is no fragment {field.name!r}")

    def _skip_directives(self) -> None:
        while self._peek() == "@":
            self._take()
            self._take()
            self._skip_arguments()

    def _skip_arguments(self) -> None:
        if self._peek() != "(":
            return
        open_brackets: list[str] = []
        while True:
            token = self._take()
            if token in CLOSING:
                open_brackets.append(CLOSING[token])
            elif open_brackets[-1] == token:
                open_brackets.pop()
            if not open_brackets:
                return

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise QueryError("the query ends in the middle")
        self._at += 1
        return token

    def _expect(self, wanted: str) -> None:
        token = self._take()
        if token != wanted:
            raise QueryError(f"got {token!r}, wanted {wanted!r}")

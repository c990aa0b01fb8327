"""History rows in the form in which wandb-core writes nearly all of them, cut up fast.

A row is a list of items, each a path of nested keys and a value in JSON; a clip alone is a dozen of them. Most of them
are those of the row before, byte for byte (types, rates, formats): short ones are remembered. A row of any other form
is left to :func:`audio_logging.runs.records.decode_history`, which takes three times as long.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final, TypeAlias

from audio_logging.runs.messages import HistoryItem, HistoryRecord
from audio_logging.runs.wire import WireError, fields, varint

__all__ = ["MAX_KEY_DEPTH", "read_usual_row"]

MAX_KEY_DEPTH: Final = 64
"""wandb-core writes one nested key per level of a user's dict; nobody logs dicts that deep."""

SHORT = 128
"""[bytes] Of an item that is remembered."""

_ITEM_TAG = HistoryRecord.ITEM << 3 | 2
_VALUE_TAG = bytes([(HistoryItem.VALUE_JSON << 3 | 2) & 127 | 128, HistoryItem.VALUE_JSON >> 4])
_STEP = re.compile(rb"(?:\x12\x00|\x12[\x02-\x0b]\x08[\x80-\xff]{0,9}[\x00-\x7f])?", re.DOTALL)
_decode = json.JSONDecoder().raw_decode


_Item: TypeAlias = tuple[tuple[str, ...], str, Any]
"""The keys above a value, its own, and the value."""


def read_usual_row(body: bytes) -> dict[str, Any] | None:
    r"""Return a row, or None when it has another form.

    Parameters
    ----------
    body : bytes
        A ``HistoryRecord``.

    Returns
    -------
    dict or None
        Without ``_step``, unless an item says it.

    Examples
    --------
    >>> read_usual_row(b"\n\x0d\x12\x04loss\x82\x01\x040.25" + b"\n\x0b\x12\x01a\x12\x01b\x82\x01\x0212")
    {'loss': 0.25, 'a': {'b': 12}}
    """
    try:
        return _read_row(body)
    except (IndexError, ValueError, RecursionError):
        return None


def _read_row(body: bytes) -> dict[str, Any]:
    row: dict[str, Any] = {}
    branches: dict[tuple[str, ...], dict[str, Any]] = {(): row}
    at, end = 0, len(body)
    while at < end and body[at] == _ITEM_TAG:
        size, at = (body[at + 1], at + 2) if body[at + 1] < 128 else varint(body, at + 1)
        stop = at + size
        item = body[at:stop]
        # Lists and dicts are made anew each time: whoever gets a row may change it.
        above, key, value = _short_item(item) if size < SHORT and item[-1] not in b"]}" else _item(item)
        branch = branches.get(above)
        if branch is None:
            branch = branches[above] = _branch(row, above)
        branch[key] = value
        at = stop
    if _STEP.fullmatch(body, at) is None:
        raise WireError("got something else behind the items, wanted the step")
    return row


@lru_cache(maxsize=2048)
def _short_item(item: bytes) -> _Item:
    return _item(item)


def _item(item: bytes) -> _Item:
    """Take an item apart that has the path first and the value last.

    The tag of the value is in no JSON and in no readable key; a path that ends too early does not parse as one.
    """
    cut = item.find(_VALUE_TAG)
    above, key = _path(item[:cut])
    size, start = varint(item, cut + len(_VALUE_TAG))
    text = item[start:].decode()
    value, end = _decode(text)
    if start + size != len(item) or end != len(text):
        raise WireError("got more than one JSON value, wanted one")
    return above, key, value


@lru_cache(maxsize=2048)
def _path(message: bytes) -> tuple[tuple[str, ...], str]:
    keys = []
    for number, value in fields(message):
        if number != HistoryItem.NESTED_KEY or not isinstance(value, bytes):
            raise WireError(f"got field {number}, wanted nested keys only")
        keys.append(value.decode(errors="replace"))
    if not 0 < len(keys) <= MAX_KEY_DEPTH:
        raise WireError(f"got {len(keys)} keys, wanted 1 to {MAX_KEY_DEPTH}")
    return tuple(keys[:-1]), keys[-1]


def _branch(row: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    for key in keys:
        inner = row.get(key)
        if not isinstance(inner, dict):
            inner = row[key] = {}
        row = inner
    return row

"""What a ``.wandb`` file's records mean, as far as it is of interest here."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

from audio_logging.runs.messages import (
    ArtifactManifest,
    ArtifactManifestEntry,
    ArtifactRecord,
    HistoryItem,
    HistoryRecord,
    HistoryStep,
    MetricRecord,
    Record,
    RunExitRecord,
    RunRecord,
    SummaryRecord,
    Timestamp,
)
from audio_logging.runs.problems import Problems
from audio_logging.runs.rows import MAX_KEY_DEPTH, read_usual_row
from audio_logging.runs.wire import fields, signed, varint, zigzag

__all__ = [
    "ArtifactFacts",
    "EntryFacts",
    "MetricFacts",
    "RunFacts",
    "decode_artifact",
    "decode_entry_json",
    "decode_exit_code",
    "decode_history",
    "decode_metric",
    "decode_run",
    "decode_timestamp",
    "kind_of",
    "update_tree",
]

MAX_ENTRIES = 200_000
"""Of an artifact in its record; wandb puts more than 100,000 in a file beside (MANIFEST_FILE_SIZE_THRESHOLD)."""

_KINDS = frozenset(number for name, number in vars(Record).items() if name.isupper())


def kind_of(record: bytes) -> tuple[int, bytes] | None:
    r"""Return the number and the body of what a record holds, or None when it is of no interest here.

    Raises
    ------
    WireError
        The bytes are no message.

    Examples
    --------
    >>> kind_of(bytes([0x08, 0x05, 0x92, 0x01, 0x02, 0x08, 0x01]))
    (18, b'\x08\x01')
    """
    usual = _HISTORY.match(record)
    if usual is not None:
        length, start = varint(record, usual.end())
        if start + length <= len(record):
            return Record.HISTORY, record[start : start + length]
    for number, value in fields(record):
        if number in _KINDS and isinstance(value, bytes):
            return number, value
    return None


_HISTORY = re.compile(rb"(?:\x08[\x80-\xff]{0,9}[\x00-\x7f])?\x12")
"""A record that begins with its number, if at all, and goes on with a row: most are, and this is quicker to tell."""


def decode_history(body: bytes, problems: Problems) -> dict[str, Any]:
    """Return one row; nested keys become nested dicts, ``_step`` is always there when the record tells it.

    Raises
    ------
    WireError
        The bytes are no message.
    """
    row = read_usual_row(body)
    if row is None:
        row = _read_any_row(body, problems)
    if "_step" not in row:
        step = next((value for number, value in fields(body) if number == HistoryRecord.STEP), None)
        if isinstance(step, bytes):
            row["_step"] = signed(_integer(step, HistoryStep.NUM))
    return row


def _read_any_row(body: bytes, problems: Problems) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for number, value in fields(body):
        if number == HistoryRecord.ITEM and isinstance(value, bytes):
            _put_item(row, value, problems)
    return row


def update_tree(tree: dict[str, Any], body: bytes, problems: Problems) -> None:
    """Apply a ``SummaryRecord`` or ``ConfigRecord`` to nested dicts.

    Raises
    ------
    WireError
        The bytes are no message.
    """
    for number, value in fields(body):
        if not isinstance(value, bytes):
            continue
        if number == SummaryRecord.UPDATE:
            _put_item(tree, value, problems)
        elif number == SummaryRecord.REMOVE:
            _remove(tree, _decode_item(value, problems)[0])


@dataclass(frozen=True)
class RunFacts:
    """What a ``RunRecord`` says of its run; empty where unknown."""

    run_id: str = ""
    entity: str = ""
    project: str = ""
    group: str = ""
    job_type: str = ""
    name: str = ""
    notes: str = ""
    tags: tuple[str, ...] = ()
    host: str = ""
    started: float | None = None
    config: bytes = b""
    summary: bytes = b""


def decode_run(body: bytes) -> RunFacts:
    """Read a ``RunRecord``.

    Raises
    ------
    WireError
        The bytes are no message.
    """
    found = _Fields(body)
    started = found.message(RunRecord.START_TIME)
    return RunFacts(
        run_id=found.text(RunRecord.RUN_ID),
        entity=found.text(RunRecord.ENTITY),
        project=found.text(RunRecord.PROJECT),
        group=found.text(RunRecord.RUN_GROUP),
        job_type=found.text(RunRecord.JOB_TYPE),
        name=found.text(RunRecord.DISPLAY_NAME),
        notes=found.text(RunRecord.NOTES),
        tags=found.texts(RunRecord.TAGS),
        host=found.text(RunRecord.HOST),
        started=decode_timestamp(started) if started else None,
        config=found.message(RunRecord.CONFIG),
        summary=found.message(RunRecord.SUMMARY),
    )


def decode_timestamp(body: bytes) -> float:
    """Return the seconds since 1970.

    Raises
    ------
    WireError
        The bytes are no message.
    """
    return signed(_integer(body, Timestamp.SECONDS)) + _integer(body, Timestamp.NANOS) / 1e9


class MetricFacts(NamedTuple):
    """Which axis the keys of this name, or matching it, stand on."""

    name: str
    is_glob: bool
    step_metric: str


def decode_metric(body: bytes) -> MetricFacts:
    """Read a ``MetricRecord``.

    Raises
    ------
    WireError
        The bytes are no message.
    """
    found = _Fields(body)
    glob = found.text(MetricRecord.GLOB_NAME)
    return MetricFacts(glob or found.text(MetricRecord.NAME), bool(glob), found.text(MetricRecord.STEP_METRIC))


def decode_exit_code(body: bytes) -> int:
    """Read a ``RunExitRecord``.

    Raises
    ------
    WireError
        The bytes are no message.
    """
    return signed(_integer(body, RunExitRecord.EXIT_CODE), 32)


@dataclass(frozen=True)
class EntryFacts:
    """One entry of an artifact's manifest: its name there, and where its bytes were staged or what it refers to."""

    path: str
    digest: str = ""
    ref: str = ""
    size: int | None = None
    local_path: str = ""


@dataclass(frozen=True)
class ArtifactFacts:
    """What an ``ArtifactRecord`` says, paths as recorded, not yet to be trusted; the time is of the records before."""

    name: str
    type: str = ""
    digest: str = ""
    description: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    client_id: str = ""
    sequence_client_id: str = ""
    entries: tuple[EntryFacts, ...] = ()
    manifest_file_path: str = ""
    digest_algorithm: str = ""
    logged: float | None = None


def decode_artifact(body: bytes, problems: Problems, *, logged: float | None = None) -> ArtifactFacts:
    """Read an ``ArtifactRecord``, which was logged at about the time given.

    Raises
    ------
    WireError
        The bytes are no message.
    """
    found = _Fields(body)
    manifest = _Fields(found.message(ArtifactRecord.MANIFEST))
    entries = islice(manifest.messages(ArtifactManifest.CONTENTS), MAX_ENTRIES)
    name = found.text(ArtifactRecord.NAME)
    metadata = found.text(ArtifactRecord.METADATA)
    return ArtifactFacts(
        name=name,
        type=found.text(ArtifactRecord.TYPE),
        digest=found.text(ArtifactRecord.DIGEST),
        description=found.text(ArtifactRecord.DESCRIPTION),
        metadata=_json_dict(metadata, f"metadata of artifact {name!r}", problems),
        aliases=found.texts(ArtifactRecord.ALIASES),
        tags=found.texts(ArtifactRecord.TAGS),
        client_id=found.text(ArtifactRecord.CLIENT_ID),
        sequence_client_id=found.text(ArtifactRecord.SEQUENCE_CLIENT_ID),
        entries=tuple(map(_decode_entry, entries)),
        manifest_file_path=manifest.text(ArtifactManifest.MANIFEST_FILE_PATH),
        digest_algorithm=found.text(ArtifactRecord.DIGEST_ALGORITHM),
        logged=logged,
    )


def decode_entry_json(line: Any) -> EntryFacts | None:
    """Read one line of a ``manifest_contents.jl.gz``: ``ArtifactManifestEntry.to_json()`` of wandb's Python side."""
    if not isinstance(line, dict) or not isinstance(line.get("path"), str):
        return None
    size = line.get("size")
    return EntryFacts(
        path=line["path"],
        digest=_text_or_empty(line.get("digest")),
        ref=_text_or_empty(line.get("ref")),
        size=size if isinstance(size, int) else None,
        local_path=_text_or_empty(line.get("local_path")),
    )


def _decode_entry(body: bytes) -> EntryFacts:
    found = _Fields(body)
    size = found.number(ArtifactManifestEntry.SIZE)
    return EntryFacts(
        path=found.text(ArtifactManifestEntry.PATH),
        digest=found.text(ArtifactManifestEntry.DIGEST),
        ref=found.text(ArtifactManifestEntry.REF),
        size=None if size is None else signed(size),
        local_path=found.text(ArtifactManifestEntry.LOCAL_PATH),
    )


class _Fields:
    """All fields of one message, by number."""

    def __init__(self, message: bytes) -> None:
        self._values: dict[int, list[int | bytes]] = {}
        for number, value in fields(message):
            self._values.setdefault(number, []).append(value)

    def messages(self, number: int) -> Iterator[bytes]:
        return (value for value in self._values.get(number, ()) if isinstance(value, bytes))

    def message(self, number: int) -> bytes:
        # Concatenated messages are merged ones; what is unique elsewhere appears once.
        return b"".join(self.messages(number))

    def texts(self, number: int) -> tuple[str, ...]:
        return tuple(value.decode(errors="replace") for value in self.messages(number))

    def text(self, number: int) -> str:
        texts = self.texts(number)
        return texts[-1] if texts else ""

    def number(self, number: int) -> int | None:
        numbers = [value for value in self._values.get(number, ()) if isinstance(value, int)]
        return numbers[-1] if numbers else None


def _read_json(raw: bytes) -> Any:
    text = raw.decode()
    try:
        # In half the time of json.loads, which looks for white space that nobody writes here.
        value, end = _JSON.raw_decode(text)
    except ValueError:
        end = -1
    return value if end == len(text) else json.loads(text)


_JSON = json.JSONDecoder()

_VALUE_OF: dict[int, Callable[[Any], Any]] = {
    HistoryItem.VALUE_JSON: _read_json,
    HistoryItem.JSON: _read_json,
    HistoryItem.TEXT: lambda raw: raw.decode(),
    HistoryItem.NUMBER: lambda raw: struct.unpack("<d", raw)[0],
    HistoryItem.INTEGER: lambda raw: zigzag(raw),
    HistoryItem.BOOLEAN: lambda raw: raw != 0,
    HistoryItem.NONE: lambda _raw: None,
}


def _decode_item(body: bytes, problems: Problems) -> tuple[list[str], list[Any]]:
    """Return an item's keys, and its value or nothing in a list."""
    keys: list[str] = []
    values: list[Any] = []
    for number, raw in fields(body):
        if number == HistoryItem.NESTED_KEY or number == HistoryItem.KEY:
            keys.append(raw.decode(errors="replace") if isinstance(raw, bytes) else "")
        elif number in _VALUE_OF:
            try:
                values.append(_VALUE_OF[number](raw))
            except (ValueError, TypeError, AttributeError, RecursionError, struct.error) as error:
                problems.add(f"value of {'.'.join(keys)[:100]!r} cannot be read: {_one_line(error)}")
    return keys, values


def _put_item(tree: dict[str, Any], body: bytes, problems: Problems) -> None:
    keys, values = _decode_item(body, problems)
    if not values or not keys:
        return
    if len(keys) > MAX_KEY_DEPTH:
        problems.add(f"a key nested {len(keys)} deep was left out, at most {MAX_KEY_DEPTH} are read")
        return
    for key in keys[:-1]:
        branch = tree.get(key)
        if not isinstance(branch, dict):
            branch = tree[key] = {}
        tree = branch
    tree[keys[-1]] = values[-1]


def _remove(tree: Any, keys: list[str]) -> None:
    for key in keys[:-1]:
        tree = tree.get(key) if isinstance(tree, dict) else None
    if keys and isinstance(tree, dict):
        tree.pop(keys[-1], None)


def _integer(message: bytes, wanted: int) -> int:
    return next((value for number, value in fields(message) if number == wanted and isinstance(value, int)), 0)


def _json_dict(text: str, what: str, problems: Problems) -> dict[str, Any]:
    if not text:
        return {}
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        problems.add(f"{what} cannot be read: {_one_line(error)}")
        return {}
    return value if isinstance(value, dict) else {}


def _text_or_empty(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _one_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:100]}"

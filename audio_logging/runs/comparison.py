"""Two artifacts compared: which clips, rows and files were added, removed or changed.

A clip is known by the name under which it was added; a row of a table by its ``clip_id`` (or ``id``, ``name``), else by
its audio, else by its place. Audio is compared by the hash of what is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from audio_logging.errors import AudioLoggingError
from audio_logging.runs.artifacts import ArtifactIndex, StoredArtifact, staged_file
from audio_logging.runs.json_files import read_json_file
from audio_logging.runs.media import is_audio
from audio_logging.runs.tables import read_table

__all__ = ["Change", "Comparison", "compare"]

ID_COLUMNS = ("clip_id", "id", "name", "path", "file")
"""By which a row is known, the first that every row has a value of its own in."""

LABEL_COLUMN = "label"

MAX_CLIP_JSON = 64 * 2**20

_CLIP, _TABLE = ".audio-file.json", ".table.json"


class Difference(NamedTuple):
    """One value that is another one now; None where there was or is none."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """One clip, row or file that is not as it was.

    Attributes
    ----------
    kind : {"added", "removed", "changed"}
    name : str
        ``table/clip_id`` for a row.
    label : object or None
        As it is now, or was.
    differences : tuple of Difference
        For what was changed.
    """

    kind: Literal["added", "removed", "changed"]
    name: str
    label: Any = None
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What became of one version on the way to another.

    Attributes
    ----------
    changes : tuple of Change
        Removed, changed and added, each in its artifact's order.
    unchanged : int
        How many clips, rows and files are as they were.
    labels_added, labels_removed : tuple of str
        Labels that only one of them has.
    """

    changes: tuple[Change, ...]
    unchanged: int
    labels_added: tuple[str, ...]
    labels_removed: tuple[str, ...]

    def count(self, kind: str) -> int:
        """Return how many changes there are of a kind."""
        return sum(change.kind == kind for change in self.changes)


def compare(before: StoredArtifact, after: StoredArtifact, index: ArtifactIndex) -> Comparison:
    """Compare two versions of an artifact, or any two artifacts.

    Parameters
    ----------
    before, after : StoredArtifact
    index : ArtifactIndex
        Follows references.

    Returns
    -------
    Comparison

    Raises
    ------
    NotFoundError
        A staged file of a table or clip is missing.
    AudioValueError
        One cannot be read.
    """
    old, new = dict(_items(before, index)), dict(_items(after, index))
    removed = [Change("removed", name, facts.get(LABEL_COLUMN)) for name, facts in old.items() if name not in new]
    added = [Change("added", name, facts.get(LABEL_COLUMN)) for name, facts in new.items() if name not in old]
    kept = [(name, facts, _differences(old[name], facts)) for name, facts in new.items() if name in old]
    changed = [Change("changed", name, facts.get(LABEL_COLUMN), found) for name, facts, found in kept if found]
    were, are = _labels(old.values()), _labels(new.values())
    return Comparison(
        (*removed, *changed, *added),
        len(kept) - len(changed),
        tuple(label for label in are if label not in were),
        tuple(label for label in were if label not in are),
    )


def _items(artifact: StoredArtifact, index: ArtifactIndex) -> Iterator[tuple[str, dict[str, Any]]]:
    held: set[str] = set()
    for path in artifact.entries:
        if path.endswith(_CLIP):
            yield path.removesuffix(_CLIP), _clip_facts(artifact, path, index, held)
        elif path.endswith(_TABLE):
            yield from _rows(artifact, path, index, held)
    for path, entry in artifact.entries.items():
        if not path.endswith((_CLIP, _TABLE)) and path not in held:
            yield path, {"content": entry.digest}


def _clip_facts(artifact: StoredArtifact, path: str, index: ArtifactIndex, held: set[str]) -> dict[str, Any]:
    home, entry = index.resolve(artifact, path)
    value = read_json_file(staged_file(home, entry), most=MAX_CLIP_JSON)
    if not is_audio(value):
        return {"content": entry.digest}
    held.add(_path_in(value))
    return {"audio": _content(home, value, index), "caption": value.get("caption")}


def _rows(
    artifact: StoredArtifact, path: str, index: ArtifactIndex, held: set[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    home, entry = index.resolve(artifact, path)
    columns, rows, _ = read_table(staged_file(home, entry))
    for row in rows:
        held.update(_path_in(clip) for cell in row for clip in _clips_in(cell))
    facts = [dict(zip(columns, (_plain(home, cell, index) for cell in row), strict=False)) for row in rows]
    table = path.removesuffix(_TABLE)
    audio = next((name for name in columns for row in rows if is_audio(_cell(row, columns.index(name)))), None)
    for name, known in zip(_row_names(facts, audio), facts, strict=True):
        yield f"{table}/{name}", known


def _row_names(rows: list[dict[str, Any]], audio: str | None) -> list[str]:
    for column in (*ID_COLUMNS, *([audio] if audio else [])):
        names = [row.get(column) for row in rows]
        if rows and None not in names and len({str(name) for name in names}) == len(names):
            return [str(name) if column != audio else str(name)[:12] for name in names]
    return [str(place) for place in range(len(rows))]


def _plain(home: StoredArtifact, cell: Any, index: ArtifactIndex) -> Any:
    """Return a cell with audio replaced by the hash of its content."""
    if isinstance(cell, list):
        return [_content(home, item, index) if is_audio(item) else item for item in cell]
    return _content(home, cell, index) if is_audio(cell) else cell


def _content(home: StoredArtifact, value: Mapping[str, Any], index: ArtifactIndex) -> str:
    sha256 = value.get("sha256")
    if isinstance(sha256, str) and sha256:
        return sha256
    try:
        return index.resolve(home, _path_in(value))[1].digest
    except AudioLoggingError:
        return "unknown"


def _clips_in(cell: Any) -> list[Mapping[str, Any]]:
    return [item for item in (cell if isinstance(cell, list) else [cell]) if is_audio(item)]


def _path_in(value: Mapping[str, Any]) -> str:
    path = value.get("path")
    return path if isinstance(path, str) else ""


def _cell(row: list[Any], place: int) -> Any:
    return row[place] if place < len(row) else None


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    names = dict.fromkeys((*before, *after))
    pairs = [Difference(name, before.get(name), after.get(name)) for name in names]
    return tuple(pair for pair in pairs if not _same(pair.before, pair.after))


def _same(before: Any, after: Any) -> bool:
    # NaN is as it was.
    return bool(before == after) or (before != before and after != after)


def _labels(items: Iterable[Mapping[str, Any]]) -> Counter[str]:
    return Counter(str(facts[LABEL_COLUMN]) for facts in items if facts.get(LABEL_COLUMN) is not None)

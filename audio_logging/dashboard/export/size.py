"""How large a report becomes, and what would make it smaller."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from audio_logging.dashboard.export.contents import Contents
from audio_logging.dashboard.export.conversion import Format, convert
from audio_logging.errors import AudioLoggingError, AudioValueError

__all__ = ["ReportTooLargeError", "Spelling", "as_argument", "as_option", "base64_size", "too_large"]

SAMPLED = 6
"""[clips] Encoded to estimate what all of them would be."""

MOST_KEYS = 4

WORTH_SAYING = 0.95
"""A way that leaves more than this part of the size is no help."""

Spelling: TypeAlias = Callable[[str, Any], str]
"""How an option and its value are typed: ``--format opus``, or ``format='opus'``."""


class ReportTooLargeError(AudioValueError):
    """The report would be larger than allowed; the message says what makes it smaller."""


def base64_size(size: int) -> int:
    """Return how many characters some bytes become.

    Examples
    --------
    >>> base64_size(4)
    8
    """
    return (size + 2) // 3 * 4


def as_option(name: str, value: Any) -> str:
    """Spell an option for the command line.

    Examples
    --------
    >>> as_option("max_mb", 12), as_option("folder", True)
    ('--max-mb 12', '--folder')
    """
    text = f"--{name.replace('_', '-')}"
    return text if value is True else f"{text} {shlex.quote(str(value))}"


def as_argument(name: str, value: Any) -> str:
    """Spell an option for Python.

    Examples
    --------
    >>> as_argument("format", "opus")
    "format='opus'"
    """
    return f"{name}={value!r}"


def too_large(
    contents: Contents,
    size: float,
    limit: int,
    format: Format,  # noqa: A002 - "format" is the public word
    *,
    folder: bool = True,
    spelled: Spelling = as_option,
) -> ReportTooLargeError:
    """Return the error for a report beyond its limit.

    Parameters
    ----------
    contents : Contents
    size : float
        [bytes] What it would be.
    limit : int
        [bytes]
    format : {"keep", "opus", "flac"}
        That was asked for.
    folder : bool
        Whether it could be a folder.
    spelled : callable
        How an option is typed.

    Returns
    -------
    ReportTooLargeError
    """
    stored = contents.size_of(contents.rows)
    ways = [
        (way, size * part / stored) for way, part in _fewer_clips(contents, spelled) if part < WORTH_SAYING * stored
    ]
    encoded = _estimate(contents, "opus") if format != "opus" else None
    if encoded is not None and encoded < WORTH_SAYING * size:
        ways.append((spelled("format", "opus"), encoded))
    lines = [f"{way:<30}  about {_megabytes(expected)}" for way, expected in sorted(ways, key=lambda item: item[1])]
    if folder:
        lines.append(f"{spelled('folder', True):<30}  a folder, of any size")
    lines.append(f"{spelled('max_mb', int(size // 1e6) + 1):<30}  one file all the same")
    return ReportTooLargeError(
        f"the report would be about {_megabytes(size)}, wanted at most {_megabytes(limit)}. What helps:"
        + "".join(f"\n  {line}" for line in lines)
    )


def _fewer_clips(contents: Contents, spelled: Spelling) -> Iterator[tuple[str, int]]:
    """Yield filters, and how many stored bytes they leave."""
    by_key: dict[str, list[Mapping[str, Any]]] = {}
    for row in contents.rows:
        by_key.setdefault(row["key"], []).append(row)
    sizes = sorted(((contents.size_of(rows), key) for key, rows in by_key.items()), reverse=True)
    if len(sizes) > 1:
        yield from ((spelled("key", key), size) for size, key in sizes[:MOST_KEYS])
    yield spelled("step", "latest"), contents.size_of(_latest(contents.rows))


def _latest(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    last: dict[tuple[str, str], float] = {}
    for row in rows:
        place, step = (row["run"], row["key"]), row.get("step")
        if step is not None:
            last[place] = max(step, last.get(place, step))
    return [row for row in rows if row.get("step") == last.get((row["run"], row["key"]))]


def _estimate(contents: Contents, format: Format) -> float | None:  # noqa: A002
    """Return about how many bytes a report has in another format, from a few clips; None where none can be read."""
    files = contents.distinct_files
    before = after = 0
    for file in files[:: max(1, len(files) // SAMPLED)][:SAMPLED]:
        try:
            after += convert(file, format).size
            before += contents.sizes[file.content]
        except (AudioLoggingError, OSError):
            continue
    return base64_size(contents.size_of(contents.rows)) * after / before if before else None


def _megabytes(size: float) -> str:
    return f"{size / 1e6:.1f} MB"

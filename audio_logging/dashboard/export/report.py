"""A report: the page, what it tells of its clips, and the clips.

Clips are written as they become ready; those of a page go into a scratch file first, so that the rows with their levels
and peaks can stand before them: a page that is opened shows its list before the browser has read the clips behind it.
No more than a few clips are in memory.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, Literal

from audio_logging.dashboard.export.contents import Contents
from audio_logging.dashboard.export.conversion import Format, media_type
from audio_logging.dashboard.export.documents import Document, as_json, data_element, make_document
from audio_logging.dashboard.export.media import FolderMedia, Media, PageMedia
from audio_logging.dashboard.export.outputs import MEDIA_FOLDER, PAGE_NAME, new_file, new_folder
from audio_logging.dashboard.export.preparing import Prepared, prepare
from audio_logging.dashboard.export.progress import Advance, no_progress
from audio_logging.dashboard.export.size import Spelling, as_option, base64_size, too_large
from audio_logging.dashboard.front_end import WEB, script_text

__all__ = ["Report", "WrittenReport", "write_file", "write_folder", "write_page"]

ENTRY = "main_inline.js"

SCRIPTS_BESIDE = "'self' file:"
"""Where the scripts of a folder come from: a server, or the disk."""

COPIED_AT_ONCE = 2**20


@dataclass(frozen=True, kw_only=True)
class Report:
    """What is to be written.

    Attributes
    ----------
    contents : Contents
    title : str
    format : {"keep", "opus", "flac"}
    max_bytes : int or None
        None: whatever it takes.
    fitting : {"first", "last"} or None
        Take as many of the first or last clips as fit into `max_bytes`; None: all, or refuse.
    folder : bool
        Whether it may be a folder, where it is too large for a file; for advice.
    spelled : callable
        How options are typed; for advice.
    advance : callable
        Called once a clip.
    """

    contents: Contents
    title: str
    format: Format = "keep"
    max_bytes: int | None = None
    fitting: Literal["first", "last"] | None = None
    folder: bool = True
    spelled: Spelling = as_option
    advance: Advance = no_progress

    def check_size(self, size: float) -> None:
        """Refuse a size [bytes] beyond the limit.

        Raises
        ------
        ReportTooLargeError
        """
        if self.max_bytes is not None and size > self.max_bytes and self.fitting is None:
            raise too_large(self.contents, size, self.max_bytes, self.format, folder=self.folder, spelled=self.spelled)


@dataclass(frozen=True)
class WrittenReport:
    """What was written.

    Attributes
    ----------
    contents : Contents
        Without the clips that could not be read; `contents.left_out` names them.
    size : int
        [bytes] Of all files together.
    kept : mapping
        How many files are as they were, by the reason, where another format was asked for.
    unplayable : int
        How many files browsers do not play.
    """

    contents: Contents
    size: int
    kept: Mapping[str, int]
    unplayable: int


def write_file(report: Report, path: Path, *, replace: bool = False) -> WrittenReport:
    """Write a report as one HTML file.

    Parameters
    ----------
    report : Report
    path : Path
    replace : bool
        Whether a file that is there may be written over.

    Returns
    -------
    WrittenReport

    Raises
    ------
    ReportTooLargeError
        It would be larger than `report.max_bytes`.
    NotFoundError, AudioValueError
        There is no folder to write into, or something is there already.
    OSError
        The disk is full or read-only. Nothing stays.
    """
    with new_file(path, replace=replace) as file:
        return write_page(report, file, path.parent)


def write_page(report: Report, file: BinaryIO, scratch: Path | None = None) -> WrittenReport:
    """Write a report as one HTML page into an open file; nothing, if it is too large.

    Parameters
    ----------
    report : Report
    file : binary file
    scratch : Path, optional
        Where a file without a name has room for the clips; default: the system's folder for such.

    Returns
    -------
    WrittenReport

    Raises
    ------
    ReportTooLargeError, OSError
        As :func:`write_file`.
    """
    document = make_document(WEB, script_text(ENTRY), title=report.title)
    if report.format == "keep":
        report.check_size(_length(document) + base64_size(report.contents.size_of(report.contents.rows)))
    with tempfile.TemporaryFile(dir=scratch) as clips:
        collected = _Collected(report, PageMedia(clips), _length(document))
        data = data_element(collected.data()).encode()
        report.check_size(collected.size + len(data))
        clips.seek(0)
        file.write(document.head.encode())
        file.write(data)
        file.write(document.script.encode())
        shutil.copyfileobj(clips, file, COPIED_AT_ONCE)
        file.write(document.tail.encode())
    return collected.written(len(data))


def write_folder(report: Report, path: Path, *, replace: bool = False) -> WrittenReport:
    """Write a report as a folder: a page, and the clips beside it.

    Parameters
    ----------
    report : Report
    path : Path
    replace : bool
        Whether such a report that is there may be written over.

    Returns
    -------
    WrittenReport

    Raises
    ------
    ReportTooLargeError, NotFoundError, AudioValueError, OSError
        As :func:`write_file`.
    """
    document = make_document(WEB, script_text(ENTRY), title=report.title, scripts_from=SCRIPTS_BESIDE)
    with new_folder(path, replace=replace) as folder:
        (folder / MEDIA_FOLDER).mkdir()
        collected = _Collected(report, FolderMedia(folder / MEDIA_FOLDER), _length(document))
        data = data_element({**collected.data(), "folder": MEDIA_FOLDER})
        report.check_size(collected.size + len(data))
        page = f"{document.head}{data}{document.script}{document.tail}"
        (folder / PAGE_NAME).write_text(page, encoding="utf-8", newline="\n")
    return collected.written(len(data))


class _Collected:
    """The clips of a report, written, and what the page is to know of them.

    Two files may become the same bytes, and then are there once.
    """

    def __init__(self, report: Report, media: Media, page_size: int) -> None:
        self._report, self._media, self._page_size = report, media, page_size
        self._names: dict[str, str] = {}
        self._places: dict[str, int] = {}
        self._entries: list[dict[str, Any]] = []
        self._unreadable: dict[str, str] = {}
        self._kept: Counter[str] = Counter()
        self._done = 0
        self._room = _Room(report) if report.fitting else None
        files = report.contents.distinct_files
        size = sum(report.contents.sizes.values()) / max(len(files), 1)
        for clip in prepare(reversed(files) if report.fitting == "last" else files, report.format, size=size):
            if not self._add(clip):
                break
            report.advance()
        contents = report.contents.without(self._unreadable)
        self._contents = contents if self._room is None else contents.with_contents(self._places)

    @property
    def size(self) -> int:
        """[bytes] Of the page and the clips, without the data."""
        return self._page_size + self._media.size

    def data(self) -> dict[str, Any]:
        """Return what the page is told."""
        rows = [{**row, "media": self._places[self._contents.files[row["id"]].content]} for row in self._contents.rows]
        about = {
            "version": version("audio-logging"),
            "title": self._report.title,
            "id": _name_of(self._contents),
            "clips": len(rows),
            "left_out": list(self._contents.left_out),
        }
        told = {"about": about, "runs": self._contents.runs, "rows": rows, "points": self._contents.points}
        return {**told, "media": self._entries}

    def written(self, data_size: int) -> WrittenReport:
        """Return what came of it."""
        unplayable = sum(entry["type"] is None for entry in self._entries)
        return WrittenReport(self._contents, self.size + data_size, dict(self._kept), unplayable)

    def _add(self, clip: Prepared) -> bool:
        """Write a clip; return whether to go on."""
        content = clip.file.content
        self._done += self._report.contents.sizes[content]
        if clip.converted is None:
            self._unreadable[content] = clip.problem or ""
            return True
        name = self._names.get(clip.converted.sha256)
        entry = _entry(name or f"m{len(self._names)}", clip)
        if self._room is not None and not self._room.take(content, entry, self.size, is_there=name is not None):
            return not self._entries
        if name is None:
            self._names[clip.converted.sha256] = entry["element"]
            self._media.add(entry["element"], clip.converted)
            self._check_size()
        if clip.converted.kept_because:
            self._kept[clip.converted.kept_because] += 1
        self._places[content] = len(self._entries)
        self._entries.append(entry)
        return True

    def _check_size(self) -> None:
        limit = self._report.max_bytes
        if limit is not None and self.size > limit:
            # A part was enough to know; of the rest, only how much there is.
            share = self._done / max(sum(self._report.contents.sizes.values()), 1)
            self._report.check_size(self._page_size + self._media.size / share)


class _Room:
    """How much may still be told of clips, beside their sound, in a report that takes what fits."""

    def __init__(self, report: Report) -> None:
        self._max_bytes = report.max_bytes or 0
        self._told = len(as_json([report.contents.runs, report.contents.points, report.contents.left_out])) + 1000
        self._rows: Counter[str] = Counter()
        for row in report.contents.rows:
            self._rows[report.contents.files[row["id"]].content] += len(as_json(row).encode()) + 20

    def take(self, content: str, entry: dict[str, Any], size: int, *, is_there: bool) -> bool:
        """Return whether one more clip fits, and count it then."""
        told = self._told + self._rows[content] + len(as_json(entry)) + 1
        sound = 0 if is_there else base64_size(entry["size"]) + 100
        if size + told + sound > self._max_bytes:
            return False
        self._told = told
        return True


def _entry(name: str, clip: Prepared) -> dict[str, Any]:
    assert clip.converted is not None  # noqa: S101 - asked before
    extension = clip.converted.extension
    told = {"element": name, "extension": extension, "type": media_type(extension), "size": clip.converted.size}
    return {**told, "levels": clip.levels, "peaks": clip.peaks}


def _name_of(contents: Contents) -> str:
    """Return what a browser keeps the notes of these clips under."""
    return hashlib.sha256("".join(row["id"] for row in contents.rows).encode()).hexdigest()[:16]


def _length(document: Document) -> int:
    return sum(len(part.encode()) for part in (document.head, document.script, document.tail))

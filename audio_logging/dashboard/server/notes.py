"""Notes: stars and texts that a listener gives to clips, in memory or in a file that the user names."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audio_logging._types import StrPath
from audio_logging.dashboard.server.notes_file import Entries, NotesFile, Update, changed
from audio_logging.errors import AudioTypeError, AudioValueError

__all__ = ["MAX_TEXT", "Notes"]

MAX_TEXT = 10_000
"""[characters]"""

PEOPLE_READ = {"run": "run_name", "key": "key", "step": "step", "caption": "caption"}
"""What is kept with a note, for people who open the file, and what the clip calls it."""

MAX_NOTES = 100_000


class Notes:
    """What the listeners wrote, by the id of a clip; safe to use from several threads.

    Parameters
    ----------
    path : str or Path, optional
        Where to keep them; without, they last as long as this object.

    Raises
    ------
    NotesFileError
        The file is there, and is no file of notes; or its folder is not there.
    """

    def __init__(self, path: StrPath | None = None) -> None:
        self._where = None if path is None else str(path)
        self._file = None if path is None else NotesFile(Path(path))
        self._lock = threading.Lock()
        self._entries: Entries = {}
        self._stamp: object = object()

    def about(self) -> dict[str, Any]:
        """Return whether they are kept, and where."""
        return {"kept": self._file is not None, "where": self._where}

    def all(self) -> dict[str, dict[str, Any]]:
        """Return ``{"star", "text", "time"}`` of each clip that has any, read again when the file has changed.

        Raises
        ------
        NotesFileError
            The file cannot be read.
        """
        with self._lock:
            return {name: _shown(entry) for name, entry in self._current().items()}

    def starred(self) -> list[str]:
        """Return the ids of the clips with a star.

        Raises
        ------
        NotesFileError
            The file cannot be read.
        """
        with self._lock:
            return [name for name, entry in self._current().items() if entry.get("star") is True]

    def put(self, clip: Mapping[str, Any], change: Any) -> dict[str, Any]:
        """Change what is noted of a clip.

        Parameters
        ----------
        clip : mapping
            ``id``, and for people who read the file ``run_name``, ``key``, ``step``, ``caption``.
        change : object
            From the page: ``{"star": bool, "text": str}``, one of them at least.

        Returns
        -------
        dict
            ``star``, ``text``, ``time`` [s since 1970] as they are now.

        Raises
        ------
        AudioTypeError, AudioValueError
            The change is something else, or too long.
        NotesFileError
            It could not be kept; nothing has changed.
        """
        checked = _checked(change)
        name = str(clip["id"])

        def update(before: dict[str, Any]) -> dict[str, Any] | None:
            entry = {**before, **_shown(before), **checked, "time": time.time(), **_for_people(clip)}
            return entry if entry["star"] or entry["text"] else None

        with self._lock:
            if name not in self._current() and len(self._entries) >= MAX_NOTES:
                raise AudioValueError(f"there are {MAX_NOTES} notes already; name another file with --notes")
            self._change(name, update)
            return _shown(self._entries.get(name, {}))

    def _change(self, name: str, update: Update) -> None:
        if self._file is None:
            self._entries = changed(self._entries, name, update)
        else:
            self._entries = self._file.change(name, update)
            self._stamp = self._file.stamp()

    def _current(self) -> Entries:
        if self._file is not None:
            stamp = self._file.stamp()
            if stamp != self._stamp:
                self._entries = self._file.read()
                self._stamp = stamp
        return self._entries


def _shown(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page is told; people may have edited the file by hand."""
    text, when = entry.get("text"), entry.get("time")
    return {
        "star": entry.get("star") is True,
        "text": text if isinstance(text, str) else "",
        "time": when if isinstance(when, int | float) and not isinstance(when, bool) else None,
    }


def _for_people(clip: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: clip.get(asked) for name, asked in PEOPLE_READ.items()}
    return {name: _writable(value) for name, value in told.items() if value is not None}


def _checked(change: Any) -> dict[str, Any]:
    if not isinstance(change, dict) or not {"star", "text"} & change.keys():
        raise AudioTypeError('got something else, wanted {"star": true or false, "text": "..."}')
    checked: dict[str, Any] = {}
    if "star" in change:
        if not isinstance(change["star"], bool):
            raise AudioTypeError(f"got star={change['star']!r:.50}, wanted true or false")
        checked["star"] = change["star"]
    if "text" in change:
        checked["text"] = _checked_text(change["text"])
    return checked


def _checked_text(text: Any) -> str:
    if not isinstance(text, str):
        raise AudioTypeError("the text of a note must be text")
    if len(text) > MAX_TEXT:
        raise AudioValueError(f"the note has {len(text)} characters, wanted at most {MAX_TEXT}; shorten it")
    return str(_writable(text))


def _writable(value: Any) -> Any:
    """Replace what UTF-8 cannot hold: halves of surrogate pairs."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value

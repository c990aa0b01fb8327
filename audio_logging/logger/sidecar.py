"""The sidecar: one JSON line for each clip that is on disk, whole, so that a killed run can be played."""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audio_logging.schema import SIDECAR_FIELDS

__all__ = ["Sidecar", "plain_json"]


class Sidecar:
    """Appends lines to a file, each in one write that has left the process when `append` returns.

    Parameters
    ----------
    path : Path
        Made with its folders at the first line.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._lock = threading.Lock()

    def append(self, fields: Mapping[str, Any]) -> None:
        """Write one line.

        Parameters
        ----------
        fields : dict
            Names as in :data:`audio_logging.schema.SIDECAR_FIELDS`; None is left out, NaN and infinity too.

        Raises
        ------
        OSError
            The disk is full or the folder is gone. No part of the line stays.
        """
        known = {name: plain_json(fields.get(name)) for name in SIDECAR_FIELDS}
        present = {name: value for name, value in known.items() if value is not None}
        line = json.dumps(present, allow_nan=False, separators=(",", ":"))
        with self._lock:
            self._write(line.encode("ascii") + b"\n")

    def close(self) -> None:
        """Close the file; another `append` opens it again."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None

    def _write(self, line: bytes) -> None:
        file = self._opened()
        end = os.fstat(file).st_size
        try:
            left = memoryview(line)
            while left:  # on a disk that is nearly full, one write takes only a part
                left = left[os.write(file, left) :]
        except OSError:
            os.ftruncate(file, end)
            raise

    def _opened(self) -> int:
        if self._file is not None and os.fstat(self._file).st_nlink == 0:
            os.close(self._file)
            self._file = None
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
            self._end_torn_line(self._file)
        return self._file

    def _end_torn_line(self, file: int) -> None:
        """End the half line that a process killed while writing may have left, or it would swallow the next."""
        if os.fstat(file).st_size:
            with self._path.open("rb") as reader:
                reader.seek(-1, os.SEEK_END)
                if reader.read(1) != b"\n":
                    os.write(file, b"\n")


def plain_json(value: Any) -> Any:
    """Return a value as what JSON can say.

    Numbers and arrays of numpy, torch and the like become Python's; NaN and infinity become None.

    Parameters
    ----------
    value : object

    Returns
    -------
    object
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_json(item) for item in value]
    if callable(getattr(value, "tolist", None)):
        return plain_json(value.tolist())
    return str(value)

"""JSON files of a run, which are data from elsewhere: their size is bounded, and nothing in them is trusted."""

from __future__ import annotations

import json
import os
from typing import Any

from audio_logging._types import StrPath
from audio_logging.errors import AudioValueError
from audio_logging.runs.paths import open_regular

__all__ = ["read_json_file"]


def read_json_file(path: StrPath, *, most: int) -> Any:
    """Read a JSON file.

    Parameters
    ----------
    path : str or Path
    most : int
        [bytes] A larger file is refused.

    Raises
    ------
    AudioValueError
        It is too large, or no JSON.
    NotFoundError
        There is no such file.
    """
    shown = os.fspath(path)
    with open_regular(path) as file:
        raw = file.read(most + 1)
    if len(raw) > most:
        raise AudioValueError(f"{shown!r} is larger than {most} bytes")
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise AudioValueError(f"{shown!r} is not JSON: {type(error).__name__}: {str(error)[:100]}") from error

"""The page and its parts: the files of ``audio_logging/dashboard/web``, and nothing else of the disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from audio_logging.dashboard.front_end import SCRIPT, STYLE, WEB, script_text, style_text
from audio_logging.dashboard.server.answers import REVALIDATED, content_answer
from audio_logging.dashboard.server.conditions import has_version
from audio_logging.errors import NotFoundError

__all__ = ["INDEX", "web_answer"]

INDEX = "index.html"

KEPT = "private, max-age=86400"
"""For the icon: browsers ask for it again whenever the address changes, which it does while a clip plays."""

MADE = {SCRIPT: script_text, STYLE: style_text}
"""Sent with all that they import."""

MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
}

Stamp: TypeAlias = tuple[tuple[str, int, int], ...]
"""Names, times of change and sizes: what differs when anything does."""


def web_answer(request: Request, name: str) -> Response:
    """Answer one of the files, as it is at each request: whoever edits one reloads the page.

    Parameters
    ----------
    request : Request
    name : str

    Returns
    -------
    Response

    Raises
    ------
    NotFoundError
        There is none of that name.
    """
    files = _files()
    file = files.get(name)
    if file is None:
        raise NotFoundError(f"the dashboard has no file {name[:100]!r}")
    stamp = _stamp(other for other in files.values() if other == file or name in MADE)
    cache = KEPT if file.suffix == ".svg" else REVALIDATED
    headers = {"ETag": f'"{hashlib.sha256(repr(stamp).encode()).hexdigest()[:32]}"', "Cache-Control": cache}
    if has_version(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    content = _made(name, stamp) if name in MADE else file.read_bytes()
    return content_answer(request, content, MEDIA_TYPES[file.suffix], headers, compression=9)


def _files() -> dict[str, Path]:
    """List what there is, to compare names with: no name leads anywhere else."""
    found = (Path(folder, name) for folder, _, names in os.walk(WEB) for name in names)
    return {file.relative_to(WEB).as_posix(): file for file in found if file.suffix in MEDIA_TYPES}


def _stamp(files: Iterable[Path]) -> Stamp:
    return tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in sorted(files))


@lru_cache(maxsize=len(MADE))
def _made(name: str, _stamp: Stamp) -> bytes:
    return MADE[name](web=WEB).encode("utf-8")

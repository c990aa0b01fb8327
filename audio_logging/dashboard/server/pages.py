"""The page and its parts: the files of ``audio_logging/dashboard/web``, and nothing else of the disk.

Its modules go out as one script: a browser that finds them one behind the other takes a hundred journeys there and back
before the page is there, which is seconds through a tunnel.
"""

from __future__ import annotations

import hashlib
import os
import stat
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from audio_logging.dashboard.export.bundle import BundleError, bundle
from audio_logging.dashboard.server.answers import REVALIDATED, content_answer
from audio_logging.errors import NotFoundError

__all__ = ["INDEX", "SCRIPT", "WEB", "web_answer"]

WEB = Path(__file__).parents[1] / "web"
INDEX = "index.html"
SCRIPT = "main.js"
"""The module that the page begins with; it is sent with all that it imports."""

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
    stamp = _stamp([other for other in files.values() if other.suffix == ".js"] if name == SCRIPT else [file])
    headers = {"ETag": f'"{hashlib.sha256(repr(stamp).encode()).hexdigest()[:32]}"', "Cache-Control": REVALIDATED}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = _script(stamp) if name == SCRIPT else file.read_bytes()
    return content_answer(request, content, MEDIA_TYPES[file.suffix], headers)


def _files() -> dict[str, Path]:
    """List what there is, to compare names with: no name leads anywhere else."""
    with os.scandir(WEB) as entries:
        return {
            entry.name: Path(entry.path)
            for entry in entries
            if entry.is_file(follow_symlinks=False) and Path(entry.name).suffix in MEDIA_TYPES
        }


def _stamp(files: list[Path]) -> Stamp:
    found = ((file.name, file.lstat()) for file in sorted(files))
    return tuple((name, it.st_mtime_ns, it.st_size) for name, it in found if stat.S_ISREG(it.st_mode))


@lru_cache(maxsize=1)
def _script(_stamp: Stamp) -> bytes:
    try:
        return bundle(WEB, SCRIPT).encode("utf-8")
    except BundleError:  # whoever works on the modules has written something that a browser may still understand
        return (WEB / SCRIPT).read_bytes()

"""The page and its parts: the files of ``audio_logging/dashboard/web``, and nothing else of the disk."""

from __future__ import annotations

import stat
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from audio_logging.dashboard.server.answers import REVALIDATED, content_answer
from audio_logging.errors import NotFoundError

__all__ = ["INDEX", "WEB", "web_answer"]

WEB = Path(__file__).parents[1] / "web"
INDEX = "index.html"

MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
}


def web_answer(request: Request, name: str) -> Response:
    """Answer one of the files, read at each request: whoever edits one reloads the page.

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
    file = _find(name)
    status = file.stat()
    headers = {"ETag": f'"{status.st_mtime_ns:x}-{status.st_size:x}"', "Cache-Control": REVALIDATED}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return content_answer(request, file.read_bytes(), MEDIA_TYPES[file.suffix], headers)


def _find(name: str) -> Path:
    """Compare with the names that there are: no name leads anywhere else."""
    for file in WEB.iterdir():
        if file.name == name and file.suffix in MEDIA_TYPES and stat.S_ISREG(file.lstat().st_mode):
            return file
    raise NotFoundError(f"the dashboard has no file {name[:100]!r}")

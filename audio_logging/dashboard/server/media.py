"""The bytes of a clip, whole or in part, from a file that was opened once and checked then.

Between a check by name and a later opening by name, a file can be swapped for a link to another one; so the opened file
is what everything is asked of: its kind, its size, its time of change and its bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from email.utils import formatdate
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from audio_logging.dashboard.server.answers import IMMUTABLE, REVALIDATED, error_answer
from audio_logging.dashboard.server.conditions import has_version, has_whole_version
from audio_logging.dashboard.server.media_names import disposition, media_type
from audio_logging.dashboard.server.ranges import UnsatisfiableRangeError, wanted_range
from audio_logging.dashboard.server.seekable import seekable
from audio_logging.dashboard.server.workers import Workers, until_gone
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.errors import AudioValueError, NotFoundError
from audio_logging.runs.paths import open_regular

__all__ = ["FileAnswer", "media_answer"]

BLOCK = 2**18
"""[bytes] Read at once, and held for each who listens."""


def media_answer(request: Request, stored: StoredFile, workers: Workers) -> Response | FileAnswer:
    """Open a clip's file, and answer what is asked of it; blocks, so that it runs in a thread.

    Parameters
    ----------
    request : Request
        ``Range``, ``If-Range``, ``If-None-Match`` are understood.
    stored : StoredFile
    workers : Workers
        Read the rest.

    Returns
    -------
    Response or FileAnswer

    Raises
    ------
    NotFoundError
        The file is gone, or is something else by now.
    """
    try:
        file = open_regular(stored.path)
    except (NotFoundError, AudioValueError) as error:
        raise NotFoundError("the file of this clip is gone; was the run's folder moved or cleaned up?") from error
    try:
        return _answer(request, stored, file, workers)
    except BaseException:
        file.close()
        raise


def _answer(request: Request, stored: StoredFile, file: BinaryIO, workers: Workers) -> Response | FileAnswer:
    status = os.fstat(file.fileno())
    size = status.st_size
    kind = media_type(stored)
    sound = None if request.query_params.get("download") else seekable(file, size)
    if sound is not None:
        file.close()
        file, size, kind = io.BytesIO(sound), len(sound), "audio/wav"
    headers = _headers(request, stored, status, size, kind)
    if has_version(", ".join(request.headers.getlist("if-none-match")), headers["ETag"]):
        file.close()
        return Response(status_code=304, headers=headers)
    try:
        part = wanted_range(_range_header(request, headers), size)
    except UnsatisfiableRangeError as error:
        file.close()
        return error_answer(str(error), 416, {"Content-Range": f"bytes */{size}"})
    start, stop = part or (0, size)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    return FileAnswer(file, start, stop, 200 if part is None else 206, headers, workers)


def _headers(
    request: Request, stored: StoredFile, status: os.stat_result, size: int, content_type: str
) -> dict[str, str]:
    # Size and time too: somebody may have written over a file whose hash was recorded.
    version = f"{stored.content}\0{size}\0{status.st_mtime_ns}".encode("utf-8", "surrogatepass")
    kind = "attachment" if request.query_params.get("download") else "inline"
    return {
        "Content-Type": content_type,
        "Accept-Ranges": "bytes",
        "ETag": f'"{hashlib.sha256(version).hexdigest()[:32]}"',
        "Last-Modified": formatdate(status.st_mtime, usegmt=True),
        "Cache-Control": IMMUTABLE if stored.sha256 else REVALIDATED,
        "Content-Disposition": disposition(kind, stored.name),
    }


def _range_header(request: Request, headers: dict[str, str]) -> str | None:
    """Return ``Range`` unless the client has another version of the file, of which a part would not fit."""
    known = request.headers.get("if-range")
    is_current = known is None or has_whole_version(known, headers["ETag"], headers["Last-Modified"])
    return request.headers.get("range") if is_current else None


class FileAnswer:
    """An ASGI answer: a part of an open file, in blocks, closed in the end.

    Parameters
    ----------
    file : file
    start, stop : int
        [bytes]
    status : int
    headers : dict of str to str
    workers : Workers
        Read.
    """

    def __init__(
        self, file: BinaryIO, start: int, stop: int, status: int, headers: dict[str, str], workers: Workers
    ) -> None:
        self._file = file
        self._place, self._stop = start, stop
        self._status = status
        self._headers = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        self._workers = workers
        file.seek(start)
        # The first block is read where the file was opened: a short clip takes one visit to a thread.
        self._block = file.read(min(BLOCK, stop - start))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and close the file."""
        gone = asyncio.ensure_future(until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})
            else:
                await self._send_blocks(send, gone)
        finally:
            gone.cancel()
            self._file.close()

    async def _send_blocks(self, send: Send, gone: asyncio.Future[None]) -> None:
        while not gone.done():
            self._place += len(self._block)
            more = self._place < self._stop
            if more and not self._block:
                return  # the file is shorter by now: the server cuts the connection off when the answer has no end
            await send({"type": "http.response.body", "body": self._block, "more_body": more})
            if not more:
                return
            self._block = await self._workers.do(self._read)

    def _read(self) -> bytes:
        return self._file.read(min(BLOCK, self._stop - self._place))

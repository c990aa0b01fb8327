"""Fetching an audio file from an http(s) address, within bounds."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from typing import IO
from urllib.parse import urlsplit

from audio_logging.errors import AudioDownloadError

__all__ = ["download"]

MAX_BYTES = 2**26
"""[bytes] 64 MiB: six minutes of 16-bit stereo at 44.1 kHz."""

TIMEOUT = 10.0
"""[s] Longest silence of the server."""

MAX_SECONDS = 60.0
"""[s] Longest download."""

CHUNK = 2**16


def download(
    url: str, *, max_bytes: int = MAX_BYTES, timeout: float = TIMEOUT, max_seconds: float = MAX_SECONDS
) -> bytes:
    """Return what an http(s) address answers with.

    Parameters
    ----------
    url : str
    max_bytes : int
        Longest answer taken.
    timeout : float
        [s] Longest silence of the server.
    max_seconds : float
        [s] Longest download.

    Returns
    -------
    bytes

    Raises
    ------
    AudioDownloadError
        No connection, an answer other than 200, too many bytes, or too slow.
    """
    deadline = time.monotonic() + max_seconds
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "audio_logging"})  # noqa: S310 - checked below
        with _OPENER.open(request, timeout=timeout) as answer:
            return _read(answer, url, max_bytes, deadline)
    except urllib.error.HTTPError as error:
        raise AudioDownloadError(f"could not fetch {url}: the server answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise AudioDownloadError(f"could not fetch {url}: {error.reason}") from error
    except TimeoutError as error:
        raise AudioDownloadError(f"could not fetch {url}: no answer within {timeout:g} s") from error
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, AudioDownloadError):
            raise
        raise AudioDownloadError(f"could not fetch {url}: {error}") from error


class _HttpOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http(s) only; urllib itself would also follow one to ftp."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: object,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise AudioDownloadError(f"could not fetch {req.full_url}: it redirects to {newurl}, wanted http or https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


_OPENER = urllib.request.build_opener(_HttpOnly)


def _read(answer: HTTPResponse, url: str, max_bytes: int, deadline: float) -> bytes:
    promised = answer.headers.get("Content-Length", "")
    if promised.isdigit() and int(promised) > max_bytes:
        raise AudioDownloadError(f"could not fetch {url}: {promised} bytes, wanted at most {max_bytes}")
    pieces, size = [], 0
    while piece := answer.read1(CHUNK):
        size += len(piece)
        if size > max_bytes:
            raise AudioDownloadError(f"could not fetch {url}: more than {max_bytes} bytes")
        if time.monotonic() > deadline:
            raise AudioDownloadError(f"could not fetch {url}: too slow, {size} bytes came in the time allowed")
        pieces.append(piece)
    if promised.isdigit() and size < int(promised):
        raise AudioDownloadError(f"could not fetch {url}: the connection ended after {size} of {promised} bytes")
    return b"".join(pieces)

"""Fetching an audio file from an http(s) address, within bounds."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse, HTTPSConnection
from typing import IO, Any
from urllib.parse import quote

from audio_logging.errors import AudioDownloadError

__all__ = ["download"]

MAX_BYTES = 2**26
"""[bytes] 64 MiB: six minutes of 16-bit stereo at 44.1 kHz."""

TIMEOUT = 10.0
"""[s] Longest silence of the server."""

MAX_SECONDS = 60.0
"""[s] Longest download."""

CHUNK = 2**16

ALLOWED_IN_ADDRESSES = "%:/?#[]@!$&'()*+,;=~"
"""Reserved by RFC 3986, 2.2, or escaped already. Spaces and letters beyond ASCII are escaped, as browsers do it."""

TOO_SLOW = "too slow"


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
    watch = _Watch(max_seconds)
    try:
        with watch, _opener(watch).open(quote(url, safe=ALLOWED_IN_ADDRESSES), timeout=timeout) as answer:
            return _read(answer, url, max_bytes, watch)
    except AudioDownloadError:
        raise
    except urllib.error.HTTPError as error:
        raise AudioDownloadError(f"could not fetch {url}: the server answered {error.code} {error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        if watch.is_over:
            reason = TOO_SLOW
        elif isinstance(reason, TimeoutError):
            reason = f"no answer within {timeout:g} s"
        raise AudioDownloadError(f"could not fetch {url}: {reason}") from error


class _Watch:
    """Cuts a download off when its time is up: a server that sends a byte now and then never runs into a time-out."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def add(self, connected: socket.socket) -> None:
        """Take a connection under watch."""
        with self._lock:
            self._sockets.append(connected)
        if self.is_over:
            self._cut()

    def _cut(self) -> None:
        self.is_over = True
        with self._lock:
            for connected in self._sockets:
                try:
                    # Not SSLSocket's own, which would pull TLS from under the thread that reads.
                    socket.socket.shutdown(connected, socket.SHUT_RDWR)
                except OSError:
                    pass


class _Http(HTTPConnection):
    def __init__(self, host: str, *, watch: _Watch, **options: Any) -> None:
        super().__init__(host, **options)
        self._watch = watch

    def connect(self) -> None:
        super().connect()
        self._watch.add(self.sock)


class _Https(HTTPSConnection):
    def __init__(self, host: str, *, watch: _Watch, **options: Any) -> None:
        super().__init__(host, **options)
        self._watch = watch

    def connect(self) -> None:
        super().connect()
        self._watch.add(self.sock)


class _Handler(urllib.request.AbstractHTTPHandler):
    """Opens http and https; nothing else is ever opened, wherever a redirect leads."""

    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch = watch

    def http_open(self, request: urllib.request.Request) -> HTTPResponse:
        return self.do_open(partial(_Http, watch=self._watch), request)

    def https_open(self, request: urllib.request.Request) -> HTTPResponse:
        return self.do_open(partial(_Https, watch=self._watch), request)

    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects without reading their bodies, which urllib would, however long they are."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        fp.close()
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(watch: _Watch) -> urllib.request.OpenerDirector:
    opener = urllib.request.OpenerDirector()
    opener.addheaders = [("User-Agent", "audio_logging")]
    for handler in (
        urllib.request.ProxyHandler(),
        _Handler(watch),
        _Redirects(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _read(answer: HTTPResponse, url: str, max_bytes: int, watch: _Watch) -> bytes:
    promised = answer.headers.get("Content-Length", "")
    if promised.isdigit() and int(promised) > max_bytes:
        raise AudioDownloadError(f"could not fetch {url}: {promised} bytes, wanted at most {max_bytes}")
    pieces, size = [], 0
    while piece := answer.read1(CHUNK):
        size += len(piece)
        if size > max_bytes:
            raise AudioDownloadError(f"could not fetch {url}: more than {max_bytes} bytes")
        pieces.append(piece)
    if watch.is_over:
        raise AudioDownloadError(f"could not fetch {url}: {TOO_SLOW}, {size} bytes came in the time allowed")
    if promised.isdigit() and size < int(promised):
        raise AudioDownloadError(f"could not fetch {url}: the connection ended after {size} of {promised} bytes")
    return b"".join(pieces)

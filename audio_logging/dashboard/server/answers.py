"""What is answered: strict JSON, compressed where it is long, and errors as JSON that a person can read."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

__all__ = ["IMMUTABLE", "NEVER_STORED", "REVALIDATED", "content_answer", "error_answer", "json_answer", "to_json"]

NEVER_STORED = "no-store"
REVALIDATED = "private, no-cache"
IMMUTABLE = "private, max-age=31536000, immutable"
"""``Cache-Control`` of what may change any time, of what has an ETag, and of what is named by its content."""

MIN_COMPRESSED = 1_000
"""[bytes] Shorter answers fit in one packet anyway."""

COMPRESSION = 3
"""zlib's level: most of the gain for a third of the time, since mostly nothing but memory lies in between."""


def json_answer(request: Request, value: Any, *, cache: str = NEVER_STORED) -> Response:
    """Answer JSON.

    Parameters
    ----------
    request : Request
    value : object
        NaN and infinities in it become null.
    cache : str
        ``Cache-Control``.

    Returns
    -------
    Response
    """
    return content_answer(request, to_json(value), "application/json", {"Cache-Control": cache})


def content_answer(
    request: Request, content: bytes, media_type: str, headers: Mapping[str, str], *, compression: int = COMPRESSION
) -> Response:
    """Answer text of any kind, compressed when it is long and the browser takes that.

    Parameters
    ----------
    request : Request
    content : bytes
        UTF-8.
    media_type : str
    headers : mapping of str to str
    compression : int
        zlib's level, 1 to 9.

    Returns
    -------
    Response
    """
    sent = dict(headers)
    if len(content) >= MIN_COMPRESSED:
        sent["Vary"] = "Accept-Encoding"
        if "gzip" in request.headers.get("accept-encoding", ""):
            content = gzip.compress(content, compression, mtime=0)
            sent["Content-Encoding"] = "gzip"
    return Response(content, media_type=media_type, headers=sent)


def error_answer(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Answer that something is wrong.

    Parameters
    ----------
    text : str
        What, and what to do.
    status : int
    headers : mapping of str to str, optional

    Returns
    -------
    Response
    """
    sent = {"Cache-Control": NEVER_STORED, **(headers or {})}
    return Response(to_json({"error": text}), status, media_type="application/json", headers=sent)


def to_json(value: Any) -> bytes:
    r"""Return JSON that every browser reads: ASCII, so that half a surrogate pair in a caption passes; no NaN.

    Parameters
    ----------
    value : object

    Returns
    -------
    bytes

    Examples
    --------
    >>> to_json({"loss": float("nan"), "caption": "\ud800"})
    b'{"loss":null,"caption":"\\ud800"}'
    """
    try:
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_finite(value), allow_nan=False, separators=(",", ":"))
    return text.encode("ascii")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(held) for held in value]
    return value

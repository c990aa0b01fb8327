"""Stars and notes: the one thing that a page may change."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from audio_logging.dashboard.server.answers import error_answer, json_answer
from audio_logging.dashboard.server.parameters import only
from audio_logging.dashboard.server.service import service_of
from audio_logging.errors import AudioValueError

__all__ = ["notes", "put_note"]

MOST_BYTES = 2**18
"""Of a note on its way: 10,000 characters, twelve bytes each where all are escaped as surrogate pairs."""


async def notes(request: Request) -> Response:
    """Answer all notes."""
    only(request.query_params, ())
    service = service_of(request)
    return await service.reading.run(request.receive, lambda _gone: json_answer(request, service.notes.all()))


async def put_note(request: Request) -> Response:
    """Change what is noted of a clip, and answer what it is by then."""
    only(request.query_params, ())
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        return error_answer("wanted JSON, with Content-Type: application/json", 415)
    change = await _body(request)
    service = service_of(request)

    def put() -> Response:
        detail = service.catalog.clip(request.path_params["id"])
        return json_answer(request, service.notes.put(detail, change))

    return await service.reading.do(put)


async def _body(request: Request) -> Any:
    held = bytearray()
    async for part in request.stream():
        held += part
        if len(held) > MOST_BYTES:
            raise AudioValueError(f"the note is larger than {MOST_BYTES} bytes; shorten it")
    try:
        return json.loads(held)
    except (ValueError, RecursionError):
        raise AudioValueError("the note is no JSON") from None

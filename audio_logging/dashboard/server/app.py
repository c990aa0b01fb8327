"""The application: which address leads where, and what each error is answered with."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from audio_logging.dashboard.analysis import Cancelled
from audio_logging.dashboard.server import clip_routes, listing_routes, notes_routes
from audio_logging.dashboard.server.access import Access
from audio_logging.dashboard.server.answers import error_answer
from audio_logging.dashboard.server.entrance import AGAIN, again_script
from audio_logging.dashboard.server.events import events_answer
from audio_logging.dashboard.server.guard import Guard
from audio_logging.dashboard.server.hosts import HostNames
from audio_logging.dashboard.server.notes_file import NotesFileError
from audio_logging.dashboard.server.pages import INDEX, web_answer
from audio_logging.dashboard.server.service import Service, service_of
from audio_logging.dashboard.server.workers import EndingError, TooBusyError
from audio_logging.errors import AudioDecodeError, AudioLoggingError, NotFoundError

__all__ = ["ROUTES", "build_app"]

Handler: TypeAlias = Callable[[Request, Any], Awaitable[Response]]
"""Asynchronous, since Starlette would start a thread for another."""


async def _page(request: Request) -> Response:
    return await service_of(request).reading.do(lambda: web_answer(request, INDEX))


async def _part(request: Request) -> Response:
    return await service_of(request).reading.do(lambda: web_answer(request, request.path_params["name"]))


async def _events(request: Request) -> Response:
    return events_answer(service_of(request).changes, request)


async def _again(_request: Request) -> Response:
    return again_script()


ROUTES = (
    Route("/", _page),
    Route("/web/{name:path}", _part),
    Route(f"/{AGAIN}", _again),
    Route("/events", _events),
    Route("/media/{id}", clip_routes.media),
    Route("/spectrogram/{id}", clip_routes.spectrogram),
    Route("/api/about", listing_routes.about),
    Route("/api/runs", listing_routes.runs),
    Route("/api/clips", listing_routes.clips),
    Route("/api/facets", listing_routes.facets),
    Route("/api/position", listing_routes.position),
    Route("/api/points", listing_routes.points),
    Route("/api/clip/{id}", listing_routes.clip),
    Route("/api/related/{id}", listing_routes.related),
    Route("/api/levels/{id}", clip_routes.levels),
    Route("/api/peaks", clip_routes.peaks),
    Route("/api/notes", notes_routes.notes),
    Route("/api/notes/{id}", notes_routes.put_note, methods=["POST"]),
)

STATUSES: tuple[tuple[type[AudioLoggingError], int], ...] = (
    (NotFoundError, 404),
    (AudioDecodeError, 422),
    (NotesFileError, 500),
    (AudioLoggingError, 400),
)

DISK_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def build_app(service: Service, access: Access, hosts: HostNames) -> Guard:
    """Put the server together.

    Parameters
    ----------
    service : Service
        Its catalog has been started; its streams begin and end with the application.
    access : Access
    hosts : HostNames

    Returns
    -------
    ASGI application
    """

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        service.changes.start()
        try:
            yield
        finally:
            service.close()

    app = Starlette(routes=ROUTES, exception_handlers=HANDLERS, lifespan=lifespan)
    app.router.redirect_slashes = False
    app.state.service = service
    return Guard(app, access, hosts, {route.path.split("/")[1] for route in ROUTES})


async def _refused(request: Request, error: Any) -> Response:
    text = str(error.detail)
    if error.status_code == 404:
        text = f"the dashboard has no address {request.url.path[:100]!r}"
    elif error.status_code == 405:
        text = f"got {request.method}, wanted {(error.headers or {}).get('Allow', 'another method')}"
    return error_answer(text, error.status_code, error.headers)


async def _left(_request: Request, _error: Exception) -> Response:
    return Response(status_code=503)  # nobody reads it


async def _busy(_request: Request, error: Exception) -> Response:
    return error_answer(str(error), 429, {"Retry-After": "1"})


async def _ending(_request: Request, error: Exception) -> Response:
    return error_answer(str(error), 503)


async def _broken(_request: Request, _error: Exception) -> Response:
    # What it says may hold paths and captions; the guard prints it.
    return error_answer("the server failed; what is printed in its terminal says why", 500)


async def _failed(_request: Request, error: Exception) -> Response:
    status = next(status for kind, status in STATUSES if isinstance(error, kind))
    if isinstance(error, NotesFileError) and error.errno in DISK_FULL:
        status = 507
    return error_answer(str(error), status)


HANDLERS: dict[Any, Handler] = {
    HTTPException: _refused,
    ClientDisconnect: _left,
    Cancelled: _left,
    TooBusyError: _busy,
    EndingError: _ending,
    AudioLoggingError: _failed,
    Exception: _broken,
}
"""By the error's class, the nearest of its ancestors."""

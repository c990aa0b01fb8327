"""What the page lists: runs, clips, and what there is to filter by. All from the catalog, all in its threads."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from audio_logging.dashboard.catalog.queries import Query
from audio_logging.dashboard.server.answers import json_answer
from audio_logging.dashboard.server.parameters import at_most, only, whole
from audio_logging.dashboard.server.service import Service, service_of
from audio_logging.errors import AudioValueError

__all__ = ["about", "clip", "clips", "facets", "points", "position", "related", "runs"]

MOST_ROWS = 500
MOST_RUNS = 1000


async def about(request: Request) -> Response:
    """Answer what this server is."""
    only(request.query_params, ())

    def told(service: Service) -> dict[str, Any]:
        version = service.catalog.version
        return {
            "version": version,
            "data_version": version,
            "live": True,
            "exported": False,
            "notes": service.notes.about(),
            "title": service.title,
        }

    return await _answered(request, told)


async def runs(request: Request) -> Response:
    """Answer the runs."""
    only(request.query_params, ())
    return await _answered(request, lambda service: service.catalog.runs())


async def clips(request: Request) -> Response:
    """Answer a page of rows."""
    given = request.query_params
    offset = whole(given, "offset", 0, lowest=0, highest=10**9)
    limit = whole(given, "limit", 200, lowest=1, highest=MOST_ROWS)
    return await _answered(
        request,
        lambda service: service.catalog.clips(
            _query(request, service, own=("offset", "limit")), offset=offset, limit=limit
        ),
    )


async def facets(request: Request) -> Response:
    """Answer what there is to filter by."""
    return await _answered(request, lambda service: service.catalog.facets(_query(request, service)))


async def points(request: Request) -> Response:
    """Answer the points of the map."""
    return await _answered(request, lambda service: service.catalog.points(_query(request, service)))


async def position(request: Request) -> Response:
    """Answer the place of a clip in the order, -1 when it is not among them."""
    clip_id = request.query_params.get("clip", "")
    if not clip_id:
        raise AudioValueError("got no clip, wanted clip=ID: whose place it is")

    def place(service: Service) -> dict[str, int]:
        return {"position": service.catalog.position(_query(request, service, own=("clip",)), clip_id)}

    return await _answered(request, place)


async def clip(request: Request) -> Response:
    """Answer all that is known of a clip."""
    only(request.query_params, ())
    return await _answered(request, lambda service: service.catalog.clip(request.path_params["id"]))


async def related(request: Request) -> Response:
    """Answer the same clip of other steps, keys and runs."""
    only(request.query_params, ("run",))
    wanted = at_most(request.query_params.getlist("run"), "run", MOST_RUNS)
    return await _answered(
        request, lambda service: service.catalog.related(request.path_params["id"], runs=tuple(wanted))
    )


async def _answered(request: Request, told: Callable[[Service], Any]) -> Response:
    service = service_of(request)
    return await service.reading.run(request.receive, lambda _gone: json_answer(request, told(service)))


def _query(request: Request, service: Service, *, own: Collection[str] = ()) -> Query:
    """Read the filters and the order; who has a star is known here only."""
    query = Query.from_pairs(pair for pair in request.query_params.multi_items() if pair[0] not in own)
    return query.only(service.notes.starred()) if query.starred else query

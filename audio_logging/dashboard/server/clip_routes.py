"""What there is to hear and to see of a clip: its bytes, peaks, spectrogram and levels."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, cast

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from audio_logging.dashboard.analysis import Cancelled, SpectrogramOptions
from audio_logging.dashboard.server.answers import NEVER_STORED, json_answer
from audio_logging.dashboard.server.media import FileAnswer, media_answer
from audio_logging.dashboard.server.parameters import at_most, flag, number, only, whole
from audio_logging.dashboard.server.service import Service, service_of
from audio_logging.dashboard.stored_file import StoredFile
from audio_logging.errors import AudioLoggingError, AudioValueError

__all__ = ["levels", "media", "peaks", "spectrogram"]

MOST_CLIPS = 100
MOST_BUCKETS = 4096
MOST_CHANNEL = 31

COMPUTED = "private, max-age=3600"
"""``Cache-Control`` of what is computed from bytes that do not change; a newer version may compute it better."""

PICTURE = ("scale", "colours", "width", "height", "start", "end", "channel", "floor", "normalise", "window")

Gone = Callable[[], bool]


async def media(request: Request) -> Response | FileAnswer:
    """Answer a clip's file."""
    only(request.query_params, ("download",))
    service = service_of(request)
    # Not given up when the client leaves: whoever gets an open file has to close it.
    return await service.reading.do(
        lambda: media_answer(request, service.catalog.stored(request.path_params["id"]), service.reading)
    )


async def levels(request: Request) -> Response:
    """Answer peak, loudness and what else is measured."""
    only(request.query_params, ())

    def measured(service: Service, gone: Gone) -> Response:
        stored = service.catalog.stored(request.path_params["id"])
        return json_answer(request, service.analyser.levels(stored, cancelled=gone), cache=_cache(stored))

    return await _analysed(request, measured)


async def spectrogram(request: Request) -> Response:
    """Answer a picture."""
    only(request.query_params, PICTURE)
    options = _options(request.query_params)

    def drawn(service: Service, gone: Gone) -> Response:
        stored = service.catalog.stored(request.path_params["id"])
        picture = service.analyser.spectrogram(stored, options, cancelled=gone)
        return Response(picture, media_type="image/png", headers={"Cache-Control": _cache(stored)})

    return await _analysed(request, drawn)


async def peaks(request: Request) -> Response:
    """Answer the waveforms of several clips; what is wrong with one of them does not keep the others back."""
    given = request.query_params
    only(given, ("id", "n", "start", "end"))
    ids = at_most(given.getlist("id"), "id", MOST_CLIPS)
    start, end = number(given, "start"), number(given, "end")
    if not ids or (len(ids) > 1 and (start, end) != (None, None)):
        raise AudioValueError(f"got {len(ids)} ids, wanted some, and only one with start or end")
    n = whole(given, "n", 64, lowest=1, highest=MOST_BUCKETS)

    def drawn(service: Service, gone: Gone) -> Response:
        caches: set[str] = set()
        told: dict[str, Any] = {}
        for clip_id in ids:
            try:
                stored = service.catalog.stored(clip_id)
                found = service.analyser.peaks(stored, n, start=start, end=end, cancelled=gone)
            except Cancelled:
                raise
            except AudioLoggingError as error:
                caches.add(NEVER_STORED)
                told[clip_id] = {"error": str(error)}
            else:
                caches.add(_cache(stored))
                data = base64.b64encode(found.data).decode("ascii")
                told[clip_id] = {"channels": found.channels, "n": found.n, "data": data}
        return json_answer(request, told, cache=COMPUTED if caches == {COMPUTED} else NEVER_STORED)

    return await _analysed(request, drawn)


async def _analysed(request: Request, work: Callable[[Service, Gone], Response]) -> Response:
    service = service_of(request)
    return await service.analysing.run(request.receive, lambda gone: work(service, gone))


def _cache(stored: StoredFile) -> str:
    return COMPUTED if stored.sha256 else NEVER_STORED


def _options(given: QueryParams) -> SpectrogramOptions:
    """Read what the picture shows; the options check their ranges, and say them."""
    options: dict[str, Any] = {name: given[name] for name in ("scale", "colours") if name in given}
    for name in ("width", "height", "window"):
        if name in given:
            options[name] = whole(given, name, 0, lowest=1, highest=10**6)
    for name in ("start", "end", "floor"):
        if name in given:
            options[name] = cast("float", number(given, name))
    if given.get("channel", "mix") != "mix":
        options["channel"] = whole(given, "channel", 0, lowest=0, highest=MOST_CHANNEL)
    return SpectrogramOptions(**options, normalise=flag(given, "normalise"))

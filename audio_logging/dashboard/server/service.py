"""Service: what the routes answer from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from starlette.requests import Request

from audio_logging.dashboard.analysis import Analyser
from audio_logging.dashboard.catalog.catalog import Catalog
from audio_logging.dashboard.server.events import Changes
from audio_logging.dashboard.server.notes import Notes
from audio_logging.dashboard.server.workers import Workers

__all__ = ["Service", "service_of"]


@dataclass(frozen=True, kw_only=True)
class Service:
    """What one server has.

    Attributes
    ----------
    catalog : Catalog
        Started by whoever made it.
    analyser : Analyser
    notes : Notes
    title : str
        Of the page.
    changes : Changes
        Tells open pages that there is something new.
    reading : Workers
        For the catalog, the notes and files.
    analysing : Workers
        For peaks, spectrograms and levels: they take a processor each.
    """

    catalog: Catalog
    analyser: Analyser
    notes: Notes
    title: str
    changes: Changes = field(init=False)
    reading: Workers = field(default_factory=lambda: Workers("reading", threads=4, most_waiting=256))
    analysing: Workers = field(default_factory=lambda: Workers("analysis", threads=2, most_waiting=64))

    def __post_init__(self) -> None:
        object.__setattr__(self, "changes", Changes(self.catalog))

    def end_streams(self) -> None:
        """End what would go on for long, in the event loop's thread; what is being sent may still be finished."""
        self.changes.close()
        self.analysing.close()

    def close(self) -> None:
        """End everything, in the event loop's thread; the catalog stays open."""
        self.end_streams()
        self.reading.close()


def service_of(request: Request) -> Service:
    """Return the service that a request goes to."""
    return cast("Service", request.app.state.service)

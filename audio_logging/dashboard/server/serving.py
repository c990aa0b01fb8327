"""Dashboard: a server of its own over some runs, in the foreground for the command, in a thread for a notebook."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import platformdirs
import uvicorn

from audio_logging._types import StrPath
from audio_logging.dashboard.analysis import Analyser
from audio_logging.dashboard.catalog.catalog import Catalog
from audio_logging.dashboard.server.access import Access
from audio_logging.dashboard.server.app import build_app
from audio_logging.dashboard.server.connections import Connection, ShortageNotice, most_newcomers
from audio_logging.dashboard.server.hosts import HostNames, is_any_address, without_brackets
from audio_logging.dashboard.server.listening import BACKLOG, listen, page_address
from audio_logging.dashboard.server.notes import Notes
from audio_logging.dashboard.server.service import Service

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Dashboard", "title_of"]

LAST_ANSWERS = 1
"""[s] To finish what is being sent when the server ends."""

KEEP_ALIVE = 60
"""[s] A listener who thinks for a while keeps the connection."""

MOST_HEADERS = 2**17
"""[bytes] Of a request with its address."""

STOP_TIMEOUT = 10.0
"""[s] For the thread of a notebook's server to end."""


class Dashboard:
    """A server over some runs; it listens from its construction on, and answers while it runs.

    Parameters
    ----------
    paths : sequence of str or Path
        Folders of runs, or runs.
    host : str
        Name or IP address to listen on; default: this machine only.
    port : int
        0 for a free one.
    allowed_hosts : iterable of str
        Names that a proxy calls this server by.
    notes : str or Path, optional
        The file of stars and notes; without, they end with the server.
    with_token : bool
        Whether the page needs the token.
    cache : str or Path, optional
        Default: the user's cache folder.

    Attributes
    ----------
    page : str
        Address without the token.
    address : str
        Address with it.
    bound : str
        IP address that it listens on.

    Raises
    ------
    PortError
        It cannot listen there.
    NotesFileError
        The file of notes is none.
    AudioLoggingError
        A path holds no runs.
    """

    def __init__(
        self,
        paths: Sequence[StrPath],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        allowed_hosts: Iterable[str] = (),
        notes: StrPath | None = None,
        with_token: bool = True,
        cache: StrPath | None = None,
    ) -> None:
        host = without_brackets(host)
        kept = Notes(notes)
        self._socket = listen(host, port)
        self.bound, port = _bound_to(self._socket)
        try:
            hosts = HostNames(host, allowed_hosts, bound=self.bound)
            self._catalog = Catalog(paths, cache=cache)
        except BaseException:
            self._socket.close()
            raise
        self.page = page_address(self.bound if is_any_address(self.bound) else host, port)
        self._access = Access(port, with_token=with_token)
        self.address = self._access.address(self.page)
        self._service = Service(
            catalog=self._catalog, analyser=Analyser(_analysis_cache(cache)), notes=kept, title=title_of(paths)
        )
        app = build_app(self._service, self._access, hosts)
        self._server = _Server(_configuration(app), self._service)
        self._thread: threading.Thread | None = None
        self._is_running = False

    def one_time_address(self) -> str:
        """Return an address that opens the page once, for the command line of a browser."""
        return self._access.one_time_address(self.page)

    def run(self) -> None:
        """Serve until Ctrl-C, a termination signal, or `close` from another thread."""
        self._is_running = True
        try:
            self._catalog.start()
            asyncio.run(self._server.serve([self._socket]))
        finally:
            self._release()

    def start(self) -> None:
        """Serve in a thread that ends with the program."""
        self._thread = threading.Thread(target=self.run, name="audio-logging dashboard", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; what is being sent is finished, if that is soon."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT)
        elif not self._is_running:
            self._release()

    def _release(self) -> None:
        self._catalog.close()
        self._socket.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def title_of(paths: Sequence[StrPath]) -> str:
    """Return what the page is called: the folders' names, with their parents' where they are all called ``wandb``.

    Parameters
    ----------
    paths : sequence of str or Path

    Returns
    -------
    str
    """
    folders = [Path(path).absolute() for path in paths]
    names = [f"{folder.parent.name}/{folder.name}" if folder.name == "wandb" else folder.name for folder in folders]
    return ", ".join(dict.fromkeys(names))


def _bound_to(listening: socket.socket) -> tuple[str, int]:
    address = listening.getsockname()  # of IPv6, it has four parts
    return str(address[0]), int(address[1])


def _analysis_cache(cache: StrPath | None) -> Path | None:
    """Return where peaks and pictures are kept: beside the catalog's index."""
    try:
        return Path(cache or platformdirs.user_cache_dir("audio_logging", appauthor=False)) / "analysis"
    except (OSError, RuntimeError):  # no home folder
        return None


def _configuration(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",  # our own errors are logged by the guard; a client that leaves is none
        access_log=False,
        http=Connection,  # always the same parser, whatever else is installed
        backlog=most_newcomers(),  # asyncio takes so many in one turn
        loop="asyncio",
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=LAST_ANSWERS,
        h11_max_incomplete_event_size=MOST_HEADERS,
    )


class _Server(uvicorn.Server):
    """uvicorn's server, but streams end before it waits for them, and a signal ends it without being raised again."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service

    async def startup(self, sockets: Any = None) -> None:
        asyncio.get_running_loop().set_exception_handler(ShortageNotice())
        await super().startup(sockets)
        for listening in sockets or ():
            listening.listen(BACKLOG)  # asyncio lets only as many wait as it takes in one turn

    async def shutdown(self, sockets: Any = None) -> None:
        self._service.end_streams()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        """Stop; a second time, without waiting for anything."""
        self.force_exit = self.should_exit
        self.should_exit = True

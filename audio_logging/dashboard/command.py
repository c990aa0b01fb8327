"""``audio-logging view``: the dashboard, from the command line."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from audio_logging.dashboard.server.run_paths import USUAL, checked_paths, empty_folder_notes
from audio_logging.errors import MissingDependencyError

if TYPE_CHECKING:
    from audio_logging.dashboard.server.serving import Dashboard

__all__ = ["add_view_command"]

EPILOG = """\
examples:
  audio-logging view                        the runs below ./wandb
  audio-logging view ~/a/wandb ~/b/wandb    of several folders
  audio-logging view wandb/offline-run-...  of one run
  audio-logging view --notes notes.json     stars and notes are kept in a file

The printed address holds a token: whoever has it can listen. The page follows runs that are being trained. On another
machine, forward the port: ssh -N -L 8000:127.0.0.1:8000 HOST, and there: audio-logging view --port 8000 --no-open.
Behind Jupyter's proxy, open its address of the port with the same ?token=...; the name of the hub may have to be given
with --allowed-host. Ctrl-C ends it.
"""


def add_view_command(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command to a parser.

    Parameters
    ----------
    subparsers : object
        What ``ArgumentParser.add_subparsers()`` returned.

    Returns
    -------
    ArgumentParser
        Its default ``run`` takes the options and returns an exit status.
    """
    parser = subparsers.add_parser(
        "view",
        help="listen to runs in the browser, while they train or later",
        description="Open a page that plays everything that runs logged, while they train or later.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", help=f"folder of runs, or a run (default: {USUAL} in this folder)"
    )
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="port to listen on (default: a free one)")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on (default: %(default)s, this machine only; 0.0.0.0: all)",
    )
    parser.add_argument("--no-open", action="store_true", help="print the address, and open no browser")
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="answer to this name too, such as a proxy's; may be given several times",
    )
    parser.add_argument("--notes", metavar="FILE", help="JSON file to keep stars and notes in (default: not kept)")
    parser.add_argument(
        "--no-token", action="store_true", help="let everybody listen who reaches the port, such as all on this machine"
    )
    parser.set_defaults(run=_view)
    return parser


def _view(options: argparse.Namespace) -> int:
    paths = checked_paths(options.paths)
    dashboard = _dashboard(options, paths)
    for line in (*empty_folder_notes(paths), *_warnings(options, dashboard)):
        print(f"audio-logging: {line}", file=sys.stderr)
    print(f"Listen at {dashboard.address} (Ctrl-C ends it)", flush=True)
    if not options.no_open:
        _open_browser(dashboard.one_time_address())
    dashboard.run()
    return 0


def _dashboard(options: argparse.Namespace, paths: list[Path]) -> Dashboard:
    # Imported here, so that the other commands start without a server.
    try:
        from audio_logging.dashboard.server.connections import raise_file_limit
        from audio_logging.dashboard.server.memory import share_heaps
        from audio_logging.dashboard.server.serving import Dashboard
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in ("starlette", "uvicorn"):
            raise
        raise MissingDependencyError(
            f'{package} is not installed; type: pip install "audio-logging[dashboard]"'
        ) from error
    share_heaps()
    raise_file_limit()
    return Dashboard(
        paths,
        host=options.host,
        port=options.port,
        allowed_hosts=options.allowed_host,
        notes=options.notes,
        with_token=not options.no_token,
    )


def _warnings(options: argparse.Namespace, dashboard: Dashboard) -> Iterator[str]:
    from audio_logging.dashboard.server.hosts import is_loopback, own_address

    if not is_loopback(dashboard.bound):
        who = "everybody there" if options.no_token else "everybody there who sees the address below"
        yield f"others on the network reach {dashboard.page}, {who} can listen, and nothing is encrypted"
    elif options.no_token:
        yield "without a token, every user and program of this machine can listen"
    if not os.environ.get("SSH_CONNECTION"):
        return
    port = dashboard.page.rstrip("/").rpartition(":")[2]
    there = f"{own_address(dashboard.bound)}:{port}"
    yield f"to listen on your own computer, type there: ssh -N -L {port}:{there} {_this_host()}"


def _this_host() -> str:
    import socket

    return socket.gethostname()


def _open_browser(address: str) -> None:
    """Open it in a thread: some browsers keep whoever starts them waiting, and none is no reason to end.

    Where there is no screen, what the system has may be a browser for terminals, which would take this one.
    """
    has_screen = sys.platform in ("win32", "darwin") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    if has_screen:
        threading.Thread(target=_open_quietly, args=(address,), name="opening a browser", daemon=True).start()


def _open_quietly(address: str) -> None:
    try:
        webbrowser.open(address)
    except (webbrowser.Error, OSError):
        pass


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"got {text!r:.20}, wanted a port: 0 (a free one) to 65535")
    return int(text)

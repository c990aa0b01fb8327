"""The socket that the dashboard listens on, opened before anything else: a port in use is said at once."""

from __future__ import annotations

import errno
import os
import socket

from audio_logging.dashboard.server.hosts import is_any_address
from audio_logging.errors import AudioLoggingError

__all__ = ["PortError", "listen", "page_address"]

BACKLOG = 256


class PortError(AudioLoggingError, OSError):
    """The dashboard cannot listen there."""

    def __str__(self) -> str:
        return str(self.strerror)


def listen(host: str, port: int) -> socket.socket:
    """Listen; who connects from now on is served as soon as the server runs.

    Parameters
    ----------
    host : str
    port : int
        0 for a free one.

    Returns
    -------
    socket

    Raises
    ------
    PortError
        The port is in use, needs other rights, or the host is no address of this machine.
    """
    try:
        # "localhost" may be both ::1 and 127.0.0.1; what is printed is reached under both names.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        return _bound(family, address)
    except OSError as error:
        raise PortError(error.errno, _advice(host, port, error)) from error


def page_address(host: str, port: int) -> str:
    """Return the address of the page; of all addresses of a machine, the one by its name.

    Parameters
    ----------
    host : str
        Name or IP address that the server was told to listen on; for all addresses, the IP address.
    port : int

    Returns
    -------
    str

    Examples
    --------
    >>> page_address("127.0.0.1", 8000), page_address("::1", 8000)
    ('http://127.0.0.1:8000/', 'http://[::1]:8000/')
    """
    name = socket.gethostname() if is_any_address(host) else host
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def _bound(family: int, address: object) -> socket.socket:
    # asyncio sends at once (TCP_NODELAY) where the protocol is named; else the body of each short answer waits some
    # 40 ms until the client has acknowledged its head.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let two programs share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)  # type: ignore[arg-type]
        listening.listen(BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening


def _advice(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use by another program; type --port 0 for a free one"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{host!r} is no address of this machine; leave --host out for 127.0.0.1"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} is reserved; type --port 0 for a free one"
    return f"cannot listen on {host} port {port}: {error.strerror or error}"

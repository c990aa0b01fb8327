"""The names that this server answers to.

A page on the internet can give its own name the address 127.0.0.1 (DNS rebinding), and its scripts then talk to this
server as if it were theirs. Only the ``Host`` header tells, so that names nobody here chose are refused.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from audio_logging.errors import AudioValueError

__all__ = ["HostNames", "is_any_address", "is_loopback", "own_address", "without_brackets"]

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})

_NAME = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII)


class HostNames:
    """The names in a ``Host`` header that are taken, with any port: a tunnel may have another one.

    Parameters
    ----------
    host : str
        What the server was told to listen on.
    allowed : iterable of str
        More names, such as that of a proxy.
    bound : str, optional
        The IP address that `host` is; default: `host` itself. For all addresses of the machine, its name and every bare
        IP address are taken too: those cannot be rebound.

    Raises
    ------
    AudioValueError
        One of them is no name.
    """

    def __init__(self, host: str, allowed: Iterable[str] = (), *, bound: str | None = None) -> None:
        self._any_address = is_any_address(bound or host)
        self._given = frozenset(_checked(name) for name in allowed)
        own = {socket.gethostname().lower()} if self._any_address else {host.lower(), bound or host.lower()}
        self._names = LOCAL | own | self._given

    def takes(self, header: str) -> bool:
        """Whether a ``Host`` header is one of ours.

        Parameters
        ----------
        header : str

        Returns
        -------
        bool
        """
        name = _name(header)
        return name is not None and (name in self._names or (self._any_address and _is_address(name)))

    def takes_origin(self, origin: str, host: str) -> bool:
        """Whether a request comes from our own page: from the very address it goes to, or from a name the user allowed.

        Behind a proxy the two may differ, since some put another ``Host`` in. The port counts for the address itself:
        another program of this machine is on another one.

        Parameters
        ----------
        origin : str
            The header ``Origin``.
        host : str
            The header ``Host``.

        Returns
        -------
        bool
        """
        try:
            parts = urlsplit(origin.lower())
        except ValueError:
            return False
        if parts.scheme not in ("http", "https") or not parts.netloc:
            return False
        return parts.netloc == host.lower() or _name(parts.netloc) in self._given


def is_loopback(bound: str) -> bool:
    """Whether only this machine reaches a server that is bound to this IP address."""
    address = _address(bound)
    return address is not None and address.is_loopback


def is_any_address(bound: str) -> bool:
    """Whether a server that is bound to this IP address is reached at all addresses of this machine."""
    address = _address(bound)
    return address is not None and address.is_unspecified


def own_address(bound: str) -> str:
    """Return where this machine itself reaches a server, as it stands before ``:PORT``.

    Parameters
    ----------
    bound : str
        The IP address that it is bound to.

    Returns
    -------
    str

    Examples
    --------
    >>> [own_address(bound) for bound in ("127.0.0.1", "192.0.2.7", "0.0.0.0", "::1", "::")]
    ['127.0.0.1', '192.0.2.7', '127.0.0.1', '[::1]', '[::1]']
    """
    if is_any_address(bound):
        return "[::1]" if bound == "::" else "127.0.0.1"
    return f"[{bound}]" if ":" in bound else bound


def without_brackets(host: str) -> str:
    """Return an address of IPv6 as it is bound to, also when it is given as it stands in addresses of pages."""
    return host[1:-1] if host.startswith("[") and host.endswith("]") else host


def _name(header: str) -> str | None:
    match = _NAME.fullmatch(header.lower())
    return match["name"].strip("[]") if match else None


def _checked(given: str) -> str:
    name = _name(given if given.count(":") < 2 or given.startswith("[") else f"[{given}]")
    if name is None:
        raise AudioValueError(f"got --allowed-host {given!r}, wanted a name such as hub.example.org")
    return name


def _is_address(name: str) -> bool:
    return _address(name) is not None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an IP address, that of IPv4 for one that is only written as IPv6; None when it is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address

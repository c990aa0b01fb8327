"""Who may listen: the token in the printed address, then a cookie.

Every user of a machine reaches its 127.0.0.1. The token goes into a cookie that scripts cannot read and that other
sites' pages do not send; it has no ``Path``, so that behind a proxy the browser keeps it to this page's own folder.
"""

from __future__ import annotations

import hmac
import secrets

__all__ = ["Access"]

BYTES = 32
"""Of randomness in a token."""

MOST_TICKETS = 16


class Access:
    """The token and its cookie.

    Parameters
    ----------
    port : int
        Cookies know no ports, so that the name of ours has it: two dashboards would log each other out.
    with_token : bool
        Without one, everybody who reaches the port may listen.
    """

    def __init__(self, port: int, *, with_token: bool = True) -> None:
        self.token = secrets.token_urlsafe(BYTES) if with_token else ""
        self.cookie_name = f"audio_logging_{port}"
        self._tickets: list[str] = []

    def address(self, page: str) -> str:
        """Return the address of the page with the token; it can be used again.

        Parameters
        ----------
        page : str
            Ends with a slash.

        Returns
        -------
        str
        """
        return f"{page}?token={self.token}" if self.token else page

    def one_time_address(self, page: str) -> str:
        """Return an address that opens once: a browser is told it on its command line, where all users can read.

        Parameters
        ----------
        page : str
            Ends with a slash.

        Returns
        -------
        str
        """
        if not self.token:
            return page
        ticket = secrets.token_urlsafe(BYTES)
        self._tickets = [*self._tickets[-MOST_TICKETS + 1 :], ticket]
        return f"{page}?token={ticket}"

    def takes_token(self, token: str) -> bool:
        """Whether it is the token, or a ticket, which is used up by this."""
        if not self.token or _same(token, self.token):
            return True
        for ticket in self._tickets:
            if _same(token, ticket):
                self._tickets.remove(ticket)
                return True
        return False

    def takes_cookies(self, header: str) -> bool:
        """Whether a ``Cookie`` header holds the token; a browser may send several cookies of one name."""
        if not self.token:
            return True
        pairs = (part.strip().partition("=") for part in header.split(";"))
        return any(_same(value, self.token) for name, _, value in pairs if name == self.cookie_name)

    def cookie(self) -> str:
        """Return the value of ``Set-Cookie``."""
        return f"{self.cookie_name}={self.token}; HttpOnly; SameSite=Strict"


def _same(given: str, wanted: str) -> bool:
    """Compare in a time that does not tell how much of it is right."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode("utf-8"))

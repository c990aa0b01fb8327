"""What somebody sees who comes without the token: a page of few words, which needs nothing else from the server."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse, Response

from audio_logging.dashboard.server.answers import NEVER_STORED

__all__ = ["refusal_page", "reopening_page"]

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
{head}<title>audio-logging</title>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{text}</p>
</main>
</body>
</html>
"""


def refusal_page(*, with_token: bool) -> Response:
    """Say that the address lacks its token, or has a wrong one.

    Parameters
    ----------
    with_token : bool
        Whether the address had one.

    Returns
    -------
    Response
    """
    reason = "has an old or used-up token" if with_token else "lacks its token"
    text = (
        f"This address {reason}. Open the whole address that audio-logging view printed in the terminal, "
        "with ?token= and what follows. If it is gone, stop the command there with Ctrl-C and start it again."
    )
    return _page("This page needs its token", text, status=403)


def reopening_page() -> Response:
    """Come again from here: a link on another site brings no strict cookie along, a page of our own does.

    Returns
    -------
    Response
    """
    head = '<meta http-equiv="refresh" content="0">\n'
    return _page("One moment", "If nothing happens, reload this page.", status=403, head=head)


def _page(title: str, text: str, *, status: int, head: str = "") -> Response:
    content = PAGE.format(title=escape(title), text=escape(text), head=head)
    return HTMLResponse(content, status, headers={"Cache-Control": NEVER_STORED})

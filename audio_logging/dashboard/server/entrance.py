"""What somebody sees who comes without the token: a page of few words, which needs nothing else from the server."""

from __future__ import annotations

from html import escape

from starlette.responses import HTMLResponse, Response

from audio_logging.dashboard.server.answers import NEVER_STORED

__all__ = ["AGAIN", "again_script", "refusal_page", "reopening_page"]

TITLE = "This page needs its token"
AGAIN = "again.js"
"""Where `again_script` is, beside the page."""

RELOAD = """\
const last = Number(sessionStorage.getItem("reopened"));
if (!(Date.now() - last < 5000)) { // not for ever, should a browser send no cookie even then
  sessionStorage.setItem("reopened", Date.now());
  location.reload();
}
"""

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
    return _page(TITLE, _advice("has an old or used-up token" if with_token else "lacks its token"), status=403)


def reopening_page() -> Response:
    """Come again from here: a link on another site brings no strict cookie along, but a request of our page does.

    Whoever has no cookie is not given the script either, and stays here.

    Returns
    -------
    Response
    """
    head = f'<script src="{AGAIN}"></script>\n'
    return _page(TITLE, _advice("lacks its token"), status=403, head=head)


def again_script() -> Response:
    """Open the page anew, at the same place."""
    return Response(RELOAD, media_type="text/javascript", headers={"Cache-Control": NEVER_STORED})


def _advice(reason: str) -> str:
    return (
        f"This address {reason}. Open the whole address that audio-logging view printed in the terminal, "
        "with ?token= and what follows. If it is gone, stop the command there with Ctrl-C and start it again."
    )


def _page(title: str, text: str, *, status: int, head: str = "") -> Response:
    content = PAGE.format(title=escape(title), text=escape(text), head=head)
    return HTMLResponse(content, status, headers={"Cache-Control": NEVER_STORED})

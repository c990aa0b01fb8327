"""What a browser gets of the front end: one script and one style sheet, made of the many files of ``web``, minified.

A browser that finds a hundred files one behind the other takes as many journeys there and back before it shows
anything, which is seconds through a tunnel.
"""

from __future__ import annotations

import re
from pathlib import Path

from audio_logging.dashboard.bundle import bundle
from audio_logging.errors import MissingDependencyError

__all__ = ["SCRIPT", "STYLE", "WEB", "script_text", "style_text"]

WEB = Path(__file__).parent / "web"

SCRIPT = "main.js"
"""The module that the page of a server begins with."""

STYLE = "style.css"
"""The sheet that imports all others."""

_IMPORT = re.compile(r'^@import "\./([\w./-]+\.css)";\n', re.MULTILINE)


def script_text(entry: str = SCRIPT, *, web: Path = WEB) -> str:
    """Return one classic script that does what a module and all that it imports do.

    Parameters
    ----------
    entry : str
        The module, from the folder `web`.
    web : Path

    Returns
    -------
    str

    Raises
    ------
    BundleError
        The modules cannot be put together.
    MissingDependencyError
        rjsmin is not installed.
    """
    try:
        from rjsmin import jsmin
    except ImportError as error:
        raise _missing("rjsmin") from error
    return str(jsmin(bundle(web, entry)))


def style_text(entry: str = STYLE, *, web: Path = WEB) -> str:
    """Return one style sheet with the sheets that one imports, in their order.

    Parameters
    ----------
    entry : str
        The sheet, from the folder `web`; what it imports imports nothing.
    web : Path

    Returns
    -------
    str

    Raises
    ------
    OSError
        One of them is not there.
    MissingDependencyError
        rcssmin is not installed.
    """
    try:
        from rcssmin import cssmin
    except ImportError as error:
        raise _missing("rcssmin") from error
    return str(cssmin(_IMPORT.sub(lambda found: _read(web / found[1]), _read(web / entry))))


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8").replace("\r\n", "\n")


def _missing(name: str) -> MissingDependencyError:
    return MissingDependencyError(
        f'the dashboard needs {name}. Install it with: pip install "audio-logging[dashboard]"'
    )

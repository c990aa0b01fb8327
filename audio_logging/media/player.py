"""A clip as a piece of HTML that plays, for notebooks."""

from __future__ import annotations

import base64
import html
from pathlib import Path

from audio_logging.encoding.codecs import CODECS

__all__ = ["player_html"]

MAX_BYTES = 2**26
"""[bytes] Longer clips would make the notebook file unusable."""


def player_html(
    audio: bytes | memoryview | Path | str,
    caption: str | None = None,
    *,
    format: str | None = None,  # noqa: A002 - "format" is the public word
    title: str = "",
) -> str:
    """Return an HTML audio player.

    Parameters
    ----------
    audio : bytes, memoryview, Path or str
        The file, which goes into the HTML, or its address.
    caption, title : str
        Shown below the player, and when the pointer rests on it.
    format : str, optional
        Such as "flac".

    Returns
    -------
    str
        Text from outside is escaped.
    """
    below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    size = _size(audio)
    if size > MAX_BYTES:
        return f"<figure>{html.escape(title)}: {size} bytes, too long to play here{below}</figure>"
    player = (
        f'<audio controls preload="metadata" src="{html.escape(_address(audio, format))}" '
        f'title="{html.escape(title)}"></audio>'
    )
    return f"<figure>{player}{below}</figure>"


def _size(audio: bytes | memoryview | Path | str) -> int:
    if isinstance(audio, Path):
        return audio.stat().st_size
    return 0 if isinstance(audio, str) else len(audio)


def _address(audio: bytes | memoryview | Path | str, format: str | None) -> str:  # noqa: A002
    if isinstance(audio, str):
        return audio if audio.startswith(("http://", "https://")) else ""
    data = audio.read_bytes() if isinstance(audio, Path) else audio
    media_type = CODECS[format].media_type if format in CODECS else "audio/wav"
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"

"""The hashes at the end of a pack, line by line as ``sha256sum`` writes and checks them."""

from __future__ import annotations

import re

from audio_logging.errors import AudioValueError

__all__ = ["MAX_LINE", "SUMS", "read_sum", "sums_line"]

SUMS = "SHA256SUMS"

MAX_LINE = 64 * 1024
"""[bytes] A hash and a name, escaped."""

_LINE = re.compile(r"(\\?)([0-9a-f]{64})  (.+)\n", re.DOTALL)
_ESCAPED = re.compile(r"\\[\\n]")


def sums_line(sha256: str, name: str) -> str:
    r"""Return the line for a file; a name with a line break or a backslash is escaped, as ``sha256sum`` does.

    Examples
    --------
    >>> sums_line("0" * 64, "a\nb")[:1], sums_line("0" * 64, "a\nb")[64:]
    ('\\', '0  a\\nb\n')
    """
    escaped = name.replace("\\", "\\\\").replace("\n", "\\n")
    return f"{'' if escaped == name else chr(92)}{sha256}  {escaped}\n"


def read_sum(line: str) -> tuple[str, str]:
    """Return the name and the hash that a line tells.

    Raises
    ------
    AudioValueError
        It tells none.
    """
    match = _LINE.fullmatch(line)
    if match is None:
        raise AudioValueError(f"got {line[:100]!r} in {SUMS}, wanted a hash and a name")
    mark, sha256, name = match.groups()
    return _ESCAPED.sub(lambda found: "\n" if found[0] == "\\n" else "\\", name) if mark else name, sha256

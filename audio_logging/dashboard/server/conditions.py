"""Conditions of RFC 9110, section 13: whether a client has the version of a file that there is now."""

from __future__ import annotations

import re

__all__ = ["has_version", "has_whole_version"]

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_SEPARATOR = re.compile(r"[ \t]*(?:,[ \t]*)+")


def has_version(if_none_match: str, etag: str) -> bool:
    """Whether a client has this version, and need not be sent it again.

    Parameters
    ----------
    if_none_match : str
        The value of ``If-None-Match``: ``*`` for any version, or ETags, where weak ones count as well.
    etag : str
        Of the version there is, strong, with its quotes.

    Returns
    -------
    bool

    Examples
    --------
    >>> [has_version(header, '"b"') for header in ("*", '"a", W/"b"', '"a"', "b", "")]
    [True, True, False, False, False]
    """
    return if_none_match.strip() == "*" or etag in _tags(if_none_match)


def has_whole_version(if_range: str, etag: str, last_modified: str) -> bool:
    """Whether a client has the rest of this very version, to which a part fits.

    Parameters
    ----------
    if_range : str
        The value of ``If-Range``: a date, or an ETag, which has to be strong.
    etag, last_modified : str
        Of the version there is.

    Returns
    -------
    bool

    Examples
    --------
    >>> [has_whole_version(header, '"b"', "Thu, 01 Jan 2026 00:00:00 GMT") for header in ('"b"', 'W/"b"')]
    [True, False]
    """
    return if_range.strip() in (etag, last_modified)


def _tags(header: str) -> list[str]:
    """Return the ETags of a list without ``W/``; none when it is no such list. A comma may stand in a tag."""
    found, place = [], 0
    text = header.strip(" \t,")
    while match := _TAG.match(text, place):
        found.append(match[1])
        separator = _SEPARATOR.match(text, match.end())
        if separator is None:
            return found if match.end() == len(text) else []
        place = separator.end()
    return []

"""What a server of many threads does to hold little memory."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress

__all__ = ["share_heaps"]

M_ARENA_MAX = -8
"""Of ``mallopt`` (malloc.h of glibc)."""

HEAPS = 2


def share_heaps() -> None:
    """Let the threads of this process share two heaps, where the C library is glibc; elsewhere nothing happens.

    Each thread has its own otherwise, which keeps the most that it ever held: with nine threads, 84 MB instead of 71
    after a while of listening to a run of 10,000 clips. Called before there are threads.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, HEAPS)

"""The files of databases in the cache folder: who owns one, and which are removed."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path

__all__ = ["MAX_AGE", "OWNER", "own", "remove_file", "remove_old"]

MAX_AGE = 30 * 24 * 3600
"""[s] Files that nobody has opened for so long are removed."""

OWNER = ".owner"
"""What the file is called, beside the database, that is locked while the database is open."""


def own(path: Path) -> sqlite3.Connection:
    """Lock a file for as long as the connection lives; the operating system unlocks it when the process dies."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def remove_file(path: Path) -> None:
    """Remove a database, with what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            Path(f"{path}{suffix}").unlink()


def remove_old(cache: Path) -> None:
    """Remove the databases that nobody has opened for MAX_AGE, unless one is in use."""
    oldest = time.time() - MAX_AGE
    for path in cache.glob("index-*.sqlite3"):
        with contextlib.suppress(OSError, sqlite3.Error):
            if max(path.stat().st_mtime, path.with_suffix(OWNER).stat().st_mtime) < oldest:
                own(path.with_suffix(OWNER)).close()
                remove_file(path)
                path.with_suffix(OWNER).unlink()

"""What to do about an error that came from the system."""

from __future__ import annotations

import errno

__all__ = ["advice_for"]

ADVICE = {
    errno.ENOSPC: "Free space on the disk of the run's folder, or log fewer or shorter clips, or format='opus'. ",
    errno.EDQUOT: "Your disk quota is used up: free space, or log fewer or shorter clips, or format='opus'. ",
    errno.EFBIG: "The system limits file sizes (ulimit -f): raise the limit, or log shorter clips. ",
    errno.EACCES: "The run's folder cannot be written to: mend its permissions, or set WANDB_DIR. ",
    errno.EPERM: "The run's folder cannot be written to: mend its permissions, or set WANDB_DIR. ",
    errno.EROFS: "The run's folder is on a read-only disk: set WANDB_DIR to another one. ",
    errno.EMFILE: "Too many files are open: raise the limit (ulimit -n). ",
    errno.ENOENT: "The run's folder is gone. ",
}


def advice_for(error: BaseException) -> str:
    """Return a sentence on what to do about an error, with a space behind; empty when its message says it."""
    if isinstance(error, MemoryError):
        return "Memory is used up: log shorter clips, or pass a smaller max_bytes. "
    number = getattr(error, "errno", None)
    return ADVICE.get(number, "") if number is not None else ""

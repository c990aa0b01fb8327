"""From what was handed in to the bytes of a file under a safe name, and what is known about them."""

from __future__ import annotations

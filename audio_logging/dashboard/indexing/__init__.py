"""From run directories to an index of clips: read once, kept in the user's cache folder, followed as they grow."""

from __future__ import annotations

"""Runs, keys and clips as lines of text, for ``audio-logging ls``: helps without the dashboard, over ssh."""

from __future__ import annotations

from audio_logging.listing.lines import json_lines, table_lines
from audio_logging.listing.overview import clip_lines, find_runs, key_lines, run_lines

__all__ = ["clip_lines", "find_runs", "json_lines", "key_lines", "run_lines", "table_lines"]

"""Runs in one file, to carry off a machine: their records, media and the staged files of their artifacts.

A pack is a plain tar: a folder for each run, with staged files under ``artifacts/staging`` and relative paths to them
in the record file, each content once (repeats are hard links), and ``SHA256SUMS`` at the end, as ``sha256sum`` has it.
"""

from __future__ import annotations

from audio_logging.packing.pack import Packed, pack
from audio_logging.packing.unpack import Unpacked, unpack

__all__ = ["Packed", "Unpacked", "pack", "unpack"]

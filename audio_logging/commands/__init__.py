"""The commands of ``audio-logging`` that read runs: one file each."""

from __future__ import annotations

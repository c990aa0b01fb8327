"""Clips into a run from the background: AudioLogger, and what it hands them to."""

from __future__ import annotations

from audio_logging.logger.audio_logger import AudioLogger

__all__ = ["AudioLogger"]

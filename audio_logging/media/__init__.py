"""Audio: the clip that W&B's runs, tables and artifacts take."""

from __future__ import annotations

from audio_logging.media.audio import Audio

__all__ = ["Audio"]

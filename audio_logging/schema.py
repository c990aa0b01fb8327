"""Names that the writer and the reader of a run share: what stands in the history, the sidecar and the folders."""

from __future__ import annotations

from typing import Final

__all__ = [
    "AUDIO_FILE_TYPE",
    "AUDIO_LIST_TYPE",
    "MEDIA_FOLDER",
    "SIDECAR_FIELDS",
    "SIDECAR_PATH",
    "STEP_KEY",
    "SUMMARY_PREFIX",
]

AUDIO_FILE_TYPE: Final = "audio-file"
"""``_type`` of one clip."""

AUDIO_LIST_TYPE: Final = "audio"
"""``_type`` of a list of clips."""

STEP_KEY: Final = "audio/step"
"""The axis that rows with audio stand on; wandb's own step belongs to the user."""

MEDIA_FOLDER: Final = "media/audio"
"""Where clips lie, from the run's ``files`` folder."""

SIDECAR_PATH: Final = "audio_logging/index.jsonl"
"""One JSON line a stored clip, from the run's ``files`` folder."""

SUMMARY_PREFIX: Final = "audio_logging/"
"""Counters in the run's summary begin with this."""

SIDECAR_FIELDS: Final = (
    "key",
    "step",
    "index",
    "path",
    "sha256",
    "size",
    "format",
    "sample_rate",
    "frames",
    "channels",
    "duration",
    "peak",
    "clipped_samples",
    "caption",
    "role",
    "clip_id",
    "label",
    "prediction",
    "scores",
    "metrics",
    "time",
)
"""The keys of a sidecar line, in order; a key whose value is unknown is absent."""

"""What a clip is, in plain values: to compare what was logged with what another process got back."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import wandb

from audio_logging import Audio

__all__ = ["describe", "stored_bytes"]


def describe(value: Any) -> Any:
    """Return a clip, a list or a table of them as JSON; anything else as it is."""
    if isinstance(value, wandb.Table):
        return {"columns": value.columns, "data": [describe(row) for row in value.data]}
    if isinstance(value, (list, tuple)):
        return [describe(item) for item in value]
    if type(value) is Audio:
        return _describe_audio(value)
    if isinstance(value, wandb.Audio):
        return {"type": "wandb.Audio"}
    return value


def stored_bytes(audio: Audio) -> bytes:
    """Return the file that a clip is."""
    data = Path(audio.content.path()).read_bytes()
    assert hashlib.sha256(data).hexdigest() == audio.sha256
    return data


def _describe_audio(audio: Audio) -> dict[str, Any]:
    known = {
        "type": "audio_logging.Audio",
        "caption": audio.caption,
        "sample_rate": audio.sample_rate,
        "duration": audio.duration,
        "channels": audio.channels,
        "frames": audio.frames,
        "format": audio.format,
        "subtype": audio.subtype,
        "peak": audio.peak,
        "clipped_samples": audio.clipped_samples,
        "source_sample_rate": audio.source_sample_rate,
        "sha256": audio.sha256,
        "size": audio.size,
    }
    if audio.is_reference:
        return {**known, "address": audio.resolve_ref()}
    file = hashlib.sha256(stored_bytes(audio)).hexdigest()
    samples = hashlib.sha256(audio.clip().samples.tobytes()).hexdigest()
    return {**known, "file": file, "samples": samples}

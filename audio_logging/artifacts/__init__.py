"""Artifacts that were logged: the same call finds them on disk and on a server.

Examples
--------
>>> samples = use_artifact("val-samples:latest")  # doctest: +SKIP
>>> for row in samples.get("samples"):  # doctest: +SKIP
...     print(row["label"], row["audio"].duration)
"""

from __future__ import annotations

from audio_logging.artifacts.used import ArtifactTable, UsedArtifact
from audio_logging.artifacts.using import use_artifact

__all__ = ["ArtifactTable", "UsedArtifact", "use_artifact"]

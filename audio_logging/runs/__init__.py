"""Reading run directories, with no server and without importing wandb.

Examples
--------
>>> from audio_logging.runs import list_runs  # doctest: +SKIP
>>> for run in list_runs("wandb"):  # doctest: +SKIP
...     print(run.name, run.finished, len(run.clips()))
"""

from __future__ import annotations

from audio_logging.runs.artifacts import ArtifactEntry, ArtifactIndex, StoredArtifact
from audio_logging.runs.clips import StoredClip
from audio_logging.runs.digests import ContentCheck, verified_file
from audio_logging.runs.opening import list_runs, open_run
from audio_logging.runs.run import Run
from audio_logging.runs.tables import StoredTable
from audio_logging.runs.tail import ClipTail
from audio_logging.runs.versions import ArtifactCatalog, ArtifactCollection, ArtifactVersion

__all__ = [
    "ArtifactCatalog",
    "ArtifactCollection",
    "ArtifactEntry",
    "ArtifactIndex",
    "ArtifactVersion",
    "ClipTail",
    "ContentCheck",
    "Run",
    "StoredArtifact",
    "StoredClip",
    "StoredTable",
    "list_runs",
    "open_run",
    "verified_file",
]

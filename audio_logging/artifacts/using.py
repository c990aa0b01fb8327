"""use_artifact: from a name to the artifact, on disk or on a server."""

from __future__ import annotations

from pathlib import Path

import wandb

from audio_logging._types import StrPath
from audio_logging.artifacts.offline import OfflineArtifact
from audio_logging.artifacts.online import OnlineArtifact
from audio_logging.artifacts.used import UsedArtifact
from audio_logging.errors import NotFoundError
from audio_logging.runs import ArtifactCatalog, Run, list_runs
from audio_logging.runs.versions import LATEST, ArtifactName

__all__ = ["use_artifact"]


def use_artifact(name: str, run: wandb.Run | None = None, root: StrPath = "wandb") -> UsedArtifact:
    """Return an artifact that was logged: by offline runs on this disk, or on the server when the run is online.

    Parameters
    ----------
    name : str
        ``"name:latest"``, ``"name:v2"`` or ``"name:alias"``; ``"project/name:alias"`` where several projects have one
        of that name. Offline, versions are numbered in the order of logging, and equal content is one version, as on a
        server.
    run : wandb.Run, optional
        The run that uses it; default: the one that is active, if any.
    root : str or Path
        The folder with the offline runs to look in. The folder of an offline `run` is looked into as well.

    Returns
    -------
    UsedArtifact

    Raises
    ------
    NotFoundError
        There is none of that name, or no such folder; the message says what is there.
    AudioValueError
        That is no name, or it is in several projects.

    Examples
    --------
    >>> samples = use_artifact("val-samples:latest")  # doctest: +SKIP
    >>> samples.version, samples.metadata, samples.files()  # doctest: +SKIP
    >>> clip = samples.get("clip").clip()  # doctest: +SKIP
    """
    run = wandb.run if run is None else run
    wanted = ArtifactName.parse(name)
    if run is None or run.disabled:
        return _find(ArtifactCatalog(list_runs(root)), name)
    if not run.offline:
        return OnlineArtifact.of(run, name if wanted.alias else f"{name}:{LATEST}")
    catalog = ArtifactCatalog(_runs_around(run, root))
    if wanted.project is None and run.project:
        try:
            return _find(catalog, f"{run.project}/{name}")
        except NotFoundError:
            pass
    return _find(catalog, name)


def _find(catalog: ArtifactCatalog, name: str) -> OfflineArtifact:
    return OfflineArtifact(catalog.find(name), catalog.index)


def _runs_around(run: wandb.Run, root: StrPath) -> list[Run]:
    folders = [Path(folder) for folder in (root, Path(run.dir).parent.parent)]
    found = {opened.folder.resolve(): opened for folder in folders if folder.is_dir() for opened in list_runs(folder)}
    return sorted(found.values(), key=lambda opened: opened.started or 0.0)

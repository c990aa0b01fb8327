"""log_predictions(): the result of a bulk prediction as a versioned artifact."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import wandb

from audio_logging._types import StrPath
from audio_logging.errors import NotFoundError
from audio_logging.inference import BulkReport
from audio_logging.predictions.starting import find_run
from audio_logging.storage.naming import artifact_name

__all__ = ["log_predictions"]


def log_predictions(
    run: wandb.Run | None,
    predictions: BulkReport | StrPath,
    name: str = "predictions",
    *,
    aliases: Sequence[str] = (),
) -> wandb.Artifact:
    """Log what :func:`audio_logging.predict_dataset` wrote as an artifact of type ``predictions``.

    The same rows and vectors make no new version, however long they took.

    Parameters
    ----------
    run : wandb.Run or None
        None: ``wandb.run``.
    predictions : BulkReport or path
        What `predict_dataset` returned, or the file of rows, beside which its report lies.
    name : str
        Of the artifact.
    aliases : sequence of str
        Besides ``latest``.

    Returns
    -------
    wandb.Artifact
        The files ``predictions.jsonl`` (or .csv, .parquet), ``embeddings.npy`` and ``bad_inputs.json`` where there are
        any. Its metadata has ``inputs``, ``rows``, ``bad`` and ``job``: the model with its hash, and how it was used.

    Raises
    ------
    NotFoundError
        There is no such file, or no report beside it.
    NoRunError
        There is no run.
    """
    found, _ = find_run(run)
    report = predictions if isinstance(predictions, BulkReport) else _report_of(Path(predictions))
    metadata = {"inputs": report.inputs, "rows": report.rows, "bad": len(report.bad), "job": dict(report.job)}
    artifact = wandb.Artifact(artifact_name(name), "predictions", metadata=metadata)
    out = Path(report.out)
    _add(artifact, out, f"predictions{out.suffix}")
    if report.embeddings is not None:
        _add(artifact, Path(report.embeddings), "embeddings.npy")
    if report.bad:
        with artifact.new_file("bad_inputs.json") as file:
            json.dump([{"path": item.path, "error": item.error} for item in report.bad], file, indent=1)
    return found.log_artifact(artifact, aliases=["latest", *aliases])


def _add(artifact: wandb.Artifact, path: Path, name: str) -> None:
    if not path.is_file():
        raise NotFoundError(f"there is no file {str(path)!r}; predict_dataset(..., out=) writes it")
    artifact.add_file(str(path), name=name)


def _report_of(path: Path) -> BulkReport:
    try:
        return BulkReport.read(path.with_name(f"{path.name}.report.json"))
    except (OSError, ValueError) as error:
        raise NotFoundError(f"there is no report beside {str(path)!r}: {error}") from error
